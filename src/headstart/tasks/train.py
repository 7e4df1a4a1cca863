"""(folder of photos, pretrained network) => a measured, saved classifier."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbones.spec import POCKET
from headstart.errors import UsageError
from headstart.heads.make import HEADS
from headstart.heads.sets import COVERAGE
from headstart.heads.unknown import FALSE_ALARMS
from headstart.images.csvout import skipped_csv
from headstart.images.reader import PhotoReader
from headstart.model.answers import TrainingPhoto
from headstart.model.folder import check_target
from headstart.model.model import Model
from headstart.report.page import render
from headstart.storage.home import Home
from headstart.tasks.compare import compare_with_f32
from headstart.tasks.doctoring.command import Request
from headstart.tasks.doctoring.training import training_notes
from headstart.tasks.facts import Asked, Run, training_facts
from headstart.tasks.gather import gather, scan_labelled, with_notes, without_known
from headstart.tasks.judge import Promises, labels_of, learn, require_photos
from headstart.tasks.learning.over import over_corrections
from headstart.tasks.page import report_facts
from headstart.tasks.paths import given_path, photos_and_test, photos_path, refuse_among_photos
from headstart.tasks.rows import Extraction, Wanted, best_engine, open_store
from headstart.tasks.strangers import far_kinds, gather_strangers, near_kinds, scan_strangers

if TYPE_CHECKING:
    from collections.abc import Callable

    from headstart.backbones.base import Backbone
    from headstart.features.extract import FeatureTable
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.photo import PhotoSet
    from headstart.tasks.gather import Gathered
    from headstart.tasks.judge import Learned

_SEEDS = 2**32


def train(
    photos: str | Path,
    *,
    backbone: str | Backbone = POCKET,
    output: str | Path | None = None,
    test: str | Path | None = None,
    head: str = "linear",
    layer: str | None = None,
    engine: str | None = None,
    precision: str | None = None,
    seed: int = 0,
    refit: bool = False,
    weights: bool = True,
    unknown: str | Path | None = None,
    false_alarms: float = FALSE_ALARMS,
    coverage: float = COVERAGE,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> Model:
    """Learn classes from photos, measure how well, and save the model with its report.

    Features that were computed before, for the same photo content and the same backbone, are read from
    the home's store. The same photos, backbone and seed give the same model, bit for bit.

    Args:
        photos: a folder with a folder for each class, a CSV with the columns path and label, or the name of
            a data set (its training part, and its own test part is measured unless `test` is given).
        backbone: the name of a pretrained network, or a `Backbone`; by default the small one that comes
            with headstart.
        output: the model folder to write; None keeps the model in memory.
        test: labelled photos to measure on. Without it, below 1,000 photos, five-fold out-of-fold
            predictions are measured, and from 1,000 on a held-out fifth.
        head: "linear", "neighbours" or "prototypes" (works with one photo a class).
        layer: a layer reference; None: the backbone's default.
        engine: "openvino", "torch" or "tensorflow"; None: the one that is fastest here, by a short trial.
        precision: "f32", "bf16" or "int8"; None: f32, or bf16 where its features agree with f32's.
        seed: of splits, 0 or more.
        refit: learn from a held-out fifth too, after measuring on it.
        weights: save the backbone's weights with the model; otherwise their SHA-256 only.
        unknown: a folder of photos of nothing that is to be learned; never trained on, they measure how many
            of such photos the model calls unknown.
        false_alarms: share of photos of the user's own classes that may be called unknown, 0.001 to 0.5.
        coverage: share of photos for which the classes that an answer names hold the right one, 0.5 to 0.999.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.

    Returns:
        The model; `model.training` holds what was measured.

    Raises:
        UsageError: an argument that can't be right.
        PhotosError: photos that can't be used: one class, none readable, an unknown class in `test`.
        FitError: too few photos for this head.
        WeightsMissingError: the backbone's weights are not at hand.
        StorageError: the disk stands in the way; finished features are kept.

    Example:
        >>> import tempfile
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = write_photos(Path(folder, "photos"))
        ...     model = train(photos, backbone=tiny_backbone(), home=Path(folder, "home"))
        >>> model.classes, model.training.photos.used
        (('blue', 'red'), 12)
    """
    began = time.monotonic()
    name = backbone if isinstance(backbone, str) else None
    strangers = None if unknown is None else photos_path(unknown, "--unknown", home)
    asked = Asked(
        head, layer, engine, precision, seed, refit, weights, follow_links, name,
        None if unknown is None else str(unknown), false_alarms, coverage,
    )  # fmt: skip
    promises = Promises(false_alarms, coverage)
    _check(asked, with_test=test is not None)
    photos, test, said = photos_and_test(photos, test, home)
    place = Home.find(home)
    choosing = best_engine(place, engine, precision)
    wanted = Wanted.checked(backbone, layer, place, progress)
    refuse_among_photos(place.root, "home", photos, test, strangers)
    target = None
    if output is not None:
        target = check_target(given_path(output, "output"))
        refuse_among_photos(target, "output", photos, test, strangers)
    found = with_notes(scan_labelled(photos, follow_links=follow_links), said)
    found_apart = None
    if test is not None:
        found_apart = scan_labelled(test, follow_links=follow_links, known=found.classes)
    found_strange = None if strangers is None else scan_strangers(strangers, follow_links=follow_links)
    source = wanted.open(progress)
    with PhotoReader() as reader:
        with open_store(place) as store:
            read = partial(gather, reader=reader, progress=progress, files=store.files, rehash=rehash)
            given, apart = _gather(found, found_apart, head, read)
            strange = None
            if found_strange is not None:
                strange = gather_strangers(
                    found_strange, reader, given.hashed, () if apart is None else apart.hashed,
                    files=store.files, rehash=rehash, progress=progress,
                )  # fmt: skip
            extraction = Extraction(source, choosing, place, reader, progress)
            table, test_table = _extract(given, apart, head, extraction, store)
            learning = time.monotonic()
            learned = learn(table, test_table, head=head, seed=seed, refit=refit, promises=promises)
            checking = Request(
                source=photos, backbone=backbone, test=test, engine=engine, precision=precision, seed=seed,
                follow_links=follow_links,
            )  # fmt: skip
            learned = _with_notes(learned, table, checking, over_corrections(target, str(output)))
            near = near_kinds(table, learned, head=head, seed=seed)
            learning = time.monotonic() - learning
            strange_table = None if strange is None else extraction.rows(strange, store)
            far = None if strange_table is None else far_kinds(strange_table, learned)
            comparison = None
            if precision not in (None, "f32"):
                photos_of_both = (*given.hashed, *(() if apart is None else apart.hashed))
                comparison = compare_with_f32(
                    table, test_table, photos_of_both, store, extraction, head=head, seed=seed
                )
        run = Run(
            asked, given, apart, source, table, test_table, learned, comparison, learning, began,
            near=near, far=far, strange=strange, strange_table=strange_table,
        )  # fmt: skip
        model = model_of(run, place)
        if target is not None:
            page = render(report_facts(run, model=str(output), reader=reader))
            listed = skipped_csv(run.skipped).encode()
            model.save(target, weights=weights, report_html=page, extra_files={"skipped.csv": listed})
    return model


def _with_notes(learned: Learned, table: FeatureTable, checking: Request, more: list[str]) -> Learned:
    """Add what spoils the training's own figures, and what else there is to say."""
    spoilt = training_notes(table, learned.judgement, checking)
    return replace(learned, notes=(*learned.notes, *spoilt, *more))


