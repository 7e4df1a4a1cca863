"""What a report is made of: plain values, so that the page depends on nothing that trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from headstart.report.tuning import TuningFacts

Method = Literal["folds", "held-out", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackboneFacts:
    """The network that turned photos into features.

    Attributes:
        name: as the user would write it, with its tag.
        parameters: how many numbers it has.
        input_size: height and width that it is given, in pixels.
        layer: where the features were taken.
        width: features per photo.
        licence: of its weights.
        source: where its weights came from.
        random: True where its weights were never trained on anything.
        advice: what would be better, in one sentence without its full stop; empty where nothing is known.
    """

    name: str
    parameters: int
    input_size: tuple[int, int]
    layer: str
    width: int
    licence: str = "not stated"
    source: str = "not stated"
    random: bool = False
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadFacts:
    """The part that was fitted: its name, and its settings in words.

    Attributes:
        name: such as "linear".
        settings: (what, value) pairs, such as ("L2 strength", "0.01, the best of 9").
    """

    name: str
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A class.

    Attributes:
        label: its name.
        photos: how many of it were used.
        thumbnail: of one of them, a data URI from `thumbnail`; None where the page shows none.
    """

    label: str
    photos: int
    thumbnail: str | None = None


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that was not used: its name, the reason from the closed list, one sentence."""

    name: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How well one class did on the photos that were measured.

    Attributes:
        label: the class.
        precision: of the photos called so, the share that are so; None where none was called so.
        recall: of the photos that are so, the share called so; None where there was none.
        photos: how many photos of the class were measured.
    """

    label: str
    precision: float | None
    recall: float | None
    photos: int


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Photos whose answers were about equally sure.

    Attributes:
        confidence: their mean stated probability, in [0, 1].
        right: the share of them that was right, in [0, 1].
        photos: how many they are, at least 1.
    """

    confidence: float
    right: float
    photos: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """A photo that was answered wrongly.

    Attributes:
        name: the photo's name as people know it.
        true: its class.
        said: the class it was given.
        probability: how sure the answer was, in [0, 1].
        thumbnail: a data URI from `thumbnail`, or None where there is no picture.
    """

    name: str
    true: str
    said: str
    probability: float
    thumbnail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredFacts:
    """How good it is, on photos that the measured model had not seen. All shares are in [0, 1].

    Attributes:
        accuracy: share of right answers.
        low: lower end of its 95 % interval.
        high: upper end of its 95 % interval.
        photos: how many photos the figure rests on.
        method: "folds" (out of fold), "held-out" (a part of the photos), "test" (photos given apart).
        folds: how many folds, where the method is "folds".
        refitted: the kept model was fitted again on everything after a held-out part was measured.
        source: the folder or table of `method="test"`, as the user wrote it.
        balanced_accuracy: mean of the classes' recalls.
        top3: share of photos whose class is among the three likeliest; None with three classes or fewer.
        per_class: figures of each class, in the order of `confusion`.
        confusion: row = true class, column = class said, counts of photos.
        log_loss: of the probabilities as the kept model gives them.
        calibration_error: expected calibration error of the same; None with too few photos.
        log_loss_before: of the probabilities before calibration, where there was one.
        calibration_error_before: of the same.
        calibration_bins: how the calibration error was computed, in words.
        reliability: from `reliability_bins`, for the picture.
        reliability_before: the same before calibration.
        mistakes: the worst first; the page shows at most 24.
    """

    accuracy: float
    low: float
    high: float
    photos: int
    method: Method
    folds: int | None = None
    refitted: bool = False
    source: str | None = None
    balanced_accuracy: float
    top3: float | None = None
    per_class: Sequence[ClassFigures]
    confusion: Sequence[Sequence[int]]
    log_loss: float
    calibration_error: float | None
    log_loss_before: float | None = None
    calibration_error_before: float | None = None
    calibration_bins: str = ""
    reliability: Sequence[ReliabilityBin] = ()
    reliability_before: Sequence[ReliabilityBin] = ()
    mistakes: Sequence[Mistake] = ()


@dataclass(frozen=True, slots=True)
class DetectionRow:
    """How well one sort of strange photos is seen.

    Attributes:
        what: which photos, in words.
        photos: how many.
        caught: share called unknown, with its 95 % interval (value, low, high).
        auroc: how often one of them is stranger than a known photo, likewise.
        kinds: of how many kinds they are; None where nobody counted.
    """

    what: str
    photos: int
    caught: tuple[float, float, float]
    auroc: tuple[float, float, float]
    kinds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetsFacts:
    """How often the right class is among those that an answer names, and how many those are."""

    coverage: float
    measured: tuple[float, float, float]
    size: float
    photos: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownFacts:
    """When an answer is marked as unknown.

    Attributes:
        threshold: the score beyond which it is.
        photos: on how many photos that had not been learned from it rests.
        score: which score, in words.
        false_alarms: share of good photos that are marked too.
        low: lower end of the 95 % interval of that share.
        high: upper end.
        detection: how well strange photos are seen, a row for each sort.
        not_measured: why near kinds are not among them; empty where they are.
    """

    threshold: float
    photos: int
    score: str
    false_alarms: float
    low: float
    high: float
    detection: Sequence[DetectionRow] = ()
    not_measured: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What computed the features.

    Attributes:
        name: "OpenVINO".
        precision: "f32", "bf16" or "int8".
        agreement: a sentence on how its features agree with torch's in f32; "" where that was not measured.
        same_answers: a sentence on how its answers agree with those from f32 features; "" likewise.
    """

    name: str
    precision: str
    agreement: str = ""
    same_answers: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortFacts:
    """How long it took, in seconds, and what was reused.

    Attributes:
        computed: photos whose features were computed in this run.
        reused: photos whose features were there from before.
        features_seconds: reading photos and computing features.
        head_seconds: fitting and measuring.
        total_seconds: from the start to this page.
        training_seconds: training the network; 0 where it was not.
    """

    computed: int
    reused: int
    features_seconds: float
    head_seconds: float
    total_seconds: float
    training_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something to do next: a title and lines to copy."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """Everything the page says.

    Attributes:
        title: what was learned, such as the folder's name.
        command: what was asked, as typed.
        created: date or moment, ISO 8601; empty leaves it out.
        version: of headstart.
        seed: of everything random.
        model: the model folder as the user wrote it.
        source: PHOTOS as the user wrote it.
        backbone: the network.
        head: the part that was fitted.
        classes: with how many photos each was trained and measured.
        skipped: every file that was not used; the page shows the first 200.
        skipped_file: name of the full list beside the page.
        notes: duplicates and whatever else people should know.
        measured: None where nothing could be measured.
        not_measured: why not, one sentence, where `measured` is None.
        unknown: None where there is no threshold.
        sets: of classes that an answer names; None where they were not measured.
        sets_not_measured: why not, without its full stop; "" where they were, or `not_measured` says it.
        effort: how long it took.
        engine: what computed the features.
        tuning: how the network was trained on; None where it was not.
        next_steps: what to do with it; `usual_steps(model)` where left empty.
    """

    title: str
    command: str
    created: str = ""
    version: str
    seed: int = 0
    model: str
    source: str
    backbone: BackboneFacts
    head: HeadFacts
    classes: Sequence[ClassFacts]
    skipped: Sequence[SkippedFile] = ()
    skipped_file: str = "skipped.csv"
    notes: Sequence[str] = ()
    measured: MeasuredFacts | None
    not_measured: str = ""
    unknown: UnknownFacts | None = None
    sets: SetsFacts | None = None
    sets_not_measured: str = ""
    effort: EffortFacts
    engine: EngineFacts | None = None
    tuning: TuningFacts | None = None
    next_steps: Sequence[NextStep] = ()

    @property
    def used(self) -> int:
        """How many photos were used."""
        return sum(entry.photos for entry in self.classes)
