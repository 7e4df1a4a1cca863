"""(photos, network, settings) => fine-tuned networks beside their linear heads, each photo judged once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.engines.one_thread import threads_left_alone
from headstart.finetune.loop import fit
from headstart.finetune.parts import find_part
from headstart.finetune.tuned import Tuned
from headstart.heads.paired import paired_difference
from headstart.images.splits import folds, holdout
from headstart.tasks.gather import gather, scan_labelled
from headstart.tasks.judge import different, labels_of
from headstart.tasks.rows import Extraction, Wanted, best_engine
from headstart.tasks.tuning.outcome import probe_candidate, right, tuned_candidate
from headstart.tasks.tuning.probe import fit_probe
from headstart.tasks.tuning.split import Split
from headstart.tasks.tuning.tune import Ingredients, examples_of, tune

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.finetune.settings import Tuning
    from headstart.images.reader import PhotoReader
    from headstart.storage.home import Home

FOLDS = 5


@dataclass(frozen=True)
class Ground:
    """What every run on one data set and network has in common."""

    start: Ingredients

    @classmethod
    def of(  # noqa: PLR0917
        cls,
        photos: str,
        backbone: str,
        tuning: Tuning,
        home: Home,
        reader: PhotoReader,
        store: FeatureStore,
        progress: Progress | None = None,
    ) -> Ground:
        """Read the photos and compute their features."""
        source = Wanted.checked(backbone, None, home).open()
        given = gather(scan_labelled(photos), reader, files=store.files)
        extraction = Extraction(source, best_engine(home, None, None), home, reader, progress)
        table = extraction.rows(given, store)
        nothing = np.empty(0, dtype=np.intp)
        split = Split(nothing, nothing, nothing)
        return cls(Ingredients(given, table, split, extraction, store, tuning, table.space.layer))

    def folds(self, count: int = FOLDS) -> Iterator[Ingredients]:
        """Each photo held out once; of the others a fifth validates."""
        table, seed = self.start.table, self.start.tuning.seed
        labels = labels_of(table)
        fold = folds(labels, table.sha256, count=count, seed=seed)
        for number in range(count):
            left = np.flatnonzero(fold != number)
            validates = holdout(
                [labels[at] for at in left], [table.sha256[at] for at in left], share=0.25, seed=seed
            )
            held_out = different(table.sha256, np.flatnonzero(fold == number))
            split = Split(left[~validates], different(table.sha256, left[validates]), held_out)
            yield replace(self.start, split=split)

    def with_tuning(self, tuning: Tuning) -> Ground:
        """The same photos under other settings."""
        return Ground(replace(self.start, tuning=tuning))


def gains(ground: Ground, count: int = FOLDS) -> dict[str, Any]:
    """Fine-tuning with the gate off beside the linear head, over all folds.

    Returns:
        Accuracies, their paired difference, in how many folds the gate would have refused, and seconds.
    """
    tuned_right, probe_right, passed, seconds, blends = [], [], [], [], []
    for start in ground.folds(count):
        probe = probe_candidate(start, None)
        run = tune(start)
        tuned = tuned_candidate(start, run, probe, None)
        tuned_right.append(right(tuned))
        probe_right.append(right(probe))
        passed.append(run.better)
        seconds.append(run.seconds)
        blends.append(run.share)
    first, second = np.concatenate(tuned_right), np.concatenate(probe_right)
    gated = np.concatenate(
        [a if yes else b for a, b, yes in zip(tuned_right, probe_right, passed, strict=True)]
    )
    return {
        "photos": len(first),
        "tuned": float(first.mean()),
        "probe": float(second.mean()),
        "gated": float(gated.mean()),
        "difference": paired_difference(first, second).to_json(),
        "gated_difference": paired_difference(gated, second).to_json(),
        "passed": sum(passed),
        "folds": len(passed),
        "blends": blends,
        "seconds": float(np.median(seconds)),
    }


def refusals(ground: Ground, rates: tuple[float, ...]) -> list[dict[str, Any]]:
    """Whether the gate refuses what an absurd learning rate gives, on one fold."""
    found = []
    for rate in rates:
        tuning = replace(ground.start.tuning, learning_rate=rate)
        run = tune(next(ground.with_tuning(tuning).folds()))
        found.append(
            {
                "learning_rate": rate,
                "loss": run.validation.loss,
                "probe_loss": run.probe_validation.loss,
                "accuracy": run.validation.accuracy,
                "refused": not run.better,
                "stopped": run.fitted.stopped,
            }
        )
    return found


def starts(ground: Ground, epochs: int) -> dict[str, list[float]]:
    """Held-out accuracy after each epoch: linear head first or not, the last part or the whole network."""
    curves = {}
    start = next(ground.folds())
    # What is held out stands in the place of the validation photos: it is only looked at.
    start = replace(start, split=Split(start.split.learned, start.split.held_out, start.split.held_out))
    probe = fit_probe(start.table, start.split.train, start.tuning.seed).head_
    for name, part, softness in (
        ("soft linear head, last part", "last", start.tuning.soft_start),
        ("sharp linear head, last part", "last", 1.0),
        ("untrained head, last part", "last", None),
        ("soft linear head, whole network", "whole", start.tuning.soft_start),
        ("untrained head, whole network", "whole", None),
    ):
        tuning = replace(start.tuning, part=part, epochs=epochs, patience=None)
        found = find_part(start.backbone, part, start.layer)
        tuned = Tuned(start.backbone, found, classes=len(probe.classes), dropout=tuning.dropout, seed=0)
        if softness is not None:
            tuned.start_from(probe, softness)
        examples = examples_of(replace(start, tuning=tuning), found, tuple(probe.classes))
        with threads_left_alone():
            history = fit(tuned, examples, tuning, keep_last=True, progress=start.extraction.progress).history
        curves[name] = [epoch.accuracy for epoch in history]
    return curves
