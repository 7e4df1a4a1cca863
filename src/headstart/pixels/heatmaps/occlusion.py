"""(network, photo, class) => how much less the class is believed when each part of the photo is hidden.

Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks": it asks only for answers, no
gradients and no layers, so it checks a map that comes from them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headstart.pixels.heatmaps.gradcam import HeatMap
from headstart.pixels.heatmaps.hiding import hidden, probabilities_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.pixels.network import Differentiable

_WINDOWS = 5  # a window has a fifth of the photo's side, and moves by half of itself


def windows(height: int, width: int) -> list[tuple[int, int, int, int]]:
    """Where the window stands, one after the other: (top, left, bottom, right).

    Example:
        >>> len(windows(224, 224)), windows(224, 224)[1], windows(224, 224)[-1]
        (81, (0, 22, 45, 67), (179, 179, 224, 224))
    """
    tall, wide = -(-height // _WINDOWS), -(-width // _WINDOWS)
    tops, lefts = _starts(height, tall), _starts(width, wide)
    return [(top, left, top + tall, left + wide) for top in tops for left in lefts]


def _starts(length: int, size: int) -> list[int]:
    count = 2 * _WINDOWS - 1
    return sorted({round(place * (length - size) / (count - 1)) for place in range(count)})


def occlusion(
    network: Differentiable,
    pixels: Tensor,
    index: int,
    *,
    shown: float | None = None,
    done: Callable[[int], None] = lambda _count: None,
) -> HeatMap:
    """Hide one window after the other behind blur, and note how the logarithm of the probability falls.

    Args:
        network: with classes.
        pixels: (1, 3, h, w) float32 in [0, 1].
        index: of the class.
        shown: the class's probability for the whole photo, where it is known.
        done: told how many more answers are there.

    Returns:
        For each pixel the mean fall over the windows that hid it, in units of log probability; below 0 where
        the class is believed more without it.

    Example:
        >>> import torch
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> occlusion(network, torch.rand(1, 3, 32, 32), 0).values.shape
        (32, 32)
    """
    photo, blurred = pixels[0], hidden(pixels)[0]
    places = windows(photo.shape[1], photo.shape[2])
    pictures = [partial(_without, photo, blurred, place) for place in places]
    whole = [] if shown is not None else [partial(_whole, photo)]
    answers = probabilities_of(network, [*whole, *pictures], index, done)
    before = answers[0] if shown is None else shown
    falls = _log(np.array(before)) - _log(answers[len(whole) :])
    values = _averaged(places, falls, photo.shape[1], photo.shape[2])
    rows = len({place[0] for place in places})
    return HeatMap("occlusion", None, values, falls.reshape(rows, -1).astype(np.float32))


def _whole(photo: Tensor) -> Tensor:
    return photo


def _without(photo: Tensor, blurred: Tensor, place: tuple[int, int, int, int]) -> Tensor:
    top, left, bottom, right = place
    picture = photo.clone()
    picture[:, top:bottom, left:right] = blurred[:, top:bottom, left:right]
    return picture


def _log(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(probability, 1e-12)))


def _averaged(
    places: Sequence[tuple[int, int, int, int]], falls: NDArray[np.float64], height: int, width: int
) -> NDArray[np.float32]:
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for (top, left, bottom, right), fall in zip(places, falls, strict=True):
        total[top:bottom, left:right] += fall
        count[top:bottom, left:right] += 1
    return (total / count).astype(np.float32)
