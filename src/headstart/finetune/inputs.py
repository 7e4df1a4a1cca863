"""(positions of photos, epoch) => batches of what the network takes: one seeded view of each photo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    Batch = tuple[Tensor, NDArray[np.intp]]
    """What a step takes (n, …), and the positions (n,) of the photos that it belongs to."""


class Inputs(Protocol):
    """What a network is trained on, photo by photo; positions are those of the labels."""

    def train(self, batches: Sequence[NDArray[np.intp]], epoch: int) -> Iterator[Batch]:
        """A view of each photo of each batch, another one in each epoch; the same for the same epoch."""

    def plain(self, batches: Sequence[NDArray[np.intp]]) -> Iterator[Batch]:
        """Each photo as it is measured: without chance."""


class Kept:
    """Tensors in memory: activations at a cut, or small pictures; several views of each photo.

    Args:
        views: (v, n, …) floats, in any precision; epoch e of photo i shows view (e + i) % v, so that each
            epoch has all views in it.
        plain: (n, …) as photos are measured; None: the first of `views`.

    Example:
        >>> import torch
        >>> kept = Kept(torch.arange(6.0).reshape(2, 3))
        >>> [(batch.tolist(), at.tolist()) for batch, at in kept.train([np.array([0, 2])], epoch=1)]
        [([3.0, 5.0], [0, 2])]
    """

    def __init__(self, views: Tensor, plain: Tensor | None = None) -> None:
        self._views = views
        self._plain = views[0] if plain is None else plain

    def train(self, batches: Sequence[NDArray[np.intp]], epoch: int) -> Iterator[Batch]:
        """As `Inputs.train`."""
        count = len(self._views)
        for at in batches:
            yield self._views[(at + epoch) % count, at].float(), at

    def plain(self, batches: Sequence[NDArray[np.intp]]) -> Iterator[Batch]:
        """As `Inputs.plain`."""
        for at in batches:
            yield self._plain[at].float(), at


def in_batches(index: NDArray[np.intp], size: int) -> list[NDArray[np.intp]]:
    """Cut positions into batches of nearly equal length, at most `size`: no batch of one is left over.

    Example:
        >>> [len(batch) for batch in in_batches(np.arange(9), 4)]
        [3, 3, 3]
    """
    return np.array_split(index, max(1, -(-len(index) // size)))


def own_share(batch: NDArray[np.intp], rank: int, processes: int) -> NDArray[np.intp]:
    """The photos of a batch that one of several processes takes; none of them goes without.

    Example:
        >>> own_share(np.arange(5), 1, 2).tolist(), own_share(np.arange(1), 1, 2).tolist()
        ([1, 3], [0])
    """
    return np.resize(batch, max(len(batch), processes))[rank::processes]
