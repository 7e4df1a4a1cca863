"""training rows (n, d) + photos not trained on => is this photo one of yours?

A photo is unknown when it is stranger than 95 of 100 photos of the user's own classes that were not trained
on. How strange it is says the distance to the nearest class in units of that class (`kinds`), and, where the
head's probabilities for photos not trained on are known, its doubt between classes beside it. With 30 of
37 breeds learned, features of MobileNetV2, and 5 of 100 false alarms allowed, this catches 44 of 100 photos
of the other breeds and all aerial photos; the nearest training photo alone, as in earlier models, 37 of 100
(docs/decisions/0012-unknown.md).
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from headstart.errors import FitError
from headstart.heads.cosine import CosineIndex
from headstart.heads.tensors import compact

if TYPE_CHECKING:
    from headstart.heads.kinds import Kinds

FALSE_ALARMS = 0.05
QUANTILE = 1.0 - FALSE_ALARMS
_LEAST = 1e-12
_DOUBT = 0.5  # what doubt counts beside the distance; 0.5 to 1 were best on three data sets and two networks
_LEAST_SCALE = 0.05  # where all held-out photos are alike, their spread says nothing
NEVER = 2.0
"""The largest cosine distance: a threshold that was not measured, and that nothing exceeds."""


def nearest_distances(rows: NDArray[np.floating], train_rows: NDArray[np.floating]) -> NDArray[np.float64]:
    """Each row's cosine distance to the nearest of `train_rows`.

    Args:
        rows: (m, d), photos that `train_rows` does not hold.
        train_rows: (n, d), n at least 1.

    Returns:
        (m,) in [0, 2].

    Example:
        >>> nearest_distances(np.array([[0.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])).tolist()
        [0.0]
    """
    return CosineIndex(train_rows).nearest(rows, k=1)[1][:, 0]


def held_out_distances(rows: NDArray[np.floating], folds: NDArray[np.integer]) -> NDArray[np.float64]:
    """Each row's cosine distance to the nearest row of the other folds.

    Identical photos must share a fold (as `images.splits.folds` gives it), or they would find
    each other at distance 0 and the threshold would be far too strict.

    Args:
        rows: (n, d).
        folds: (n,) the fold in which each row is held out; -1 for a row that never is.

    Returns:
        (n,) in [0, 2]; NaN where a row is never held out or no other fold exists.

    Example:
        >>> rows = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> held_out_distances(rows, np.array([0, 0, 1])).tolist()  # the copies do not see each other
        [1.0, 1.0, 1.0]
    """
    distances = np.full(len(rows), np.nan)
    for fold in np.unique(folds[folds >= 0]):
        held = folds == fold
        if not held.all():
            distances[held] = nearest_distances(rows[held], rows[~held])
    return distances


def doubt(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """How undecided a head is: 1 less its largest probability at twice the temperature, (m,), 0 to 1.

    The maximum probability of Hendrycks & Gimpel (2017); a higher temperature tells strange photos better
    (Liang et al. 2018). Square roots of probabilities are those at twice the temperature, so any head has it.

    Args:
        probabilities: (m, c).

    Example:
        >>> doubt(np.array([[1.0, 0.0], [0.5, 0.5]])).tolist()
        [0.0, 0.5]
    """
    roots = np.sqrt(np.asarray(probabilities, dtype=np.float64))
    return np.asarray(1.0 - roots.max(axis=1) / roots.sum(axis=1))


def false_alarm_threshold(scores: NDArray[np.floating], false_alarms: float) -> float:
    """The score that a stated share of photos like these exceed, on average over choices of them.

    Args:
        scores: (n,) of photos not trained on, n at least 1.
        false_alarms: above 0, below 1.

    Example:
        >>> false_alarm_threshold(np.arange(1.0, 40.0), 0.05)
        38.0
    """
    return float(np.sort(scores)[threshold_rank(len(scores), false_alarms) - 1])


def threshold_rank(photos: int, false_alarms: float) -> int:
    """Which of the rising scores of so many photos is the threshold, 1 to `photos`.

    The k-th of n scores is exceeded by (n + 1 - k) / (n + 1) of other photos on average (split conformal,
    Vovk et al. 2005). Of these shares the nearest to the stated one is taken, not the next below it: with 54
    photos that would be 3.6 % for 5, and strange photos would be missed for a promise that nobody asked for.

    Example:
        >>> threshold_rank(54, 0.05), threshold_rank(5, 0.05)
        (52, 5)
    """
    return max(1, min(photos, round((photos + 1) * (1.0 - false_alarms))))


def fewest_known(false_alarms: float) -> int:
    """How many photos a stated share takes: with fewer, more than that share exceeds the largest score.

    Example:
        >>> fewest_known(0.05), fewest_known(0.01)
        (19, 99)
    """
    return max(1, ceil(1.0 / false_alarms - 1e-9) - 1)


def fit_novelty(
    train_rows: NDArray[np.floating],
    distances: NDArray[np.floating],
    *,
    kinds: Kinds | None = None,
    probabilities: NDArray[np.floating] | None = None,
    false_alarms: float = FALSE_ALARMS,
) -> Novelty:
    """Set the threshold on photos of the user's own classes that were not trained on.

    Args:
        train_rows: (n, d) the rows to measure from.
        distances: of h photos not trained on; NaN entries are left out. With `kinds` as its `left_out` or
            `distances` gives them, otherwise to the nearest row (`held_out_distances`, `nearest_distances`).
        kinds: the classes of `train_rows`; None: the nearest row is what is measured.
        probabilities: (h, c) for the same photos, by heads that had not seen them; None: the distance alone.
        false_alarms: the share of good photos that may be called unknown, above 0 and below 1.

    Raises:
        FitError: there is no training row, or a row is not finite.

    Returns:
        A `Novelty`; without a single distance its threshold is `NEVER`.

    Example:
        >>> novelty = fit_novelty(np.array([[1.0, 0.0], [0.9, 0.1]]), np.array([0.1, 0.2]))
        >>> novelty.threshold, novelty.unknown(np.array([[1.0, 0.1], [0.0, 1.0]])).tolist()
        (0.2, [False, True])
    """
    known = np.asarray(distances, dtype=np.float64)
    measured = np.isfinite(known)
    scores, weight = known[measured], 0.0
    if not len(scores):
        return Novelty(train_rows, NEVER)
    if kinds is not None and probabilities is not None:
        doubts = doubt(probabilities[measured])
        weight = _DOUBT * _scale(scores) / _scale(doubts)
        scores = scores + weight * doubts
    threshold = false_alarm_threshold(scores, false_alarms)
    return Novelty(
        train_rows, threshold, kinds=kinds, doubt=weight, false_alarms=false_alarms, photos=len(scores)
    )


def _scale(values: NDArray[np.float64]) -> float:
    """From what is usual to what is rare, so that two scores can be added."""
    middle, rare = np.quantile(values, [0.5, QUANTILE])
    return float(max(rare - middle, _LEAST_SCALE))


class Novelty:
    """The training rows and how strange a photo may be; predicts with numpy alone.

    Args:
        rows: (n, d) finite training rows, as the feature store gives them (float16 accuracy).
        threshold: the strangeness above which a photo is unknown, at least 0; without `kinds` a cosine
            distance in [0, 2].
        kinds: the classes of the rows; None: the distance to the nearest row is what counts, as in models of
            headstart 0.1.
        doubt: how much the head's doubt counts beside the distance, at least 0.
        false_alarms: the share of good photos that the threshold was set for.
        photos: how many photos that had not been trained on it rests on.

    Raises:
        FitError: no rows, rows that are not finite, or a threshold or doubt that can't be.
    """

    def __init__(
        self,
        rows: NDArray[np.floating],
        threshold: float,
        *,
        kinds: Kinds | None = None,
        doubt: float = 0.0,
        false_alarms: float = FALSE_ALARMS,
        photos: int = 0,
    ) -> None:
        rows = np.asarray(rows)
        if rows.ndim != 2 or not rows.size or not np.isfinite(rows).all():
            raise FitError(
                f"training rows must be a table of finite numbers, at least one; got {rows.shape}."
            )
        if kinds is None and not 0.0 <= threshold <= 2.0:
            raise FitError(f"the threshold is a cosine distance, from 0 to 2; got {threshold}.")
        if not (np.isfinite([threshold, doubt]).all() and threshold >= 0.0 and doubt >= 0.0):
            raise FitError(f"threshold and doubt are numbers from 0 on; got {threshold} and {doubt}.")
        self.threshold, self.doubt = float(threshold), float(doubt)
        self.false_alarms, self.photos = float(false_alarms), int(photos)
        self._kinds, self._index = kinds, CosineIndex(rows)

    @property
    def kind(self) -> Literal["classes", "nearest"]:
        """What strangeness is measured from: the classes, or the nearest training photo."""
        return "nearest" if self._kinds is None else "classes"

    @property
    def measured(self) -> bool:
        """Whether the threshold rests on photos; otherwise nothing can be said of what is unknown."""
        return self._kinds is not None or self.threshold < NEVER

    @property
    def rows(self) -> NDArray[np.floating]:
        """The training rows (n, d) as they were given."""
        return self._index.rows

    def neighbours(
        self, rows: NDArray[np.floating], k: int = 3
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The k nearest training rows to each row: positions and distances (m, k), nearest first."""
        return self._index.nearest(rows, k)

    def distances(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Each row's distance (m,) to the nearest training row."""
        return self._index.nearest(rows, 1)[1][:, 0]

    def scores(
        self, rows: NDArray[np.floating], probabilities: NDArray[np.floating] | None = None
    ) -> NDArray[np.float64]:
        """How strange each row is, (m,), to be compared with `threshold`.

        Args:
            rows: (m, d).
            probabilities: (m, c) of the head; needed where `doubt` is above 0.

        Raises:
            FitError: they are needed and missing.
        """
        if self._kinds is None:
            return self.distances(rows)
        found = self._kinds.distances(rows)
        if not self.doubt:
            return found
        if probabilities is None:
            raise FitError("how strange a photo is depends on the head's probabilities here; give them.")
        return np.asarray(found + self.doubt * doubt(probabilities))

    def unknown(
        self, rows: NDArray[np.floating], probabilities: NDArray[np.floating] | None = None
    ) -> NDArray[np.bool_]:
        """(m,) True where a row is stranger than the threshold.

        Example:
            >>> near_and_far = np.array([[1.0, 0.2], [1.0, 1.0], [0.0, 0.0]])
            >>> Novelty(np.eye(2), threshold=0.3).unknown(near_and_far).tolist()
            [False, False, True]
        """
        return np.asarray(self.scores(rows, probabilities) > self.threshold)

    def strangeness(
        self, rows: NDArray[np.floating], probabilities: NDArray[np.floating] | None = None
    ) -> NDArray[np.float64]:
        """Each row's score (m,) as a share of the threshold: above 1 it is unknown.

        Example:
            >>> Novelty(np.eye(2), threshold=0.5).strangeness(np.array([[1.0, 0.0], [0.0, 0.0]])).tolist()
            [0.0, 2.0]
        """
        return self.scores(rows, probabilities) / max(self.threshold, _LEAST)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What must be kept: `rows` in half precision where that loses nothing."""
        return {"rows": compact(self.rows)}
