"""(right answers of each draw) => a point of a curve: its mean, its interval, every draw."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import Any

import numpy as np

from headstart.heads.metrics import wilson


@dataclass(frozen=True, slots=True)
class Point:
    """Accuracy at one number of training photos a class.

    Attributes:
        size: photos a class that were learned from.
        right: how many of the measured photos were named right, by draw.
        photos: how many were measured, the same in every draw.
    """

    size: int
    right: tuple[int, ...]
    photos: int

    @property
    def accuracy(self) -> float:
        """The mean over the draws, 0 to 1."""
        return float(np.mean(self.right)) / self.photos

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval (Wilson 1927) of the mean, for the chance in which photos were measured.

        Example:
            >>> Point(5, (8, 10), 10).accuracy, [round(end, 2) for end in Point(5, (8, 10), 10).interval]
            (0.9, [0.6, 0.98])
        """
        return wilson(round(float(np.mean(self.right))), self.photos)

    def is_above(self, other: Point) -> bool:
        """Whether this is more than another by more than the chance in which photos were measured.

        The interval of the difference is that of two accuracies measured apart (Newcombe 1998, method 10):
        the same photos were measured, so it is rather too wide than too narrow.

        Example:
            >>> many, few = Point(1, (70,), 100), Point(1, (7,), 10)
            >>> Point(5, (90,), 100).is_above(many), Point(5, (9,), 10).is_above(few)
            (True, False)
        """
        down, up = self.accuracy - self.interval[0], other.interval[1] - other.accuracy
        return self.accuracy - other.accuracy > hypot(down, up)

    @property
    def draws(self) -> tuple[float, ...]:
        """The accuracy of each draw."""
        return tuple(right / self.photos for right in self.right)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        low, high = self.interval
        return {
            "photos_per_class": self.size,
            "accuracy": self.accuracy,
            "low": low,
            "high": high,
            "photos": self.photos,
            "draws": list(self.draws),
        }
