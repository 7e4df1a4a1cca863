"""(maps or kernels of a layer) => a sheet of them, each with its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headstart.report.colours import coloured
from headstart.report.sheet import Tile, sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL import Image

    from headstart.pixels.maps.filters import Filters
    from headstart.pixels.maps.maps import FeatureMaps

_COLUMNS, _MAP, _KERNEL = 8, 132, 84


def maps_picture(
    found: FeatureMaps,
    channels: Sequence[int],
    photo: NDArray[np.uint8],
    *,
    network: str,
    names: Sequence[str] = (),
) -> Image.Image:
    """The photo, and the maps beside it.

    Args:
        found: all maps.
        channels: which of them, in the order in which they are shown.
        photo: (h, w, 3) uint8, as the network received it.
        network: its name.
        names: of the channels, where they have some (the classes of a last layer).
    """
    beside = Tile(photo, "the photo, as the network\nreceives it")
    shape = " x ".join(map(str, found.shape))
    heading = f"{network}, layer {found.layer} ({shape})"
    if found.kind == "row":
        return _row_picture(found, channels, beside, heading, names)
    tiles = [Tile(coloured(found.maps[each]), _caption(found, each)) for each in channels]
    which = _which(len(channels), len(found.maps), "channels", "mean of absolute values")
    note = f"{which}. Each map has colours of its own: dark blue is its least value, yellow its greatest."
    if found.kind == "tokens":
        places = f"{found.maps.shape[1]} x {found.maps.shape[2]}"
        left_out = f"; {found.extra} more that stand for no place are left out" if found.extra else ""
        note += f" The layer's tokens are laid out as the {places} patches of the photo{left_out}."
    return sheet(_in_rows(tiles, _COLUMNS), side=_MAP, heading=heading, note=note, beside=beside)


def filters_picture(found: Filters, channels: Sequence[int], *, network: str) -> Image.Image:
    """The kernels, strongest first."""
    tiles = [Tile(found.pictures[each], f"{each}") for each in channels]
    shape = " x ".join(map(str, found.shape[2:]))
    sees = "the photo's red, green and blue" if found.shape[1] == 3 else f"{found.shape[1]} channels"
    note = (
        f"{_which(len(channels), len(found.pictures), 'kernels', 'weights')}. Middle grey is a weight of 0; "
    )
    note += (
        "a colour that stands out is what the kernel looks for."
        if found.pictures.ndim == 4
        else "bright is a positive weight, dark a negative one"
        + ("." if found.shape[1] == 1 else "; of each kernel the channel with the most weight.")
    )
    heading = f"{network}, layer {found.layer}: kernels of {shape} over {sees}"
    return sheet(_in_rows(tiles, _COLUMNS), side=_KERNEL, heading=heading, note=note)


def _row_picture(
    found: FeatureMaps, channels: Sequence[int], beside: Tile, heading: str, names: Sequence[str]
) -> Image.Image:
    """Numbers without a place: all of them as a block, and the largest as plain tiles with their values."""
    values = found.maps[:, 0, 0]
    columns = int(np.ceil(np.sqrt(len(values))))
    block = np.full(columns * -(-len(values) // columns), values.min(), np.float32)
    block[: len(values)] = values
    tiles = [Tile(coloured(block.reshape(-1, columns)), f"all {len(values):,}, row by row")]
    low, high = float(values.min()), float(values.max())
    for each in channels:
        share = (values[each] - low) / (high - low) if high > low else 0.0
        name = names[each] if names else f"number {each}"
        tiles.append(Tile(_bar(float(share)), f"{name}\n{values[each]:.3g}"))
    note = (
        f"This layer no longer knows places: it gives {len(values):,} numbers for a photo. Beside the block "
        f"of all of them {len(channels)} as bars, between the least and the greatest of the layer."
    )
    rows = _in_rows(tiles, _COLUMNS)
    return sheet(rows, side=_MAP, heading=heading, note=note, beside=beside)


def _bar(share: float) -> NDArray[np.uint8]:
    picture = np.full((_MAP, _MAP, 3), 236, np.uint8)
    picture[round((1 - share) * (_MAP - 2)) :, _MAP // 4 : -_MAP // 4] = (33, 110, 140)
    return picture


def _caption(found: FeatureMaps, channel: int) -> str:
    values = found.maps[channel]
    return f"channel {channel}\n{values.min():.2g} to {values.max():.2g}"


def _which(shown: int, of: int, what: str, by: str) -> str:
    some = f"All {of:,}" if shown == of else f"{shown:,} of {of:,}"
    return f"{some} {what}, those with the largest {by} first"


def _in_rows(tiles: Sequence[Tile], columns: int) -> list[Sequence[Tile]]:
    return [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
