"""(decoded pixels of a small fixed size) => a photo's look: how dark, sharp and colourful it is.

A look is one row of numbers, so that it can be kept like a row of features. It holds figures of exposure and
sharpness, the photo's own size, and its brightness on a grid of 32 x 32, from which `bits` and `alike` tell
whether two photos are the same one: scaled, compressed again, brightened, cut by up to 5 % or mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import UsageError
from headstart.images.resize import Resize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

LOOK_SIDE = 192
LOOK_RESIZE = Resize(LOOK_SIDE, LOOK_SIDE, LOOK_SIDE, "bilinear", mode="squash")
"""How a photo is decoded for its look: all of it, whatever its shape."""
LOOK_FORMAT = 1
"""Raised with anything that changes a number of a look."""

GRID = 32
_FIGURES = ("brightness", "dark", "bright", "contrast", "colourfulness", "sharpness", "width", "height")
LOOK_WIDTH = len(_FIGURES) + GRID * GRID

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow's "L"
_DARK, _BRIGHT = 0.1, 0.92
_TILE = 24
_SHARPEST = 0.9
_LEAST_CONTRAST = 1 / 255
_FREQUENCIES = 10
BITS = (_FREQUENCIES + 1) * (_FREQUENCIES + 2) // 2 - 1


@dataclass(frozen=True, slots=True)
class Look:
    """What can be seen of a photo without knowing what is on it.

    Attributes:
        brightness: mean luma (ITU-R BT.601), 0 black, 1 white.
        dark: share of the picture below a luma of 0.1.
        bright: share of the picture above a luma of 0.92.
        contrast: standard deviation of the luma, 0 to 0.5.
        colourfulness: after Hasler and Suesstrunk 2003 ("Measuring colourfulness in natural images"), in
            units of the pixel range; 0 is grey, above 0.3 very colourful.
        sharpness: strength of the Laplacian (Pech-Pacheco et al. 2000) in the sharpest tenth of the picture,
            divided by the contrast: a sharp animal before a blurred meadow is sharp, and a dim photo is not
            blurred because it is dim. 0 without any detail, about 0.6 for photos, below 0.2 blurred.
        width: of the photo as it is shown, pixels.
        height: of the photo as it is shown, pixels.
        grid: (32, 32) luma in whole steps of 0 to 255, float32.
    """

    brightness: float
    dark: float
    bright: float
    contrast: float
    colourfulness: float
    sharpness: float
    width: int
    height: int
    grid: NDArray[np.float32]

    @classmethod
    def read(cls, row: NDArray[np.float32]) -> Look:
        """Read the row that `look_row` gave.

        Args:
            row: (LOOK_WIDTH,).

        Raises:
            UsageError: a row of another length.
        """
        if row.shape != (LOOK_WIDTH,):
            raise UsageError(f"a look has {LOOK_WIDTH} numbers; got {row.shape}")
        figures = [float(value) for value in row[: len(_FIGURES)]]
        brightness, dark, bright, contrast, colourfulness, sharpness, width, height = figures
        return cls(
            brightness=brightness,
            dark=dark,
            bright=bright,
            contrast=contrast,
            colourfulness=colourfulness,
            sharpness=sharpness,
            width=round(width),
            height=round(height),
            grid=row[len(_FIGURES) :].reshape(GRID, GRID),
        )

    @property
    def short_side(self) -> int:
        """The photo's shorter side, pixels."""
        return min(self.width, self.height)


