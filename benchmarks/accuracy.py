"""(rows of features) => how often a linear head is right; (a network's own answers) => how often it is."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.engines.torch_engine import TorchEngine
from headstart.backbones.layers import OUTPUT
from headstart.features.extract import extract
from headstart.heads.crossfit import out_of_fold
from headstart.heads.linear import LinearClassifier
from headstart.heads.metrics import wilson
from headstart.images.decode import PhotoFault, decode
from headstart.images.folder import scan_files
from headstart.images.splits import folds
from headstart.tasks.judge import FOLDS, different, labels_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from headstart.backbones.base import Backbone
    from headstart.features.extract import FeatureTable
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.reader import PhotoReader

SEED = 0


@dataclass(frozen=True)
class Accuracy:
    """The share of photos named right, 0 to 1, and the ends of its 95 % interval (Wilson)."""

    value: float
    low: float
    high: float
    photos: int
    how: str


def accuracy_of(true: Sequence[str], answers: Sequence[str], how: str) -> Accuracy:
    """Compare answers with what is true; of each at least one."""
    right = sum(one == other for one, other in zip(true, answers, strict=True))
    return Accuracy(right / len(true), *wilson(right, len(true)), len(true), how)


def accuracy_on(learn: FeatureTable, test: FeatureTable) -> Accuracy:
    """A linear head learns from one table and is judged on another; of copies of a photo one is judged."""
    head = LinearClassifier(seed=SEED).fit(learn.rows, labels_of(learn), groups=learn.sha256)
    index = different(test.sha256, np.arange(len(test.rows)))
    labels = labels_of(test)
    answers = [str(label) for label in head.predict(test.rows[index])]
    return accuracy_of([labels[at] for at in index], answers, "test")


def fold_accuracy(table: FeatureTable) -> Accuracy:
    """Five linear heads judge a fifth of the table each; of copies of a photo one is judged."""
    labels = labels_of(table)
    fold = folds(labels, table.sha256, count=FOLDS, seed=SEED)
    found = out_of_fold(LinearClassifier(seed=SEED), table.rows, labels, fold, groups=table.sha256)
    index = different(table.sha256, np.flatnonzero(found.measured))
    answers = [found.classes[at] for at in found.probabilities[index].argmax(axis=1)]
    return accuracy_of([labels[at] for at in index], answers, f"{fold.max() + 1} folds")


def folder_accuracy(
    backbone: Backbone,
    folder: Path,
    *,
    store: FeatureStore,
    reader: PhotoReader,
    progress: Progress | None = None,
) -> Accuracy | None:
    """A network's own answers for files `<class id>_<name>`; None where those are not exactly its classes."""
    photos = scan_files(folder).photos
    if {_file_id(photo.path) for photo in photos} != set(backbone.spec.class_ids):
        return None
    table = extract(photos, backbone, store=store, layer=OUTPUT, reader=reader, progress=progress)
    true = [_file_id(photo.path) for photo in table.photos]
    answers = [backbone.spec.class_ids[at] for at in table.rows.argmax(axis=1)]
    return accuracy_of(true, answers, "own answers")


def _file_id(path: Path) -> str:
    return path.name.partition("_")[0]


def archive_accuracy(backbone: Backbone, archive: Path) -> Accuracy | None:
    """As `folder_accuracy`, for `<class id>/<name>.JPEG` in a zip file, which is not unpacked."""
    engine = TorchEngine(backbone, OUTPUT)
    true: list[str] = []
    with zipfile.ZipFile(archive) as file:
        names = [name for name in file.namelist() if name.endswith(".JPEG")]
        if {_folder_id(name) for name in names} != set(backbone.spec.class_ids):
            return None
        pictures = (picture for name in names for picture in _decoded(file, name, backbone, true))
        answers = [backbone.spec.class_ids[int(row.argmax())] for row in engine.rows(pictures)]
    return accuracy_of(true, answers, "own answers")


def _folder_id(name: str) -> str:
    return name.partition("/")[0]


def _decoded(
    file: zipfile.ZipFile, name: str, backbone: Backbone, true: list[str]
) -> Iterator[NDArray[np.uint8]]:
    """The picture and its class, or nothing where it can't be decoded."""
    with suppress(PhotoFault):  # how many photos were judged stands above the figure
        picture = decode(file.read(name), backbone.spec.preprocessing.resize).pixels
        true.append(_folder_id(name))
        yield picture
