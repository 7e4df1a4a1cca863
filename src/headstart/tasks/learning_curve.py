"""(photos, a network) => accuracy by number of photos: pretrained, from scratch, raw pixels, untrained."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from headstart.backbones.layers import OUTPUT
from headstart.backbones.source import FeatureSource
from headstart.backbones.spec import POCKET
from headstart.errors import UsageError
from headstart.features.progress import NoProgress
from headstart.finetune.fabric import require_fabric
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.tasks.again import Asked
from headstart.tasks.baselines import raw_pixels
from headstart.tasks.curves.heads import head_curve
from headstart.tasks.curves.material import Kitchen, make_material
from headstart.tasks.curves.scratch import STEPS, scratch_curve, scratch_sizes, why_not
from headstart.tasks.curves.sides import checked_sizes, draws_at, parse_sizes, require_a_curve
from headstart.tasks.curves.untrained import find_own_classes, untrained_point
from headstart.tasks.gather import reasons, scan_labelled, skipped_json, with_notes
from headstart.tasks.paths import check_page, photos_and_test, refuse_among_photos
from headstart.tasks.rows import Wanted, best_engine, open_store
from headstart.tasks.seeds import check_seed_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from headstart.backbones.base import Backbone
    from headstart.backbones.spec import BackboneSpec
    from headstart.features.progress import Progress
    from headstart.images.photo import Skipped
    from headstart.tasks.curves.material import Material
    from headstart.tasks.curves.points import Point
    from headstart.tasks.curves.scratch import Scratch
    from headstart.tasks.curves.untrained import OwnClasses

REPEATS = 3
MOST_REPEATS = 50
MOST_STEPS = 100_000


@dataclass(frozen=True, kw_only=True)
class LearningCurve:
    """How accuracy grows with photos, and what was compared.

    Attributes:
        source: the photos, as the user wrote it.
        test_source: the photos to measure on, likewise; None: a third of `source` was held out.
        spec: the pretrained network.
        classes: the user's, sorted.
        sizes: that were asked for; None: the ladder.
        transfer: a head on the pretrained network's features, at each size.
        pixels: the same head on raw pixels.
        scratch: the same network from random weights; None where it was not trained.
        untrained: the network's own answers; None where its classes do not contain the user's.
        own: which of its classes those are; None likewise.
        absent: why a curve is not there, by its name.
        learned_from: photos that could be learned from, each content once.
        measured: photos that every point was measured on, each content once.
        used: photos in use, copies included.
        skipped: files not used.
        notes: what people should know.
        repeats: draws at each size.
        seed: of all chance.
        asked: the options that the command has only where they were given.
        seconds: wall time in all.
    """

    source: str
    test_source: str | None
    spec: BackboneSpec
    classes: tuple[str, ...]
    sizes: tuple[int, ...] | None
    transfer: tuple[Point, ...]
    pixels: tuple[Point, ...]
    scratch: Scratch | None
    untrained: Point | None
    own: OwnClasses | None
    absent: dict[str, str]
    learned_from: int
    measured: int
    used: int
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    repeats: int
    seed: int
    asked: Asked
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        scratch = self.scratch
        return {
            "backbone": self.spec.name,
            "classes": list(self.classes),
            "curves": {
                "transfer": [point.to_json() for point in self.transfer],
                "scratch": [] if scratch is None else [point.to_json() for point in scratch.points],
                "pixels": [point.to_json() for point in self.pixels],
                "untrained": [] if self.untrained is None else [self.untrained.to_json()],
            },
            "own_classes": None if self.own is None else self.own.to_json(),
            "own_class_words": None
            if self.own is None
            else {label: list(words) for label, words in self.own.words.items()},
            "from_scratch": None
            if scratch is None
            else {
                "steps": scratch.steps,
                "side": scratch.side,
                "pretrained_side": scratch.own_side,
                "with_steps": None if scratch.longer is None else scratch.longer[0],
                "with_twice_the_steps": None if scratch.longer is None else scratch.longer[1],
                "on_own_photos": [
                    {"photos_per_class": point.size, "accuracy": own}
                    for point, own in zip(scratch.points, scratch.own, strict=True)
                ],
            },
            "absent": dict(self.absent),
            "chance": 1 / len(self.classes),
            "photos": {
                "used": self.used,
                "learned_from": self.learned_from,
                "measured": self.measured,
                "skipped": len(self.skipped),
                "reasons": reasons(self.skipped),
            },
            "how": "held-out" if self.test_source is None else "test",
            "repeats": self.repeats,
            "seed": self.seed,
            "skipped": skipped_json(self.skipped),
            "notes": list(self.notes),
            "seconds": {"total": round(self.seconds, 3)},
        }


def learning_curve(
    photos: str | Path,
    *,
    backbone: str | Backbone = POCKET,
    test: str | Path | None = None,
    sizes: str | Sequence[int] | None = None,
    repeats: int = REPEATS,
    scratch: bool = True,
    steps: int = STEPS,
    twice: bool = False,
    output: str | Path | None = None,
    engine: str | None = None,
    precision: str | None = None,
    seed: int = 0,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> LearningCurve:
    """Measure how much a pretrained network helps: accuracy at growing numbers of photos a class.

    Four ways are compared, all measured on the same photos, which none of them learned from: a head on the
    pretrained network's features; the same network trained from random weights; the same head on the
    photo's own colours; and, where the network's own classes contain the user's, its own answers. Draws are
    nested: the photos of a smaller size are among those of a larger one.

    Args:
        photos: a folder with a folder for each class, or a CSV with the columns path and label.
        backbone: the name of a pretrained network, or a `Backbone`.
        test: labelled photos to measure on; None: a third of `photos`, held out once for all curves.
        sizes: photos a class, "1,2,5" or numbers; None: nearly doubling, up to the smallest class.
        repeats: draws of the training photos at each size, 1 to 50.
        scratch: train the network from random weights too, at all of `sizes`, or, without them, at up to
            three sizes: this is what takes minutes.
        steps: of each training from scratch, 2 or more.
        twice: train once more from scratch at the largest size with twice the steps, to see whether they
            were enough.
        output: an HTML file to write.
        engine: "openvino", "torch" or "tensorflow"; None: the one that is fastest here.
        precision: "f32", "bf16" or "int8"; None: as `train` chooses.
        seed: of the held-out part, the draws, the random weights.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.

    Raises:
        UsageError: a setting that can't be, or an output that can't be written.
        PhotosError: photos that can't be used.
        FitError: a class has one photo to learn from.
        WeightsMissingError: the backbone's weights are not at hand.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = write_photos(Path(folder, "photos"))
        ...     found = learning_curve(photos, backbone=tiny_backbone(), home=Path(folder, "home"))
        >>> [point.size for point in found.transfer], found.measured
        ([1, 2, 4], 4)
    """
    began = time.monotonic()
    source, test_source, said = photos_and_test(photos, test, home)
    _check(repeats, steps, seed, sizes)
    target = None if output is None else _page(output, source, test_source)
    show: Progress = NoProgress() if progress is None else progress
    place = Home.find(home)
    engines = best_engine(place, engine, precision)
    wanted = Wanted.checked(backbone, None, place, progress)
    refuse_among_photos(place.root, "home", source, test_source)
    if scratch:
        require_fabric()
    found = with_notes(scan_labelled(source, follow_links=follow_links), said)
    apart, known = None, found.classes
    if test_source is not None:
        apart = scan_labelled(test_source, follow_links=follow_links, known=known)
    network = wanted.open(progress)
    with PhotoReader() as reader, open_store(place) as store:
        kitchen = Kitchen(place, reader, store, show)
        material = make_material(found, apart, network, engines, kitchen, seed=seed, rehash=rehash)
        asked = checked_sizes(sizes, require_a_curve(material.train, source))
        transfer, pixels = _heads(material, kitchen, asked, repeats, seed)
        own, no_own = find_own_classes(known, network.spec)
        untrained = None
        if own is not None:
            answers = Wanted.checked(backbone, OUTPUT, place, progress).open(progress)
            logits = kitchen.rows(answers, engines, material.tested, material.test)
            untrained = untrained_point(own, logits, material.test.labels)
        small = scratch_sizes(asked, len(known), chosen=sizes is not None)
        no_scratch = why_not(network.spec, small, wanted=scratch)
        trained = None
        if not no_scratch:
            trained = scratch_curve(
                material, network.spec, small, kitchen, repeats=repeats, steps=steps, twice=twice, seed=seed
            )
    result = LearningCurve(
        source=source,
        test_source=test_source,
        spec=network.spec,
        classes=known,
        sizes=None if sizes is None else asked,
        transfer=transfer,
        pixels=pixels,
        scratch=trained,
        untrained=untrained,
        own=own,
        absent={name: why for name, why in (("untrained", no_own), ("scratch", no_scratch)) if why},
        learned_from=len(material.train.index),
        measured=len(material.test.index),
        used=material.used,
        skipped=material.skipped,
        notes=(*material.notes, *(() if trained is None else trained.notes)),
        repeats=repeats,
        seed=seed,
        asked=Asked(engine, precision, follow_links),
        seconds=time.monotonic() - began,
    )
    if target is not None:
        from headstart.tasks.curves.page import write_page

        write_page(target, result)
    return result


def _heads(
    material: Material, kitchen: Kitchen, sizes: Sequence[int], repeats: int, seed: int
) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """The curves that need no training but a head's: transfer, raw pixels."""
    train, test = material.train, material.test
    colours, plain = FeatureSource.of(raw_pixels()), best_engine(kitchen.home, None, None)
    pixels = (
        kitchen.rows(colours, plain, material.given, train),
        kitchen.rows(colours, plain, material.tested, test),
    )
    kitchen.progress.start(2 * sum(draws_at(train, size, repeats) for size in sizes), "heads")
    curve = partial(head_curve, train, test, sizes=sizes, repeats=repeats, seed=seed)
    try:
        return (
            curve((train.rows, test.rows), progress=kitchen.progress),
            curve(pixels, progress=kitchen.progress),
        )
    finally:
        kitchen.progress.stop()


def _page(output: str | Path, source: str, test_source: str | None) -> Path:
    target = check_page(output, source)
    refuse_among_photos(target, "output", test_source)
    return target


def _check(repeats: int, steps: int, seed: int, sizes: str | Sequence[int] | None) -> None:
    if not 1 <= repeats <= MOST_REPEATS:
        raise UsageError(f"--repeats is {repeats}; expected 1 to {MOST_REPEATS}")
    if not 2 <= steps <= MOST_STEPS:
        raise UsageError(f"--steps is {steps}; expected 2 to {MOST_STEPS}")
    check_seed_option(seed)
    if sizes is not None:
        parse_sizes(sizes)
