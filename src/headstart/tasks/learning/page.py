"""(what a step changed) => what its page says."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata
from pathlib import PurePath
from typing import TYPE_CHECKING

from headstart.heads.sets import COVERAGE, fewest_photos
from headstart.images.names import counted
from headstart.report.facts import SkippedFile
from headstart.report.learned import LearnedFacts, LearnedStep, MovedPhoto, SaidPhoto, TaughtClass
from headstart.report.robustness import Figure
from headstart.tasks.novelty_facts import sets_section, unknown_section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.model.facts import Accuracy, StepFacts, TrainingFacts
    from headstart.tasks.learning.compared import Apart
    from headstart.tasks.learning.result import Moved, Taught


def page_facts(taught: Taught, command: str, training: TrainingFacts) -> LearnedFacts:
    """Gather what the page says.

    Args:
        taught: what changed.
        command: as people would type it.
        training: what the new model keeps of how it came to be.
    """
    past = training.learned
    before, after = _figure(taught.before), _figure(taught.after)
    difference = taught.difference
    return LearnedFacts(
        model=taught.model,
        verb=taught.verb,
        command=command,
        version=metadata.version("headstart"),
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        before=before,
        after=after,
        held_out=0 if taught.accuracy is None else int(taught.accuracy["photos"]),
        overall=None if not taught.apart else _figure(taught.accuracy),
        apart=[apart_words(each) for each in taught.apart],
        difference=None if difference is None else (difference.value, difference.low, difference.high),
        method="" if taught.accuracy is None else str(taught.accuracy["how"]),
        said=[SaidPhoto(_short(each.file), each.label, each.was, each.called) for each in taught.said],
        removed=taught.removed,
        new_classes=taught.new_classes,
        gone_classes=taught.gone_classes,
        moved=_moved(taught.moved),
        catalogue=None if taught.catalogue is None else _moved(taught.catalogue),
        catalogue_photos=taught.catalogue_photos,
        classes=_classes(taught, training),
        steps=[] if past is None else [_step(each) for each in past.steps],
        times=0 if past is None else past.times,
        levels=taught.levels,
        photos=taught.photos,
        figures=_figures(training),
        unknown=unknown_section(training),
        sets=sets_section(training),
        sets_not_measured=_no_sets(taught, training),
        notes=taught.notes,
        skipped=[SkippedFile(each.name, each.reason.value, each.detail) for each in taught.refused],
    )


def _no_sets(taught: Taught, training: TrainingFacts) -> str:
    held_out = 0 if taught.accuracy is None else taught.accuracy["photos"]
    if training.sets is not None or not 0 < held_out < fewest_photos(COVERAGE):
        return ""
    return (
        f"a coverage of {100 * COVERAGE:g} % needs at least {fewest_photos(COVERAGE)} photos that were not "
        f"learned from, and there were {held_out}"
    )


def apart_words(apart: Apart) -> str:
    """One line on held-out photos that are left out of the comparison.

    Example:
        >>> from headstart.tasks.learning.compared import Apart
        >>> apart_words(Apart("new classes", 20, None, 14))
        'new classes: 14 of 20 photos right now; the model before could not know them'
    """
    photos = counted(apart.photos, "photo")
    if apart.what == "new classes":
        return f"new classes: {apart.after:,} of {photos} right now; the model before could not know them"
    heading = {
        "relabelled": f"{photos} got another class",
        "added": f"{counted(apart.photos, 'new photo')} of classes it knew",
    }[apart.what]
    return f"{heading}: {apart.before or 0:,} called by the class of now before, {apart.after:,} now"


def _figure(accuracy: object) -> Figure | None:
    if not isinstance(accuracy, dict):
        return None
    return Figure(accuracy["value"], accuracy["low"], accuracy["high"], accuracy["photos"])


def _short(file: str) -> str:
    """The file with the folder that it lies in: a whole path leaves no room for the rest."""
    return "/".join(PurePath(file).parts[-2:])


def _moved(photos: Sequence[Moved]) -> list[MovedPhoto]:
    return [MovedPhoto(_short(each.file), each.label, each.before, each.after) for each in photos]


def _classes(taught: Taught, training: TrainingFacts) -> list[TaughtClass]:
    figures = {each.label: each for each in training.per_class}
    return [
        TaughtClass(
            label,
            figures[label].recall if label in figures else None,
            figures[label].precision if label in figures else None,
            figures[label].photos if label in figures else 0,
        )
        for label in taught.classes
    ]


def _step(step: StepFacts) -> LearnedStep:
    difference = step.difference
    return LearnedStep(
        verb=step.verb,
        at=step.at,
        corrected=step.corrected,
        added=step.added,
        removed=step.removed,
        new_classes=step.new_classes,
        gone_classes=step.gone_classes,
        before=_value(step.before),
        after=_value(step.after),
        difference=None if difference is None else (difference.value, difference.low, difference.high),
    )


def _value(accuracy: Accuracy | None) -> float | None:
    return None if accuracy is None else accuracy.value


def _figures(training: TrainingFacts) -> list[tuple[str, str]]:
    """Further figures of the new model, by name, as people read them."""
    found = []
    if training.accuracy is not None and training.accuracy.top3 is not None:
        found.append(("Right class among the first three", f"{100 * training.accuracy.top3:.1f} %"))
    if training.balanced_accuracy is not None:
        found.append(("Mean over classes", f"{100 * training.balanced_accuracy:.1f} %"))
    if training.log_loss is not None:
        found.append(("Log loss", f"{training.log_loss:.3f}"))
    if training.calibration_error is not None:
        found.append(("Calibration error", f"{100 * training.calibration_error:.1f} points"))
    return found
