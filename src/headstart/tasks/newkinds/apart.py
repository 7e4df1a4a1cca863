"""(two shares of different photos) => their difference, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import Any

from headstart.heads.metrics import wilson


@dataclass(frozen=True, slots=True)
class Counted:
    """So many photos of so many named right.

    Attributes:
        right: 0 to `photos`.
        photos: at least 1.
    """

    right: int
    photos: int

    @property
    def value(self) -> float:
        """The share."""
        return self.right / self.photos

    @property
    def interval(self) -> tuple[float, float]:
        """95 % (Wilson 1927)."""
        return wilson(self.right, self.photos)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        low, high = self.interval
        return {"value": self.value, "low": low, "high": high, "photos": self.photos}


def fall(before: Counted, after: Counted) -> tuple[float, float, float]:
    """How far a share fell from one set of photos to another, with its 95 % interval.

    For shares of different photos (Newcombe, Statistics in Medicine 17, 1998, 873-890, method 10).

    Example:
        >>> [round(each, 2) for each in fall(Counted(56, 70), Counted(48, 80))]  # the paper's first example
        [0.2, 0.05, 0.33]
    """
    (low, high), (low_after, high_after) = before.interval, after.interval
    value = before.value - after.value
    return (
        value,
        value - hypot(before.value - low, high_after - after.value),
        value + hypot(high - before.value, after.value - low_after),
    )
