"""(which photos two models name right) => how far one is ahead of the other, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import UsageError
from headstart.heads.metrics import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Accuracy of one model minus that of another on the same photos.

    Attributes:
        value: -1 to 1; above 0 where the first is better.
        low: lower end of its 95 % interval.
        high: upper end.
        photos: how many photos both have named.
    """

    value: float
    low: float
    high: float
    photos: int

    def to_json(self) -> dict[str, float | int]:
        """Give it as JSON values."""
        return {"value": self.value, "low": self.low, "high": self.high, "photos": self.photos}


def paired_difference(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> PairedDifference:
    """The difference of two accuracies that were measured on the same photos.

    Both models find the same photos easy and the same ones hard, so their difference is known better than
    two intervals side by side suggest. Newcombe's score interval for paired shares with a continuity
    correction of the correlation (Statistics in Medicine 17, 1998, 2635-2650, method 10).

    Args:
        first: (n,) whether each photo was named right by one model; n at least 1.
        second: (n,) the same of the other.

    Raises:
        UsageError: no photo, or not the same number of them.

    Example:
        >>> first = np.arange(50) < 48  # 36 photos both named right, 12 only the first, 2 only the second
        >>> second = (np.arange(50) < 36) | (np.arange(50) >= 48)
        >>> found = paired_difference(first, second)
        >>> round(found.value, 4), round(found.low, 4), round(found.high, 4)
        (0.2, 0.0569, 0.3404)
    """
    if len(first) != len(second) or not len(first):
        raise UsageError(
            f"{len(first)} and {len(second)} photos can't be compared in pairs; expected the same photos, "
            "at least one"
        )
    photos = len(first)
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    one, other = (both + only_first) / photos, (both + only_second) / photos
    (low_one, high_one), (low_other, high_other) = (
        wilson(both + only_first, photos),
        wilson(both + only_second, photos),
    )
    shared = _correlation(both, only_first, only_second, neither)
    down = _length(one - low_one, high_other - other, shared)
    up = _length(high_one - one, other - low_other, shared)
    value = (only_first - only_second) / photos
    return PairedDifference(value, max(-1.0, value - down), min(1.0, value + up), photos)


def _correlation(both: int, only_first: int, only_second: int, neither: int) -> float:
    """How much the two agree beyond chance (phi), positive values corrected for continuity."""
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    if not margins:
        return 0.0
    product = float(both * neither - only_first * only_second)
    if product > 0:
        photos = both + only_first + only_second + neither
        product = max(product - photos / 2, 0.0)
    return product / sqrt(margins)


def _length(one: float, other: float, shared: float) -> float:
    return sqrt(max(one**2 - 2 * shared * one * other + other**2, 0.0))
