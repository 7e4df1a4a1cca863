"""(a change and its fits) => when a photo is unknown to the new model, and when several classes are named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.heads.detection import false_alarm_interval
from headstart.heads.kinds import Kinds
from headstart.heads.metrics import wilson
from headstart.heads.sets import COVERAGE, Sets, fit_sets
from headstart.heads.unknown import FALSE_ALARMS, NEVER, Novelty, fit_novelty
from headstart.model.facts import IntervalFacts, SetsFacts, UnknownFacts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.model.schema import ModelRecord
    from headstart.tasks.learning.change import Change
    from headstart.tasks.learning.fitting import Fitted


AS_BEFORE = (
    "the network itself was trained on these photos: when a photo is unknown, and when several classes are "
    "named, stays as it was set before, on photos that had taught it nothing"
)


@dataclass(frozen=True)
class Calibrated:
    """Both thresholds of the new model, and what it states of them.

    Attributes:
        novelty: when a photo is unknown.
        sets: when several classes are named; None where that could not be measured.
        unknown: what is stated of the first; None where there is no threshold.
        named: what is stated of the second; likewise.
        notes: what people should know.
    """

    novelty: Novelty
    sets: Sets | None
    unknown: UnknownFacts | None
    named: SetsFacts | None
    notes: tuple[str, ...] = ()


def calibrated_again(change: Change, fitted: Fitted, record: ModelRecord) -> Calibrated:
    """Set both thresholds again as `train` does, on photos held out, at the rates that the model promised.

    Where the network itself was trained on these photos, holding them out of the head alone says nothing:
    their rows lie nearer to their class than those of any other photo. Then both stay as they were.

    Args:
        change: rows and classes.
        fitted: which photos were held out, and what heads that had not seen them say.
        record: of the model that stands.
    """
    kept = change.kept
    rows = change.rows if len(kept) == len(change.rows) else change.rows[kept]
    codes = np.searchsorted(fitted.head.classes, [str(change.after[at]) for at in kept])
    kinds = Kinds(rows, codes, [change.sha256[at] for at in kept])
    tuned = record.training.finetuning
    if tuned is not None and tuned.kept == "fine-tuned":
        return _as_before(rows, kinds, record)
    novelty, sets = _again(rows, kinds, codes, change, fitted, record)
    return Calibrated(novelty, sets, unknown_facts(novelty), sets_facts(sets))


def _as_before(rows: NDArray[np.float32], kinds: Kinds, record: ModelRecord) -> Calibrated:
    """Take both thresholds over, with what was stated of them; the classes are those of the new rows."""
    old, stated = record.unknown, record.training
    if old is None:
        novelty = Novelty(rows, record.threshold)
    else:
        novelty = Novelty(rows, record.threshold, kinds=kinds, **old.model_dump(exclude={"kind"}))
    sets = None if record.sets is None else Sets(**record.sets.model_dump())
    return Calibrated(novelty, sets, stated.unknown, stated.sets, (AS_BEFORE,))


def _again(  # noqa: PLR0917
    rows: NDArray[np.float32],
    kinds: Kinds,
    codes: NDArray[np.intp],
    change: Change,
    fitted: Fitted,
    record: ModelRecord,
) -> tuple[Novelty, Sets | None]:
    judged = fitted.judged
    if judged is None:
        return Novelty(rows, NEVER), None
    alarms = FALSE_ALARMS if record.unknown is None else record.unknown.false_alarms
    places = np.searchsorted(change.kept, judged.index)
    distances = kinds.left_out()[places]
    novelty = fit_novelty(
        rows, distances, kinds=kinds, probabilities=judged.probabilities, false_alarms=alarms
    )
    coverage = COVERAGE if record.sets is None else record.sets.coverage
    return novelty, fit_sets(judged.probabilities, codes[places], coverage)


def unknown_facts(novelty: Novelty) -> UnknownFacts | None:
    """When a photo is called unknown; how well strange photos are found is `train`'s to measure.

    Args:
        novelty: calibrated again.
    """
    if novelty.kind != "classes":
        return None
    alarms, photos = novelty.false_alarms, novelty.photos
    low, high = false_alarm_interval(photos, alarms)
    return UnknownFacts(
        score="classes and doubt" if novelty.doubt else "classes",
        threshold=novelty.threshold,
        false_alarms=alarms,
        low=low,
        high=high,
        photos=photos,
        near_not_measured="the model learned from corrections since; train measures it again",
    )


def sets_facts(sets: Sets | None) -> SetsFacts | None:
    """How often the right class is among those that an answer names."""
    if sets is None:
        return None
    low, high = wilson(round(sets.measured * sets.photos), sets.photos)
    measured = IntervalFacts(value=sets.measured, low=low, high=high)
    return SetsFacts(coverage=sets.coverage, measured=measured, size=sets.size, photos=sets.photos)
