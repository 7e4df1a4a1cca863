"""(a model, photos of a new kind) => how far they lie from those it learned, and how its answers change."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.everyday import plain_name
from headstart.heads.detection import Share, share_of
from headstart.heads.metrics import calibration_error
from headstart.images.photo import Photo
from headstart.tasks.judge import Promises, labels_of, learn
from headstart.tasks.newkinds.apart import Counted, fall
from headstart.tasks.strangers import far_kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from headstart.features.extract import FeatureTable
    from headstart.model.model import Model
    from headstart.tasks.judge import Learned


@dataclass(frozen=True, slots=True)
class ClassFall:
    """What became of one class.

    Attributes:
        label: the class of the new photos.
        known_as: the model's class of that name.
        now: of the new photos of the class, how many the model names right.
        own: the same of its own photos, which the judging head had not seen; None where that is not known.
        instead: what it says most often of those that it names wrong; "" where there are none.
    """

    label: str
    known_as: str
    now: Counted
    own: Counted | None
    instead: str

    @property
    def fell(self) -> tuple[float, float, float] | None:
        """By how much, with the 95 % interval; None where the model's own figure is not known."""
        return None if self.own is None else fall(self.own, self.now)

    @property
    def breaks(self) -> bool:
        """Whether it fell beyond chance."""
        return self.fell is not None and self.fell[1] > 0

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        fell = None if self.fell is None else dict(zip(("value", "low", "high"), self.fell, strict=True))
        return {
            "label": self.label,
            "known_as": self.known_as,
            "recall": self.now.to_json(),
            "own_recall": None if self.own is None else self.own.to_json(),
            "fell": fell,
            "breaks": self.breaks,
            "instead": self.instead,
        }


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure a model is, and how right.

    Attributes:
        accuracy: share named right.
        confidence: mean probability of its answers.
        calibration_error: mean gap between the two, in groups; None with too few photos.
    """

    accuracy: Counted
    confidence: float | None
    calibration_error: float | None

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "accuracy": self.accuracy.to_json(),
            "confidence": self.confidence,
            "calibration_error": self.calibration_error,
        }


@dataclass(frozen=True)
class Shift:
    """How a model's answers change on photos of a new kind.

    Attributes:
        model: as the user named it.
        photos: how many new photos it was asked, each content once, none that it was trained on.
        leaked: photos left out because it was trained on them.
        unmatched: classes of the new photos that the model does not have.
        confidence: mean probability of its answers to all of them.
        now: on the photos of classes that it has; None where it has none of them.
        own: on its own photos, by heads that had not seen them; None where that can't be known.
        unknown: share of the new photos that it calls unknown; None where it has no threshold.
        false_alarms: share of its own photos that its threshold lets it call unknown.
        stranger: how often a new photo is stranger to it than one of its own that was held out (AUROC).
        not_measured: why `stranger` is None.
        classes: those that match, the most fallen first.
    """

    model: str
    photos: int
    leaked: int
    unmatched: tuple[str, ...]
    confidence: float
    now: Sureness | None
    own: Sureness | None
    unknown: Share | None
    false_alarms: float
    stranger: Share | None
    not_measured: str
    classes: tuple[ClassFall, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "model": self.model,
            "photos": self.photos,
            "trained_on": self.leaked,
            "unmatched": list(self.unmatched),
            "confidence": self.confidence,
            "now": None if self.now is None else self.now.to_json(),
            "own": None if self.own is None else self.own.to_json(),
            "unknown": None if self.unknown is None else asdict(self.unknown),
            "false_alarms": self.false_alarms,
            "auroc": None if self.stranger is None else asdict(self.stranger),
            "auroc_not_measured": self.not_measured,
            "classes": [each.to_json() for each in self.classes],
        }


def matching(classes: tuple[str, ...], known: tuple[str, ...]) -> dict[str, str]:
    """Which of a model's classes each of the new ones is, by name; capitals and underscores do not matter.

    Example:
        >>> matching(("Dog", "meadow"), ("cat", "dog"))
        {'Dog': 'dog'}
    """
    plain = {plain_name(label): label for label in reversed(known)}
    own = {label: label if label in known else plain.get(plain_name(label)) for label in classes}
    return {label: found for label, found in own.items() if found is not None}


def shift_of(name: str, model: Model, table: FeatureTable, *, leaked: int) -> Shift:
    """Ask a model about photos of a new kind, and compare with its own.

    Args:
        name: of the model, for people.
        model: trained.
        table: rows of the new photos as the model takes them, each content once, none trained on.
        leaked: how many were left out because the model was trained on them.
    """
    labels = labels_of(table)
    matched = matching(tuple(sorted(set(labels))), model.classes)
    probabilities = model.head.predict_proba(table.rows)
    answers = np.asarray(model.classes)[probabilities.argmax(axis=1)]
    learned, why = _judged_again(model, table)
    own, own_classes = _own(model, learned)
    unknown, novelty = None, model.novelty
    if novelty.measured:
        marked = novelty.unknown(table.rows, probabilities).astype(np.float64)
        unknown = share_of(marked, labels, most=len(labels))
    far = None if learned is None else far_kinds(table, learned)
    falls = [_class(label, of, labels, answers, own_classes) for label, of in matched.items()]
    return Shift(
        model=name,
        photos=len(labels),
        leaked=leaked,
        unmatched=tuple(sorted(set(labels) - set(matched))),
        confidence=float(probabilities.max(axis=1).mean()),
        now=_now(labels, matched, model.classes, probabilities),
        own=own,
        unknown=unknown,
        false_alarms=novelty.false_alarms,
        stranger=None if far is None else far.auroc,
        not_measured="" if far is not None else why or "none of its own photos could be held out",
        classes=tuple(
            sorted(falls, key=lambda each: (-(each.fell or (0.0,))[0], each.now.value, each.label))
        ),
    )


def _judged_again(model: Model, table: FeatureTable) -> tuple[Learned | None, str]:
    """The model's own photos, judged by heads that had not seen them; None where that would flatter."""
    from headstart.tasks.tuning.outcome import KEPT_TUNED  # it brings torch along

    tuning = model.training.finetuning
    if tuning is not None and tuning.kept == KEPT_TUNED:
        return None, "its network itself learned from its photos, so none of them is strange to it"
    if model.novelty.kind == "nearest":
        return None, "the model is from before headstart measured distances to classes: train it again"
    own = replace(
        table,
        rows=np.asarray(model.novelty.rows, np.float32),
        photos=tuple(Photo(Path(each.name), each.name, each.label) for each in model.photos),
        sha256=tuple(each.sha256 for each in model.photos),
    )
    promises = Promises(false_alarms=model.novelty.false_alarms)
    return learn(
        own, None, head=model.head.kind, seed=model.training.seed, refit=False, promises=promises
    ), ""


