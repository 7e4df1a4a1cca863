"""The fitted heads as modules of torch: rows (n, d) => probabilities (n, c), with gradients.

Buffers, not parameters: a head made here is finished, and `module.double()` or `.to(device)` moves it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from headstart.heads.cosine import NEAR


def _buffer(array: NDArray[Any], kind: type = np.float32) -> Tensor:
    return torch.from_numpy(np.array(array, dtype=kind))


class HeadModule(nn.Module):
    """A fitted head: probabilities are the softmax of its logits.

    What walks along gradients starts from the logits: probabilities near 0 and 1 hardly change.
    """

    def logits(self, rows: Tensor) -> Tensor:
        """(n, d) rows => (n, c) logits, the temperature included."""
        raise NotImplementedError

    def forward(self, rows: Tensor) -> Tensor:
        """(n, d) rows => (n, c) probabilities."""
        return torch.softmax(self.logits(rows), dim=1)


class LinearModule(HeadModule):
    """softmax((rows @ weight.T + bias) / temperature)."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: NDArray[Any], bias: NDArray[Any], temperature: float) -> None:
        super().__init__()
        self.register_buffer("weight", _buffer(weight))
        self.register_buffer("bias", _buffer(bias))
        self.temperature = temperature

    def logits(self, rows: Tensor) -> Tensor:
        """(n, d) rows => (n, c) logits, the temperature included."""
        return functional.linear(rows, self.weight, self.bias) / self.temperature


class PrototypesModule(HeadModule):
    """softmax(cosine with each class mean / temperature)."""

    directions: Tensor

    def __init__(self, directions: NDArray[Any], temperature: float) -> None:
        super().__init__()
        self.register_buffer("directions", _buffer(directions))
        self.temperature = temperature

    def logits(self, rows: Tensor) -> Tensor:
        """(n, d) rows => (n, c) cosines divided by the temperature."""
        return functional.normalize(rows, dim=1) @ self.directions / self.temperature


class NeighboursModule(HeadModule):
    """Votes of the k nearest training rows, weighted by 1 / distance²."""

    units: Tensor
    codes: Tensor

    def __init__(
        self, units: NDArray[Any], codes: NDArray[Any], classes: int, k: int, smoothing: float
    ) -> None:
        super().__init__()
        self.register_buffer("units", _buffer(units))
        self.register_buffer("codes", _buffer(codes, np.int64))
        self.classes, self.k, self.smoothing = classes, k, smoothing

    def logits(self, rows: Tensor) -> Tensor:
        """(n, d) rows => (n, c) logarithms of the probabilities."""
        return self.forward(rows).log()

    def forward(self, rows: Tensor) -> Tensor:
        """(n, d) rows => (n, c) probabilities."""
        queries = functional.normalize(rows, dim=1)
        found = (queries @ self.units.T).topk(self.k, dim=1).indices
        # |a - b|² / 2 of unit vectors is 1 - cosine, without the cancellation that float32 would suffer.
        distance = (queries[:, None, :] - self.units[found]).square().sum(dim=2) / 2
        weight = 1.0 / (distance + NEAR).square()
        weight = weight * (self.k / weight.sum(dim=1, keepdim=True))
        votes = rows.new_full((len(rows), self.classes), self.smoothing / self.classes)
        votes = votes.scatter_add(1, self.codes[found], weight)
        return votes / votes.sum(dim=1, keepdim=True)
