"""(network, many photos) => what it says of each by itself: the same bits whatever stands beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.engines.one_thread import each_alone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.pixels.network import Differentiable


def logits_of(network: Differentiable, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 3, h, w) in [0, 1] => (n, classes) logits.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> logits_of(network, np.zeros((3, 3, 32, 32), np.float32)).shape
        (3, 2)
    """
    import torch

    def one(place: int) -> NDArray[np.float32]:
        with torch.no_grad():
            photo = torch.from_numpy(np.array(pixels[place : place + 1], order="C"))
            row: NDArray[np.float32] = network.logits(photo)[0].numpy()
            return row

    if not len(pixels):
        return np.zeros((0, len(network.classes)), np.float32)
    return np.stack(list(each_alone(one, range(len(pixels)))))


def answers_of(network: Differentiable, pixels: NDArray[np.float32]) -> NDArray[np.intp]:
    """(n, 3, h, w) in [0, 1] => (n,) the place of the class that the network gives each photo."""
    return np.asarray(logits_of(network, pixels).argmax(axis=1), np.intp)
