"""(photos, ways) => which photos a linear head on each way names right, none of which it had learned from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import FitError
from headstart.heads.crossfit import out_of_fold
from headstart.heads.make import make_head
from headstart.heads.metrics import wilson
from headstart.images.names import some
from headstart.images.splits import folds
from headstart.tasks.curves.sides import Side
from headstart.tasks.gather import gather, require_classes
from headstart.tasks.judge import different
from headstart.tasks.rows import Extraction, best_engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.features.choosing import Choosing
    from headstart.features.progress import Progress
    from headstart.heads.paired import PairedDifference
    from headstart.images.photo import PhotoSet, Skipped
    from headstart.tasks.curves.material import Kitchen
    from headstart.tasks.gather import Gathered
    from headstart.tasks.newkinds.ways import Way

FOLDS = 5


@dataclass(frozen=True)
class Judged:
    """How good one way is.

    Attributes:
        key: which way.
        title: for people.
        layer: where in the network; "" for raw pixels.
        width: numbers in a row.
        right: (n,) whether each photo was named right by a head that had not seen it.
        behind: the late layers less this way, on the same photos; None for the late layers themselves.
    """

    key: str
    title: str
    layer: str
    width: int
    right: NDArray[np.bool_]
    behind: PairedDifference | None = None

    @property
    def accuracy(self) -> float:
        """Share of photos named right."""
        return float(self.right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % (Wilson 1927)."""
        return wilson(int(self.right.sum()), len(self.right))

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        low, high = self.interval
        return {
            "way": self.key,
            "title": self.title,
            "layer": self.layer,
            "width": self.width,
            "accuracy": {"value": self.accuracy, "low": low, "high": high, "photos": len(self.right)},
            "late_ahead": None if self.behind is None else self.behind.to_json(),
        }


def judge(
    way: Way,
    side: Side,
    rows: NDArray[np.float32],
    fold: NDArray[np.int64],
    *,
    seed: int,
    progress: Progress,
) -> Judged:
    """Name each photo by a linear head that learned from the other folds.

    Args:
        way: what made the rows.
        side: the photos, each content once.
        rows: (n, width).
        fold: (n,) the same for every way, so that ways can be compared photo by photo.
        seed: of the heads.
        progress: told of the stretch of work.
    """
    labels = side.labels
    progress.start(1, f"head on {way.title}")
    try:
        found = out_of_fold(make_head("linear", seed=seed), rows, labels, fold, groups=side.sha256)
    finally:
        progress.stop()
    answers = np.asarray(found.classes)[found.probabilities.argmax(axis=1)]
    return Judged(way.key, way.title, way.layer, rows.shape[1], answers == np.asarray(labels))


@dataclass(frozen=True)
class Subject:
    """The photos that every way is judged on.

    Attributes:
        gathered: where they come from.
        side: each content once; its rows are those of raw pixels.
        fold: (n,) where each is held out.
        skipped: files not used.
        notes: what people should know.
    """

    gathered: Gathered
    side: Side
    fold: NDArray[np.int64]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]


def read_subject(found: PhotoSet, floor: Way, kitchen: Kitchen, *, seed: int, rehash: bool) -> Subject:
    """Look into the photos by way of raw pixels, which decodes each, and give each a fold.

    Args:
        found: by the scan.
        floor: the raw pixels.
        kitchen: reads and keeps.
        seed: of the folds.
        rehash: read also the photos that are known.

    Raises:
        PhotosError: photos that can't be used, or a class without one.
        FitError: a class with one.
    """
    files = kitchen.store.files
    gathered = gather(found, kitchen.reader, kitchen.progress, files=files, rehash=rehash)
    plain = best_engine(kitchen.home, None, None)
    extraction = Extraction(floor.source, plain, kitchen.home, kitchen.reader, kitchen.progress)
    table = extraction.rows(gathered, kitchen.store)
    skipped = (*gathered.skipped, *table.skipped)
    require_classes(replace(gathered, skipped=skipped), {str(photo.label) for photo in table.photos})
    side = Side(table, different(table.sha256, np.arange(len(table.rows))))
    _require_two_of_each(side, gathered.source)
    fold = folds(side.labels, side.sha256, count=FOLDS, seed=seed)
    return Subject(gathered, side, fold, skipped, (*gathered.notes, *table.notes))


def judge_all(
    subject: Subject, floor: Way, ways: Sequence[Way], engines: Choosing, kitchen: Kitchen, *, seed: int
) -> list[Judged]:
    """Judge raw pixels and every other way on the same photos, in the same folds.

    Args:
        subject: the photos.
        floor: the raw pixels.
        ways: the others.
        engines: what runs them.
        kitchen: computes and keeps their rows.
        seed: of the heads.
    """
    side, fold, show = subject.side, subject.fold, kitchen.progress
    judged = [judge(floor, side, side.rows, fold, seed=seed, progress=show)]
    for way in ways:
        rows = kitchen.rows(way.source, engines, subject.gathered, side)
        judged.append(judge(way, side, rows, fold, seed=seed, progress=show))
    return judged


def _require_two_of_each(side: Side, source: str) -> None:
    """Stop where a class has no photo to judge by.

    Raises:
        FitError: a class has one photo, copies counted once.
    """
    single = sorted(label for label, count in Counter(side.labels).items() if count == 1)
    if single:
        raise FitError(
            f"{some(single)} in {source} has one photo only, copies counted once; two of each class are "
            "needed, one to learn from and one to judge by: add photos, or take the class out"
        )
