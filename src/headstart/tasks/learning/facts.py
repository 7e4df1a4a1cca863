"""(the model that stands, a change, its fits) => what the new model keeps of how it came to be."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from headstart.heads.unknown import NEVER
from headstart.model.facts import (
    Accuracy,
    ClassFacts,
    DifferenceFacts,
    FeaturesFacts,
    LearnedFacts,
    PhotosFacts,
    StepFacts,
    TrainingFacts,
)
from headstart.tasks.gather import missing_classes, reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.heads.metrics import Measurement
    from headstart.heads.unknown import Novelty
    from headstart.images.photo import Skipped
    from headstart.model.schema import ModelRecord
    from headstart.tasks.learning.change import Change
    from headstart.tasks.learning.fitting import Fitted

STEPS_KEPT = 200
TUNED = (
    "the network itself was trained on these photos: both accuracies are too high, and only their difference "
    "says something"
)


def step_facts(verb: str, at: str, change: Change, fitted: Fitted) -> StepFacts:
    """One step of the history.

    Args:
        verb: "learn" or "forget".
        at: when, ISO 8601.
        change: what was said.
        fitted: what came of it.
    """
    compared = None if fitted.judged is None else fitted.judged.compared
    return StepFacts(
        verb=verb,
        at=at,
        corrected=len(change.corrected),
        added=len(change.added),
        removed=change.removed,
        new_classes=change.new_classes,
        gone_classes=change.gone_classes,
        before=None if compared is None else Accuracy(**compared.before),
        after=None if compared is None else Accuracy(**compared.after),
        difference=None if compared is None else DifferenceFacts(**asdict(compared.difference)),
    )


def training_after(
    old: TrainingFacts,
    change: Change,
    fitted: Fitted,
    step: StepFacts,
    *,
    refused: Sequence[Skipped],
    computed: int,
    notes: Sequence[str],
    seconds: float,
) -> TrainingFacts:
    """What the new model states of its training; figures of the old one that hold no more are gone.

    Args:
        old: of the model that stands.
        change: rows and classes.
        fitted: the new head and how it was judged.
        step: that this is.
        refused: corrections that were not used.
        computed: features that were computed for it.
        notes: what people should know.
        seconds: spent so far.
    """
    past = LearnedFacts(steps=[], times=0) if old.learned is None else old.learned
    learned = LearnedFacts(
        steps=[*past.steps, step][-STEPS_KEPT:], times=past.times + 1, importance=dict(fitted.importance)
    )
    # A network that was trained on these photos knows them: no figure of theirs is the model's accuracy.
    measured = None if fitted.judged is None or _tuned(old) else fitted.judged.measured
    values: dict[str, Any] = {name: getattr(old, name) for name in _STAYS}
    return TrainingFacts(
        **values,
        photos=PhotosFacts(used=len(change.kept), skipped=len(refused), reasons=reasons(refused)),
        features=FeaturesFacts(computed=computed, reused=len(change.kept) - computed),
        seconds={"features": 0.0, "head": round(seconds, 3), "total": round(seconds, 3)},
        settings=dict(fitted.settings),
        notes=[*notes],
        learned=learned,
        **_figures(measured),
    )


_STAYS = ("engine", "seed", "head", "finetuning")


def _tuned(old: TrainingFacts) -> bool:
    return old.finetuning is not None and old.finetuning.kept == "fine-tuned"


def _figures(measured: Measurement | None) -> dict[str, Any]:
    if measured is None:
        return {"accuracy": None}
    return {
        "accuracy": Accuracy(**measured.accuracy_json()),
        "balanced_accuracy": measured.balanced_accuracy,
        "per_class": [ClassFacts(**asdict(each)) for each in measured.per_class],
        "confusion": [list(row) for row in measured.confusion],
        "log_loss": measured.log_loss,
        "calibration_error": measured.calibration_error,
        "log_loss_before": measured.log_loss_before,
        "calibration_error_before": measured.calibration_error_before,
    }


def change_notes(old: TrainingFacts, change: Change, fitted: Fitted) -> list[str]:
    """What people should know of this step."""
    judged = fitted.judged
    if judged is None:
        notes = ["one photo a class leaves none to hold out: what changed could not be measured"]
    else:
        notes = missing_classes(sorted({str(label) for label in change.after if label}), judged.true)
        if judged.method == "held-out":
            notes.append(
                "measured on a fifth of its photos, held out of both; the model itself learned from all"
            )
        if judged.compared is None:
            notes.append("no photo kept its class: nothing can be compared with the model before")
    if _tuned(old):
        notes.append(TUNED)
    return notes


def rule_notes(record: ModelRecord, novelty: Novelty) -> list[str]:
    """What people should know where the new model calls other photos unknown, by another rule.

    Args:
        record: of the model that stands.
        novelty: of the new one.
    """
    if record.unknown is None and novelty.kind == "classes" and record.threshold < NEVER:
        return [
            "this model came from an older headstart and called a photo unknown by its distance to the "
            "nearest training photo; from now on the distance to the nearest class counts, as in models that "
            "are trained today: other photos may be called unknown"
        ]
    if record.unknown is not None and novelty.kind != "classes":
        return ["no photo could be held out: from now on none is called unknown"]
    return []