def _gather(
    found: PhotoSet,
    found_apart: PhotoSet | None,
    head: str,
    read: Callable[[PhotoSet], Gathered],
) -> tuple[Gathered, Gathered | None]:
    given = read(found)
    require_photos(given, ((str(each.photo.label), each.sha256) for each in given.hashed), head)
    if found_apart is None:
        return given, None
    known = {each.sha256: each.photo for each in given.hashed}
    return given, without_known(read(found_apart), known)


def _extract(
    given: Gathered, apart: Gathered | None, head: str, extraction: Extraction, store: FeatureStore
) -> tuple[FeatureTable, FeatureTable | None]:
    table = extraction.rows(given, store)
    left = replace(given, skipped=(*given.skipped, *table.skipped))
    require_photos(left, zip(labels_of(table), table.sha256, strict=True), head)
    return table, None if apart is None else extraction.rows(apart, store)


def _check(asked: Asked, *, with_test: bool) -> None:
    if asked.head not in HEADS:
        raise UsageError(f"--head is {asked.head!r}; expected one of {', '.join(HEADS)}")
    if not 0 <= asked.seed < _SEEDS:
        raise UsageError(f"--seed is {asked.seed}; expected a number from 0 to {_SEEDS - 1}")
    if asked.refit and with_test:
        raise UsageError("--refit has nothing to do with --test: the model learns from all of PHOTOS already")


def model_of(run: Run, home: Home) -> Model:
    """Put the model together that a finished training has earned."""
    table, learned = run.table, run.learned
    photos = [
        TrainingPhoto(table.photos[at].name, str(table.photos[at].label), table.sha256[at])
        for at in learned.index
    ]
    return Model(
        backbone_spec=run.source.spec,
        layer=table.space.layer,
        head=learned.head,
        novelty=learned.novelty,
        photos=photos,
        training=training_facts(run),
        sets=learned.sets,
        recipe={"decode": table.space.decode_recipe, **dict(table.space.engine)},
        backbone=run.source.backbone if run.source.is_loaded else None,
        home=home,
    )


def training_json(model: Model, output: str | Path) -> dict[str, Any]:
    """Give what `train --json` prints.

    Args:
        model: trained.
        output: the folder that it was saved in, as the user wrote it.
    """
    facts = model.training.model_dump()
    folder, tuned = Path(output), facts["finetuning"]
    return {
        "model": str(output),
        "backbone": model.backbone_spec.name,
        "layer": model.layer,
        "classes": list(model.classes),
        **facts,
        **({} if tuned is None else {"history": tuned["history"], "probe": {"accuracy": tuned["probe"]}}),
        "report": str(folder / "report.html"),
        "skipped_list": str(folder / "skipped.csv"),
    }
