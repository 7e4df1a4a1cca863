"""(what was measured of each network, budgets) => which to take, and which nothing else beats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.tasks.choosing.ranking import Ranked

RULE = (
    "the fastest network within the budget that is more accurate than the raw pixels, and that these photos "
    "do not show to be worse than the best one there (95 % interval of the paired difference)"
)

FLOOR_RULE = "no network with learned weights within the budget is more accurate than the raw pixels"


@dataclass(frozen=True, slots=True)
class Budget:
    """What a network may cost; None: no limit.

    Attributes:
        milliseconds: for one photo.
        megabytes: of weights.

    Example:
        >>> Budget(milliseconds=20.0).allows(12.5, 300.0), Budget(megabytes=100.0).allows(12.5, 300.0)
        (True, False)
    """

    milliseconds: float | None = None
    megabytes: float | None = None

    @classmethod
    def checked(cls, milliseconds: float | None, megabytes: float | None) -> Budget:
        """Refuse a budget that nothing can meet.

        Raises:
            UsageError: not a finite number above 0.
        """
        for option, value in (("--budget-ms", milliseconds), ("--budget-mb", megabytes)):
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"{option} is {value:g}; expected a number above 0")
        return cls(milliseconds, megabytes)

    def allows(self, milliseconds: float, megabytes: float) -> bool:
        """Whether a network of this speed and size fits."""
        fast = self.milliseconds is None or milliseconds <= self.milliseconds
        return fast and (self.megabytes is None or megabytes <= self.megabytes)

    def words(self) -> str:
        """Write it for people.

        Example:
            >>> Budget(20.0, 100.0).words(), Budget().words()
            ('20 ms a photo and 100 MB', 'no limit')
        """
        parts = [] if self.milliseconds is None else [f"{self.milliseconds:g} ms a photo"]
        parts += [] if self.megabytes is None else [f"{self.megabytes:g} MB"]
        return " and ".join(parts) or "no limit"


def best_within(rows: Sequence[Ranked]) -> Ranked | None:
    """The most accurate network that fits the budget, judged on all photos; of equals the fastest.

    One with random weights only where no other fits: it has learned nothing, so it is good by chance.
    """
    fitting = [row for row in rows if _may_be_chosen(row)]
    return min(fitting, key=lambda row: (not row.learned, -row.accuracy, row.milliseconds), default=None)


def choose_among(rows: Sequence[Ranked]) -> Ranked | None:
    """Take one by `RULE`; the raw pixels where no network that fits is more accurate than they are.

    Random weights are taken only where no network that fits has learned anything.

    Args:
        rows: each with its difference from `best_within` of them.

    Returns:
        None where no network fits the budget.
    """
    best = best_within(rows)
    if best is None:
        return None
    floor = next((row for row in rows if row.is_floor), None)
    if floor is not None and floor.accuracy >= best.accuracy:
        return floor
    level = [
        row
        for row in rows
        if _may_be_chosen(row)
        and row.learned == best.learned
        and (floor is None or row.accuracy > floor.accuracy)
        and (row is best or row.behind.low <= 0)
    ]
    return min(level, key=lambda row: (row.milliseconds, -row.accuracy))


def _may_be_chosen(row: Ranked) -> bool:
    return row.measured_on_all and row.fits and not row.is_floor


def front(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Which (cost, accuracy) no other point beats: cheaper and as accurate, or as cheap and more accurate.

    Example:
        >>> front([(10.0, 0.9), (5.0, 0.8), (7.0, 0.7), (5.0, 0.8)])
        [True, True, False, True]
    """

    def beaten(cost: float, accuracy: float) -> bool:
        return any(
            other <= cost and better >= accuracy and (other, better) != (cost, accuracy)
            for other, better in points
        )

    return [not beaten(*point) for point in points]
