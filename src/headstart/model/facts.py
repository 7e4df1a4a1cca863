"""What is known of how a model was trained and how good it is: plain values, checked, kept with it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

Scalar = str | int | float | bool


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("should be text")
    return value


# File names that are not UTF-8 carry surrogates, which pydantic's own strings refuse.
Text = Annotated[str, PlainValidator(_text)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Share = Annotated[float, Field(ge=0, le=1)]


class Record(BaseModel):
    """The base of everything in `model.json`: exact types, no unknown keys, finite numbers, unchangeable."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Accuracy(Record):
    """How often the model is right on photos it was not trained on.

    Attributes:
        value: share of the photos whose best answer was right.
        low: lower end of the 95 % interval.
        high: upper end of the 95 % interval.
        top3: share with the right class among the three best; None with three classes or fewer.
        photos: how many photos the figure rests on.
        how: how it was measured, in words: "5-fold out of fold", "held-out 20 %", "test".
    """

    value: Share
    low: Share
    high: Share
    top3: Share | None
    photos: Count
    how: Text


class PhotosFacts(Record):
    """What became of the photos: how many were used, how many not, and why (reason to count)."""

    used: Count
    skipped: Count
    reasons: dict[Text, Count] = {}


class FeaturesFacts(Record):
    """How many rows were computed in the run, and how many came from the store."""

    computed: Count
    reused: Count


class ClassFacts(Record):
    """One class: of those called so, the share that is (precision); of those that are, the share found.

    None where there is nothing to divide by.
    """

    label: Text
    precision: Share | None
    recall: Share | None
    photos: Count


class AgreementFacts(Record):
    """How far features agree with torch's in f32: cosines over a few of the photos."""

    photos: Count
    median: float
    least: float


class ComparisonFacts(Record):
    """One head's answers from features in low precision and from f32, for photos that it had not seen.

    Attributes:
        photos: how many.
        same: share with the same answer.
        accuracy: share of right answers in the model's own precision.
        accuracy_f32: share of right answers with features in f32.
    """

    photos: Count
    same: Share
    accuracy: Share
    accuracy_f32: Share


class EngineFacts(Record):
    """What computed the features.

    Attributes:
        name: "openvino", "torch" or "tensorflow".
        precision: "f32", "bf16" or "int8".
        device: "cpu" or "cuda".
        agreement: with torch in f32; None where it was not measured.
        comparison: of answers with those in f32, where a lower precision was asked for.
    """

    name: Text
    precision: Text
    device: Text
    agreement: AgreementFacts | None = None
    comparison: ComparisonFacts | None = None


class IntervalFacts(Record):
    """A share with its 95 % interval."""

    value: Share
    low: Share
    high: Share


class DetectionFacts(Record):
    """How well photos of nothing learned are told from photos of the classes.

    Attributes:
        auroc: how often a strange photo is stranger than a known one.
        caught: share of the strange photos called unknown at the stated rate of false alarms.
        known: known photos, none of them learned from.
        strange: strange photos.
        kinds: of how many kinds (classes, or folders); the intervals rest on how far these differ. None in
            models that do not say.
    """

    auroc: IntervalFacts
    caught: IntervalFacts
    known: Count
    strange: Count
    kinds: Count | None = None


class UnknownFacts(Record):
    """When a photo is called unknown, and how well that works.

    Attributes:
        score: "classes and doubt" or "classes": distance to the nearest class, with or without the head's
            doubt.
        threshold: the score above which a photo is unknown.
        false_alarms: share of good photos that it was set for.
        low: lower end of the 95 % interval of that share, for so few photos.
        high: upper end.
        photos: how many photos, not learned from, it rests on.
        near: classes that were held out; None where that was not measured.
        near_not_measured: why not.
        far: photos that were given as photos of nothing learned.
    """

    score: Text
    threshold: float
    false_alarms: Share
    low: Share
    high: Share
    photos: Count
    near: DetectionFacts | None = None
    near_not_measured: Text = ""
    far: DetectionFacts | None = None


class SetsFacts(Record):
    """How often the right class is among those that an answer names.

    Attributes:
        coverage: share that was asked for.
        measured: share of held-out photos, each judged by a threshold from others.
        size: classes in a set, on average.
        photos: how many photos it rests on.
    """

    coverage: Share
    measured: IntervalFacts
    size: float
    photos: Count


class EpochFacts(Record):
    """One pass over the training photos; number 0 is the network as it was given.

    Attributes:
        number: from 0 on.
        train_loss: what was trained on; None for number 0.
        loss: log loss on the validation photos, in nats.
        accuracy: on the validation photos.
        learning_rate: of the last layer; None for number 0.
        gradient: largest norm before clipping; None for number 0.
    """

    number: Count
    train_loss: float | None
    loss: float
    accuracy: Share
    learning_rate: float | None
    gradient: float | None


class DifferenceFacts(Record):
    """Accuracy of one model less that of another on the same photos, with its 95 % interval."""

    value: Annotated[float, Field(ge=-1, le=1)]
    low: Annotated[float, Field(ge=-1, le=1)]
    high: Annotated[float, Field(ge=-1, le=1)]
    photos: Count


