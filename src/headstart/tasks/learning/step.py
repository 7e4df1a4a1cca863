"""(a held model folder, a change of its photos) => the new model in its place, and what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from headstart.images.csvout import skipped_csv
from headstart.model.model import Model
from headstart.model.parts import record_of
from headstart.model.snapshots import LEVELS, dropped_by_next, levels
from headstart.report.learned import render_learned
from headstart.tasks.learning.facts import change_notes, rule_notes, step_facts, training_after
from headstart.tasks.learning.fitting import fit_change
from headstart.tasks.learning.page import page_facts
from headstart.tasks.learning.result import Moved, Said, Taught
from headstart.tasks.learning.unknown import calibrated_again

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from headstart.heads.fitted import Head
    from headstart.images.photo import Skipped
    from headstart.model.history import Changing
    from headstart.tasks.learning.change import Change
    from headstart.tasks.learning.fitting import Fitted
    from headstart.tasks.learning.standing import Standing

REPORT, SKIPPED = "report.html", "skipped.csv"


@dataclass(frozen=True)
class Others:
    """Photos of a catalogue that the model does not know, with their rows."""

    names: Sequence[str]
    rows: NDArray[np.float32]


@dataclass(frozen=True)
class Step:
    """What a step was asked to do.

    Attributes:
        verb: "learn" or "forget".
        model: the folder as it was written.
        command: as people would type it.
        began: `time.monotonic()` at the start.
        refused: corrections that were not used.
        computed: features that were computed.
        notes: what people should know already.
        others: photos to ask before and after; None where no catalogue was named.
    """

    verb: str
    model: str
    command: str
    began: float
    refused: tuple[Skipped, ...] = ()
    computed: int = 0
    notes: tuple[str, ...] = ()
    others: Others | None = None


def unchanged(step: Step, standing: Standing) -> Taught:
    """Say that the model knows all this already; nothing is written."""
    note = "the model knows all of this already: nothing was changed"
    return Taught(
        model=step.model,
        verb=step.verb,
        changed=False,
        classes=tuple(standing.record.head.classes),
        photos=len(standing.photos),
        refused=step.refused,
        notes=(*step.notes, note),
        levels=levels(standing.folder, standing.record.before),
        seconds=time.monotonic() - step.began,
    )


def take_step(step: Step, held: Changing, standing: Standing, change: Change) -> Taught:
    """Fit, judge, and put the new model in the place of the old one, which is kept.

    Args:
        step: what was asked.
        held: the folder, locked.
        standing: the model in it.
        change: what changes.

    Raises:
        StorageError: the disk refuses; the old model stands.
    """
    old = standing.record.training
    fitted = fit_change(
        change,
        standing.head,
        settings=old.settings,
        seed=old.seed,
        importance={} if old.learned is None else old.learned.importance,
    )
    facts = step_facts(step.verb, _now(), change, fitted)
    both = calibrated_again(change, fitted, standing.record)
    more = (*both.notes, *rule_notes(standing.record, both.novelty), *_dropped(standing))
    notes = (*step.notes, *change_notes(old, change, fitted), *more)
    training = training_after(
        old,
        change,
        fitted,
        facts,
        refused=step.refused,
        computed=step.computed,
        notes=notes,
        seconds=time.monotonic() - step.began,
    ).model_copy(update={"unknown": both.unknown, "sets": both.named})
    model = Model(
        backbone_spec=standing.record.backbone.spec(),
        layer=standing.record.layer,
        head=fitted.head,
        novelty=both.novelty,
        sets=both.sets,
        photos=change.photos(),
        training=training,
        recipe=standing.record.recipe,
    )
    record, tensors = record_of(model, None)
    moved, catalogue = _moved(change, fitted), _asked(standing.head, fitted.head, step.others)
    judged = fitted.judged
    compared = None if judged is None else judged.compared
    taught = Taught(
        model=step.model,
        verb=step.verb,
        changed=True,
        classes=model.classes,
        photos=len(model.photos),
        said=_said(change, fitted),
        removed=change.removed,
        new_classes=tuple(change.new_classes),
        gone_classes=tuple(change.gone_classes),
        before=None if compared is None else compared.before,
        after=None if compared is None else compared.after,
        difference=None if compared is None else compared.difference,
        apart=() if judged is None else judged.apart,
        accuracy=None if judged is None else judged.measured.accuracy_json(),
        moved=moved,
        catalogue=catalogue,
        catalogue_photos=0 if step.others is None else len(step.others.names),
        refused=step.refused,
        notes=notes,
        levels=_levels_after(standing),
        report=f"{step.model.rstrip('/')}/{REPORT}",
        seconds=time.monotonic() - step.began,
        computed=step.computed,
        reused=len(change.kept) - step.computed,
    )
    page = render_learned(page_facts(taught, step.command, training))
    extras = {REPORT: page.encode("utf-8", "backslashreplace")}
    if step.refused:
        extras[SKIPPED] = skipped_csv(step.refused).encode()
    held.replace(record.model_copy(update={"weights": standing.record.weights}), tensors, extras)
    return taught


def _levels_after(standing: Standing) -> int:
    before = standing.record.before
    return levels(standing.folder, before) + 1 - dropped_by_next(standing.folder, before)


def _dropped(standing: Standing) -> list[str]:
    if not dropped_by_next(standing.folder, standing.record.before):
        return []
    return [f"the oldest of the models before it was dropped: the last {LEVELS} are kept"]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _said(change: Change, fitted: Fitted) -> tuple[Said, ...]:
    """The photos whose class is another one now; those that the model knew as that already say nothing."""
    return tuple(
        Said(
            change.names[at], change.sha256[at], str(change.after[at]), change.before[at], fitted.answers[at]
        )
        for at in change.said
        if change.before[at] != change.after[at]
    )


def _moved(change: Change, fitted: Fitted) -> tuple[Moved, ...]:
    judged = fitted.judged
    if judged is None:
        return ()
    answers = zip(judged.index, judged.true, judged.before, judged.after, strict=True)
    found = [
        Moved(change.names[at], true, before, after) for at, true, before, after in answers if before != after
    ]
    return tuple(sorted(found, key=lambda each: each.file))


def _asked(old: Head, new: Head, others: Others | None) -> tuple[Moved, ...] | None:
    """The photos of a catalogue that the new head calls something else than the old one did."""
    if others is None:
        return None
    if not len(others.names):
        return ()
    before = [old.classes[code] for code in old.predict_proba(others.rows).argmax(axis=1)]
    after = [new.classes[code] for code in new.predict_proba(others.rows).argmax(axis=1)]
    answers = zip(others.names, before, after, strict=True)
    return tuple(Moved(name, None, was, now) for name, was, now in answers if was != now)
