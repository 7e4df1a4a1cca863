"""(network, photo, layers) => how much the photo excites each channel, where, and what the channel saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.backbones.base import Backbone
    from headstart.pixels.maps.spatial import SpatialLayer

_SEEN = 0.75  # of the gradient: the part of the photo that a patch shows; the rest trails off far around it
_BEST = 1 / 8  # of the photos must excite a channel more than the rest: a single odd photo makes none choosy


@dataclass(frozen=True, slots=True)
class Peaks:
    """Where a photo excites the channels of a layer most.

    Attributes:
        values: (channels,) the largest activation of each.
        means: (channels,) the mean of the absolute values of each map.
        places: (channels,) where the largest is: row x width + column.
    """

    values: NDArray[np.float32]
    means: NDArray[np.float32]
    places: NDArray[np.int64]


def peaks(backbone: Backbone, pixels: Tensor, layers: Sequence[SpatialLayer]) -> list[Peaks]:
    """One pass of one photo.

    Args:
        backbone: the network.
        pixels: (1, 3, h, w).
        layers: of it.

    Example:
        >>> from headstart.pixels.maps.spatial import spatial_layers
        >>> from headstart.testing import tiny_backbone
        >>> backbone = tiny_backbone()
        >>> [found] = peaks(backbone, torch.zeros(1, 3, 32, 32), spatial_layers(backbone).layers[-1:])
        >>> found.values.shape
        (16,)
    """
    with torch.no_grad():
        given = backbone.activations(pixels, [each.name for each in layers])
    found = []
    for each in layers:
        maps = each.layout.maps(given[each.name])[0].float().flatten(1)
        values, places = maps.max(dim=1)
        found.append(Peaks(values.numpy(), maps.abs().mean(dim=1).numpy(), places.numpy()))
    return found


def choosiest(
    values: NDArray[np.float32],
    *,
    means: NDArray[np.float32] | None = None,
    wakes: NDArray[np.bool_] | None = None,
) -> int:
    """The channel that a few photos excite much more than the others do, among the strong and local ones.

    Choosy is how far the mean of its best eighth of the photos lies above the mean of all, in standard
    deviations over all photos; strong are the third of the channels with the largest best eighth; local the
    half of those whose maps have the lowest mean for the height of their peaks: a stroke or an eye
    is at one place, a colour everywhere.

    Args:
        values: (photos, channels), the largest activation of each.
        means: (photos, channels), the mean of each map; None: local or not is all the same.
        wakes: (channels,) only these may be chosen, where there are any; None: all.

    Example:
        >>> choosiest(np.array([[1, 0, 5], [2, 0, 5], [1, 9, 5], [2, 0, 5]], np.float32))
        1
    """
    best = max(1, round(_BEST * len(values)))
    top = np.sort(values, axis=0)[-best:].mean(axis=0)
    deviation = values.std(axis=0)
    able = deviation > 1e-6 * np.abs(values).max(initial=1e-12)
    if wakes is not None and (able & wakes).any():
        able &= wakes
    if not able.any():
        return int(top.argmax())
    able &= top >= np.percentile(top[able], 67)
    if means is not None:
        spread = means.mean(axis=0) / np.maximum(np.abs(values).mean(axis=0), 1e-12)
        able &= spread <= np.median(spread[able])
    scores = np.where(able, (top - values.mean(axis=0)) / np.where(able, deviation, 1), -np.inf)
    return int(scores.argmax())


def wakes(backbone: Backbone, layers: Sequence[SpatialLayer]) -> list[NDArray[np.bool_]]:
    """Which channels answer to faint noise: only they have a gradient from where an ideal image starts.

    After a ReLU a channel that is silent everywhere can't be told in which direction to go.
    """
    resize = backbone.spec.preprocessing.resize
    chance = torch.Generator().manual_seed(0)
    noise = torch.randn((1, 3, resize.height, resize.width), generator=chance)
    found = peaks(backbone, (0.5 + 0.1 * noise).clamp(0, 1), layers)
    return [each.values > 0 for each in found]


def sight(backbone: Backbone, pixels: Tensor, layer: SpatialLayer, channel: int, place: int) -> int:
    """How many pixels wide a unit sees: its receptive field as far as it matters for this photo.

    The theoretical field of a late layer covers the whole photo; its middle does nearly all the work (Luo et
    al. 2016, "Understanding the Effective Receptive Field"). So it is measured: the smallest square around
    the unit's place that holds three quarters of the absolute gradient.

    Args:
        backbone: the network.
        pixels: (1, 3, h, w).
        layer: of the unit.
        channel: of the unit.
        place: of the unit, as in `Peaks`.
    """
    photo = pixels.detach().clone().requires_grad_()
    with torch.enable_grad():
        maps = layer.layout.maps(backbone.activations(photo, [layer.name])[layer.name])
        [slope] = torch.autograd.grad(maps[0, channel].flatten()[place], photo)
    weight = slope[0].abs().sum(dim=0).numpy()
    shortest = int(min(weight.shape))
    row, column = _middle(layer, place, weight.shape[0], weight.shape[1])
    total = weight.sum()
    for side in range(3, shortest, 2):
        top, left, bottom, right = _square(row, column, side, weight.shape[0], weight.shape[1])
        if weight[top:bottom, left:right].sum() >= _SEEN * total:
            return side
    return shortest


def patch(
    photo: NDArray[np.uint8], layer: SpatialLayer, place: int, side: int
) -> tuple[NDArray[np.uint8], tuple[int, int, int, int]]:
    """Cut out what a unit saw; at a border the square is moved inwards.

    Returns:
        (side, side, 3), and where it was: top, left, bottom, right.
    """
    height, width = photo.shape[:2]
    top, left, bottom, right = _square(*_middle(layer, place, height, width), side, height, width)
    return np.ascontiguousarray(photo[top:bottom, left:right]), (top, left, bottom, right)


def _middle(layer: SpatialLayer, place: int, height: int, width: int) -> tuple[float, float]:
    row, column = divmod(place, layer.layout.width)
    return (row + 0.5) * height / layer.layout.height, (column + 0.5) * width / layer.layout.width


def _square(row: float, column: float, side: int, height: int, width: int) -> tuple[int, int, int, int]:
    top = min(max(0, round(row - side / 2)), height - side)
    left = min(max(0, round(column - side / 2)), width - side)
    return top, left, top + side, left + side
