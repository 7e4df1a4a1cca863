"""(folder of photos, pretrained network) => the network trained on for these photos, if that is better."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from headstart.backbones.spec import POCKET
from headstart.errors import UsageError
from headstart.finetune.fabric import make_fabric, require_fabric
from headstart.finetune.settings import Tuning
from headstart.heads.sets import COVERAGE
from headstart.heads.unknown import FALSE_ALARMS
from headstart.images.csvout import skipped_csv
from headstart.images.reader import PhotoReader
from headstart.model.folder import check_target
from headstart.report.page import render
from headstart.storage.home import Home, require_writable
from headstart.tasks.facts import Asked, Run
from headstart.tasks.gather import gather, scan_labelled, with_notes, without_known
from headstart.tasks.judge import Promises, labels_of, require_photos
from headstart.tasks.page import report_facts
from headstart.tasks.paths import given_path, photos_and_test, refuse_among_photos
from headstart.tasks.rows import Extraction, Wanted, best_engine, open_store
from headstart.tasks.train import model_of
from headstart.tasks.tuning.outcome import (
    KEPT_TUNED,
    finetuning_facts,
    probe_candidate,
    tuned_candidate,
)
from headstart.tasks.tuning.split import split
from headstart.tasks.tuning.tune import Ingredients, tune

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightning_fabric import Fabric

    from headstart.backbones.base import Backbone
    from headstart.backbones.spec import BackboneSpec
    from headstart.features.extract import FeatureTable
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.model.model import Model
    from headstart.tasks.gather import Gathered
    from headstart.tasks.tuning.outcome import Candidate


def finetune(
    photos: str | Path,
    *,
    backbone: str | Backbone = POCKET,
    output: str | Path | None = None,
    test: str | Path | None = None,
    layer: str | None = None,
    tuning: Tuning | None = None,
    gate: bool = True,
    false_alarms: float = FALSE_ALARMS,
    coverage: float = COVERAGE,
    engine: str | None = None,
    precision: str | None = None,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> Model:
    """Train a network on for one's own classes: the linear head first, then its last part or all of it.

    A fifth of the photos is held out and only measures; without `test` it is taken from `photos`. Another
    fifth validates: it chooses the epoch, and decides whether the fine-tuned network is better than its own
    linear head. Where it is not, the linear head is kept, unless `gate` is off. Both are measured on the
    held-out photos.

    Where a part is trained, the activations before it are computed once for each photo and view, and kept.
    A run that was killed goes on after its last epoch, to the same end (bit for bit on a CPU).

    Args:
        photos: a folder with a folder for each class, or a CSV with the columns path and label.
        backbone: the name of a pretrained network, or a `Backbone`.
        output: the model folder to write; None keeps the model in memory.
        test: labelled photos to measure on, never trained on.
        layer: the layer reference whose rows the head takes; None: the backbone's default.
        tuning: what is trained, and how; None: the defaults.
        gate: keep the linear head where the fine-tuned network is not better on the validation photos.
        false_alarms: share of photos of the user's own classes that may be called unknown, 0.001 to 0.5.
        coverage: share of photos for which the classes that an answer names hold the right one, 0.5 to 0.999.
        engine: "openvino", "torch" or "tensorflow", for features and activations; None: the fastest here.
        precision: of features and activations; None: f32, or bf16 where it agrees.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights, features and unfinished trainings; None: `HEADSTART_HOME` or the
            platform's.
        progress: told of each stretch of work.

    Returns:
        The model; `model.training.finetuning` says how it went, and what was compared.

    Raises:
        UsageError: an argument that can't be right, or Lightning Fabric is not installed.
        PhotosError: photos that can't be used.
        FitError: too few photos to learn, to validate and to measure.
        WeightsMissingError: the backbone's weights are not at hand.
        StorageError: the disk stands in the way; finished epochs are kept.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = write_photos(Path(folder, "photos"))
        ...     few = Tuning(epochs=2)
        ...     model = finetune(photos, backbone=tiny_backbone(), tuning=few, home=Path(folder, "home"))
        >>> len(model.training.finetuning.history), model.training.finetuning.probe.photos
        (3, 2)
    """
    began = time.monotonic()
    tuning = Tuning() if tuning is None else tuning
    promises = Promises(false_alarms, coverage)
    require_fabric()
    photos, test, said = photos_and_test(photos, test, home)
    place = Home.find(home)
    choosing = best_engine(place, engine, precision)
    wanted = Wanted.checked(backbone, layer, place, progress)
    refuse_among_photos(place.root, "home", photos, test)
    target = None
    if output is not None:
        target = check_target(given_path(output, "output"))
        refuse_among_photos(target, "output", photos, test)
    require_writable(place.root, "checkpoints")
    found = with_notes(scan_labelled(photos, follow_links=follow_links), said)
    found_apart = (
        None if test is None else scan_labelled(test, follow_links=follow_links, known=found.classes)
    )
    fabric = make_fabric(tuning)
    progress = progress if fabric.is_global_zero else None
    source = wanted.open(progress)
    _require_batch_norm(source.spec, tuning)
    name = backbone if isinstance(backbone, str) else None
    asked = Asked(
        "linear", layer, engine, precision, tuning.seed, False, True, follow_links, name,  # noqa: FBT003
        None, false_alarms, coverage,
    )  # fmt: skip
    with PhotoReader() as reader, open_store(place) as store:
        read = partial(gather, reader=reader, progress=progress, files=store.files, rehash=rehash)
        with fabric.rank_zero_first(local=True):
            given = read(found)
            require_photos(given, ((str(each.photo.label), each.sha256) for each in given.hashed), "linear")
            apart = None
            if found_apart is not None:
                apart = without_known(read(found_apart), {each.sha256: each.photo for each in given.hashed})
        extraction = Extraction(source, choosing, place, reader, progress)
        run, forget = _tuned(
            given, apart, extraction, store, tuning, asked, fabric, gate=gate, promises=promises, began=began
        )
        model = model_of(run, place)
        with fabric.rank_zero_first():
            if target is not None and fabric.is_global_zero:
                page = render(report_facts(run, model=str(output), reader=reader))
                listed = skipped_csv(run.skipped).encode()
                model.save(target, report_html=page, extra_files={"skipped.csv": listed})
            forget()
    return model


def _require_batch_norm(spec: BackboneSpec, tuning: Tuning) -> None:
    if tuning.batch_norm == "trained" and spec.evaluates_only:
        raise UsageError(
            f"--batch-norm is 'trained'; {spec.name} runs in evaluation mode only, as all Keras networks do "
            "here: leave it out, or take a network of torchvision or timm"
        )


def _tables(candidate: Candidate) -> tuple[FeatureTable, ...]:
    both = candidate.table, candidate.test_table
    return tuple(each for each in both if each is not None)


def _tuned(  # noqa: PLR0917
    given: Gathered,
    apart: Gathered | None,
    extraction: Extraction,
    store: FeatureStore,
    tuning: Tuning,
    asked: Asked,
    fabric: Fabric,
    *,
    gate: bool,
    promises: Promises,
    began: float,
) -> tuple[Run, Callable[[], None]]:
    """The whole run, and what removes its checkpoints once its model is saved."""
    with fabric.rank_zero_first(local=True):
        table = extraction.rows(given, store)
        require_photos(given, zip(labels_of(table), table.sha256, strict=True), "linear")
        test_table = None if apart is None else extraction.rows(apart, store)
    learning = time.monotonic()
    parts = split(table, with_test=test_table is not None, seed=tuning.seed)
    start = Ingredients(given, table, parts, extraction, store, tuning, table.space.layer, fabric)
    probe = probe_candidate(start, test_table, promises)
    learning = time.monotonic() - learning
    run = tune(start, keep_checkpoints=True)
    with fabric.rank_zero_first(local=True):
        tuned = tuned_candidate(start, run, probe, apart, promises)
    facts = finetuning_facts(start, run, probe, tuned, gate=gate)
    kept = tuned if facts.kept == KEPT_TUNED else probe
    whole = Run(
        asked=asked,
        given=given,
        apart=apart,
        source=kept.source,
        table=kept.table,
        test_table=kept.test_table,
        learned=replace(kept.learned, notes=(*kept.learned.notes, *run.notes)),
        comparison=None,
        head_seconds=learning,
        began=began,
        finetuning=facts,
        training_seconds={"activations": run.activation_seconds, "training": run.seconds},
        left=_tables(probe if kept is tuned else tuned),
    )
    return whole, run.forget
