"""kept rows, a fitted head => heads of the same kind for other labels, quickly and without scikit-learn.

    linear      `warm`: the strength stays, the fit starts from the head that stands
    prototypes  weighted class means
    neighbours  the rows themselves

Each gives scores, from which `calibrated` makes probabilities once a temperature is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from headstart.heads.calibration import smoothed_log_loss
from headstart.heads.cosine import unit
from headstart.heads.fitted import Head, LinearHead, NeighboursHead, PrototypesHead
from headstart.heads.softmax import softmax
from headstart.heads.warm import WarmFit, WarmFits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

DEFAULT_STRENGTH = 0.1  # `linear.DEFAULT_STRENGTH`, without loading scikit-learn
_LOG_RANGE = (-5.0, 5.0)
_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True)
class Fit:
    """One fit.

    Attributes:
        classes: c sorted names.
        scores: positions (m,) among the rows => (m, c) logits before the temperature.
        head: temperature => the head to keep.
        inner: what the next fit may start from.
    """

    classes: tuple[str, ...]
    scores: Callable[[NDArray[np.intp]], NDArray[np.float64]]
    head: Callable[[float], Head]
    inner: Any = None


class Refits(Protocol):
    """Fits over the same rows.

    Attributes:
        scaled: whether scores become probabilities through a temperature.
    """

    scaled: bool

    def fit(
        self,
        labels: Sequence[str | None],
        importance: NDArray[np.float64],
        start: Fit | None = None,
        *,
        closely: float = 1e-5,
    ) -> Fit:
        """Learn from the rows that have a label.

        Args:
            labels: n class names; None for a row that is not learned from.
            importance: (n,) how much a row counts among those of its class, 1 for most.
            start: a fit of other labels.
            closely: a fit in steps stops when one lowers the loss by less than this share of it.
        """

    def standing(self, head: Head) -> Fit | None:
        """A head that was fitted elsewhere, as a start."""

    def look_again(self) -> None:
        """Judge the curvature anew at the next start: weights have changed a lot."""


def refits(kind: str, rows: NDArray[np.floating], settings: Mapping[str, Any]) -> Refits:
    """What fits heads of a kind over some rows.

    Args:
        kind: "linear", "neighbours" or "prototypes".
        rows: (n, d).
        settings: what the training chose, by the names of `TrainingFacts.settings`.

    Example:
        >>> rows = np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0], [1.0, 0.1]], np.float32)
        >>> fits = refits("prototypes", rows, {})
        >>> fit = fits.fit(["cat", "cat", "dog", None], np.ones(4))
        >>> [fit.classes[at] for at in fit.scores(np.arange(4)).argmax(axis=1)]
        ['cat', 'cat', 'dog', 'dog']
    """
    if kind == "linear":
        strength = settings.get("L2 strength")
        return _Linear(rows, float(strength) if isinstance(strength, int | float) else DEFAULT_STRENGTH)
    if kind == "prototypes":
        return _Prototypes(rows)
    votes = settings.get("neighbours")
    return _Neighbours(rows, int(votes) if isinstance(votes, int | float) else 5)


def coded(labels: Sequence[str | None]) -> tuple[tuple[str, ...], NDArray[np.intp], NDArray[np.bool_]]:
    """Labels as numbers.

    Returns:
        sorted class names, (n,) positions among them (0 where there is no label), (n,) whether there is one.

    Example:
        >>> classes, codes, has = coded(["b", None, "a"])
        >>> classes, codes.tolist(), has.tolist()
        (('a', 'b'), [1, 0, 0], [True, False, True])
    """
    classes = tuple(sorted({label for label in labels if label is not None}))
    place = {label: at for at, label in enumerate(classes)}
    codes = np.array([0 if label is None else place[label] for label in labels], dtype=np.intp)
    return classes, codes, np.array([label is not None for label in labels])


def quick_temperature(scores: NDArray[np.floating], codes: NDArray[np.integer]) -> float:
    """As `calibration.fit_temperature`, by golden section (Kiefer 1953), so that SciPy need not load.

    Args:
        scores: (n, c) of photos that the head was not trained on.
        codes: (n,) true classes.

    Example:
        >>> scores = np.array([[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
        >>> quick_temperature(scores, np.array([0, 0, 0, 0])) > 3
        True
    """

    def loss(log: float) -> float:
        return smoothed_log_loss(scores * np.exp(-log), codes)

    low, high = _LOG_RANGE
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    while high - low > 1e-3:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
    return float(np.exp((low + high) / 2))


def calibrated(scores: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Scores (n, c) as probabilities."""
    return softmax(np.asarray(scores, np.float64) / temperature)


class _Linear:
    """Classes count alike ("balanced"), as `linear.LinearClassifier` has it."""

    scaled = True

    def __init__(self, rows: NDArray[np.floating], strength: float) -> None:
        self._fits = WarmFits(rows, strength)

    def standing(self, head: Head) -> Fit | None:
        if not isinstance(head, LinearHead):
            return None
        return self._as_fit(self._fits.start(head))

    def look_again(self) -> None:
        self._fits.look_again()

    def fit(
        self,
        labels: Sequence[str | None],
        importance: NDArray[np.float64],
        start: Fit | None = None,
        *,
        closely: float = 1e-5,
    ) -> Fit:
        classes, codes, has = coded(labels)
        counts = np.bincount(codes[has], minlength=len(classes))
        weights = np.where(has, has.sum() / (len(classes) * counts[codes]), 0.0) * importance
        inner = None if start is None else start.inner
        return self._as_fit(self._fits.fit(classes, codes, weights, inner, tolerance=closely))

    def _as_fit(self, found: WarmFit) -> Fit:
        fits = self._fits
        return Fit(
            found.classes,
            lambda index: fits.logits(found, index),
            lambda temperature: fits.head(found, temperature),
            found,
        )


class _Prototypes:
    """The direction of each class's weighted mean of rows of length one."""

    scaled = True

    def __init__(self, rows: NDArray[np.floating]) -> None:
        self._units = unit(rows, np.float32)

    def standing(self, head: Head) -> Fit | None:  # noqa: ARG002 - means need no start
        return None

    def look_again(self) -> None:
        """Means have no curvature."""

    def fit(
        self,
        labels: Sequence[str | None],
        importance: NDArray[np.float64],
        start: Fit | None = None,  # noqa: ARG002
        *,
        closely: float = 1e-5,  # noqa: ARG002
    ) -> Fit:
        classes, codes, has = coded(labels)
        member = np.zeros((len(classes), len(codes)), np.float32)
        member[codes[has], np.flatnonzero(has)] = importance[has]
        means = unit(member @ self._units)
        table = means.T.astype(np.float32)
        return Fit(
            classes,
            lambda index: np.asarray(self._units[index] @ table, np.float64),
            lambda temperature: PrototypesHead(classes, means, temperature),
        )


class _Neighbours:
    """Votes of the nearest rows; a vote has no weight of its own, and probabilities no temperature."""

    scaled = False

    def __init__(self, rows: NDArray[np.floating], k: int) -> None:
        self._rows, self._k = np.asarray(rows), k

    def standing(self, head: Head) -> Fit | None:  # noqa: ARG002
        return None

    def look_again(self) -> None:
        """Votes have no curvature."""

    def fit(
        self,
        labels: Sequence[str | None],
        importance: NDArray[np.float64],  # noqa: ARG002
        start: Fit | None = None,  # noqa: ARG002
        *,
        closely: float = 1e-5,  # noqa: ARG002
    ) -> Fit:
        classes, codes, has = coded(labels)
        head = NeighboursHead(classes, self._rows[has], codes[has], self._k)
        return Fit(
            classes,
            lambda index: np.log(head.predict_proba(self._rows[index])),
            lambda temperature: head,  # noqa: ARG005
        )
