"""(small pictures, a network's spec) => the curve of the same network, trained from random weights alone.

Every size gets the same number of steps, so that fewer photos are seen more often, not less trained on. The
photos are shown smaller than to the pretrained network: a step costs by the number of pixels, and with some
hundred photos it is photos that are missing, not pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.spec import OWN
from headstart.errors import PhotosError
from headstart.finetune.fabric import make_fabric
from headstart.finetune.loop import Examples, fit, logits_of
from headstart.finetune.scratch import FromScratch, Pictures, smaller
from headstart.finetune.settings import Training
from headstart.images.photo import Skipped
from headstart.tasks.curves.points import Point
from headstart.tasks.curves.sides import Draw, draws_at
from headstart.tasks.robust.curve import Named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from headstart.backbones.spec import BackboneSpec
    from headstart.features.progress import Progress
    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader
    from headstart.tasks.curves.material import Kitchen, Material
    from headstart.tasks.curves.sides import Side

STEPS = 400
"""Cats and dogs, MobileNetV2, 200 photos a class: 200 steps gave 0.52 of 200 test photos, 400 gave 0.61."""
BATCH = 16
SIDE = 64
MOST_SIZES = 3
MOST_PHOTOS = 2_000
"""Pictures of all classes that may be learned from; more would need more steps than there is time for."""


@dataclass(frozen=True)
class Scratch:
    """What training from random weights came to.

    Attributes:
        points: ascending; other sizes than the other curves, since each costs a whole training.
        steps: of each training.
        batch: views of a step.
        side: of the photos as this network saw them, pixels.
        own_side: as the pretrained one saw them.
        longer: accuracy at the largest size, first draw: with `steps`, and with twice as many; None: not
            measured.
        own: accuracy on the very photos that were learned from, for each of `points`, mean of the draws.
        notes: what people should know.
    """

    points: tuple[Point, ...]
    steps: int
    batch: int
    side: int
    own_side: int
    longer: tuple[float, float] | None
    own: tuple[float, ...]
    notes: tuple[str, ...] = ()


def why_not(spec: BackboneSpec, sizes: Sequence[int], *, wanted: bool) -> str:
    """Why a network is not trained from scratch, in one sentence; "" where it is.

    Args:
        spec: of the pretrained network.
        sizes: at which it could be.
        wanted: whether the user wants it at all.
    """
    if not wanted:
        return "it was left out (--no-scratch)"
    if spec.framework == OWN:
        return f"{spec.name} is a network of your own: only you can build it again with random weights"
    if spec.evaluates_only:
        return f"{spec.name} runs in evaluation mode only, and its batch norm has to learn from nothing too"
    if not sizes:
        return f"every size comes to more than {MOST_PHOTOS:,} photos, which would take hours here"
    return ""


def scratch_sizes(sizes: Sequence[int], classes: int, *, chosen: bool) -> tuple[int, ...]:
    """At which of the sizes the network is trained from scratch.

    Args:
        sizes: of the other curves, ascending.
        classes: how many.
        chosen: the user chose them: all are taken, as far as they are possible.

    Example:
        >>> scratch_sizes((1, 2, 5, 10, 20, 50, 100, 200), 2, chosen=False)
        (5, 20, 200)
    """
    possible = [size for size in sizes if size * classes <= MOST_PHOTOS]
    if chosen or len(possible) <= MOST_SIZES:
        return tuple(possible)
    last = possible[-1]
    inner = [size for size in (5, 20) if size in possible and size < last]
    return (*inner, last)


def scratch_curve(
    material: Material,
    spec: BackboneSpec,
    sizes: Sequence[int],
    kitchen: Kitchen,
    *,
    repeats: int,
    steps: int,
    twice: bool,
    seed: int,
) -> Scratch:
    """Train the network from random weights at each size, and measure it.

    Args:
        material: the photos.
        spec: of the pretrained network.
        sizes: photos a class, ascending, at least one.
        kitchen: its reader decodes, its progress is told of each training.
        repeats: draws at each size that leaves something to choose.
        steps: of each training.
        twice: train once more at the largest size, with twice the steps.
        seed: of draws, weights, views.
    """
    train, test = material.train, material.test
    draws = [Draw(train, seed, number) for number in range(repeats)]
    work = _Work(train, test, spec, seed, kitchen.progress)
    work.read(material.photos, [draw.first(sizes[-1]) for draw in draws], kitchen.reader)
    points, own = [], []
    for size in sizes:
        count = draws_at(train, size, repeats)
        trained = [work.trained(draw, size, steps) for draw in draws[:count]]
        points.append(Point(size, tuple(right for right, _ in trained), len(test.index)))
        own.append(float(np.mean([share for _, share in trained])))
    longer = None
    if twice:
        more, _ = work.trained(draws[0], sizes[-1], 2 * steps)
        longer = (points[-1].draws[0], more / len(test.index))
    return Scratch(
        tuple(points), steps, BATCH, work.side, _own_side(spec), longer, tuple(own), tuple(work.notes)
    )


class _Work:
    """What all trainings share: the pictures in memory, each once."""

    def __init__(self, train: Side, test: Side, spec: BackboneSpec, seed: int, progress: Progress) -> None:
        self.notes: list[str] = []
        self._train, self._test, self._spec, self._seed = train, test, spec, seed
        self._classes = sorted(set(train.labels))
        self._progress = progress
        side = min(SIDE, _own_side(spec))
        self.side = side if FromScratch(spec, len(self._classes)).takes(side) else _own_side(spec)

    def read(
        self, photos: Mapping[str, Hashed], draws: Sequence[NDArray[np.intp]], reader: PhotoReader
    ) -> None:
        """Decode what any draw learns from, and what is measured on.

        Raises:
            PhotosError: a photo changed since its features were computed.
        """
        shas, labels = self._train.sha256, self._train.labels
        used = sorted({int(at) for draw in draws for at in draw})
        self._place = {at: place for place, at in enumerate(used)}
        wanted = [photos[shas[at]] for at in used] + [photos[sha] for sha in self._test.sha256]
        resize = replace(smaller(self._spec.preprocessing.resize, self.side), mode="crop")
        pictures = np.zeros((len(wanted), resize.height, resize.width, 3), np.uint8)
        self._progress.start(len(wanted), "photos to small pictures")
        for place, decoded in enumerate(reader.decode(wanted, resize)):
            # Left out or black it would be another comparison: the other curves had all photos.
            if isinstance(decoded, Skipped):
                raise PhotosError(
                    f"{decoded.name} was read before and can't be now: {decoded.detail}; run it again, or "
                    "take the photo out"
                )
            pictures[place] = decoded.pixels
            self._progress.advance(1)
        self._progress.stop()
        self._pictures = pictures
        codes = [labels[at] for at in used] + self._test.labels
        self._codes = np.array([self._classes.index(label) for label in codes], np.intp)
        self._measured = np.arange(len(used), len(wanted))

    def trained(self, draw: Draw, size: int, steps: int) -> tuple[int, float]:
        """How many photos the network names right after one training, and which share of its own."""
        index = np.array([self._place[int(at)] for at in draw.first(size)], np.intp)
        seed = (self._seed + draw.number) % 2**32
        network = FromScratch(self._spec, len(self._classes), seed)
        inputs = Pictures(self._pictures, self.side, seed)
        training = _training(seed)
        fabric = make_fabric(training)
        # One epoch of so many steps: nothing is chosen by what any photo says of the network.
        examples = Examples(
            inputs,
            self._codes,
            train=np.resize(index, steps * BATCH),
            validation=index[:BATCH],
            classes=len(self._classes),
        )
        fitted = fit(
            network,
            examples,
            training,
            progress=Named(self._progress, f"steps from scratch, {size} photos a class"),
            fabric=fabric,
        )
        if fitted.stopped:
            self.notes.append(f"from scratch, {size} photos a class: {fitted.stopped}")
        right, own = (
            logits_of(network, inputs, at, 4 * BATCH, fabric).argmax(axis=1) == self._codes[at]
            for at in (self._measured, index)
        )
        return int(right.sum()), float(own.mean())


def _training(seed: int) -> Training:
    """Settings for random weights and few photos; the examples say how many steps the one epoch has."""
    return Training(
        epochs=1,
        batch_size=BATCH,
        learning_rate=2e-3,
        weight_decay=0.05,
        layer_decay=1.0,
        patience=None,
        batch_norm="trained",
        seed=seed,
    )


def _own_side(spec: BackboneSpec) -> int:
    resize = spec.preprocessing.resize
    return min(resize.height, resize.width)
