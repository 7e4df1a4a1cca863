"""(model folder, corrected photos) => the same model, knowing better; and back again."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.images.photo import Hashed, Photo, Skipped
from headstart.images.reader import PhotoReader
from headstart.model.history import changing
from headstart.model.history import undo as bring_back
from headstart.model.snapshots import levels
from headstart.model.target import absolute
from headstart.storage.home import Home
from headstart.tasks.learning.change import corrected, nearly_the_same
from headstart.tasks.learning.corrections import Corrections, read_corrections
from headstart.tasks.learning.result import Taught
from headstart.tasks.learning.standing import Standing
from headstart.tasks.learning.step import REPORT, Others, Step, take_step, unchanged
from headstart.tasks.learning.taught_folder import taught_folder
from headstart.tasks.paths import given_path, refuse_among_photos
from headstart.tasks.rows import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from headstart.backbones.base import Backbone
    from headstart.features.extract import FeatureTable
    from headstart.features.progress import Progress


def learn(
    model: str | Path,
    corrections: str | Path,
    *,
    catalogue: str | Path | None = None,
    backbone: Backbone | None = None,
    follow_links: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
    waiting: Callable[[str], None] | None = None,
) -> Taught:
    r"""Take corrections in: photos get another class, new photos and new classes are added.

    The head is fitted again from the rows that the model keeps, and those of new photos, from the feature
    store where they are known. What that changed is measured on photos held out of both. The model before it
    is kept, and `undo` brings it back byte for byte.

    Args:
        model: the model folder.
        corrections: a CSV with the columns path and label, and sha256 where it is known; or a folder with
            a folder for each class. A photo whose file is gone is used where its SHA-256 is known.
        catalogue: a folder that `catalogue` wrote: its photos are asked before and after.
        backbone: the network itself, where it is one of your own that only you can build.
        follow_links: follow links that lead to other folders.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.
        waiting: gets a line every few seconds while another process changes the model.

    Returns:
        What changed. Corrections that the model knows already change nothing, and nothing is written.

    Raises:
        UsageError: an argument that can't be right.
        PhotosError: no such table, or nothing in it can be used.
        FitError: fewer than two classes would be left.
        ModelError: no model, or a damaged one.
        StorageError: the disk stands in the way; the model is as it was.

    Example:
        >>> import tempfile
        >>> from headstart.tasks.train import train
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as place:
        ...     photos, home = write_photos(Path(place, "photos")), Path(place, "home")
        ...     folder = Path(place, "model")
        ...     _ = train(photos, backbone=tiny_backbone(), home=home, output=folder)
        ...     table = Path(place, "corrections.csv")
        ...     _ = table.write_text("path,label\nphotos/red/0.jpg,scarlet\n")
        ...     taught = learn(folder, table, home=home)
        ...     back = undo(folder)
        >>> taught.new_classes, taught.said[0].was, taught.said[0].called, back.classes
        (('scarlet',), 'red', 'scarlet', ('blue', 'red'))
    """
    began = time.monotonic()
    folder, source = taught_folder(model), given_path(corrections, "the corrections")
    place = Home.find(home)
    refuse_among_photos(place.root, "home", source)
    entries = _catalogue_photos(catalogue)
    words = ["headstart", "learn", folder, source]
    words += [] if catalogue is None else ["--catalogue", str(catalogue)]
    with PhotoReader() as reader, open_store(place) as store, changing(folder, waiting=waiting) as held:
        standing = Standing.of(held)
        given = read_corrections(
            source, reader, files=store.files, follow_links=follow_links, progress=progress
        )
        known = {photo.sha256 for photo in standing.photos}
        wanted = [each for each in (*given.photos, *(entries or ())) if each.sha256 not in known]
        table = None
        if wanted:
            from headstart.features.choosing import AsTrained
            from headstart.features.extract import extract

            table = extract(
                list({each.sha256: each for each in reversed(wanted)}.values()),
                standing.source(place, backbone),
                store=store,
                engine=AsTrained(place, standing.record.recipe),
                reader=reader,
                progress=progress,
            )
        rows = {} if table is None else dict(zip(table.sha256, table.rows, strict=True))
        change = corrected(standing.rows, standing.photos, given.photos, rows)
        usable = known.union(rows)
        step = Step(
            verb="learn",
            model=folder,
            command=shlex.join(words),
            began=began,
            refused=(*given.refused, *_undecoded(given, usable, table)),
            computed=0 if table is None else table.computed,
            notes=(*given.notes, *nearly_the_same(change), *(() if table is None else table.notes)),
            others=_others(entries, standing, given, rows),
        )
        if change.nothing:
            return unchanged(step, standing)
        return take_step(step, held, standing, change)


def undo(model: str | Path, *, waiting: Callable[[str], None] | None = None) -> Taught:
    """Bring back the model that stood before the last `learn` or `forget`, byte for byte.

    Args:
        model: the model folder.
        waiting: gets a line every few seconds while another process changes the model.

    Raises:
        UsageError: there is nothing to undo.
        ModelError: no model, or what was kept is damaged; nothing is changed.
        StorageError: the disk stands in the way.
    """
    began = time.monotonic()
    folder = taught_folder(model)
    gone, back = bring_back(folder, waiting=waiting)
    old, new = set(gone.head.classes), set(back.head.classes)
    steps = [] if gone.training.learned is None else gone.training.learned.steps
    what = "the training over it" if not steps else f"headstart {steps[-1].verb} of {steps[-1].at}"
    return Taught(
        model=folder,
        verb="undo",
        changed=True,
        classes=tuple(back.head.classes),
        photos=len(back.photos),
        new_classes=tuple(sorted(new - old)),
        gone_classes=tuple(sorted(old - new)),
        before=None if gone.training.accuracy is None else gone.training.accuracy.model_dump(),
        after=None if back.training.accuracy is None else back.training.accuracy.model_dump(),
        accuracy=None if back.training.accuracy is None else back.training.accuracy.model_dump(),
        notes=(f"undone: {what}",),
        levels=levels(absolute(folder), back.before),
        report=f"{folder.rstrip('/')}/{REPORT}" if REPORT in back.extras else None,
        seconds=time.monotonic() - began,
    )


def _catalogue_photos(catalogue: str | Path | None) -> list[Hashed] | None:
    if catalogue is None:
        return None
    from headstart.tasks.cataloguing.record import read_catalogue

    photos = read_catalogue(catalogue).photos
    return [Hashed(Photo(Path(each.path), each.name), each.sha256, 0) for each in photos]


def _undecoded(given: Corrections, usable: set[str], table: FeatureTable | None) -> list[Skipped]:
    """Corrections whose photo has no row and gave none, each with its reason."""
    if table is None:
        return []
    names = {each.photo.name for each in given.photos if each.sha256 not in usable}
    return [each for each in table.skipped if each.name in names]


def _others(
    entries: Sequence[Hashed] | None, standing: Standing, given: Corrections, rows: dict[str, object]
) -> Others | None:
    """The catalogue's photos that have a row, but for those that the corrections speak of."""
    if entries is None:
        return None
    import numpy as np

    said = {each.sha256 for each in given.photos}
    every = {photo.sha256: row for photo, row in zip(standing.photos, standing.rows, strict=True)} | rows
    found = {each.sha256: each for each in entries if each.sha256 in every and each.sha256 not in said}
    names = [each.photo.name for each in found.values()]
    width = standing.record.width
    return Others(names, np.array([every[sha256] for sha256 in found], np.float32).reshape(-1, width))
