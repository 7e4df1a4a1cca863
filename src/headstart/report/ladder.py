"""(three channels, their ideal images, the patches that excite them) => one picture, a row for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from headstart.report.sheet import Tile, sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SIDE = 156


def ladder_picture(
    rows: Sequence[tuple[str, NDArray[np.uint8], Sequence[tuple[NDArray[np.uint8], str]]]], *, network: str
) -> Image.Image:
    """Lay out the ladder.

    Args:
        rows: for each channel its caption, its ideal image, and patches with their captions.
        network: its name.
    """
    tiles = [
        [Tile(_enlarged(ideal), caption), *(Tile(_enlarged(each), words) for each, words in patches)]
        for caption, ideal, patches in rows
    ]
    note = (
        "Left: the middle of a channel's ideal image, made from noise so that it excites the channel most. "
        "Beside it: what the channel saw in the photos that excite it most, one place of each, strongest "
        "first."
    )
    return sheet(tiles, side=_SIDE, heading=f"From strokes to parts of things: {network}", note=note)


def _enlarged(patch: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Smoothly: a patch of a photo is no map whose places should show."""
    return np.asarray(Image.fromarray(patch).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC))
