"""(what was measured) => what it says, and how far that was fair, in plain sentences."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from headstart.backbones.spec import RANDOM
from headstart.images.names import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.backbones.spec import BackboneSpec
    from headstart.tasks.curves.points import Point
    from headstart.tasks.curves.scratch import Scratch
    from headstart.tasks.learning_curve import LearningCurve

_IMAGENET = 1_000  # classes; its training part has 1,281,167 photos (Russakovsky et al. 2015)
_LISTED = 4
_LEARNED = 0.9
"""Of its own photos a network that was trained to the end names nearly all right, few or many of them."""


def claims(found: LearningCurve) -> list[str]:
    """What the curves say, the most important first."""
    said = []
    if found.scratch is not None:
        last = found.scratch.points[-1]
        said.append(
            f"With {counted(last.size, 'photo')} a class the same network from scratch got "
            f"{_percent(last.accuracy)}{_guessed(last, len(found.classes))}; {_passed(found.transfer, last)}."
        )
    if found.untrained is not None:
        said.append(
            "With no training at all, by its own classes, the network got "
            f"{_percent(found.untrained.accuracy)}; {_passed(found.transfer, found.untrained)}."
        )
    return said


def _guessed(point: Point, classes: int) -> str:
    low, high = point.interval
    return f", not told from guessing ({_percent(1 / classes)})" if low <= 1 / classes <= high else ""


def _passed(transfer: Sequence[Point], level: Point) -> str:
    """From how many photos on transfer is above a level, beyond the noise, and stays there."""
    later = takewhile(lambda point: point.is_above(level), reversed(transfer))
    if first := list(later)[-1:]:
        return f"transfer is above that, beyond the noise, from {counted(first[0].size, 'photo')} a class on"
    return f"transfer is not above that beyond the noise with {counted(transfer[-1].size, 'photo')} a class"


def fairness(found: LearningCurve) -> list[str]:
    """How far the comparison was fair to each way."""
    said = [_lessons_before(found)]
    if found.scratch is not None:
        said += _of_scratch(found.scratch)
    if found.transfer[0].size == 1:
        said.append(
            "With one photo a class there is no linear head: transfer and raw pixels compare with that photo."
        )
    return said


def absences(found: LearningCurve) -> list[str]:
    """Which lines are not there, and why."""
    titles = {"untrained": "No line for no training at all", "scratch": "No line for scratch"}
    return [f"{titles[name]}: {why}." for name, why in found.absent.items()]


def _lessons_before(found: LearningCurve) -> str:
    spec, own = found.spec, found.own
    if spec.tag == RANDOM:
        return f"{spec.name} has random weights and learned nothing before: this is no transfer."
    past = _past(spec)
    if own is None:
        return f"{past} The picture counts your photos only, not those."
    parts = ", ".join(f"{len(names)} for {label!r}" for label, names in sorted(own.names.items())[:_LISTED])
    rest = f", and so on for {len(own.names) - _LISTED} more" if len(own.names) > _LISTED else ""
    return (
        f"{past} {own.count} of those classes mean yours ({parts}{rest}): it had been taught this very "
        "question before, so its line shows what such lessons are worth, not that so few photos teach it. "
        "Whether your photos were among its own can't be told from here."
    )


def _past(spec: BackboneSpec) -> str:
    taught = len(spec.classes)
    if taught == _IMAGENET and spec.class_ids:
        return (
            f"{spec.name} had seen ImageNet before: about 1.3 million photos with the names of 1,000 classes."
        )
    if taught:
        return f"{spec.name} had been taught {counted(taught, 'class', 'classes')} on other photos before."
    return f"{spec.name} had learned from other photos before."


def _of_scratch(scratch: Scratch) -> list[str]:
    said = []
    if scratch.side != scratch.own_side:
        said.append(
            f"From scratch, photos were {scratch.side} x {scratch.side} pixels instead of "
            f"{scratch.own_side} x {scratch.own_side}: a training costs "
            f"about {(scratch.own_side / scratch.side) ** 2:.0f} times less."
        )
    trained = (
        f"Each training from scratch had {counted(scratch.steps, 'step')} of {scratch.batch} views, whatever "
        "the number of photos, with one set of settings for all sizes"
    )
    if scratch.longer is None:
        said.append(f"{trained}; whether more steps would help was not measured (--twice).")
    else:
        before, after = scratch.longer
        said.append(
            f"{trained}; at {scratch.points[-1].size} photos a class twice as many gave {_percent(after)} "
            f"instead of {_percent(before)} (first draw)."
        )
    return [*said, _of_its_own(scratch)]


def _of_its_own(scratch: Scratch) -> str:
    """Whether the network learned at least its own photos: if not, it is steps that were missing."""
    shares = [(_percent(own), point.size) for point, own in zip(scratch.points, scratch.own, strict=True)]
    listed = ", ".join(f"{share} with {size}" for share, size in shares)
    said = f"Of the very photos that it learned from, the network from scratch named right: {listed} a class"
    low = [str(point.size) for point, own in zip(scratch.points, scratch.own, strict=True) if own < _LEARNED]
    if not low:
        return f"{said}."
    return (
        f"{said}. With {' and '.join(low)} a class it was not trained to the end: more --steps may do "
        "better, so that what is missing there is not photos alone."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
