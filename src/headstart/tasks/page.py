"""(one finished training) => what its report says."""

from __future__ import annotations

import shlex
from collections import Counter
from datetime import UTC, datetime
from importlib import metadata
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.spec import KERAS_MODEL, OWN
from headstart.heads.sets import COVERAGE
from headstart.heads.unknown import FALSE_ALARMS
from headstart.images.photo import Hashed, Skipped
from headstart.images.resize import Resize
from headstart.report.facts import (
    BackboneFacts,
    ClassFacts,
    ClassFigures,
    EffortFacts,
    EngineFacts,
    HeadFacts,
    MeasuredFacts,
    Mistake,
    ReportFacts,
    SkippedFile,
)
from headstart.report.reliability import reliability_bins
from headstart.report.thumbnails import thumbnail
from headstart.tasks.agreement import agreement_sentence, comparison_sentence
from headstart.tasks.facts import engine_facts, sets_not_measured, training_facts
from headstart.tasks.judge import labels_of
from headstart.tasks.novelty_facts import sets_section, unknown_section
from headstart.tasks.tuning.told import changed_settings, tuning_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.features.extract import FeatureTable
    from headstart.heads.metrics import Measurement
    from headstart.images.reader import PhotoReader
    from headstart.report.facts import ReliabilityBin
    from headstart.tasks.facts import Run
    from headstart.tasks.judge import Judgement

_MISTAKES = 24
_PICTURED = 24
_THUMBNAIL = 160
_BINS = 10
_CLASSES_IN_TITLE = 4
_PARTS = {"train", "training"}
_OWN = (OWN, KERAS_MODEL)


def report_facts(run: Run, *, model: str, reader: PhotoReader) -> ReportFacts:
    """Gather everything that the report says; some photos are decoded again for their thumbnails.

    Args:
        run: the training.
        model: the model folder as the user wrote it.
        reader: decodes the thumbnails.
    """
    seconds = run.seconds
    return ReportFacts(
        title=_title(run),
        command=_command(run, model),
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        version=metadata.version("headstart"),
        seed=run.asked.seed,
        model=model,
        source=run.given.source,
        backbone=_backbone(run),
        head=HeadFacts(name=run.asked.head, settings=_settings(run)),
        classes=_classes(run, reader),
        skipped=[SkippedFile(each.name, each.reason.value, each.detail) for each in run.skipped_given],
        notes=run.notes,
        measured=_measured(run, reader),
        not_measured="" if run.measurement is not None else "The notes say why.",
        unknown=unknown_section(training_facts(run)),
        sets=sets_section(training_facts(run)),
        sets_not_measured=sets_not_measured(run),
        effort=EffortFacts(
            computed=sum(table.computed for table in run.tables),
            reused=sum(table.reused for table in run.tables),
            features_seconds=seconds["features"],
            head_seconds=seconds["head"],
            total_seconds=seconds["total"],
            training_seconds=seconds.get("training", 0.0),
        ),
        engine=_engine(run),
        tuning=None if run.finetuning is None else tuning_facts(run.finetuning),
    )


def _engine(run: Run) -> EngineFacts | None:
    facts = engine_facts(run)
    if facts is None:
        return None
    agreement, comparison = facts.agreement, facts.comparison
    return EngineFacts(
        name={"openvino": "OpenVINO", "tensorflow": "TensorFlow"}.get(facts.name, facts.name),
        precision=facts.precision,
        agreement="" if agreement is None else agreement_sentence(agreement.model_dump()),
        same_answers="" if comparison is None else comparison_sentence(comparison.model_dump()),
    )


def _classes(run: Run, reader: PhotoReader) -> list[ClassFacts]:
    """Give each class with the number of its photos; the first ones with a picture of their first photo."""
    labels = labels_of(run.table)
    counts, first = Counter(labels), {label: labels.index(label) for label in run.learned.head.classes}
    pictures = _thumbnails(list(first.values())[:_PICTURED], run.table, reader)
    return [ClassFacts(label, counts[label], picture) for label, picture in zip_longest(first, pictures)]


def _title(run: Run) -> str:
    classes = run.learned.head.classes
    if len(classes) <= _CLASSES_IN_TITLE:
        return f"{', '.join(classes[:-1])} or {classes[-1]}"
    folder = Path(run.given.source)
    # "train" says which part it is, and of what says the folder around it.
    named = folder.parent if folder.name.lower() in _PARTS and folder.parent.name else folder
    return named.name or run.given.source


