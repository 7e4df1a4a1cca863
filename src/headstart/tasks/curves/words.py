"""(what was measured) => what it says, and how far that was fair, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.spec import RANDOM
from headstart.images.names import counted

if TYPE_CHECKING:
    from headstart.backbones.spec import BackboneSpec
    from headstart.tasks.curves.scratch import Scratch
    from headstart.tasks.learning_curve import LearningCurve

_IMAGENET = 1_000  # classes; its training part has 1,281,167 photos (Russakovsky et al. 2015)


def claims(found: LearningCurve) -> list[str]:
    """What the curves say, the most important first."""
    said = []
    if found.scratch is not None:
        best = max(found.scratch.points, key=lambda point: point.accuracy)
        enough = next((each for each in found.transfer if each.accuracy >= best.accuracy), None)
        said.append(
            f"The same network from scratch got {_percent(best.accuracy)} at best, with "
            f"{counted(best.size, 'photo')} a class; transfer "
            + (
                f"got as much with {enough.size}."
                if enough is not None
                else f"got no more than {_percent(max(point.accuracy for point in found.transfer))}."
            )
        )
    if found.untrained is not None:
        level = found.untrained.accuracy
        passed = next((each for each in found.transfer if each.accuracy > level), None)
        said.append(
            f"With no training at all, by its own classes, the network got {_percent(level)}; transfer "
            + (
                f"is above that from {counted(passed.size, 'photo')} a class on."
                if passed
                else "did not pass that."
            )
        )
    return said


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
    parts = ", ".join(f"{len(names)} for {label!r}" for label, names in sorted(own.names.items())[:4])
    rest = "" if len(own.names) <= 4 else ", and so on"
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
            f"{(scratch.own_side / scratch.side) ** 2:.0f} times less."
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
            f"instead of {_percent(before)}."
        )
    return said


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