class ValidationFacts(Record):
    """What the gate compares: photos of the training part that neither was trained on."""

    photos: Count
    accuracy: Share
    loss: float
    probe_accuracy: Share
    probe_loss: float


class RateTestFacts(Record):
    """A learning-rate range test: the smoothed loss at rising rates, and the rate that it suggests."""

    rates: list[float]
    losses: list[float]
    suggested: float


class FinetuningFacts(Record):
    """How a network was trained on, and whether that was worth it.

    Attributes:
        start: the network that it began from.
        part: the first of the layers that were trained, or "whole".
        share: of the parameters that lead to the features, how many were trained.
        kept: "fine-tuned", or "linear head" where the gate refused.
        gate: whether the gate could refuse.
        validation: what it compared.
        accuracy: of the fine-tuned network on the held-out photos, kept or not.
        probe: of the linear head alone on the same photos, learned from training and validation photos.
        difference: fine-tuned less linear head, on those photos.
        best_epoch: the one that was kept.
        blend: the share of the way from the start to the trained weights that was kept.
        refitted: trained again on validation photos too.
        stopped: why it ended early; "" where all epochs ran.
        history: of the epochs.
        rate_test: how the learning rate was found; None where it was given.
        settings: every one of them.
    """

    start: Text
    part: Text
    share: Share
    kept: Text
    gate: bool
    validation: ValidationFacts
    accuracy: Accuracy | None
    probe: Accuracy | None
    difference: DifferenceFacts | None
    best_epoch: Count
    blend: Share
    refitted: bool
    stopped: Text
    history: list[EpochFacts]
    rate_test: RateTestFacts | None = None
    settings: dict[Text, Scalar | None]


class StepFacts(Record):
    """One step in which a model learned from corrections, or forgot classes.

    Attributes:
        verb: "learn" or "forget".
        at: when, ISO 8601 in UTC.
        corrected: photos that it knew and that got another class.
        added: photos that were new to it.
        removed: photos that went with their classes.
        new_classes: classes that it did not know.
        gone_classes: classes that it does not know any more.
        before: accuracy on held-out photos with what the model knew before; None where none could be judged.
        after: on the same photos with what it knows now.
        difference: after less before, on those photos.
    """

    verb: Text
    at: Text
    corrected: Count
    added: Count
    removed: Count
    new_classes: list[Text]
    gone_classes: list[Text]
    before: Accuracy | None
    after: Accuracy | None
    difference: DifferenceFacts | None


class LearnedFacts(Record):
    """What a model learned after its training.

    Attributes:
        steps: the oldest first; of very many the last ones.
        times: how many steps there were.
        importance: photos that count more than others in the fit, by SHA-256, because their class was
            not taken in otherwise.
    """

    steps: list[StepFacts]
    times: Count
    importance: dict[Text, float] = {}


class TrainingFacts(Record):
    """How a model was trained and measured; what `train --json` prints of it.

    Attributes:
        accuracy: on photos that were not trained on; None where none was left to measure on.
        photos: used and skipped.
        features: computed and reused.
        engine: what computed the features; None for one that was given.
        seconds: of each part of the run ("features", "head", "total").
        seed: of splits and fits.
        head: the head's name, "linear".
        settings: what the fit chose, by name ("strength": 0.1).
        balanced_accuracy: mean of the classes' recalls.
        per_class: in the order of the model's classes.
        confusion: photos counted by true class (row) and answer (column).
        log_loss: mean negative log of the true class's probability, in nats.
        calibration_error: how far probabilities lie from how often they are right.
        log_loss_before: the same without calibration.
        calibration_error_before: the same without calibration.
        notes: sentences that people should know.
        finetuning: how the network was trained on; None where it was not.
        unknown: when a photo is called unknown; None where no photo could be held out.
        sets: how often the right class is among those that an answer names; None likewise.
        learned: what corrections changed since; None for a model that `train` made.

    Example:
        >>> facts = TrainingFacts(
        ...     accuracy=Accuracy(value=0.9, low=0.6, high=1.0, top3=None, photos=10, how="folds"),
        ...     photos=PhotosFacts(used=10, skipped=0),
        ...     features=FeaturesFacts(computed=10, reused=0),
        ...     seconds={"total": 1.5},
        ...     seed=0,
        ...     head="linear",
        ... )
        >>> facts.model_dump()["features"]
        {'computed': 10, 'reused': 0}
    """

    accuracy: Accuracy | None
    photos: PhotosFacts
    features: FeaturesFacts
    engine: EngineFacts | None = None
    seconds: dict[str, Annotated[float, Field(ge=0)]]
    seed: Count
    head: str
    settings: dict[str, Scalar | None] = {}
    balanced_accuracy: Share | None = None
    per_class: list[ClassFacts] = []
    confusion: list[list[Count]] = []
    log_loss: float | None = None
    calibration_error: Share | None = None
    log_loss_before: float | None = None
    calibration_error_before: Share | None = None
    notes: list[Text] = []
    finetuning: FinetuningFacts | None = None
    unknown: UnknownFacts | None = None
    sets: SetsFacts | None = None
    learned: LearnedFacts | None = None
