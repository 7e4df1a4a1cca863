"""(one finished training) => the facts that its model keeps and that its report tells."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from headstart.backbones.spec import RANDOM
from headstart.heads.detection import false_alarm_interval
from headstart.heads.metrics import Measurement, measure, wilson
from headstart.heads.sets import COVERAGE, fewest_photos
from headstart.heads.unknown import FALSE_ALARMS
from headstart.images.names import counted
from headstart.model.facts import (
    Accuracy,
    AgreementFacts,
    ClassFacts,
    ComparisonFacts,
    DetectionFacts,
    EngineFacts,
    FeaturesFacts,
    FinetuningFacts,
    IntervalFacts,
    PhotosFacts,
    SetsFacts,
    TrainingFacts,
    UnknownFacts,
)
from headstart.tasks.advice import advice
from headstart.tasks.gather import missing_classes, reasons
from headstart.tasks.judge import labels_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.backbones.source import FeatureSource
    from headstart.features.extract import FeatureTable
    from headstart.heads.detection import Detection
    from headstart.images.photo import Skipped
    from headstart.tasks.compare import Comparison
    from headstart.tasks.gather import Gathered
    from headstart.tasks.judge import Learned
    from headstart.tasks.strangers import Near


FEWEST_FOR_ALARMS = 40
"""Photos below which the stated share of false alarms is a guess: its interval is wider than itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of a training, as they were given; `backbone` is None where it was the network itself."""

    head: str
    layer: str | None
    engine: str | None
    precision: str | None
    seed: int
    refit: bool
    weights: bool
    follow_links: bool
    backbone: str | None = None
    unknown: str | None = None
    false_alarms: float = FALSE_ALARMS
    coverage: float = COVERAGE


@dataclass(frozen=True)
class Run:
    """Everything that one training knows.

    Attributes:
        asked: its options.
        given: the photos to learn from.
        apart: the photos of `--test`.
        source: the network and its layer.
        table: rows of `given`.
        test_table: rows of `apart`.
        learned: the head, and what it was judged on.
        comparison: of its answers with those from f32 features, where a lower precision was asked for.
        head_seconds: spent on learning and judging.
        began: `time.monotonic()` at the start.
        finetuning: how the network was trained on; None where it was not.
        training_seconds: spent on that, by part.
        near: how well classes that were held out are seen; None where nobody asked.
        far: how well photos of nothing learned are; None where none were given.
        strange: the photos of nothing learned; None where none were given.
        strange_table: their rows.
        left: tables that were computed and not kept; their seconds count too.
    """

    asked: Asked
    given: Gathered
    apart: Gathered | None
    source: FeatureSource
    table: FeatureTable
    test_table: FeatureTable | None
    learned: Learned
    comparison: Comparison | None
    head_seconds: float
    began: float
    finetuning: FinetuningFacts | None = None
    training_seconds: Mapping[str, float] = field(default_factory=dict)
    left: tuple[FeatureTable, ...] = ()
    near: Near | None = None
    far: Detection | None = None
    strange: Gathered | None = None
    strange_table: FeatureTable | None = None

    @cached_property
    def measurement(self) -> Measurement | None:
        """How good the judged heads were; None where nothing could be judged."""
        judged = self.learned.judgement
        if judged is None:
            return None
        return measure(
            judged.true,
            judged.probabilities,
            self.learned.head.classes,
            how=judged.method,
            probabilities_uncalibrated=judged.uncalibrated,
        )

    @property
    def seconds(self) -> dict[str, float]:
        """Spent on features, on the head, on the network where it was trained on, and since the start."""
        return {
            "features": sum(table.seconds for table in (*self.tables, *self.left)),
            "head": self.head_seconds,
            **self.training_seconds,
            "total": time.monotonic() - self.began,
        }

    @property
    def tables(self) -> tuple[FeatureTable, ...]:
        """The tables that there are."""
        both = self.test_table, self.strange_table
        return (self.table, *(table for table in both if table is not None))

    @property
    def has_random_weights(self) -> bool:
        """Whether the network has learned nothing."""
        return self.source.spec.tag == RANDOM

    @property
    def skipped_given(self) -> tuple[Skipped, ...]:
        """Every file of the photos to learn from that was not used."""
        return (*self.given.skipped, *self.table.skipped)

    @property
    def skipped_apart(self) -> tuple[Skipped, ...]:
        """Every file of the test photos that was not used; their folder stands in front of their names."""
        if self.apart is None or self.test_table is None:
            return ()
        skipped = (*self.apart.skipped, *self.test_table.skipped, *self.apart.leaked)
        return tuple(replace(each, name=f"{self.apart.source}/{each.name}") for each in skipped)

    @property
    def skipped_strange(self) -> tuple[Skipped, ...]:
        """Every file among the photos of nothing learned that was not used."""
        if self.strange is None or self.strange_table is None:
            return ()
        return (*self.strange.skipped, *self.strange_table.skipped, *self.strange.leaked)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Every file that was not used."""
        return (*self.skipped_given, *self.skipped_apart, *self.skipped_strange)

    @property
    def advice(self) -> tuple[str, ...]:
        """What would make a better model, whatever the photos are."""
        return advice(self.source.spec, "train")

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of this training, each sentence once; `advice` stands apart."""
        notes = (note for part in self._parts for note in part.notes)
        return tuple(dict.fromkeys((*_warnings(self), *self.learned.notes, *notes)))

    @property
    def _parts(self) -> tuple[Gathered | FeatureTable, ...]:
        others = (each for each in (self.apart, self.strange) if each is not None)
        return (self.given, *others, *self.tables)


def _warnings(run: Run) -> tuple[str, ...]:
    warnings = []
    if run.has_random_weights:
        warnings.append("the network has random weights: it has learned nothing from photos")
    judged = run.learned.judgement
    if judged is None:
        warnings.append("one photo a class leaves none to measure on: give --test photos")
    elif judged.method == "folds" and set(judged.true) < set(labels_of(run.table)):
        warnings.append("classes with a single photo were learned but could not be measured")
    else:
        warnings += missing_classes(run.learned.head.classes, judged.true)
    warnings += _unpromised(run)
    tuned = run.finetuning
    if tuned is not None and tuned.settings.get("refit") and not tuned.refitted:
        warnings.append("not trained again on the validation photos: nothing was learned, or the loss broke")
    if run.asked.refit and (judged is None or judged.method == "folds"):
        warnings.append("--refit changed nothing: without a held-out part the model learns from all photos")
    if run.skipped_apart:
        counts = ", ".join(f"{count} {reason}" for reason, count in reasons(run.skipped_apart).items())
        warnings.append(f"{counted(len(run.skipped_apart), 'test photo')} not used: {counts}")
    if run.skipped_strange and run.strange_table is not None:
        counts = ", ".join(f"{count} {reason}" for reason, count in reasons(run.skipped_strange).items())
        lost = len(run.skipped_strange)
        every = counted(lost + len(run.strange_table.photos), "photo")
        warnings.append(f"{lost} of {every} of --unknown not used: {counts}")
    return tuple(warnings)


def _unpromised(run: Run) -> list[str]:
    """Say which promises rest on too few photos."""
    novelty, notes = run.learned.novelty, list[str]()
    if not novelty.measured:
        notes.append("what is unknown could not be measured: answers leave it open")
    elif novelty.photos < FEWEST_FOR_ALARMS:
        notes.append(
            f"what is unknown was set on {novelty.photos} photos: more good ones than "
            f"{100 * run.asked.false_alarms:g} in 100 may be called unknown"
        )
    why = sets_not_measured(run)
    if why:
        notes.append(f"answers do not say when several classes are likely: {why}")
    return notes


def sets_not_measured(run: Run) -> str:
    """Why no sets of classes are named; "" where they are, or where no photo at all could be judged."""
    judged = run.learned.judgement
    if judged is None or run.learned.sets is not None:
        return ""
    return (
        f"a coverage of {100 * run.asked.coverage:g} % needs at least {fewest_photos(run.asked.coverage)} "
        f"photos that were not learned from, and there were {len(judged.true)}"
    )


def training_facts(run: Run) -> TrainingFacts:
    """Give what the model keeps of its training, and `train --json` prints."""
    measured = run.measurement
    return TrainingFacts(
        accuracy=None if measured is None else Accuracy(**measured.accuracy_json()),
        photos=PhotosFacts(
            used=sum(len(table.photos) for table in run.tables),
            skipped=len(run.skipped),
            reasons=reasons(run.skipped),
        ),
        features=FeaturesFacts(
            computed=sum(table.computed for table in run.tables),
            reused=sum(table.reused for table in run.tables),
        ),
        engine=engine_facts(run),
        seconds={name: round(value, 3) for name, value in run.seconds.items()},
        seed=run.asked.seed,
        head=run.asked.head,
        settings=dict(run.learned.settings),
        notes=[*run.notes, *run.advice],
        finetuning=run.finetuning,
        unknown=_unknown(run),
        sets=_sets(run),
        **({} if measured is None else _figures(measured)),
    )


def engine_facts(run: Run) -> EngineFacts | None:
    """Give what computed the features, and how far that agrees with f32."""
    plan, comparison = run.table.plan, run.comparison
    if plan is None:
        return None
    found = plan.agreement
    return EngineFacts(
        name=plan.engine,
        precision=plan.precision,
        device=plan.device,
        agreement=None if found is None else AgreementFacts(**found.to_json()),
        comparison=None if comparison is None else ComparisonFacts(**asdict(comparison)),
    )


def _unknown(run: Run) -> UnknownFacts | None:
    novelty = run.learned.novelty
    if not novelty.measured:
        return None
    low, high = false_alarm_interval(novelty.photos, novelty.false_alarms)
    near, why = None, "the network was trained on all of the classes"
    if run.near is not None:
        near, why = run.near.found, run.near.why
    return UnknownFacts(
        score="classes and doubt" if novelty.doubt else "classes",
        threshold=novelty.threshold,
        false_alarms=novelty.false_alarms,
        low=low,
        high=high,
        photos=novelty.photos,
        near=None if near is None else _detection(near),
        near_not_measured=why,
        far=None if run.far is None else _detection(run.far),
    )


def _detection(found: Detection) -> DetectionFacts:
    return DetectionFacts(
        auroc=IntervalFacts(**asdict(found.auroc)),
        caught=IntervalFacts(**asdict(found.caught)),
        known=found.known,
        strange=found.strange,
        kinds=found.kinds,
    )


def _sets(run: Run) -> SetsFacts | None:
    sets = run.learned.sets
    if sets is None:
        return None
    low, high = wilson(round(sets.measured * sets.photos), sets.photos)
    measured = IntervalFacts(value=sets.measured, low=low, high=high)
    return SetsFacts(coverage=sets.coverage, measured=measured, size=sets.size, photos=sets.photos)


def _figures(measured: Measurement) -> dict[str, Any]:
    return {
        "balanced_accuracy": measured.balanced_accuracy,
        "per_class": [ClassFacts(**asdict(each)) for each in measured.per_class],
        "confusion": [list(row) for row in measured.confusion],
        "log_loss": measured.log_loss,
        "calibration_error": measured.calibration_error,
        "log_loss_before": measured.log_loss_before,
        "calibration_error_before": measured.calibration_error_before,
    }
