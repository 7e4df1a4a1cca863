"""(pictures, chance) => what a network is shown of them: parts, moved, turned, scaled.

What a picture shows only in one exact place is noise to us: an ideal image must survive small changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Generator, Tensor

Size = tuple[int, int]


@dataclass(frozen=True)
class Jitter:
    """The middle of a picture, moved by whole pixels; what is missing at a border is mirrored.

    Attributes:
        size: height and width of what comes out.
        most: how far it moves up, down, left and right.

    Example:
        >>> picture = torch.rand(1, 3, 10, 10)
        >>> torch.equal(Jitter((8, 8), 0)(picture, torch.Generator()), picture[:, :, 1:9, 1:9])
        True
    """

    size: Size
    most: int

    def __call__(self, pixels: Tensor, generator: Generator) -> Tensor:
        """(n, 3, h, w) => (n, 3, *size), every picture moved alike."""
        down, right = torch.randint(-self.most, self.most + 1, (2,), generator=generator).tolist()
        top, left = (
            (had - wanted) // 2 + moved
            for had, wanted, moved in zip(pixels.shape[2:], self.size, (down, right), strict=True)
        )
        need = max(
            0, -top, -left, top + self.size[0] - pixels.shape[2], left + self.size[1] - pixels.shape[3]
        )
        padded = functional.pad(pixels, (need,) * 4, mode="reflect") if need else pixels
        top, left = top + need, left + need
        return padded[:, :, top : top + self.size[0], left : left + self.size[1]]


@dataclass(frozen=True)
class Views:
    """Parts of a picture of the network's size, each moved, scaled and turned in one interpolation.

    Attributes:
        size: height and width of what comes out.
        count: how many of each picture.
        move: how far the middle moves in each direction, in pixels.
        scale: smallest and largest enlargement, drawn evenly in its logarithm.
        turn: how far it turns either way, in degrees.
        noise: standard deviation of the noise that is added.

    Example:
        >>> picture = torch.rand(1, 3, 10, 10)
        >>> seen = Views((8, 8), count=4, move=1)(picture, torch.Generator().manual_seed(0))
        >>> seen.shape
        torch.Size([4, 3, 8, 8])
    """

    size: Size
    count: int = 1
    move: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    turn: float = 0.0
    noise: float = 0.0

    def __call__(self, pixels: Tensor, generator: Generator) -> Tensor:
        """(n, 3, h, w) => (n * count, 3, *size), the views of a picture one after the other."""
        total = len(pixels) * self.count
        chance = torch.rand((total, 4), generator=generator)
        smallest, largest = (math.log(each) for each in self.scale)
        zoom = torch.exp(smallest + (largest - smallest) * chance[:, 0])
        angle = math.radians(self.turn) * (2 * chance[:, 1] - 1)
        middle = self.move * (2 * chance[:, 2:] - 1)
        seen = _sampled(pixels.repeat_interleave(self.count, dim=0), self.size, zoom, angle, middle)
        return _noisy(seen, self.noise, generator)


class Crops:
    """Square parts of a picture anywhere near its middle, enlarged to the network's size.

    Their share of the picture's side falls step by step: first the whole is found, then its details
    (Fel et al. 2023: MACO). Theirs are small parts (half of the side, down to a twentieth) of a large
    picture; a picture no larger than the network's input comes out best with large ones.

    Args:
        size: height and width of what comes out.
        steps: after how many calls the smallest share is reached.
        count: how many of each picture.
        share: the first and the last share of the picture's side.
        spread: standard deviation of where a part's middle lies, as a share of the side.
        noise: standard deviation of the noise that is added.

    Example:
        >>> crops = Crops((8, 8), steps=2, count=3, share=(1.0, 0.5))
        >>> crops(torch.rand(1, 3, 16, 16), torch.Generator().manual_seed(0)).shape
        torch.Size([3, 3, 8, 8])
    """

    def __init__(
        self,
        size: Size,
        *,
        steps: int,
        count: int = 4,
        share: tuple[float, float] = (1.0, 0.8),
        spread: float = 0.1,
        noise: float = 0.02,
    ) -> None:
        self.size, self.steps, self.count = size, steps, count
        self.share, self.spread, self.noise = share, spread, noise
        self._done = 0

    def __call__(self, pixels: Tensor, generator: Generator) -> Tensor:
        """(n, 3, h, w) => (n * count, 3, *size), the parts of a picture one after the other."""
        total = len(pixels) * self.count
        first, last = self.share
        share = first + (last - first) * min(1.0, self._done / max(1, self.steps - 1))
        self._done += 1
        sides = (share * (1 + 0.1 * torch.randn(total, generator=generator))).clamp(0.05, 1.0)
        whole = pixels.new_tensor(pixels.shape[2:])
        room = ((1 - sides) / 2)[:, None]  # the part must lie inside
        centre = (torch.randn((total, 2), generator=generator) * self.spread).clamp(-room, room) * whole
        zoom = max(self.size) / (sides * float(min(pixels.shape[2:])))
        seen = _sampled(
            pixels.repeat_interleave(self.count, dim=0), self.size, zoom, torch.zeros(total), centre
        )
        return _noisy(seen, self.noise, generator)


def _sampled(pixels: Tensor, size: Size, zoom: Tensor, angle: Tensor, middle: Tensor) -> Tensor:
    """Look at pictures through windows: `middle` (n, 2) is a window's offset down and right, in pixels."""
    down = torch.arange(size[0]) + 0.5 - size[0] / 2
    right = torch.arange(size[1]) + 0.5 - size[1] / 2
    y, x = torch.meshgrid(down, right, indexing="ij")
    cosine = (torch.cos(angle) / zoom)[:, None, None]
    sine = (torch.sin(angle) / zoom)[:, None, None]
    rows = y * cosine + x * sine + middle[:, 0, None, None]
    columns = x * cosine - y * sine + middle[:, 1, None, None]
    # grid_sample wants -1 at the left border and 1 at the right one
    grid = torch.stack([columns * 2 / pixels.shape[3], rows * 2 / pixels.shape[2]], dim=-1)
    return functional.grid_sample(
        pixels, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def _noisy(pixels: Tensor, noise: float, generator: Generator) -> Tensor:
    if not noise:
        return pixels
    normal = torch.randn(pixels.shape, generator=generator)
    return pixels + noise * normal
