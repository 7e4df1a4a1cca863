"""(maps of numbers) => pictures of them, in colours whose steps the eye sees as equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_OUTLIERS = 0.5  # percent of a map's places at each end that may be brighter or darker than its colours go


def coloured(values: NDArray[np.float32], colours: str = "viridis") -> NDArray[np.uint8]:
    """A map with the whole range of colours: dark where it is least, bright where it is greatest.

    Args:
        values: (h, w), any finite numbers; what is not finite counts as 0.
        colours: a colour map of matplotlib's whose steps look equal.

    Returns:
        (h, w, 3) uint8; a map that is everywhere the same comes out dark.

    Example:
        >>> coloured(np.array([[0.0, 1.0]], np.float32)).tolist()
        [[[68, 1, 84], [253, 231, 37]]]
    """
    return painted(spread(values), colours)


def spread(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map brought to [0, 1], its lowest and highest half percent cut off."""
    known = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = np.percentile(known, [_OUTLIERS, 100 - _OUTLIERS]) if known.size >= 200 else (0.0, 0.0)
    if high <= low:
        low, high = known.min(), known.max()
    if high <= low:
        return np.zeros(known.shape, np.float32)
    return np.clip((known - low) / (high - low), 0, 1).astype(np.float32)


def painted(shares: NDArray[np.float32], colours: str) -> NDArray[np.uint8]:
    """Numbers in [0, 1] => (…, 3) uint8."""
    from matplotlib import colormaps

    table = np.rint(255 * colormaps[colours](np.arange(256))[:, :3]).astype(np.uint8)
    return np.asarray(table[np.rint(255 * shares).astype(np.int64)])


def overlay(photo: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A photo in grey with its hot places in colour: the hotter, the more colour and the brighter.

    Args:
        photo: (h, w, 3) uint8.
        heat: (h, w); what is below 0 counts as cold.

    Example:
        >>> overlay(np.full((2, 2, 3), 100, np.uint8), np.zeros((2, 2), np.float32))[0, 0].tolist()
        [100, 100, 100]
    """
    warm = np.clip(heat, 0, None)
    share = (warm / warm.max() if warm.max() > 0 else np.zeros_like(warm)).astype(np.float32)
    grey = (photo.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
    # The colours begin where they can be told from black.
    paint = painted(0.15 + 0.85 * share, "inferno").astype(np.float32)
    amount = 0.75 * np.sqrt(share)[..., None]
    mixed = (1 - amount) * np.broadcast_to(grey, photo.shape) + amount * paint
    return np.rint(mixed).clip(0, 255).astype(np.uint8)


def curves(
    lines: Sequence[tuple[Sequence[float], tuple[int, int, int], int]], *, side: int, top: float
) -> NDArray[np.uint8]:
    """Curves over equal steps, from 0 at the bottom to `top`.

    Args:
        lines: each with its values, its colour and its width in pixels; later ones are drawn over earlier.
        side: of the picture, pixels.
        top: the value at the upper end, above 0.

    Returns:
        (side, side, 3) uint8.
    """
    from PIL import Image, ImageDraw

    scale, edge = 3, 10  # drawn three times as large and made smaller: smooth lines
    page = Image.new("RGB", (scale * side, scale * side), (255, 255, 255))
    pen = ImageDraw.Draw(page)
    inner = scale * (side - 2 * edge)
    for share in (0.0, 0.5, 1.0):
        height = scale * edge + round(share * inner)
        pen.line([(scale * edge, height), (scale * edge + inner, height)], fill=(220, 220, 224), width=scale)
    for values, colour, width in lines:
        steps = max(1, len(values) - 1)
        points = [
            (scale * edge + inner * place / steps, scale * edge + inner * (1 - min(1.0, value / top)))
            for place, value in enumerate(values)
        ]
        pen.line(points, fill=colour, width=scale * width, joint="curve")
    return np.asarray(page.resize((side, side), Image.Resampling.LANCZOS))
