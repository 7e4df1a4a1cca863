"""an estimator, rows (n, d), labels (n,), folds (n,) => predictions by models that did not see the photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UsageError

if TYPE_CHECKING:  # it brings scikit-learn along, which takes a second to load
    from headstart.heads.estimator import HeadClassifier


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of fold models.

    Attributes:
        classes: c sorted labels of all rows.
        probabilities: (n, c) calibrated; 0 for a class that the fold's training part lacks; NaN where
            `measured` is False.
        uncalibrated: (n, c) before the temperature.
        measured: (n,) False where a row is never held out.
    """

    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]
    uncalibrated: NDArray[np.float64]
    measured: NDArray[np.bool_]


def out_of_fold(
    estimator: HeadClassifier,
    rows: NDArray[np.floating],
    labels: Sequence[str],
    folds: NDArray[np.integer],
    *,
    groups: Sequence[str] | None = None,
) -> OutOfFold:
    """Predict each row with a copy of the estimator that was fitted on the other folds.

    Args:
        estimator: not fitted; stays as it is. A class that the user gave two photos has one in
            some training parts, so the copies accept single photos (`min_photos`).
        rows: (n, d).
        labels: (n,).
        folds: (n,) where each row is held out; -1 for never. Copies of a photo must share a fold.
        groups: (n,) copies of a photo share a value; handed to `fit`.

    Raises:
        UsageError: lengths that differ, or nothing to hold out.
        FitError: a training part that the estimator can't learn from.

    Example:
        >>> from headstart.heads.prototypes import PrototypesClassifier
        >>> rows = np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0], [1.0, 0.1]])
        >>> found = out_of_fold(PrototypesClassifier(), rows, ["a", "a", "b", "b"], np.array([0, 1, 0, 1]))
        >>> found.classes, found.probabilities.argmax(axis=1).tolist()
        (('a', 'b'), [0, 0, 1, 1])
    """
    from sklearn.base import clone

    given = np.asarray(labels)
    if not len(rows) == len(given) == len(folds):
        raise UsageError(f"rows, labels and folds differ in length: {len(rows)}, {len(given)}, {len(folds)}.")
    classes, measured = np.unique(given), np.asarray(folds) >= 0
    if not measured.any():
        raise UsageError("no row is held out in any fold, so there is nothing to predict.")
    calibrated = np.full((len(rows), len(classes)), np.nan)
    uncalibrated = calibrated.copy()
    for fold in np.unique(folds[measured]):
        held = folds == fold
        model = clone(estimator)
        if "min_photos" in model.get_params():
            model.set_params(min_photos=1)
        model.fit(rows[~held], given[~held], groups=_part(groups, ~held))
        columns = np.searchsorted(classes, model.classes_)
        calibrated[held] = uncalibrated[held] = 0.0
        calibrated[np.ix_(held, columns)] = model.head_.predict_proba(rows[held])
        uncalibrated[np.ix_(held, columns)] = model.head_.uncalibrated(rows[held])
    return OutOfFold(tuple(str(label) for label in classes.tolist()), calibrated, uncalibrated, measured)


def _part(groups: Sequence[str] | None, where: NDArray[np.bool_]) -> NDArray[Any] | None:
    return None if groups is None else np.asarray(groups)[where]
