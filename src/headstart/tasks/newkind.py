"""(photos of a new kind, a network or a model) => how well what it learned before carries over to them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from headstart.backbones.spec import POCKET
from headstart.errors import UsageError
from headstart.features.progress import NoProgress
from headstart.finetune.fabric import require_fabric
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.tasks.again import Asked
from headstart.tasks.answerer import open_answerer
from headstart.tasks.curves.material import Kitchen
from headstart.tasks.gather import (
    reasons,
    scan_labelled,
    skipped_json,
    without_known,
)
from headstart.tasks.named import model_or_name
from headstart.tasks.newkinds.judged import judge_all, read_subject
from headstart.tasks.newkinds.scratching import MINUTES, scratch_sentences, train_from_scratch
from headstart.tasks.newkinds.shift import shift_of
from headstart.tasks.newkinds.shift_words import shift_notes, shift_sentences
from headstart.tasks.newkinds.verdict import against_late, by_key, decide
from headstart.tasks.newkinds.ways import LATE, SCRATCH, find_ways, the_floor
from headstart.tasks.paths import check_page, photos_path, refuse_among_photos
from headstart.tasks.rows import Wanted, best_engine, open_store
from headstart.tasks.seeds import check_seed_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from headstart.backbones.base import Backbone
    from headstart.backbones.source import FeatureSource
    from headstart.backbones.spec import BackboneSpec
    from headstart.features.progress import Progress
    from headstart.images.photo import Skipped
    from headstart.model.model import Model
    from headstart.tasks.gather import Gathered
    from headstart.tasks.newkinds.judged import Judged, Subject
    from headstart.tasks.newkinds.scratching import FromScratch
    from headstart.tasks.newkinds.shift import Shift
    from headstart.tasks.newkinds.verdict import Verdict

MOST_STEPS = 100_000


@dataclass(frozen=True, kw_only=True)
class NewKind:
    """How well a network carries over to a new kind of image.

    Attributes:
        source: the photos, as the user wrote it.
        spec: the network.
        given: its name as the user gave it; None: the model's own, or pocket.
        classes: the user's, sorted.
        ways: raw pixels, random weights, layers from early to late: how good a head on each is.
        verdict: what that comes to.
        scratch: the same network trained from random weights; None where it was not.
        shift: how a model's answers change; None where no model was given.
        absent: why a way is not there, by its key.
        measured: photos, each content once.
        used: photos in use, copies included.
        skipped: files not used.
        notes: what people should know.
        folds: how many.
        seed: of folds, heads and random training.
        asked: options that the command has only where they were given.
        seconds: wall time in all.
    """

    source: str
    spec: BackboneSpec
    given: str | None
    classes: tuple[str, ...]
    ways: tuple[Judged, ...]
    verdict: Verdict
    scratch: FromScratch | None
    shift: Shift | None
    absent: dict[str, str]
    measured: int
    used: int
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    folds: int
    seed: int
    asked: Asked
    seconds: float

    @property
    def sentences(self) -> list[str]:
        """What the layers and the training from scratch say, the verdict first."""
        said = f"{self.verdict.sentence[0].upper()}{self.verdict.sentence[1:]}."
        return [said, *([] if self.scratch is None else scratch_sentences(self.scratch))]

    @property
    def shift_sentences(self) -> list[str]:
        """What became of the model's answers; [] without a model."""
        if self.shift is None:
            return []
        trained_here = by_key(self.ways)[LATE].accuracy if self.given is None else None
        return shift_sentences(self.shift, trained_here)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "backbone": self.spec.name,
            "classes": list(self.classes),
            "carries": self.verdict.carries,
            "sentences": self.sentences,
            "ways": [way.to_json() for way in self.ways],
            "scratch": None if self.scratch is None else self.scratch.to_json(),
            "absent": dict(self.absent),
            "chance": 1 / len(self.classes),
            "model": None
            if self.shift is None
            else {**self.shift.to_json(), "sentences": self.shift_sentences},
            "photos": {
                "used": self.used,
                "measured": self.measured,
                "skipped": len(self.skipped),
                "reasons": reasons(self.skipped),
            },
            "how": "folds",
            "folds": self.folds,
            "seed": self.seed,
            "skipped": skipped_json(self.skipped),
            "notes": list(self.notes),
            "seconds": {"total": round(self.seconds, 3)},
        }


