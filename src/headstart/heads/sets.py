"""probabilities of photos not trained on => sets of classes, the right one among them in a stated share.

Split conformal prediction with the score 1 - p(true class) (LAC: Sadinle, Lei & Wasserman 2019). What is kept
is one number, the least probability that a class of the set has, so the product needs numpy alone; tests hold
it to MAPIE's `SplitConformalClassifier`. Where accuracy is above the stated share, such sets hold one class
however little it is believed. So an answer less probable than the share never stands alone, its runner-up
comes with it: more sets hold the right class then than was asked. Each photo is judged by a head that had not
seen it, and the heads of the folds differ a little from the one that is kept: the promise is that of
cross-conformal prediction (Vovk 2015), close to the stated share and not a theorem. So the report states the
share that was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

COVERAGE = 0.9


@dataclass(frozen=True)
class Sets:
    """When a class belongs to a photo's set.

    Attributes:
        coverage: share of photos whose set should hold the right class, above 0 and below 1.
        least: the least probability of a class in a set, 0 to 1. The most probable class is always in it, and
            the second where the first is less probable than `coverage`.
        photos: how many photos it rests on.
        measured: share of them whose set held the right class, by thresholds from the other photos.
        size: classes in a set, on average, by the same.
    """

    coverage: float
    least: float
    photos: int
    measured: float
    size: float

    def of(self, classes: Sequence[str], probabilities: NDArray[np.floating[Any]]) -> list[tuple[str, ...]]:
        """The set of each row, most probable class first, never empty.

        Args:
            classes: c names.
            probabilities: (n, c).

        Example:
            >>> sets = Sets(coverage=0.9, least=0.2, photos=40, measured=0.9, size=1.5)
            >>> sets.of(["cat", "dog", "elk"], np.array([[0.1, 0.6, 0.3], [0.1, 0.8, 0.1]]))
            [('dog', 'elk'), ('dog', 'cat')]
        """
        order = np.argsort(-probabilities, axis=1, kind="stable")
        counts = _sizes(probabilities, self.least, self.coverage)
        return [tuple(classes[at] for at in best[:count]) for best, count in zip(order, counts, strict=True)]


def fit_sets(
    probabilities: NDArray[np.floating[Any]], codes: NDArray[np.integer[Any]], coverage: float = COVERAGE
) -> Sets | None:
    """Set the least probability on photos not trained on.

    Args:
        probabilities: (n, c) by heads that had not seen the photos.
        codes: (n,) their true classes as columns.
        coverage: above 0, below 1.

    Returns:
        None where so few photos promise nothing: below `fewest_photos(coverage)`.

    Example:
        >>> said = np.tile([0.7, 0.3], (40, 1))
        >>> found = fit_sets(said, np.array([0] * 30 + [1] * 10))
        >>> found.least, found.measured, found.size
        (0.3, 1.0, 2.0)
    """
    true = np.asarray(probabilities[np.arange(len(codes)), codes], dtype=np.float64)
    if len(true) < fewest_photos(coverage):
        return None
    least = _least(np.sort(true), coverage)
    held, sizes = _left_out(probabilities, true, coverage)
    return Sets(coverage, least, len(true), float(held.mean()), float(sizes.mean()))


def fewest_photos(coverage: float) -> int:
    """How many photos not trained on a coverage takes: with fewer, sets would have to hold every class.

    Example:
        >>> fewest_photos(0.9), fewest_photos(0.99)
        (9, 99)
    """
    return max(2, ceil(coverage / (1.0 - coverage) - 1e-9))


def _sizes(probabilities: NDArray[np.floating[Any]], least: float, coverage: float) -> NDArray[np.intp]:
    """Give how many of each row's most probable classes its set holds."""
    believed = probabilities.max(axis=1) >= coverage
    fewest = np.where(believed, 1, min(2, probabilities.shape[1]))
    return np.asarray(np.maximum((probabilities >= least).sum(axis=1), fewest), dtype=np.intp)


def _least(rising: NDArray[np.float64], coverage: float) -> float:
    """Give the ceil((n + 1) coverage)-th largest of the true classes' probabilities; the smallest at most."""
    rank = ceil((len(rising) + 1) * coverage - 1e-9)
    return float(rising[max(0, len(rising) - rank)])


def _left_out(
    probabilities: NDArray[np.floating[Any]], true: NDArray[np.float64], coverage: float
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Give whether each set holds the right class, and its size, by the threshold of the other tenths.

    Where nine tenths are too few photos for the coverage, each photo is left out alone.
    """
    sizes = np.zeros(len(true), dtype=np.intp)
    enough = floor(0.9 * len(true)) >= fewest_photos(coverage)
    parts = np.arange(len(true)) % (10 if enough else len(true))
    for part in np.unique(parts):
        here = parts == part
        sizes[here] = _sizes(probabilities[here], _least(np.sort(true[~here]), coverage), coverage)
    better = (probabilities > true[:, None]).sum(axis=1)
    return np.asarray(better < sizes), sizes
