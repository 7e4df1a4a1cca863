"""training rows (n, d) + distances of photos not trained on => is this photo one of yours?

A photo is unknown when it is farther from every training photo than 95 of 100 photos of the user's
own classes are from the photos they were not trained with (nearest-neighbour novelty detection, as
in Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors"). `cosine` says why
the distance is cosine. About one photo in twenty of your own classes is therefore called unknown.
Measured with pooled features of MobileNetV2: photos of another world (aerial beside pets) are found
in all of 100 cases; a breed that was held out, in 41 of 100: near relatives are not told apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.errors import FitError
from headstart.heads.cosine import CosineIndex
from headstart.heads.tensors import compact

QUANTILE = 0.95
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


def fit_novelty(train_rows: NDArray[np.floating], distances: NDArray[np.floating]) -> Novelty:
    """Set the threshold on photos of the user's own classes that were not trained on.

    Args:
        train_rows: (n, d) the rows to measure from.
        distances: distances of photos not trained on to the rows they were not trained with
            (`held_out_distances`, or `nearest_distances` of a test set); NaN entries are left out.

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
    known = known[np.isfinite(known)]
    return Novelty(train_rows, float(np.quantile(known, QUANTILE, method="higher")) if len(known) else NEVER)


class Novelty:
    """The training rows and how far from them a photo may be; predicts with numpy alone.

    Args:
        rows: (n, d) finite training rows, as the feature store gives them (float16 accuracy).
        threshold: cosine distance in [0, 2] above which a photo is unknown.

    Raises:
        FitError: no rows, rows that are not finite, or a threshold that is not a number in [0, 2].
    """

    def __init__(self, rows: NDArray[np.floating], threshold: float) -> None:
        rows = np.asarray(rows)
        if rows.ndim != 2 or not rows.size or not np.isfinite(rows).all():
            raise FitError(
                f"training rows must be a table of finite numbers, at least one; got {rows.shape}."
            )
        if not 0.0 <= threshold <= 2.0:
            raise FitError(f"the threshold is a cosine distance, from 0 to 2; got {threshold}.")
        self.threshold = float(threshold)
        self._index = CosineIndex(rows)

    @property
    def measured(self) -> bool:
        """Whether the threshold rests on photos; otherwise nothing can be said of what is unknown."""
        return self.threshold < NEVER

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

    def unknown(self, rows: NDArray[np.floating]) -> NDArray[np.bool_]:
        """(m,) True where a row is farther from every training row than the threshold.

        Example:
            >>> near_and_far = np.array([[1.0, 0.2], [1.0, 1.0], [0.0, 0.0]])
            >>> Novelty(np.eye(2), threshold=0.3).unknown(near_and_far).tolist()
            [False, False, True]
        """
        return np.asarray(self.distances(rows) > self.threshold)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What must be kept: `rows` in half precision where that loses nothing."""
        return {"rows": compact(self.rows)}
