"""(photo) => the same photo with parts of it hidden, and what the network says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from headstart.backbones.engines.one_thread import each_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.pixels.network import Differentiable

_TOGETHER = 8  # pictures in one pass, the same everywhere: the bits of an answer may depend on it


def hidden(pixels: Tensor) -> Tensor:
    """What stands in the place of what is hidden: the photo, blurred until nothing in it can be named.

    A grey or black patch is a thing of its own to a network, with edges that no photo has (Fong and Vedaldi
    2017 blur too). The blur is a Gaussian with a tenth of the photo's side as its standard deviation.

    Args:
        pixels: (n, 3, h, w) in [0, 1].
    """
    side = (pixels.shape[2] * pixels.shape[3]) ** 0.5
    for axis, length in ((2, pixels.shape[2]), (3, pixels.shape[3])):
        pixels = _blurred_along(pixels, axis, length, side / 10)
    return pixels


def _blurred_along(pixels: Tensor, axis: int, length: int, deviation: float) -> Tensor:
    reach = min(length - 1, round(3 * deviation))
    steps = torch.arange(-reach, reach + 1, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (steps / deviation) ** 2)
    kernel = (kernel / kernel.sum()).expand(3, 1, -1)
    padding = (0, 0, reach, reach) if axis == 2 else (reach, reach, 0, 0)
    wide = functional.pad(pixels, padding, mode="reflect")
    return functional.conv2d(wide, kernel[..., None] if axis == 2 else kernel[:, :, None], groups=3)


def probabilities_of(
    network: Differentiable, pictures: Iterable[Callable[[], Tensor]], index: int, done: Callable[[int], None]
) -> NDArray[np.float64]:
    """The probability of a class for many pictures.

    Args:
        network: what is asked.
        pictures: each makes a picture (3, h, w) when it is its turn, so that memory stays small.
        index: of the class.
        done: told how many more are done.
    """
    found: list[NDArray[np.float64]] = []
    for answer in each_alone(lambda some: _ask(network, some, index), _batches(pictures)):
        found.append(answer)
        done(len(answer))
    return np.concatenate(found)


def _ask(network: Differentiable, some: list[Callable[[], Tensor]], index: int) -> NDArray[np.float64]:
    shown = torch.stack([each() for each in some])
    return np.asarray(network.probabilities(shown)[:, index].double().numpy())


def _batches(pictures: Iterable[Callable[[], Tensor]]) -> Iterable[list[Callable[[], Tensor]]]:
    batch: list[Callable[[], Tensor]] = []
    for each in pictures:
        batch.append(each)
        if len(batch) == _TOGETHER:
            yield batch
            batch = []
    if batch:
        yield batch
