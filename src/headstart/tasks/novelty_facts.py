"""(what a model states of unknown photos and of prediction sets) => the same for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.report.facts import DetectionRow, SetsFacts, UnknownFacts

if TYPE_CHECKING:
    from headstart.model.facts import IntervalFacts, TrainingFacts

_SCORES = {
    "classes": "the distance to the nearest class, in units of how far its own photos lie from it",
    "classes and doubt": "the distance to the nearest class, in units of how far its own photos lie from it, "
    "and the doubt between classes",
}


def unknown_section(facts: TrainingFacts) -> UnknownFacts | None:
    """When an answer is marked as unknown; None where there is no threshold."""
    found = facts.unknown
    if found is None:
        return None
    sorts = (
        ("classes that were held out", found.near),
        ("the photos of nothing learned that were given", found.far),
    )
    return UnknownFacts(
        threshold=found.threshold,
        photos=found.photos,
        score=_SCORES[found.score],
        false_alarms=found.false_alarms,
        low=found.low,
        high=found.high,
        detection=[
            DetectionRow(what, each.strange, _three(each.caught), _three(each.auroc), each.kinds)
            for what, each in sorts
            if each is not None
        ],
        not_measured=found.near_not_measured,
    )


def _three(share: IntervalFacts) -> tuple[float, float, float]:
    return share.value, share.low, share.high


def sets_section(facts: TrainingFacts) -> SetsFacts | None:
    """How often the right class is among those that an answer names; None where that was not measured."""
    found = facts.sets
    if found is None:
        return None
    return SetsFacts(
        coverage=found.coverage, measured=_three(found.measured), size=found.size, photos=found.photos
    )
