"""(folders of photos, a network) => who is learned from and measured on, and their rows in the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import PhotosError
from headstart.tasks.curves.sides import two_sides, unmeasured
from headstart.tasks.gather import gather, require_classes, without_known
from headstart.tasks.rows import Extraction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.backbones.source import FeatureSource
    from headstart.features.choosing import Choosing
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.photo import Hashed, PhotoSet, Skipped
    from headstart.images.reader import PhotoReader
    from headstart.storage.home import Home
    from headstart.tasks.curves.sides import Side
    from headstart.tasks.gather import Gathered


@dataclass(frozen=True)
class Kitchen:
    """What turns photos into rows.

    Attributes:
        home: where rows are kept.
        reader: decodes.
        store: keeps the rows.
        progress: told of the pace.
    """

    home: Home
    reader: PhotoReader
    store: FeatureStore
    progress: Progress

    def rows(
        self, source: FeatureSource, engine: Choosing, gathered: Gathered, side: Side
    ) -> NDArray[np.float32]:
        """The rows of another network, or another layer, of the photos of a side.

        Raises:
            PhotosError: a photo changed since the side was made.
        """
        wanted = side.sha256
        there = set(wanted)
        some = replace(
            gathered, hashed=tuple(each for each in gathered.hashed if each.sha256 in there), skipped=()
        )
        table = Extraction(source, engine, self.home, self.reader, self.progress).rows(some, self.store)
        place = {sha: at for at, sha in enumerate(table.sha256)}
        if gone := [each for each in some.hashed if each.sha256 not in place]:
            raise PhotosError(f"{gone[0].photo.name} changed while headstart was at work; run it again")
        return table.rows[[place[sha] for sha in wanted]]


@dataclass(frozen=True)
class Material:
    """The photos of every curve.

    Attributes:
        given: those that may be learned from; without `apart`, also those that are measured on.
        apart: photos to measure on, given apart.
        train: who is learned from.
        test: who is measured on.
        used: how many photos are in use, copies included.
        skipped: files not used.
        notes: what people should know.
    """

    given: Gathered
    apart: Gathered | None
    train: Side
    test: Side
    used: int
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]

    @property
    def tested(self) -> Gathered:
        """Where the photos of `test` come from."""
        return self.given if self.apart is None else self.apart

    @property
    def photos(self) -> dict[str, Hashed]:
        """A file for each content, by SHA-256."""
        both = (*(() if self.apart is None else self.apart.hashed), *self.given.hashed)
        return {each.sha256: each for each in both}


def make_material(
    found: PhotoSet,
    found_apart: PhotoSet | None,
    source: FeatureSource,
    engine: Choosing,
    kitchen: Kitchen,
    *,
    seed: int,
    rehash: bool = False,
) -> Material:
    """Read the photos, compute the pretrained network's rows, and part them.

    Raises:
        PhotosError: photos that can't be used, or a class without one.
    """
    read = partial(
        gather, reader=kitchen.reader, progress=kitchen.progress, files=kitchen.store.files, rehash=rehash
    )
    given = read(found)
    apart = None
    if found_apart is not None:
        apart = without_known(read(found_apart), {each.sha256: each.photo for each in given.hashed})
    extraction = Extraction(source, engine, kitchen.home, kitchen.reader, kitchen.progress)
    table = extraction.rows(given, kitchen.store)
    test_table = None if apart is None else extraction.rows(apart, kitchen.store)
    require_classes(
        replace(given, skipped=(*given.skipped, *table.skipped)),
        {str(photo.label) for photo in table.photos},
    )
    train, test = two_sides(table, test_table, seed)
    gathered = [given, *([] if apart is None else [apart])]
    tables = [table, *([] if test_table is None else [test_table])]
    notes = [note for each in gathered for note in each.notes]
    notes += [note for each in tables for note in each.notes] + unmeasured(test, found.classes)
    return Material(
        given=given,
        apart=apart,
        train=train,
        test=test,
        used=sum(len(each.photos) for each in tables),
        skipped=tuple(
            skipped
            for group in ([each.skipped for each in gathered] + [each.skipped for each in tables])
            for skipped in group
        ),
        notes=tuple(dict.fromkeys(notes)),
    )
