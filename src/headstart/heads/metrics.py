"""true classes, probabilities of photos not trained on => how good, how sure, and where it goes wrong.

Every figure rests on the photos given and says how many they are; what they can't support is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UsageError

_Z95 = 1.959963984540054  # the normal distribution's 97.5 % point
_FLOOR = 1e-15  # the least probability that counts: a class that was ruled out costs 34.5, not infinity
BINS = 15
PHOTOS_A_BIN = 20  # with fewer, a head that is perfectly calibrated seems off by several per cent


@dataclass(frozen=True)
class ClassMeasurement:
    """One class: `precision` is None where nothing was called by its name, `recall` where it has no photo."""

    label: str
    precision: float | None
    recall: float | None
    photos: int


@dataclass(frozen=True)
class Measurement:
    """How good predictions are, as plain values that JSON can hold.

    Attributes:
        accuracy: share of photos named right, 0 to 1.
        low: lower end of its 95 % interval (Wilson 1927).
        high: upper end.
        top3: share of photos whose class is among the three most probable; None up to three classes.
        photos: how many photos the figures rest on.
        how: in words, which photos and which models.
        balanced_accuracy: mean recall of the classes that have photos.
        per_class: one entry for each class.
        confusion: (c, c) counts, row = true class, column = answer.
        classes: the names of rows and columns.
        log_loss: mean negative logarithm of the true class's probability.
        calibration_error: mean gap between how sure and how right, in at most `BINS` groups of equally many
            photos by how sure they are (adaptive ECE, Nguyen & O'Connor 2015), 0 to 1; None with fewer
            photos than two groups need.
        calibration_groups: how many groups those are; 0 where there are too few photos.
        log_loss_before: the same before the temperature; None where it was not given.
        calibration_error_before: likewise.
    """

    accuracy: float
    low: float
    high: float
    top3: float | None
    photos: int
    how: str
    balanced_accuracy: float
    per_class: tuple[ClassMeasurement, ...]
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[str, ...]
    log_loss: float
    calibration_error: float | None
    calibration_groups: int
    log_loss_before: float | None = None
    calibration_error_before: float | None = None

    def accuracy_json(self) -> dict[str, Any]:
        """The `accuracy` object of the command line's JSON."""
        return {
            "value": self.accuracy,
            "low": self.low,
            "high": self.high,
            "top3": self.top3,
            "photos": self.photos,
            "how": self.how,
        }

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON values."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


def measure(
    true: Sequence[str],
    probabilities: NDArray[np.floating],
    classes: Sequence[str],
    *,
    how: str,
    probabilities_uncalibrated: NDArray[np.floating] | None = None,
) -> Measurement:
    """Measure predictions.

    Args:
        true: (n,) labels, each one of `classes`; n at least 1.
        probabilities: (n, c) finite, as the user would see them.
        classes: c names in the order of the columns.
        how: which photos and which models, for people: "5 folds", "held-out 20 %", "test photos".
        probabilities_uncalibrated: (n, c) before calibration.

    Raises:
        UsageError: no photo, a label that is not a class, or tables that do not fit.

    Example:
        >>> said = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
        >>> found = measure(["a", "b", "b"], said, ["a", "b"], how="test photos")
        >>> round(found.accuracy, 3), round(found.low, 3), round(found.high, 3), found.confusion
        (0.667, 0.208, 0.939, ((1, 0), (1, 1)))
    """
    codes = _codes(true, classes)
    table = _table(probabilities, len(codes), len(classes))
    answers = table.argmax(axis=1)
    confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(confusion, (codes, answers), 1)
    right = int(np.trace(confusion))
    low, high = wilson(right, len(codes))
    per_class = _per_class(classes, confusion)
    before = None
    if probabilities_uncalibrated is not None:
        before = _table(probabilities_uncalibrated, len(codes), len(classes))
    return Measurement(
        accuracy=right / len(codes),
        low=low,
        high=high,
        top3=_top3(table, codes) if len(classes) > 3 else None,
        photos=len(codes),
        how=how,
        balanced_accuracy=float(np.mean([each.recall for each in per_class if each.recall is not None])),
        per_class=per_class,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        classes=tuple(classes),
        log_loss=log_loss(table, codes),
        calibration_error=calibration_error(table, codes),
        calibration_groups=calibration_groups(len(codes)),
        log_loss_before=None if before is None else log_loss(before, codes),
        calibration_error_before=None if before is None else calibration_error(before, codes),
    )


def wilson(right: int, photos: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); right where the share is 0 or 1 too.

    Args:
        right: 0 to `photos`.
        photos: at least 1.

    Example:
        >>> [round(end, 3) for end in wilson(10, 10)]
        [0.722, 1.0]
    """
    low, high = wilson_of(right / photos, photos)
    # Exactly 0 and 1 at the ends, where rounding would leave 1e-17 and 0.9999999999999999.
    return low if right else 0.0, high if right < photos else 1.0


def wilson_of(share: float, count: float) -> tuple[float, float]:
    """The same for a count that need not be whole: what photos that go together are worth.

    Args:
        share: 0 to 1.
        count: above 0.

    Returns:
        Both ends; at a share of 0 or 1 rounding may put one of them 1e-16 beyond it.

    Example:
        >>> [round(end, 3) for end in wilson_of(0.5, 7.5)]
        [0.209, 0.791]
    """
    square = _Z95**2
    centre = (share + square / (2 * count)) / (1 + square / count)
    half = _Z95 / (1 + square / count) * np.sqrt(share * (1 - share) / count + square / (4 * count**2))
    return float(centre - half), float(centre + half)


def log_loss(probabilities: NDArray[np.floating], codes: NDArray[np.integer]) -> float:
    """The mean negative logarithm of the true class's probability, probabilities clipped at 1e-15.

    Args:
        probabilities: (n, c).
        codes: (n,) true classes as columns.

    Example:
        >>> round(log_loss(np.array([[0.5, 0.5]]), np.array([0])), 4)
        0.6931
    """
    return float(-np.log(np.clip(probabilities[np.arange(len(codes)), codes], _FLOOR, 1.0)).mean())


def calibration_groups(photos: int) -> int:
    """How many groups the calibration error of so many photos rests on; 0 where it would be noise.

    Example:
        >>> calibration_groups(39), calibration_groups(100), calibration_groups(10_000)
        (0, 5, 15)
    """
    groups = min(BINS, photos // PHOTOS_A_BIN)
    return groups if groups > 1 else 0


def calibration_error(probabilities: NDArray[np.floating], codes: NDArray[np.integer]) -> float | None:
    """Expected calibration error of the answers, over groups of equally many photos.

    Groups of equal width, the older custom, leave most of them nearly empty where a head is mostly sure.
    With few photos the figure is noise: a head that is perfectly calibrated gets 0.1 on 40 photos in 15
    groups. So a group has at least 20 photos, and with fewer than 40 there is no figure.

    Args:
        probabilities: (n, c).
        codes: (n,) true classes as columns.

    Example:
        >>> sure = np.tile([1.0, 0.0], (40, 1))
        >>> calibration_error(sure, np.arange(40) % 2)  # 100 % sure, half right
        0.5
    """
    count = calibration_groups(len(codes))
    if not count:
        return None
    sure = probabilities.max(axis=1)
    right = (probabilities.argmax(axis=1) == codes).astype(np.float64)
    # Photos that are equally sure stay in one group, or the order of the photos would change the figure.
    edges = np.quantile(sure, np.linspace(0, 1, count + 1)[1:-1], method="lower")
    groups = np.searchsorted(np.unique(edges), sure, side="left")
    gaps = np.bincount(groups, weights=right - sure)
    return float(np.abs(gaps).sum() / len(codes))


def _top3(table: NDArray[np.float64], codes: NDArray[np.intp]) -> float:
    best = np.argsort(-table, axis=1, kind="stable")[:, :3]
    return float((best == codes[:, None]).any(axis=1).mean())


def _per_class(classes: Sequence[str], confusion: NDArray[np.int64]) -> tuple[ClassMeasurement, ...]:
    photos, called, right = confusion.sum(axis=1), confusion.sum(axis=0), np.diag(confusion)
    return tuple(
        ClassMeasurement(
            label,
            int(right[code]) / int(called[code]) if called[code] else None,
            int(right[code]) / int(photos[code]) if photos[code] else None,
            int(photos[code]),
        )
        for code, label in enumerate(classes)
    )


def _codes(true: Sequence[str], classes: Sequence[str]) -> NDArray[np.intp]:
    places = {label: place for place, label in enumerate(classes)}
    strangers = sorted({str(label) for label in true} - {str(label) for label in classes})
    if strangers:
        raise UsageError(
            f"photos of class {strangers[0]!r} can't be measured: the classes are {', '.join(classes)}."
        )
    if not len(true):
        raise UsageError("there is no photo to measure with.")
    return np.array([places[label] for label in true], dtype=np.intp)


def _table(probabilities: NDArray[np.floating], photos: int, classes: int) -> NDArray[np.float64]:
    table = np.asarray(probabilities, dtype=np.float64)
    if table.shape != (photos, classes) or not np.isfinite(table).all():
        raise UsageError(
            f"probabilities must be a finite table of {photos} x {classes}; got {table.shape} "
            "(leave out the rows that were never held out)."
        )
    return table
