"""rows (n, d), labels (n,) => one linear layer with an L2 strength and a temperature chosen inside.

Nested five-fold over all photos, pooled features, seed 0, accuracy / log loss: MobileNetV2 on pets-37
0.86 / 0.39, aerial 0.87 / 0.33, cats-vs-dogs 0.98 / 0.04, ants-bees 0.98 / 0.10; SqueezeNet 0.71 / 1.08,
0.87 / 0.33, 0.96 / 0.12, 0.92 / 0.17. A fit of 370 x 1,280 rows and 37 classes takes a fifth of a second
on one core; 25,000 x 1,280 and 37 classes take 15 seconds of one core's work, which two cores share.
`docs/decisions/0003-linear-head.md` says why it is so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.class_weight import compute_sample_weight

from headstart.errors import FitError, UsageError
from headstart.heads.estimator import HeadClassifier
from headstart.heads.fitted import LinearHead
from headstart.heads.folds import distinct_photos, inner_folds
from headstart.heads.rowspace import row_space
from headstart.heads.selection import Choice, choose_strength
from headstart.heads.solver import Solution, Task, precision, solve
from headstart.heads.threads import Team, team

STRENGTHS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
DEFAULT_STRENGTH = 0.1  # where nothing can be held out; the middle of what was chosen on four data sets
ONE_FOLD_FROM = 5_000
"""Rows from which one fold is held out inside, not all: a thousand photos tell strengths apart."""
_TOLERANCE = {False: 1e-9, True: 1e-7}  # of few rows, of many: the held-out loss changes in the sixth digit


class LinearClassifier(HeadClassifier):
    """Multinomial logistic regression on scaled rows, its strength and temperature chosen inside.

    Rows are scaled (`rowspace`), the L2 strength is the one with the least log loss on photos held out in
    stratified inner folds of the rows given, the same held-out logits fit the temperature
    (`calibration`), and the head is then fitted on all rows.

    Args:
        strengths: L2 penalties to choose from, in units of rows whose mean squared length is 1.
        cv: inner folds, at least 2; a class with fewer photos sits in as many as it has. From
            `ONE_FOLD_FROM` rows on only the first is held out.
        class_weight: "balanced" (each class counts alike), None (each photo does), or label -> weight.
        calibrate: fit a temperature; otherwise it is 1.
        seed: of the inner folds.
        min_photos: fewest photos that a class must have, copies counted once. With 1, the only photo of a
            class is always trained on and never held out: what fold models of a class with two photos need.
        max_iter: steps of the solver for each fit; `notes_` says where they did not suffice.

    Attributes:
        head_: the fitted `LinearHead`.
        strength_: the L2 strength used.
        temperature_: what logits are divided by.
        losses_: strength -> held-out log loss; empty where nothing could be held out.
        n_iter_: steps of the final fit.
        notes_: sentences for people, most often none.

    Example:
        >>> rows = np.array([[0.0, 1.0], [0.2, 0.9], [1.0, 0.1], [0.9, 0.0]])
        >>> head = LinearClassifier().fit(rows, ["cat", "cat", "dog", "dog"])
        >>> head.predict([[0.1, 1.0], [1.0, 0.0]]).tolist()
        ['cat', 'dog']
    """

    head_: LinearHead

    def __init__(
        self,
        strengths: Sequence[float] = STRENGTHS,
        cv: int = 5,
        class_weight: str | Mapping[Any, float] | None = "balanced",
        *,
        calibrate: bool = True,
        seed: int = 0,
        min_photos: int = 2,
        max_iter: int = 1000,
    ) -> None:
        self.strengths = strengths
        self.cv = cv
        self.class_weight = class_weight
        self.calibrate = calibrate
        self.seed = seed
        self.min_photos = min_photos
        self.max_iter = max_iter

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> LinearClassifier:  # noqa: N803
        """Learn from rows and labels.

        Args:
            X: (n, d) finite numbers.
            y: (n,) labels of at least two classes.
            groups: (n,) rows with the same value are copies of one photo (its SHA-256); the inner folds
                keep them on one side.

        Raises:
            FitError: a number is not finite, there is one class only, or a class has too few photos.
            UsageError: a setting that can't be right.
        """
        with team() as hands:
            return self._fit(X, y, groups, hands)

    def _fit(
        self,
        X: ArrayLike,  # noqa: N803
        y: ArrayLike,
        groups: ArrayLike | None,
        hands: Team,
    ) -> LinearClassifier:
        self._check_settings()
        rows, codes = self._check(X, y, groups)
        self._check_photos(distinct_photos(codes, groups))
        weights = np.asarray(
            compute_sample_weight(self.class_weight, np.asarray(self.classes_)[codes]), float
        )
        space = row_space(rows, precision(len(rows), rows.shape[1], len(self.classes_)), hands)
        choice = self._choose(space.rows, codes, weights, self._folds(codes, groups), hands)
        final = solve(
            Task.of(space.rows, codes, weights),
            choice.start,
            strength=choice.strength,
            tolerance=_TOLERANCE[len(codes) >= ONE_FOLD_FROM],
            max_steps=self.max_iter,
            team=hands,
        )
        self.head_ = LinearHead(self._names(), *space.unfold(final.weight, final.bias), choice.temperature)
        self.strength_, self.temperature_, self.losses_ = choice.strength, choice.temperature, choice.losses
        self.n_iter_ = max(final.steps, 1)
        self.notes_ = self._notes(choice, converged=final.converged and choice.converged)
        return self

    def _folds(self, codes: NDArray[np.intp], groups: ArrayLike | None) -> NDArray[np.intp]:
        """Where each row is held out; from `ONE_FOLD_FROM` rows on, only the first fold is."""
        folds = inner_folds(codes, groups, count=self.cv, seed=self.seed)
        return folds if len(codes) < ONE_FOLD_FROM else np.where(folds == 0, 0, -1)

    def _choose(
        self,
        rows: NDArray[np.floating],
        codes: NDArray[np.intp],
        weights: NDArray[np.float64],
        folds: NDArray[np.intp],
        hands: Team,
    ) -> Choice:
        if (folds < 0).all():
            start = Solution.zeros(rows.shape[1], len(self.classes_))
            strength = self.strengths[0] if len(self.strengths) == 1 else DEFAULT_STRENGTH
            return Choice(strength, 1.0, start, {}, converged=True)
        return choose_strength(
            rows,
            codes,
            weights,
            folds,
            self.strengths,
            calibrate=self.calibrate,
            max_steps=self.max_iter,
            team=hands,
        )

    def _check_settings(self) -> None:
        if not len(self.strengths) or not all(np.isfinite(s) and s > 0 for s in self.strengths):
            raise UsageError(f"strengths must be numbers above 0, at least one; got {self.strengths!r}.")
        for name, least in (("cv", 2), ("min_photos", 1), ("max_iter", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} must be at least {least}; got {getattr(self, name)!r}.")

    def _check_photos(self, photos: NDArray[np.intp]) -> None:
        few = np.flatnonzero(photos < self.min_photos)
        if len(few):
            names = self._names()
            raise FitError(
                f"class {names[few[0]]!r} has {photos[few[0]]} photo{'' if photos[few[0]] == 1 else 's'}"
                f"{f', and {len(few) - 1} more classes have too few' if len(few) > 1 else ''}: the linear "
                f"head needs {self.min_photos} different photos of each class; add photos, or use "
                "`--head prototypes`, which works with one photo a class."
            )

    def _notes(self, choice: Choice, *, converged: bool) -> tuple[str, ...]:
        notes = []
        if not choice.losses:
            notes.append(
                "No photo could be held out to choose the strength and the temperature: "
                f"strength {choice.strength:g} was used and the probabilities are not calibrated."
            )
        if not converged:
            notes.append(
                f"A fit stopped at max_iter={self.max_iter} steps before it was done; "
                "a larger max_iter fits closer."
            )
        return tuple(notes)