def newkind(
    photos: str | Path,
    *,
    model: str | Path | Model | None = None,
    backbone: str | Backbone | None = None,
    scratch: bool = True,
    steps: int | None = None,
    minutes: float = MINUTES,
    output: str | Path | None = None,
    engine: str | None = None,
    precision: str | None = None,
    seed: int = 0,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> NewKind:
    """Measure how well a pretrained network carries over to a new kind of image.

    A linear head is trained on the network's layers from early to late, on the same features from random
    weights, and on raw pixels, each photo named by a head that learned from the other folds. The network is
    also trained from scratch. With a model, its answers on these photos are compared with those on its own.

    Args:
        photos: a folder with a folder for each class, a CSV with the columns path and label, or the name of
            a data set (its training part; with `model` its test part).
        model: a trained `Model` or its folder, to see what becomes of it on these photos.
        backbone: the name of a network, or a `Backbone`; None: the model's own, or pocket.
        scratch: train the network from random weights too, which takes minutes.
        steps: of that training, 2 or more; None: as many as fit into `minutes`, at most 400.
        minutes: what it may take, about; above 0. A slower machine takes fewer steps: with `steps`
            the result is the same everywhere.
        output: an HTML file to write.
        engine: "openvino", "torch" or "tensorflow"; None: the one that is fastest here.
        precision: "f32", "bf16" or "int8"; None: as `train` chooses.
        seed: of folds, heads, random training.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.

    Raises:
        UsageError: a setting that can't be, or an output that can't be written.
        PhotosError: photos that can't be used, or a model that learned from all of them.
        FitError: a class has one photo only.
        ModelError: the model folder can't be used.
        WeightsMissingError: the backbone's weights are not at hand.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = write_photos(Path(folder, "photos"))
        ...     found = newkind(photos, backbone=tiny_backbone(), home=Path(folder, "home"))
        >>> [way.key for way in found.ways], found.measured
        (['pixels', 'early', 'late'], 12)
    """
    began = time.monotonic()
    _check(steps, minutes, seed)
    source = photos_path(photos, "photos", home, measure=model is not None)
    target = None if output is None else check_page(output, source)
    show: Progress = NoProgress() if progress is None else progress
    place = Home.find(home)
    engines = best_engine(place, engine, precision)
    called, trained = _model(model, place)
    opening = _opening(trained, backbone, place, progress)
    refuse_among_photos(place.root, "home", source)
    if scratch:
        require_fabric()
    found = scan_labelled(source, follow_links=follow_links)
    network = opening()
    with PhotoReader() as reader, open_store(place) as store:
        kitchen, floor = Kitchen(place, reader, store, show), the_floor()
        subject = read_subject(found, floor, kitchen, seed=seed, rehash=rehash)
        unseen = None if trained is None else _unseen(trained, subject)
        ways, absent = find_ways(network)
        compared = against_late(judge_all(subject, floor, ways, engines, kitchen, seed=seed))
        drawn, why = None, "it was left out (--no-scratch)"
        if scratch:
            drawn, why = train_from_scratch(
                subject, network.spec, compared, kitchen, steps=steps, minutes=minutes, seed=seed
            )
        shift = None
        if trained is not None and unseen is not None:
            shift = _shift(called, trained, unseen, kitchen, running=(engine, precision))
    result = NewKind(
        source=source,
        spec=network.spec,
        given=None if backbone is None else network.spec.name,
        classes=found.classes,
        ways=tuple(compared),
        verdict=decide(compared),
        scratch=drawn,
        shift=shift,
        absent={**absent, **({SCRATCH: why} if why else {})},
        measured=len(subject.side.index),
        used=len(subject.side.table.photos),
        skipped=subject.skipped,
        notes=(
            *subject.notes,
            *([] if drawn is None else drawn.trained.notes),
            *([] if shift is None else shift_notes(shift)),
        ),
        folds=len(set(subject.fold.tolist())),
        seed=seed,
        asked=Asked(engine, precision, follow_links),
        seconds=time.monotonic() - began,
    )
    if target is not None:
        from headstart.tasks.newkinds.page import write_page

        write_page(target, result)
    return result


def _model(model: str | Path | Model | None, home: Home) -> tuple[str, Model | None]:
    if model is None:
        return "", None
    name, trained = model_or_name(model, home)
    if trained is None:
        raise UsageError(
            f"--model is {name!r}, and there is no such folder; expected a model folder, as "
            "'headstart train' writes it"
        )
    return name, trained


def _opening(
    trained: Model | None, backbone: str | Backbone | None, place: Home, progress: Progress | None
) -> Callable[[], FeatureSource]:
    """What opens the network: a name is checked now, the network is loaded when the photos were found."""
    if trained is not None and backbone is None:
        return trained.source
    wanted = Wanted.checked(POCKET if backbone is None else backbone, None, place, progress)
    return partial(wanted.open, progress)


def _unseen(model: Model, subject: Subject) -> Gathered:
    """The photos that the model has not seen, each content once; known before any layer is measured.

    Raises:
        PhotosError: it was trained on all of them.
    """
    gathered = subject.gathered
    once = {each.sha256: each for each in reversed(gathered.hashed)}
    asked = replace(gathered, hashed=tuple(once[sha] for sha in subject.side.sha256), skipped=())
    return without_known(asked, {photo.sha256: photo for photo in model.photos})


def _shift(
    name: str, model: Model, unseen: Gathered, kitchen: Kitchen, *, running: tuple[str | None, str | None]
) -> Shift:
    """Ask the model about photos that it has not seen."""
    answerer = open_answerer(model, kitchen.home, kitchen.progress, engine=running[0], precision=running[1])
    table = answerer.extract(unseen.hashed, kitchen.store, kitchen.reader, kitchen.progress)
    return shift_of(name, model, table, leaked=len(unseen.leaked))


def _check(steps: int | None, minutes: float, seed: int) -> None:
    if steps is not None and not 2 <= steps <= MOST_STEPS:
        raise UsageError(f"--steps is {steps}; expected 2 to {MOST_STEPS}")
    if not 0 < minutes < float("inf"):
        raise UsageError(f"--minutes is {minutes:g}; expected a number above 0")
    check_seed_option(seed)
