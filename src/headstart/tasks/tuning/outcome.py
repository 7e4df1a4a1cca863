"""(a finished fine-tuning) => what is kept: the tuned network, or the linear head where the gate refuses."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.source import FeatureSource
from headstart.errors import PhotosError
from headstart.heads.metrics import measure
from headstart.heads.paired import paired_difference
from headstart.model.facts import (
    Accuracy,
    DifferenceFacts,
    EpochFacts,
    FinetuningFacts,
    RateTestFacts,
    ValidationFacts,
)
from headstart.tasks.judge import (
    USUAL,
    Judgement,
    Learned,
    Promises,
    different,
    judged,
    kinds_of,
    novelty_from,
    sets_from,
)
from headstart.tasks.tuning.options import settings_of
from headstart.tasks.tuning.probe import fit_probe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.features.extract import FeatureTable
    from headstart.finetune.finder import RateTest
    from headstart.heads.fitted import Head
    from headstart.heads.metrics import Measurement
    from headstart.tasks.gather import Gathered
    from headstart.tasks.tuning.split import Split
    from headstart.tasks.tuning.tune import Ingredients, TuningRun

KEPT_TUNED, KEPT_PROBE = "fine-tuned", "linear head"


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One of the two that could be kept.

    Attributes:
        source: the network that its rows come from.
        table: rows of the photos.
        test_table: rows of photos that were given apart.
        learned: its head, and what that said of photos that it had not seen.
    """

    source: FeatureSource
    table: FeatureTable
    test_table: FeatureTable | None
    learned: Learned


def probe_candidate(
    start: Ingredients, test_table: FeatureTable | None, promises: Promises = USUAL
) -> Candidate:
    """The linear head alone, learned from training and validation photos: what `train` would give.

    Args:
        start: rows and split.
        test_table: rows of photos that were given apart.
        promises: about what is unknown, and sets of classes.
    """
    estimator = fit_probe(start.table, start.split.learned, start.tuning.seed)
    head = estimator.head_
    settings = {"L2 strength": estimator.strength_, "temperature": estimator.temperature_}
    judgement = _judged(head, start.table, test_table, start.split)
    learned = _learned(head, start.table, start.split, judgement, settings, promises)
    return Candidate(start.extraction.source, start.table, test_table, learned)


def tuned_candidate(
    start: Ingredients, run: TuningRun, probe: Candidate, apart: Gathered | None, promises: Promises = USUAL
) -> Candidate:
    """The fine-tuned network: its rows are computed by the engine and kept, as those of any network.

    Args:
        start: photos, rows and split.
        run: the fine-tuning.
        probe: the linear head, which was judged on the same photos.
        apart: photos that were given apart.
        promises: about what is unknown, and sets of classes.

    Raises:
        PhotosError: a photo can't be read any more.
    """
    backbone = run.tuned.backbone(start.backbone)
    source = FeatureSource.of(backbone, start.layer)
    extraction = replace(start.extraction, source=source)
    table = extraction.rows(start.given, start.store)
    _require_same(table, start.table)
    test_table = None if apart is None else extraction.rows(apart, start.store)
    if probe.test_table is not None and test_table is not None:
        _require_same(test_table, probe.test_table)
    settings = {"temperature": run.head.temperature}
    judgement = _judged(run.head, table, test_table, start.split)
    learned = _learned(run.head, table, start.split, judgement, settings, promises)
    return Candidate(source, table, test_table, learned)


def _require_same(table: FeatureTable, before: FeatureTable) -> None:
    """Refuse rows of other photos than those that were split: positions would mean other photos."""
    if table.sha256 != before.sha256:
        lost = sorted({*before.sha256} - {*table.sha256})
        name = next(
            (p.name for p, sha in zip(before.photos, before.sha256, strict=True) if sha in lost), "a photo"
        )
        raise PhotosError(
            f"{name} can't be read any more; run the same command again: it begins anew without it"
        )


def _judged(head: Head, table: FeatureTable, test_table: FeatureTable | None, split: Split) -> Judgement:
    if test_table is not None:
        return judged("test", head, test_table, different(test_table.sha256, np.arange(len(test_table.rows))))
    return judged("held-out", head, table, split.held_out)


def _learned(  # noqa: PLR0917
    head: Head,
    table: FeatureTable,
    split: Split,
    judgement: Judgement,
    settings: dict[str, float],
    promises: Promises,
) -> Learned:
    # What is usual is learned from the photos that were judged. The head, and after a refit the network, have
    # learned from all the others: of those both are so sure that half of all good photos seemed strange.
    kinds = kinds_of(table, split.learned)
    distances = kinds.distances(judgement.table.rows[judgement.index])
    novelty, scores = novelty_from(
        table.rows[split.learned], kinds, distances, judgement.probabilities, promises.false_alarms
    )
    return Learned(
        head=head,
        index=split.learned,
        novelty=novelty,
        known_scores=scores,
        judgement=judgement,
        settings=settings,
        notes=(),
        sets=sets_from(judgement, head, promises.coverage),
    )


def finetuning_facts(
    start: Ingredients, run: TuningRun, probe: Candidate, tuned: Candidate, *, gate: bool
) -> FinetuningFacts:
    """What is kept of a fine-tuning, and of the comparison with its linear head on held-out photos."""
    first, second = _measured(tuned), _measured(probe)
    return FinetuningFacts(
        start=start.backbone.spec.name,
        part=run.part.name,
        share=run.part.share,
        kept=KEPT_TUNED if run.better or not gate else KEPT_PROBE,
        gate=gate,
        validation=ValidationFacts(
            photos=len(start.split.validation),
            accuracy=run.validation.accuracy,
            loss=run.validation.loss,
            probe_accuracy=run.probe_validation.accuracy,
            probe_loss=run.probe_validation.loss,
        ),
        accuracy=Accuracy(**first.accuracy_json()),
        probe=Accuracy(**second.accuracy_json()),
        difference=DifferenceFacts(**asdict(paired_difference(right(tuned), right(probe)))),
        best_epoch=run.fitted.best.number,
        blend=run.share,
        refitted=run.refitted,
        stopped=run.fitted.stopped,
        history=[EpochFacts(**asdict(epoch)) for epoch in run.fitted.history],
        rate_test=None if run.rate_test is None else RateTestFacts(**_lists(run.rate_test)),
        settings=settings_of(run.tuning),
    )


def _lists(test: RateTest) -> dict[str, Any]:
    return {"rates": list(test.rates), "losses": list(test.losses), "suggested": test.suggested}


def _measured(candidate: Candidate) -> Measurement:
    judgement = candidate.learned.judgement
    assert judgement is not None  # noqa: S101  (photos were set apart to be judged)
    classes = candidate.learned.head.classes
    return measure(judgement.true, judgement.probabilities, classes, how=judgement.method)


def right(candidate: Candidate) -> NDArray[np.bool_]:
    """Whether each photo that was judged was named right, (n,)."""
    judgement = candidate.learned.judgement
    assert judgement is not None  # noqa: S101  (photos were set apart to be judged)
    said = np.asarray(candidate.learned.head.classes)[judgement.probabilities.argmax(axis=1)]
    return np.asarray(said == np.asarray(judgement.true))
