"""(data folder) => the labelled photos in it, each data set with the split that it is judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from headstart.images.folder import scan_photos
from headstart.tasks.gather import gather, without_known

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from headstart.features.progress import Progress
    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader
    from headstart.tasks.gather import Gathered


@dataclass(frozen=True)
class DataSet:
    """Folders below the data folder.

    Attributes:
        name: in the table.
        learn: folders to learn from, pooled.
        test: a folder to judge on; None: five folds over the others.
    """

    name: str
    learn: tuple[str, ...]
    test: str | None = None


DATA_SETS = (
    DataSet("cats-vs-dogs", ("cats-vs-dogs/train",), "cats-vs-dogs/test"),
    DataSet("pets-37", ("pets-37",)),
    DataSet("aerial", ("aerial",)),
    DataSet("ants-bees", ("ants-bees/train", "ants-bees/val")),
    DataSet("styles/photo", ("styles/photo",)),
    DataSet("styles/cartoon", ("styles/cartoon",)),
    DataSet("styles/sketch", ("styles/sketch",)),
)


@dataclass(frozen=True)
class Labelled:
    """A data set that is there, its files read and hashed; `test` is empty where folds judge it."""

    name: str
    learn: tuple[Hashed, ...]
    test: tuple[Hashed, ...]


def find_labelled(
    data: Path, reader: PhotoReader, progress: Progress | None = None
) -> tuple[list[Labelled], list[str]]:
    """Find the data sets that are there, and a line for each that is not.

    Raises:
        PhotosError: a folder that is there can't be used.
    """
    found, missing = [], []
    for each in DATA_SETS:
        folders = [data / part for part in (*each.learn, *([each.test] if each.test else []))]
        if absent := [str(folder) for folder in folders if not folder.is_dir()]:
            missing.append(f"{each.name}: there is no folder {absent[0]}")
        else:
            found.append(_labelled(each, data, reader, progress))
    return found, missing


def _labelled(each: DataSet, data: Path, reader: PhotoReader, progress: Progress | None) -> Labelled:
    learn = _pooled([data / part for part in each.learn], reader, progress)
    if each.test is None:
        return Labelled(each.name, learn.hashed, ())
    known = {photo.sha256: photo.photo for photo in learn.hashed}
    test = without_known(_pooled([data / each.test], reader, progress), known)
    return Labelled(each.name, learn.hashed, test.hashed)


def _pooled(folders: Sequence[Path], reader: PhotoReader, progress: Progress | None) -> Gathered:
    found = [scan_photos(folder) for folder in folders]
    photos = tuple(chain.from_iterable(each.photos for each in found))
    return gather(replace(found[0], photos=photos), reader, progress)
