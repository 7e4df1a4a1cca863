"""(stated probability, right or not) -> bins for the reliability picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headstart.errors import UsageError
from headstart.report.facts import ReliabilityBin


def reliability_bins(
    confidence: Sequence[float], right: Sequence[bool], *, count: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Groups answers by how sure they were, in `count` bins of equal width; empty bins are left out.

    Method: DeGroot and Fienberg 1983, "The comparison and evaluation of forecasters".

    Args:
        confidence: (n,) probability of the answer given, in [0, 1].
        right: (n,) whether the answer was right.
        count: bins, at least 1.

    Raises:
        UsageError: lengths differ, a probability is outside [0, 1], or count is below 1.

    Example:
        >>> reliability_bins([0.91, 0.99, 0.55], [True, False, True], count=2)
        (ReliabilityBin(confidence=0.8166666666666668, right=0.6666666666666666, photos=3),)
    """
    stated = np.asarray(confidence, dtype=np.float64)
    correct = np.asarray(right, dtype=bool)
    _check(stated, correct, count)
    places = np.minimum((stated * count).astype(int), count - 1)
    return tuple(_one_bin(stated[places == place], correct[places == place]) for place in np.unique(places))


def _check(stated: np.ndarray, correct: np.ndarray, count: int) -> None:
    if stated.ndim != 1 or stated.shape != correct.shape:
        raise UsageError(f"{stated.shape} probabilities for {correct.shape} answers; expected one each")
    if not np.all((stated >= 0) & (stated <= 1)):
        raise UsageError("a stated probability lies outside 0..1; give the probability of the answer")
    if count < 1:
        raise UsageError(f"{count} bins were asked for; expected at least 1")


def _one_bin(stated: np.ndarray, correct: np.ndarray) -> ReliabilityBin:
    return ReliabilityBin(float(stated.mean()), float(correct.mean()), int(stated.size))
