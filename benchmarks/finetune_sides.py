"""The two ways to train a network's last part: activations kept at the cut, or everything in every epoch."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from headstart.backbones.engines.one_thread import threads_left_alone
from headstart.features.hashing import hash_photos
from headstart.finetune.loop import Examples, fit
from headstart.finetune.parts import find_part
from headstart.finetune.tuned import Tuned
from headstart.finetune.views import PhotoViews
from headstart.images.reader import PhotoReader
from headstart.tasks.gather import Gathered, scan_labelled
from headstart.tasks.rows import Extraction, best_engine, open_store
from headstart.tasks.tuning.activations import AtCut, augmentation_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from headstart.backbones.base import Backbone
    from headstart.finetune.inputs import Batch, Inputs
    from headstart.finetune.settings import Tuning
    from headstart.images.photo import Hashed
    from headstart.storage.home import Home

KEPT, PLAIN = "activations kept", "plain loop"


@dataclass(frozen=True, slots=True)
class Photos:
    """Photos to train on, then photos to measure on, and the class of each."""

    hashed: tuple[Hashed, ...]
    codes: NDArray[np.intp]
    train: int
    classes: int

    @classmethod
    def read(cls, train: str, test: str, reader: PhotoReader) -> Photos:
        """Find and hash the photos of two folders."""
        found = [hash_photos(scan_labelled(each).photos, reader)[0] for each in (train, test)]
        hashed = (*found[0], *found[1])
        names = sorted({str(each.photo.label) for each in hashed})
        codes = np.array([names.index(str(each.photo.label)) for each in hashed], dtype=np.intp)
        return cls(hashed, codes, len(found[0]), len(names))


class Clocked:
    """Inputs whose training batches are timed: measuring between epochs does not count."""

    def __init__(self, inputs: Inputs, seconds: float) -> None:
        self._inputs = inputs
        self.seconds = [seconds]

    def train(self, batches: Sequence[NDArray[np.intp]], epoch: int) -> Iterator[Batch]:
        """Pass the batches on; the clock runs from the first until the loop has done the last."""
        began = time.perf_counter()
        yield from self._inputs.train(batches, epoch)
        self.seconds.append(self.seconds[-1] + time.perf_counter() - began)

    def plain(self, batches: Sequence[NDArray[np.intp]]) -> Iterator[Batch]:
        """Pass the batches on, off the clock."""
        return self._inputs.plain(batches)


class Live:
    """What a plain loop does: decode a new view of each photo, run it up to the cut without gradients."""

    def __init__(self, views: PhotoViews, backbone: Backbone, cut: str) -> None:
        self._views, self._backbone, self._cut = views, backbone, cut

    def train(self, batches: Sequence[NDArray[np.intp]], epoch: int) -> Iterator[Batch]:
        """As `Inputs.train`."""
        return self._run(self._views.train(batches, epoch))

    def plain(self, batches: Sequence[NDArray[np.intp]]) -> Iterator[Batch]:
        """As `Inputs.plain`."""
        return self._run(self._views.plain(batches))

    def _run(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        for pixels, index in batches:
            with torch.no_grad():
                kept = self._backbone.activations(pixels, [self._cut])[self._cut]
            yield kept, index


def run(  # noqa: PLR0917
    side: str, photos: Photos, backbone: Backbone, tuning: Tuning, reader: PhotoReader, home: Home
) -> dict[str, Any]:
    """Train the last part from an untrained linear layer, and note seconds and accuracy after each epoch.

    Args:
        side: `KEPT` or `PLAIN`.
        photos: to train and to measure on.
        backbone: the network.
        tuning: the settings; no epoch is left out.
        reader: decodes.
        home: an empty one: nothing is known from before.
    """
    began = time.perf_counter()
    part = find_part(backbone, tuning.part)
    tuned = Tuned(backbone, part, classes=photos.classes, dropout=tuning.dropout, seed=tuning.seed)
    inputs = _kept(photos, backbone, str(part.cut), tuning, reader, home) if side == KEPT else None
    if inputs is None:
        resize = backbone.spec.preprocessing.resize
        views = PhotoViews(photos.hashed, reader, resize, augmentation_of(tuning), tuning.seed)
        inputs = Live(views, backbone, str(part.cut))
    clocked = Clocked(inputs, time.perf_counter() - began)
    every = np.arange(len(photos.hashed))
    examples = Examples(clocked, photos.codes, every[: photos.train], every[photos.train :], photos.classes)
    with threads_left_alone():
        history = fit(tuned, examples, tuning, keep_last=True).history
    return {
        "seconds": clocked.seconds,
        "accuracy": [epoch.accuracy for epoch in history],
        "part": part.name,
        "share": part.share,
    }


def _kept(  # noqa: PLR0917
    photos: Photos, backbone: Backbone, cut: str, tuning: Tuning, reader: PhotoReader, home: Home
) -> Inputs:
    from headstart.backbones.source import FeatureSource

    given = Gathered("photos", photos.hashed, (), (), ())
    with open_store(home) as store:
        extraction = Extraction(FeatureSource.of(backbone), best_engine(home, None, None), home, reader, None)
        return AtCut(extraction, backbone, cut, store, tuning).inputs(given, photos.hashed, photos.train)