def _command(run: Run, model: str) -> str:
    """Give what was asked, as a line that can be copied."""
    own = run.source.spec.framework in _OWN
    if own and run.asked.backbone is None:
        verb = "train" if run.finetuning is None else "tasks.finetune.finetune"
        return f"headstart.{verb}({run.given.source!r}, backbone=…, output={model!r})  # in Python"
    asked, given = run.asked, run.given.source
    tuning = run.finetuning
    verb, backbone = ("train", run.source.spec.name) if tuning is None else ("finetune", tuning.start)
    if own and asked.backbone is not None:  # a file: its path opens it, the name in the spec does not
        backbone = asked.backbone
    words = ["headstart", verb, given, "-o", model, "--backbone", backbone]
    values = {
        "--test": None if run.apart is None else run.apart.source,
        "--head": None if asked.head == "linear" else asked.head,
        "--layer": asked.layer,
        "--engine": asked.engine,
        "--precision": asked.precision,
        "--seed": str(asked.seed) if asked.seed else None,
        "--unknown": asked.unknown,
        "--false-alarms": None if asked.false_alarms == FALSE_ALARMS else f"{asked.false_alarms:g}",
        "--coverage": None if asked.coverage == COVERAGE else f"{asked.coverage:g}",
    }
    words += [word for name, value in values.items() if value is not None for word in (name, value)]
    switches = {
        "--refit": asked.refit,
        "--no-weights": not asked.weights,
        "--follow-links": asked.follow_links,
        "--no-gate": tuning is not None and not tuning.gate,
    }
    if tuning is not None:
        words += changed_settings(tuning)
    return shlex.join([*words, *(name for name, on in switches.items() if on)])


def _backbone(run: Run) -> BackboneFacts:
    spec = run.source.spec
    resize = spec.preprocessing.resize
    return BackboneFacts(
        name=spec.name,
        parameters=spec.parameters,
        input_size=(resize.height, resize.width),
        layer=run.table.space.layer,
        width=run.table.rows.shape[1],
        licence=spec.licence,
        source=spec.source,
        random=run.has_random_weights,
        advice=" ".join(run.advice),
    )


def _settings(run: Run) -> tuple[tuple[str, str], ...]:
    chosen = run.learned.settings
    return tuple((name[0].upper() + name[1:], f"{value:.4g}") for name, value in chosen.items())


def _measured(run: Run, reader: PhotoReader) -> MeasuredFacts | None:
    measured, judged = run.measurement, run.learned.judgement
    if measured is None or judged is None:
        return None
    return MeasuredFacts(
        accuracy=measured.accuracy,
        low=measured.low,
        high=measured.high,
        photos=measured.photos,
        method=judged.method,
        folds=judged.folds,
        refitted=run.asked.refit and judged.method == "held-out",
        source=None if run.apart is None else run.apart.source,
        balanced_accuracy=measured.balanced_accuracy,
        top3=measured.top3,
        per_class=[
            ClassFigures(each.label, each.precision, each.recall, each.photos) for each in measured.per_class
        ],
        confusion=measured.confusion,
        log_loss=measured.log_loss,
        calibration_error=measured.calibration_error,
        log_loss_before=measured.log_loss_before,
        calibration_error_before=measured.calibration_error_before,
        calibration_bins=f"{measured.calibration_groups} groups of equally many photos",
        reliability=_reliability(judged.probabilities, measured, judged),
        reliability_before=(
            () if judged.uncalibrated is None else _reliability(judged.uncalibrated, measured, judged)
        ),
        mistakes=_mistakes(measured, judged, reader),
    )


def _reliability(
    probabilities: NDArray[np.float64], measured: Measurement, judged: Judgement
) -> tuple[ReliabilityBin, ...]:
    if not measured.calibration_groups:  # a picture of a few photos would show chance
        return ()
    said = np.asarray(measured.classes)[probabilities.argmax(axis=1)]
    right = said == np.asarray(judged.true)
    # Probabilities that add up to 1 may exceed it in their last bit.
    sure = np.minimum(probabilities.max(axis=1), 1.0)
    return reliability_bins(sure.tolist(), right.tolist(), count=min(_BINS, measured.calibration_groups))


def _mistakes(measured: Measurement, judged: Judgement, reader: PhotoReader) -> list[Mistake]:
    """Give the surest mistakes, each with a thumbnail where the photo is still there."""
    classes = np.asarray(measured.classes)
    said, sure = classes[judged.probabilities.argmax(axis=1)], judged.probabilities.max(axis=1)
    true = np.asarray(judged.true)
    wrong = [int(at) for at in np.argsort(-sure, kind="stable") if said[at] != true[at]][:_MISTAKES]
    pictures = _thumbnails([int(judged.index[at]) for at in wrong], judged.table, reader)
    return [
        Mistake(
            judged.table.photos[judged.index[at]].name, str(true[at]), str(said[at]), float(sure[at]), picture
        )
        for at, picture in zip(wrong, pictures, strict=True)
    ]


def _thumbnails(index: Sequence[int], table: FeatureTable, reader: PhotoReader) -> list[str | None]:
    resize = Resize(_THUMBNAIL, _THUMBNAIL, _THUMBNAIL, "bicubic")
    photos = [Hashed(table.photos[at], table.sha256[at], 0) for at in index]
    return [
        None if isinstance(outcome, Skipped) else thumbnail(outcome.pixels, _THUMBNAIL)
        for outcome in reader.decode(photos, resize)
    ]
