"""(verdicts, measurements, speeds) => one row for each network, the best first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headstart.heads.paired import PairedDifference
from headstart.tasks.choosing.decide import best_within, choose_among, front
from headstart.tasks.choosing.halving import difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headstart.heads.metrics import Measurement
    from headstart.tasks.choosing.candidates import Candidate
    from headstart.tasks.choosing.decide import Budget
    from headstart.tasks.choosing.halving import Verdict
    from headstart.tasks.choosing.work import Work

LEVEL = PairedDifference(0.0, 0.0, 0.0, 0)


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """What was measured of one network.

    Attributes:
        backbone: its full name, which `train --backbone` takes; "raw pixels" for no network at all.
        measured: its out-of-fold accuracy and more, on the photos of its last stage.
        milliseconds: for one photo, one at a time, on this machine, without decoding.
        engine: what runs it.
        precision: in which numbers.
        megabytes: of its weights.
        learned: False for random weights and raw pixels.
        is_floor: whether it is the raw pixels.
        measured_on_all: False for one that dropped out before.
        dropped: "worse" or "over the budget" for such a one, else "".
        behind: the best within the budget minus this one, on the photos of its last stage; 0 for the best
            itself, below 0 for one over the budget that is better.
        fits: the budget allows it.
        front_milliseconds: on the front of accuracy and milliseconds.
        front_megabytes: on the front of accuracy and megabytes.
        scores: LogME and H-score, where they are shown.
        computed: photos that went through it in this run.
        reused: photos whose rows were kept from before.
        file: the path that opens it, where it is a file; then its name alone does not.
    """

    backbone: str
    measured: Measurement
    milliseconds: float
    engine: str
    precision: str
    megabytes: float
    learned: bool
    is_floor: bool
    measured_on_all: bool
    dropped: str
    behind: PairedDifference
    fits: bool
    front_milliseconds: bool = False
    front_megabytes: bool = False
    scores: Mapping[str, float] | None = None
    computed: int = 0
    reused: int = 0
    file: str = ""

    @property
    def word(self) -> str:
        """What `--backbone` takes for it."""
        return self.file or self.backbone

    @property
    def accuracy(self) -> float:
        """The share of photos named right."""
        return self.measured.accuracy

    @property
    def is_best(self) -> bool:
        """Whether the others are compared with this one."""
        return self.measured_on_all and self.behind.low == self.behind.high == 0

    @property
    def as_good_as_best(self) -> bool:
        """Whether these photos do not show it to be worse than the best within the budget."""
        return self.measured_on_all and self.behind.low <= 0

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "backbone": self.backbone,
            "accuracy": self.measured.accuracy_json(),
            "behind": self.behind.to_json(),
            "as_good_as_best": self.as_good_as_best,
            "milliseconds": round(self.milliseconds, 3),
            "megabytes": round(self.megabytes, 3),
            "engine": {"name": self.engine, "precision": self.precision},
            "learned": self.learned,
            "all_photos": self.measured_on_all,
            "dropped": self.dropped or None,
            "within_budget": self.fits,
            "front": {"milliseconds": self.front_milliseconds, "megabytes": self.front_megabytes},
            "scores": None if self.scores is None else dict(self.scores),
            "features": {"computed": self.computed, "reused": self.reused},
        }


def ranked(
    verdicts: Mapping[Candidate, Verdict], work: Work, budget: Budget
) -> tuple[list[Ranked], Ranked | None]:
    """Put what was found together, the best first; those that dropped out follow, the raw pixels last.

    Args:
        verdicts: of all networks and of the raw pixels.
        work: what was measured on the way.
        budget: what may be chosen.

    Returns:
        The rows, and the one to take; None where nothing fits the budget.
    """
    rows = {each: _row(each, verdict, work, budget) for each, verdict in verdicts.items()}
    best = best_within(list(rows.values())) or max(
        (row for row in rows.values() if row.measured_on_all and not row.is_floor),
        key=lambda row: row.accuracy,
    )
    wanted = next(verdicts[each].right for each in verdicts if rows[each] is best)
    compared = [
        row
        if row is best or not row.measured_on_all
        else replace(row, behind=difference(wanted, verdicts[each].right))
        for each, row in rows.items()
    ]
    marked = sorted(_with_fronts(compared), key=_place(compared))
    return marked, choose_among(marked)


def _row(each: Candidate, verdict: Verdict, work: Work, budget: Budget) -> Ranked:
    speed, computed = work.speeds[each.name], work.computed[each.name]
    dropped = "" if verdict.dropped is None else "over the budget" if verdict.dropped.over_budget else "worse"
    return Ranked(
        backbone=each.name,
        measured=work.measured[each.name],
        milliseconds=speed.milliseconds,
        engine=speed.engine,
        precision=speed.precision,
        megabytes=each.megabytes,
        learned=each.learned,
        is_floor=each.is_floor,
        measured_on_all=verdict.dropped is None,
        dropped=dropped,
        behind=replace(LEVEL, photos=len(verdict.right))
        if verdict.dropped is None
        else verdict.dropped.behind,
        fits=budget.allows(speed.milliseconds, each.megabytes),
        scores=work.scores.get(each.name),
        computed=computed,
        reused=work.photos[each.name] - computed,
        file=each.file,
    )


def _with_fronts(rows: Sequence[Ranked]) -> list[Ranked]:
    """Mark the fronts among those judged on the same photos; what the raw pixels beat is on none."""
    same = [row for row in rows if row.measured_on_all]
    fast = front([(row.milliseconds, row.accuracy) for row in same])
    small = front([(row.megabytes, row.accuracy) for row in same])
    marks = {row.backbone: marks for row, *marks in zip(same, fast, small, strict=True)}
    return [
        replace(row, front_milliseconds=marks[row.backbone][0], front_megabytes=marks[row.backbone][1])
        if row.backbone in marks and not row.is_floor
        else row
        for row in rows
    ]


def _place(rows: Sequence[Ranked]) -> Any:
    whole = [row.accuracy for row in rows if row.measured_on_all and not row.is_floor]

    def key(row: Ranked) -> tuple[int, int, float, float]:
        beaten_floor = row.is_floor and row.accuracy < min(whole)
        late = 2 if beaten_floor else 0 if row.measured_on_all else 1
        return late, -row.measured.photos, -row.accuracy, row.milliseconds

    return key
