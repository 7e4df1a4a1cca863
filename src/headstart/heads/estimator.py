"""What the three estimators share: checks before learning, and prediction by the fitted head.

rows (n, d), labels (n,) => checked rows, codes, classes;  rows => labels, probabilities
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from headstart.errors import FitError
from headstart.heads.fitted import Head


class HeadClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The base of the public classifiers; `fit` is theirs, prediction is the fitted head's.

    Attributes:
        classes_: (c,) sorted labels as they were given.
        n_features_in_: d.
        head_: the fitted head, which predicts with numpy alone.
    """

    classes_: NDArray[Any]
    n_features_in_: int
    head_: Head

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Rows (n, d) => calibrated probabilities (n, c), columns as in `classes_`."""
        check_is_fitted(self, "head_")
        rows = validate_data(self, X, reset=False, dtype=[np.float32, np.float64])
        return self.head_.predict_proba(rows)

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """Rows (n, d) => the most probable label of each (n,)."""
        answers = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[answers])

    def _check(
        self,
        rows: ArrayLike,
        labels: ArrayLike,
        groups: ArrayLike | None,
    ) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
        """Rows and codes to learn from; sets `classes_` and `n_features_in_`, or raises FitError."""
        table, given = validate_data(
            self, rows, labels, dtype=[np.float32, np.float64], ensure_all_finite=False
        )
        check_classification_targets(given)
        if groups is not None:
            check_consistent_length(given, groups)
        bad = np.flatnonzero(~np.isfinite(table).all(axis=1))
        if len(bad):
            raise FitError(
                f"{len(bad)} of {len(table)} rows hold NaN or infinity (the first is row {bad[0]}): "
                "leave them out."
            )
        self.classes_, codes = np.unique(given, return_inverse=True)
        if len(self.classes_) < 2:
            raise FitError(
                f"all {len(table)} rows belong to one class ({self.classes_[0]}): "
                "a classifier needs photos of at least 2 classes."
            )
        return table, codes.reshape(-1)

    def _names(self) -> tuple[str, ...]:
        return tuple(str(label) for label in self.classes_.tolist())
