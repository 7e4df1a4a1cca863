"""(how a model's answers change) => what that means, and how one would notice, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.images.names import counted, some
from headstart.tasks.newkinds.verdict import percent

if TYPE_CHECKING:
    from headstart.tasks.newkinds.shift import ClassFall, Shift, Sureness

LISTED = 3
DROP = 0.1
"""Ten points of mean confidence: from one set of photos of the same kind to another it moves by a few,
so that less is no sign to rely on."""


def shift_sentences(found: Shift, trained_here: float | None = None) -> list[str]:
    """What was found, the most important first.

    Args:
        found: what was measured.
        trained_here: accuracy of a head on the same network that learned from these photos; None: none did.
    """
    said = [*_answers(found)]
    if found.now is not None and trained_here is not None and not found.unmatched:
        said.append(
            f"A head on the same network that learned from these photos gets {percent(trained_here)} (out of "
            "fold): what is lost beyond that is the model's, not the network's."
        )
    return [*said, *_distance(found), *_breaks(found), how_to_notice(found)]


def _answers(found: Shift) -> list[str]:
    if found.now is None:
        return [
            f"None of these classes is one of {found.model}'s: no answer of it can be right, and it gives "
            f"them with a mean confidence of {percent(found.confidence)}."
        ]
    now, own = found.now, found.own
    classes = counted(len(found.classes), "class", "classes")
    said = f"On the {classes} that match by name {found.model} is right {_with_interval(now)}"
    if own is not None:
        said += f", on its own photos, not learned from, {_with_interval(own)}"
    return [f"{said}.", *_confidence(now, own)]


def _confidence(now: Sureness, own: Sureness | None) -> list[str]:
    if now.confidence is None:
        return []
    gap = now.confidence - now.accuracy.value
    low, high = now.accuracy.interval
    told = "as sure as it is right"
    if not low <= now.confidence <= high:
        told = f"{100 * abs(gap):.0f} points {'surer' if gap > 0 else 'less sure'} than it is right"
    said = f"Its mean confidence there is {percent(now.confidence)}: {told}"
    if own is not None and own.confidence is not None:
        said += f" (on its own photos {percent(own.confidence)} sure, {percent(own.accuracy.value)} right)"
    return [f"{said}."]


def _with_interval(found: Sureness) -> str:
    low, high = found.accuracy.interval
    return f"{percent(found.accuracy.value)} of the time ({100 * low:.1f} to {100 * high:.1f})"


def _distance(found: Shift) -> list[str]:
    if found.stranger is None:
        return [
            f"How far these photos lie from those that it learned was not measured: {found.not_measured}."
        ]
    auroc = found.stranger
    where = (
        "these photos lie away from those that it learned"
        if auroc.low > 0.5
        else "these photos lie nearer to what it learned than its own do"
        if auroc.high < 0.5
        else "these photos are not told from its own"
    )
    return [
        f"A photo of these is stranger to it than one of its own that was held out {percent(auroc.value)} of "
        f"the time (AUROC, {100 * auroc.low:.1f} to {100 * auroc.high:.1f}; 50: no difference): {where}."
    ]


def _breaks(found: Shift) -> list[str]:
    broken = [each for each in found.classes if each.breaks]
    if not broken:
        known = [each for each in found.classes if each.own is not None]
        return ["No class fell beyond chance."] if known else []
    listed = "; ".join(_one(each) for each in broken[:LISTED])
    rest = f"; and {len(broken) - LISTED} more" if len(broken) > LISTED else ""
    return [f"{counted(len(broken), 'class', 'classes')} fell beyond chance: {listed}{rest}."]


def _one(each: ClassFall) -> str:
    before = "" if each.own is None else f"{percent(each.own.value)} → "
    instead = f", called {each.instead!r} instead" if each.instead else ""
    return f"{each.label!r} {before}{percent(each.now.value)}{instead}"


def how_to_notice(found: Shift) -> str:
    """What would show the change without a single label, if anything does."""
    signs = _signs(found)
    own = None if found.own is None else found.own.confidence
    fallen = f"; accuracy is {percent(found.now.accuracy.value)}" if found.now is not None else ""
    if signs:
        labelled = (
            ""
            if found.now is None
            else f". Accuracy, which takes labels, is {percent(found.now.accuracy.value)}"
        )
        return f"How you would notice, without a label: {'; '.join(signs)}{labelled}."
    unknown = "" if found.unknown is None else f", and {percent(found.unknown.value)} are called unknown"
    if own is None:
        said = f"Its mean confidence is {percent(found.confidence)}{unknown}{fallen}"
        return f"{said}: nothing of that is a sign by itself. Label some photos of the new kind and evaluate."
    return (
        f"You would hardly notice: mean confidence is {percent(found.confidence)} where it was {percent(own)}"
        f"{unknown}{fallen}. Label some photos of the new kind and evaluate."
    )


def _signs(found: Shift) -> list[str]:
    signs = []
    if found.unknown is not None and found.unknown.low > found.false_alarms:
        signs.append(
            f"it calls {percent(found.unknown.value)} of these photos unknown ({100 * found.unknown.low:.1f} "
            f"to {100 * found.unknown.high:.1f}), where {percent(found.false_alarms)} of its own are"
        )
    own = None if found.own is None else found.own.confidence
    if own is not None and own - found.confidence > DROP:
        signs.append(f"its mean confidence falls from {percent(own)} to {percent(found.confidence)}")
    return signs


def shift_notes(found: Shift) -> list[str]:
    """Which photos and classes its figures leave out."""
    said = []
    if found.leaked:
        said.append(
            f"{found.model} was trained on {counted(found.leaked, 'photo')} of these: left out of its figures"
        )
    if found.unmatched:
        missing = some(list(found.unmatched))
        said.append(f"{found.model} has no class called {missing}; their photos count in its distance only")
    return said
