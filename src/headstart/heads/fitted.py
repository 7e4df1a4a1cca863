"""What a fit leaves behind: rows (n, d) => probabilities (n, c), numpy only.

    LinearHead       weight, bias, temperature       softmax((rows @ weight.T + bias) / temperature)
    PrototypesHead   class means on the unit sphere  softmax(cosine / temperature)
    NeighboursHead   the training rows themselves    votes of the k nearest

This is what a model folder keeps and what `predict` loads: neither scikit-learn nor torch is
needed. `to_torch()` gives the same probabilities as a `torch.nn.Module`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.errors import FitError
from headstart.heads.cosine import NEAR, CosineIndex, unit
from headstart.heads.softmax import softmax
from headstart.heads.tensors import check_rows, compact, single, take

if TYPE_CHECKING:
    from headstart.heads.torch_modules import HeadModule


class Head(Protocol):
    """What every fitted head offers.

    Attributes:
        kind: "linear", "neighbours" or "prototypes".
        classes: their names, in the order of the probabilities' columns.
        width: how many features a row has.
    """

    kind: ClassVar[str]
    classes: tuple[str, ...]

    @property
    def width(self) -> int:
        """How many features a row has."""

    def predict_proba(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, d) finite rows => (n, c) probabilities, each row adding up to 1."""

    def uncalibrated(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """The probabilities before the temperature; the same where a head has none."""

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The arrays to keep."""

    def settings(self) -> dict[str, Any]:
        """The JSON scalars to keep."""

    def to_torch(self) -> HeadModule:
        """The same head as a module, rows => probabilities."""


class LinearHead:
    """One linear layer and a temperature: multinomial logistic regression, ready to predict.

    Args:
        classes: c names.
        weight: (c, d), any standardisation of the rows already folded in; kept as float32.
        bias: (c,), kept as float32.
        temperature: above 0; logits are divided by it (Guo et al. 2017).

    Raises:
        FitError: shapes that do not fit, or numbers that are not finite.

    Example:
        >>> head = LinearHead(("cat", "dog"), np.array([[1.0, 0.0], [0.0, 1.0]]), np.zeros(2), 0.5)
        >>> head.predict_proba(np.array([[1.0, 0.0]], dtype=np.float32)).round(3).tolist()
        [[0.881, 0.119]]
    """

    kind: ClassVar[str] = "linear"

    def __init__(
        self,
        classes: Sequence[str],
        weight: NDArray[np.floating],
        bias: NDArray[np.floating],
        temperature: float = 1.0,
    ) -> None:
        self.classes = tuple(classes)
        given = {"weight": weight, "bias": bias}
        self.weight = single(take(given, "weight", (len(self.classes), None)), "weight")
        self.bias = single(take(given, "bias", (len(self.classes),)), "bias")
        self.temperature = _positive(temperature, "temperature")

    @classmethod
    def from_tensors(
        cls, classes: Sequence[str], tensors: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]
    ) -> LinearHead:
        """Rebuild a head from what `tensors()` and `settings()` gave; FitError where they do not fit."""
        weight = take(tensors, "weight", (len(classes), None))
        return cls(classes, weight, take(tensors, "bias", (len(classes),)), _setting(settings, "temperature"))

    @property
    def width(self) -> int:
        """How many features a row has."""
        return int(self.weight.shape[1])

    def logits(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, d) finite rows => (n, c) logits before the temperature."""
        return np.asarray(check_rows(rows, self.width) @ self.weight.T.astype(np.float64) + self.bias)

    def predict_proba(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, d) finite rows => (n, c) probabilities, each row adding up to 1."""
        return softmax(self.logits(rows) / self.temperature)

    def uncalibrated(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """The probabilities before the temperature."""
        return softmax(self.logits(rows))

    def tensors(self) -> dict[str, NDArray[Any]]:
        """`weight` (c, d) and `bias` (c,), float32."""
        return {"weight": self.weight, "bias": self.bias}

    def settings(self) -> dict[str, Any]:
        """`temperature`."""
        return {"temperature": self.temperature}

    def to_torch(self) -> HeadModule:
        """The same head as a module, rows => probabilities; its `linear` gives the logits."""
        from headstart.heads.torch_modules import LinearModule

        return LinearModule(self.weight, self.bias, self.temperature)


class PrototypesHead:
    """One mean direction for each class; a photo belongs to the nearest by cosine.

    Args:
        classes: c names.
        means: (c, d) class means, kept as float32; only their directions count.
        temperature: above 0; cosines are divided by it.

    Raises:
        FitError: shapes that do not fit, or numbers that are not finite.

    Example:
        >>> head = PrototypesHead(("cat", "dog"), np.eye(2), temperature=0.5)
        >>> head.predict_proba(np.array([[3.0, 0.0]])).round(3).tolist()
        [[0.881, 0.119]]
    """

    kind: ClassVar[str] = "prototypes"

    def __init__(self, classes: Sequence[str], means: NDArray[np.floating], temperature: float) -> None:
        self.classes = tuple(classes)
        self.means = single(take({"means": means}, "means", (len(self.classes), None)), "means")
        self.temperature = _positive(temperature, "temperature")
        self._directions = unit(self.means).T

    @classmethod
    def from_tensors(
        cls, classes: Sequence[str], tensors: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]
    ) -> PrototypesHead:
        """Rebuild a head from what `tensors()` and `settings()` gave; FitError where they do not fit."""
        return cls(classes, take(tensors, "means", (len(classes), None)), _setting(settings, "temperature"))

    @property
    def width(self) -> int:
        """How many features a row has."""
        return int(self.means.shape[1])

    def logits(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, d) finite rows => (n, c) cosines with the class means."""
        return np.asarray(unit(check_rows(rows, self.width)) @ self._directions)

    def predict_proba(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, d) finite rows => (n, c) probabilities, each row adding up to 1."""
        return softmax(self.logits(rows) / self.temperature)

    def uncalibrated(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """The probabilities at the temperature that stands where none can be fitted."""
        return softmax(self.logits(rows) / PROTOTYPES_TEMPERATURE)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """`means` (c, d), float32."""
        return {"means": self.means}

    def settings(self) -> dict[str, Any]:
        """`temperature`."""
        return {"temperature": self.temperature}

    def to_torch(self) -> HeadModule:
        """The same head as a module, rows => probabilities."""
        from headstart.heads.torch_modules import PrototypesModule

        return PrototypesModule(self._directions, self.temperature)


class NeighboursHead:
    """The training rows; the k nearest of them by cosine vote.

    A vote weighs 1 / distance² (the nearest count most; a photo that was trained on answers with its own
    class), scaled so that k votes add up to k; `smoothing` of a vote is spread over all classes,
    so that a class without a vote is unlikely and not impossible.

    Args:
        classes: c names.
        rows: (n, d) training rows.
        codes: (n,) each row's class as a position in `classes`.
        k: how many vote, at least 1; capped at n.
        smoothing: above 0, in votes.

    Raises:
        FitError: shapes or codes that do not fit, or numbers that are not finite.

    Example:
        >>> head = NeighboursHead(("cat", "dog"), np.eye(2), np.array([0, 1]), k=2)
        >>> head.predict_proba(np.array([[1.0, 1.0]])).round(3).tolist()
        [[0.5, 0.5]]
    """

    kind: ClassVar[str] = "neighbours"

    def __init__(
        self,
        classes: Sequence[str],
        rows: NDArray[np.floating],
        codes: NDArray[np.integer],
        k: int = 5,
        smoothing: float = 0.25,
    ) -> None:
        self.classes = tuple(classes)
        table = take({"rows": rows}, "rows", (None, None))
        self.codes = take({"codes": codes}, "codes", (len(table),)).astype(np.int32)
        if self.codes.min() < 0 or self.codes.max() >= len(self.classes):
            raise FitError(f"neighbours' codes must lie in 0 to {len(self.classes) - 1}.")
        self.k = min(int(_positive(k, "k")), len(table))
        self.smoothing = _positive(smoothing, "smoothing")
        self.index = CosineIndex(compact(single(table, "rows")))

    @classmethod
    def from_tensors(
        cls, classes: Sequence[str], tensors: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]
    ) -> NeighboursHead:
        """Rebuild a head from what `tensors()` and `settings()` gave; FitError where they do not fit."""
        rows = take(tensors, "rows", (None, None))
        k, smoothing = _setting(settings, "k"), _setting(settings, "smoothing")
        return cls(classes, rows, take(tensors, "codes", (len(rows),)), int(k), smoothing)

    @property
    def width(self) -> int:
        """How many features a row has."""
        return int(self.index.rows.shape[1])

    def predict_proba(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, d) finite rows => (n, c) probabilities, each row adding up to 1."""
        found, distance = self.index.nearest(check_rows(rows, self.width), self.k)
        weight = 1.0 / np.square(distance + NEAR)
        weight *= self.k / weight.sum(axis=1, keepdims=True)
        votes = np.full((len(found), len(self.classes)), self.smoothing / len(self.classes))
        np.add.at(votes, (np.arange(len(found))[:, None], self.codes[found]), weight)
        return np.asarray(votes / votes.sum(axis=1, keepdims=True))

    def uncalibrated(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """The same as `predict_proba`: votes have no temperature."""
        return self.predict_proba(rows)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """`rows` (n, d), float16 where that loses nothing, and `codes` (n,) int32."""
        return {"rows": self.index.rows, "codes": self.codes}

    def settings(self) -> dict[str, Any]:
        """`k` and `smoothing`."""
        return {"k": self.k, "smoothing": self.smoothing}

    def to_torch(self) -> HeadModule:
        """The same head as a module, rows => probabilities; gradients flow through the votes' weights."""
        from headstart.heads.torch_modules import NeighboursModule

        units = unit(self.index.rows)
        return NeighboursModule(units, self.codes, len(self.classes), self.k, self.smoothing)


PROTOTYPES_TEMPERATURE = 0.03  # fitted on four data sets and two networks: 0.021 to 0.037

KINDS: dict[str, type[LinearHead | NeighboursHead | PrototypesHead]] = {
    head.kind: head for head in (LinearHead, NeighboursHead, PrototypesHead)
}


def load_head(
    kind: str, classes: Sequence[str], tensors: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]
) -> Head:
    """Rebuild a fitted head of any kind.

    Args:
        kind: "linear", "neighbours" or "prototypes".
        classes: c names.
        tensors: as its `tensors()` gave them.
        settings: as its `settings()` gave them.

    Raises:
        FitError: an unknown kind, or tensors or settings that do not fit it.

    Example:
        >>> head = load_head("prototypes", ("a", "b"), {"means": np.eye(2)}, {"temperature": 0.1})
        >>> head.predict_proba(np.eye(2)).argmax(axis=1).tolist()
        [0, 1]
    """
    if kind not in KINDS:
        raise FitError(f"a head of kind {kind!r} is not known; known are {', '.join(KINDS)}.")
    return KINDS[kind].from_tensors(classes, tensors, settings)


def _setting(settings: Mapping[str, Any], name: str) -> float:
    if name not in settings:
        raise FitError(f"this head's settings lack {name!r}.")
    return _positive(settings[name], name)


def _positive(value: Any, name: str) -> float:
    fits = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not fits or not np.isfinite(value) or value <= 0:
        raise FitError(f"a head's {name} must be a number above 0; got {value!r}.")
    return float(value)