def look_row(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
    """Measure a photo's look.

    Args:
        pixels: (192, 192, 3) RGB, the whole photo as `LOOK_RESIZE` decodes it.
        size: width and height of the photo itself, pixels.

    Returns:
        (LOOK_WIDTH,) finite numbers; `Look.read` says which is which.

    Raises:
        UsageError: pixels of another shape or kind.

    Example:
        >>> grey = np.full((192, 192, 3), 128, np.uint8)
        >>> look = Look.read(look_row(grey, (640, 480)))
        >>> round(look.brightness, 2), look.contrast, look.sharpness, look.short_side
        (0.5, 0.0, 0.0, 480)
    """
    if pixels.shape != (LOOK_SIDE, LOOK_SIDE, 3) or pixels.dtype != np.uint8:
        raise UsageError(
            f"a look is measured on uint8 pixels ({LOOK_SIDE}, {LOOK_SIDE}, 3); "
            f"got {pixels.dtype} {pixels.shape}"
        )
    rgb = pixels / 255.0
    luma = rgb @ _LUMA
    contrast = float(luma.std())
    contrast = 0.0 if contrast < 1e-9 else contrast
    figures = (
        luma.mean(),
        (luma < _DARK).mean(),
        (luma > _BRIGHT).mean(),
        contrast,
        _colourfulness(rgb),
        _sharpness(luma, contrast),
        *size,
    )
    grid = np.rint(255 * _tiles(luma, LOOK_SIDE // GRID).mean(axis=(1, 3)))
    return np.concatenate([np.asarray(figures), grid.ravel()]).astype(np.float32)


def grids(looks: Sequence[Look]) -> NDArray[np.float32]:
    """The grids of some looks, (n, 32, 32)."""
    return np.stack([look.grid for look in looks]) if looks else np.zeros((0, GRID, GRID), np.float32)


def bits(grid: NDArray[np.float32]) -> NDArray[np.float32]:
    """The perceptual hash of each grid: the signs of its lowest frequencies (a DCT hash, "pHash").

    Signs alone, without a median: brightness and contrast change none of them, and a mirrored photo has
    those with an odd horizontal frequency turned round.

    Args:
        grid: (n, 32, 32) luma.

    Returns:
        (n, 65) of -1 and 1; 2 photos differ in (65 - a @ b) / 2 of them.

    Example:
        >>> step = np.where(np.arange(32) < 16, 9.0, 200.0)
        >>> one = np.tile(step, (32, 1))[None].astype(np.float32)
        >>> bits(one).shape, bool((bits(one) == bits(one / 2)).all())
        ((1, 65), True)
    """
    cosines = _cosines()
    spectrum = cosines @ grid @ cosines.T
    down, right = _lowest()
    signs: NDArray[np.float32] = np.where(spectrum[:, down, right] > 0, 1, -1).astype(np.float32)
    return signs


def alike(
    one: NDArray[np.float32], other: NDArray[np.float32], *, enough: float = 1.0
) -> NDArray[np.float32]:
    """How well each pair of photos matches where one is laid over the other, or over a part of it.

    Args:
        one: (n, 32, 32) luma.
        other: (n, 32, 32) luma.
        enough: where two photos match so well as a whole, no parts of them are tried.

    Returns:
        (n,) the largest correlation over all positions and mirrored or not: 1 the same photo, 0 unrelated.
        It is 0 where a photo has no contrast.

    Example:
        >>> noise = np.random.default_rng(0).uniform(0, 255, (1, 32, 32)).astype(np.float32)
        >>> alike(noise, noise[:, :, ::-1]).round(3).tolist()
        [1.0]
    """
    best = np.maximum(0, _match(_standard(one), other))
    left = np.flatnonzero(best < enough)
    for whole, part in ((one, other), (other, one)):
        for window in _windows(whole[left]):
            best[left] = np.maximum(best[left], _match(window, part[left]))
    return best


def middle(grid: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each grid without its outer 2.5 % on all sides, at the same number of points."""
    part = _resampling(0.025, 0.95)
    return np.asarray(part @ grid @ part.T, dtype=np.float32)


def _match(standard: NDArray[np.float32], grid: NDArray[np.float32]) -> NDArray[np.float32]:
    """The correlation (n,) of standardised grids with others, or with these mirrored."""
    other = _standard(grid)
    pairs = (other, other[:, :, ::-1])
    return np.asarray(np.max([np.einsum("nij,nij->n", standard, each) for each in pairs], axis=0))


def _windows(grid: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Parts of 97.5 to 90 % of each grid in all corners, at all edges and in the middle; standardised."""
    for scale in (0.975, 0.95, 0.925, 0.9):
        moves = [_resampling(start, scale) for start in (0.0, (1 - scale) / 2, 1 - scale)]
        for down in moves:
            rows = down @ grid
            yield from (_standard(np.asarray(rows @ right.T, dtype=np.float32)) for right in moves)


@cache
def _resampling(start: float, scale: float) -> NDArray[np.float32]:
    """The (32, 32) matrix that takes `scale` of a line from `start` on, linearly interpolated."""
    at = np.clip((start + (np.arange(GRID) + 0.5) / GRID * scale) * GRID - 0.5, 0, GRID - 1)
    below = np.floor(at).astype(int)
    matrix = np.zeros((GRID, GRID), np.float32)
    matrix[np.arange(GRID), below] += (1 - (at - below)).astype(np.float32)
    matrix[np.arange(GRID), np.minimum(below + 1, GRID - 1)] += (at - below).astype(np.float32)
    return matrix


def _standard(grid: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each grid with mean 0 and length 1; 0 where it has no contrast."""
    centred = grid - grid.mean(axis=(1, 2), keepdims=True)
    length = np.sqrt(np.square(centred).sum(axis=(1, 2), keepdims=True))
    scaled = np.where(length > 1, centred / np.maximum(length, 1), 0)
    return np.asarray(scaled, dtype=np.float32)


@cache
def _cosines() -> NDArray[np.float32]:
    """The lowest rows of the discrete cosine transform (type II) of 32 points."""
    frequency, at = np.arange(_FREQUENCIES + 1)[:, None], np.arange(GRID)[None]
    return np.cos(np.pi * frequency * (2 * at + 1) / (2 * GRID)).astype(np.float32)


@cache
def _lowest() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the spectrum up to the frequency 10, the mean left out."""
    down, right = np.indices((_FREQUENCIES + 1, _FREQUENCIES + 1))
    kept = (down + right > 0) & (down + right <= _FREQUENCIES)
    return down[kept], right[kept]


def _tiles(plane: NDArray[np.floating], side: int) -> NDArray[np.floating]:
    """A plane as (rows of tiles, side, columns of tiles, side)."""
    return plane.reshape(plane.shape[0] // side, side, plane.shape[1] // side, side)


def _sharpness(luma: NDArray[np.floating], contrast: float) -> float:
    edge = np.pad(luma, 1, mode="edge")
    laplacian = edge[:-2, 1:-1] + edge[2:, 1:-1] + edge[1:-1, :-2] + edge[1:-1, 2:] - 4 * luma
    strength = np.sqrt(np.square(_tiles(laplacian, _TILE)).mean(axis=(1, 3)))
    return float(np.quantile(strength, _SHARPEST) / max(contrast, _LEAST_CONTRAST))


def _colourfulness(rgb: NDArray[np.floating]) -> float:
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    return float(spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean()))
