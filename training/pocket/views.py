"""(pictures, the teacher's maps, a seed) => augmented views, and what the teacher sees in each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from headstart.images.pixels import to_pixels
from training.pocket.teacher import HIGHEST

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(frozen=True)
class Boxes:
    """Parts of photos, as shares of their sides, and whether they are mirrored.

    Attributes:
        left: (n,) 0 to 1.
        top: (n,).
        width: (n,).
        height: (n,).
        mirrored: (n,) bool.
    """

    left: Tensor
    top: Tensor
    width: Tensor
    height: Tensor
    mirrored: Tensor

    def part(self, first: int, last: int) -> Boxes:
        """The boxes from `first` up to `last`."""
        return Boxes(*(getattr(self, name)[first:last] for name in self.__dataclass_fields__))


def draw_boxes(count: int, random: np.random.Generator, *, smallest: float) -> Boxes:
    """Draw parts with an area of `smallest` to 1 and sides of 3 : 4 to 4 : 3 (as arXiv:1409.4842).

    Example:
        >>> boxes = draw_boxes(100, np.random.default_rng(0), smallest=0.3)
        >>> bool((boxes.left + boxes.width <= 1.000001).all()), bool((boxes.width > 0.4).all())
        (True, True)
    """
    area = random.uniform(smallest, 1, count)
    ratio = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3), count))
    width, height = np.minimum(np.sqrt(area * ratio), 1), np.minimum(np.sqrt(area / ratio), 1)
    return Boxes(
        left=torch.from_numpy(random.uniform(0, 1 - width)).float(),
        top=torch.from_numpy(random.uniform(0, 1 - height)).float(),
        width=torch.from_numpy(width).float(),
        height=torch.from_numpy(height).float(),
        mirrored=torch.from_numpy(random.random(count) < 0.5),
    )


def cut(pictures: NDArray[np.uint8], boxes: Boxes, side: int) -> Tensor:
    """Cut the boxes out and bring them to one size.

    Args:
        pictures: (n, h, w, 3).
        boxes: n of them.
        side: of the result, pixels.

    Returns:
        (n, 3, side, side) in [0, 1].

    Example:
        >>> whole = Boxes(torch.zeros(1), torch.zeros(1), torch.ones(1), torch.ones(1), torch.tensor([True]))
        >>> picture = np.array([[[[0, 0, 0], [255, 255, 255]]] * 2], dtype=np.uint8)
        >>> cut(picture, whole, 2)[0, 0].round().tolist()
        [[1.0, 0.0], [1.0, 0.0]]
    """
    pixels = torch.from_numpy(to_pixels(list(pictures)))
    place = torch.zeros(len(pictures), 2, 3)
    place[:, 0, 0] = torch.where(boxes.mirrored, -boxes.width, boxes.width)
    place[:, 1, 1] = boxes.height
    place[:, 0, 2] = 2 * (boxes.left + boxes.width / 2) - 1
    place[:, 1, 2] = 2 * (boxes.top + boxes.height / 2) - 1
    grid = functional.affine_grid(place, [len(pictures), 3, side, side], align_corners=False)
    return functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)


def jitter(pixels: Tensor, random: np.random.Generator, *, most: float) -> Tensor:
    """Change brightness, contrast, saturation and tint of each picture, by at most `most` (tint: a third)."""

    def factor(channels: int, share: float) -> Tensor:
        drawn = random.uniform(1 - share, 1 + share, (len(pixels), channels, 1, 1))
        return torch.from_numpy(drawn).float()

    pixels = pixels * factor(1, most)
    mean = pixels.mean((1, 2, 3), keepdim=True)
    pixels = (pixels - mean) * factor(1, most) + mean
    grey = pixels.mean(1, keepdim=True)
    pixels = ((pixels - grey) * factor(1, most) + grey) * factor(3, most / 3)
    return pixels.clamp(0, 1)


def seen_by_teacher(maps: NDArray[np.uint8], boxes: Boxes) -> Tensor:
    """Average the teacher's maps over the boxes; a mirrored view shows it the same.

    Args:
        maps: (n, width, k, k) bytes.
        boxes: n of them.

    Returns:
        (n, width) features.

    Example:
        >>> maps = np.full((1, 2, 5, 5), 255, dtype=np.uint8)
        >>> boxes = draw_boxes(1, np.random.default_rng(0), smallest=0.5)
        >>> torch.allclose(seen_by_teacher(maps, boxes), torch.tensor(HIGHEST), rtol=0.01)
        True
    """
    side = maps.shape[-1]
    down, across = _shares(boxes.top, boxes.height, side), _shares(boxes.left, boxes.width, side)
    share = torch.einsum("ni,nj->nij", down, across).reshape(len(maps), side * side, 1)
    return torch.bmm(torch.from_numpy(maps).float().flatten(2), share).squeeze(2) * (HIGHEST / 255)


def _shares(first: Tensor, size: Tensor, cells: int) -> Tensor:
    """(n, cells): which part of the box lies in each cell, along one side."""
    start = torch.arange(float(cells)) / cells
    last = torch.minimum((first + size)[:, None], start + 1 / cells)
    overlap = (last - torch.maximum(first[:, None], start)).clamp(min=0)
    return overlap / overlap.sum(1, keepdim=True)
