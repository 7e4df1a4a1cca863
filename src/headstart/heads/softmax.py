"""logits (n, c) => probabilities (n, c): exact for any size of number, numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """The probabilities that logits stand for.

    Args:
        logits: (n, c), any finite numbers.

    Returns:
        (n, c) float64, each row adds up to 1.

    Example:
        >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
        [[0.5, 0.5], [1.0, 0.0]]
    """
    shifted = np.asarray(logits, dtype=np.float64)
    odds = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def log_softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """The logarithms of the same probabilities, finite where those round to 0.

    Args:
        logits: (n, c), any finite numbers.

    Returns:
        (n, c) float64, each at most 0.

    Example:
        >>> log_softmax(np.array([[1000.0, 0.0]])).tolist()
        [[0.0, -1000.0]]
    """
    shifted = np.asarray(logits, dtype=np.float64)
    shifted = shifted - shifted.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def log_loss(logits: NDArray[np.floating], codes: NDArray[np.integer]) -> float:
    """The mean negative logarithm of the true class's probability.

    Args:
        logits: (n, c), any finite numbers, n at least 1.
        codes: (n,) the true classes as columns of `logits`.

    Example:
        >>> round(log_loss(np.zeros((3, 4)), np.array([0, 1, 2])), 4)  # ln 4
        1.3863
    """
    return float(-log_softmax(logits)[np.arange(len(codes)), codes].mean())