def _own(model: Model, learned: Learned | None) -> tuple[Sureness | None, dict[str, Counted]]:
    """How sure and how right it is on its own photos, and of each class how many it finds."""
    if learned is not None and learned.judgement is not None:
        judgement = learned.judgement
        return (
            _sureness(judgement.true, learned.head.classes, judgement.probabilities),
            _recalls(
                judgement.true, np.asarray(learned.head.classes)[judgement.probabilities.argmax(axis=1)]
            ),
        )
    facts = model.training.accuracy
    if facts is None or not facts.photos:
        return None, {}
    right = Counted(round(facts.value * facts.photos), facts.photos)
    recalls = {
        each.label: Counted(round(each.recall * each.photos), each.photos)
        for each in model.training.per_class
        if each.recall is not None and each.photos
    }
    return Sureness(right, None, model.training.calibration_error), recalls


def _now(
    labels: list[str],
    matched: Mapping[str, str],
    classes: tuple[str, ...],
    probabilities: NDArray[np.float64],
) -> Sureness | None:
    at = [place for place, label in enumerate(labels) if label in matched]
    return _sureness([matched[labels[place]] for place in at], classes, probabilities[at]) if at else None


def _sureness(true: list[str], classes: tuple[str, ...], probabilities: NDArray[np.float64]) -> Sureness:
    place = {label: code for code, label in enumerate(classes)}
    codes = np.array([place[label] for label in true])
    right = int((probabilities.argmax(axis=1) == codes).sum())
    return Sureness(
        Counted(right, len(true)),
        float(probabilities.max(axis=1).mean()),
        calibration_error(probabilities, codes),
    )


def _recalls(true: list[str], answers: NDArray[np.str_]) -> dict[str, Counted]:
    photos = Counter(true)
    right = Counter(label for label, said in zip(true, answers.tolist(), strict=True) if label == said)
    return {label: Counted(right[label], count) for label, count in photos.items()}


def _class(
    label: str, known_as: str, labels: list[str], answers: NDArray[np.str_], own: Mapping[str, Counted]
) -> ClassFall:
    said = [str(answer) for answer, each in zip(answers.tolist(), labels, strict=True) if each == label]
    wrong = Counter(answer for answer in said if answer != known_as)
    instead = min(wrong, key=lambda answer: (-wrong[answer], answer), default="")
    return ClassFall(label, known_as, Counted(said.count(known_as), len(said)), own.get(known_as), instead)
