"""(a picture at several steps of its making) => a sheet of them, or a film."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from headstart.report.sheet import Tile, sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_COLUMNS = 4
_SMALLEST = 192
_FRAMES = 48
_FRAME_MS, _END_MS = 100, 2000


def journey_steps(steps: int) -> tuple[int, ...]:
    """The steps to show of a journey: dense at the start, where most happens; the end stands for itself.

    Example:
        >>> journey_steps(512)
        (0, 8, 25, 64, 128, 256, 384)
        >>> journey_steps(2)
        (0, 1)
    """
    shares = (0, 1 / 64, 1 / 20, 1 / 8, 1 / 4, 1 / 2, 3 / 4)
    return tuple(sorted({int(steps * share) for share in shares} & set(range(steps))))


def film_steps(steps: int) -> tuple[int, ...]:
    """The steps to show in a film: at most 48, the same distance apart.

    Example:
        >>> film_steps(4), len(film_steps(512))
        ((0, 1, 2, 3), 48)
    """
    frames = min(steps, _FRAMES)
    return tuple(steps * frame // frames for frame in range(frames))


def journey(tiles: Sequence[Tile], *, heading: str, note: str) -> Image.Image:
    """Lay the steps out, four in a row, each twice as large where it is small.

    Example:
        >>> import numpy as np
        >>> tiles = [Tile(np.zeros((32, 32, 3), np.uint8), "start")] * 5
        >>> page = journey(tiles, heading="the way to a cat", note="")
        >>> page.width > 4 * 192
        True
    """
    rows = [tiles[start : start + _COLUMNS] for start in range(0, len(tiles), _COLUMNS)]
    side = max((max(tile.picture.shape[:2]) for tile in tiles), default=0)
    return sheet(rows, side=max(side, _SMALLEST), heading=heading, note=note)


def film(pictures: Sequence[NDArray[np.uint8]]) -> bytes:
    """A GIF that runs for ever and rests on the last picture.

    Args:
        pictures: at least one, each (h, w, 3), all of one size.

    Example:
        >>> import numpy as np
        >>> film([np.zeros((8, 8, 3), np.uint8), np.ones((8, 8, 3), np.uint8)])[:6]
        b'GIF89a'
    """
    # One palette for all, that of the last picture's own colours: frames do not flicker.
    last = Image.fromarray(pictures[-1]).quantize(256, dither=Image.Dither.NONE)
    frames = [Image.fromarray(each).quantize(palette=last) for each in pictures]
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=[_FRAME_MS] * (len(frames) - 1) + [_END_MS],
        loop=0,
    )
    return buffer.getvalue()
