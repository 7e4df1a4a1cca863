"""(model, photos) => a folder with every photo in its class, to be looked through and corrected."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from headstart.images.reader import PhotoReader
from headstart.report.catalogue_facts import Catalogue, UnusedFile
from headstart.storage.home import Home
from headstart.tasks.paths import photos_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from headstart.features.extract import FeatureTable
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.photo import Hashed, PhotoSet, Skipped
    from headstart.model.answers import Answer
    from headstart.model.model import Model
    from headstart.tasks.answerer import Answerer
    from headstart.tasks.cataloguing.entries import Change, Continued
    from headstart.tasks.cataloguing.write import Folder


@dataclass(frozen=True)
class Catalogued:
    """What came of it.

    Attributes:
        catalogue: everything that the page shows.
        files: page, table, record and thumbnails, as paths.
        new: how many photos have a content that was not there last time.
        gone: how many of last time's have one that is not there any more.
        changes: photos whose class is another one than last time.
        thumbnails: how many were made now.
        features: how many rows were computed now, and how many were there.
        skipped: files that could not be used, each with its reason.
        seconds: wall time.
    """

    catalogue: Catalogue
    files: dict[str, str]
    new: int
    gone: int
    changes: Sequence[Change]
    thumbnails: int
    features: dict[str, int]
    skipped: Sequence[Skipped]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Give the counts and the files as JSON values; a group of n copies counts as n - 1."""
        from headstart.tasks.gather import reasons, skipped_json

        photos = self.catalogue.photos
        states = Counter(each.state for each in photos)
        return {
            "photos": len(photos),
            "new": self.new,
            "gone": self.gone,
            **{state: states[state] for state in ("sure", "unsure", "unknown", "unmeasured", "learned")},
            "duplicates": len(photos) - len({each.sha256 for each in photos}),
            "near_duplicates": _beyond_first({each.sha256: each.alike for each in photos}),
            "changed": len(self.changes),
            "changes": [
                {"file": each.name, "before": each.before, "after": each.after} for each in self.changes
            ],
            "skipped": {"files": len(self.skipped), "reasons": reasons(self.skipped)},
            "skipped_files": skipped_json(self.skipped),
            "classes": dict(Counter(each.shown_label for each in photos).most_common()),
            "features": self.features,
            "thumbnails": self.thumbnails,
            "notes": list(self.catalogue.notes),
            "seconds": round(self.seconds, 3),
            "files": self.files,
        }


def _beyond_first(groups: dict[str, int | None]) -> int:
    sizes = Counter(group for group in groups.values() if group is not None)
    return sum(sizes.values()) - len(sizes)


def catalogue(
    model: str | Path | Model,
    photos: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    known: str | Path | None = None,
    engine: str | None = None,
    precision: str | None = None,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
    waiting: Callable[[str], None] | None = None,
) -> Catalogued:
    """Sort photos into a catalogue: a page that needs no server, a table, and what `learn` reads.

    A catalogue that is there is brought up to date: only new photos are computed and pictured, photos that
    are gone disappear, and those whose class has changed are marked.

    Args:
        model: a trained `Model`, its folder, or the name of a network with classes of its own.
        photos: a folder of photos, flat or nested, without labels, or the name of a data set; or several, or
            single photos.
        output: the folder of the catalogue; a new or empty one, or a catalogue.
        known: a folder of the training photos, so that those near a photo are shown with their picture.
        engine: "openvino", "torch" or "tensorflow"; None: the one of the model's own features.
        precision: "f32", "bf16" or "int8"; None: likewise.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.
        waiting: gets a line every few seconds while another process writes the catalogue.

    Raises:
        UsageError: no such model, or an output that holds something else or lies among the photos; or no
            photo that can be used, and a catalogue that has some.
        PhotosError: what was given is not there, can't be read, or holds no file at all.
        ModelError: the model folder can't be used.
        StorageError: the disk refuses.

    Example:
        >>> import tempfile
        >>> from headstart.tasks.train import train
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos, home = write_photos(Path(folder, "photos")), Path(folder, "home")
        ...     model = train(photos, backbone=tiny_backbone(), home=home)
        ...     done = catalogue(model, photos, Path(folder, "out"), home=home)
        ...     sorted(path.name for path in Path(folder, "out").glob("*.*"))
        ['.headstart-catalogue.lock', 'catalogue.csv', 'catalogue.json', 'index.html']
        >>> len(done.catalogue.photos), done.new, done.catalogue.photos[0].label
        (12, 12, 'blue')
    """
    began = perf_counter()
    sources = [photos_path(each, "a file", home) for each in _several(photos)]
    known = None if known is None else photos_path(known, "known", home)
    with PhotoReader() as reader:
        reader.warm()  # its process starts while this one loads everything else
        from headstart.tasks.cataloguing.place import check_place, refuse_missing, refuse_other_kind
        from headstart.tasks.cataloguing.words import How, again_command
        from headstart.tasks.cataloguing.write import open_folder

        place = check_place(output, sources)
        refuse_missing([*sources, *([] if known is None else [known])])
        how = How(follow_links=follow_links, engine=engine, precision=precision, home=home)
        work = _Work(Home.find(home), reader, progress, follow_links=follow_links, rehash=rehash)
        seen = work.look(model, sources, known, engine=engine, precision=precision)
        with open_folder(place, waiting=waiting) as folder:
            refuse_other_kind(place, "catalogue")
            found, made = work.enter(seen, folder)
            again = again_command(model, sources, place, known, how)
            shown = _page(seen, found, folder, model=model, sources=sources, again=again)
            files = folder.write(shown)
    return Catalogued(
        catalogue=shown,
        files=files,
        new=found.new,
        gone=found.gone,
        changes=found.changes,
        thumbnails=made,
        features={"computed": seen.table.computed, "reused": seen.table.reused},
        skipped=seen.skipped,
        seconds=perf_counter() - began,
    )


def _several(photos: str | Path | Sequence[str | Path]) -> list[str | Path]:
    return [photos] if isinstance(photos, str | Path) else list(photos)


@dataclass(frozen=True)
class _Seen:
    """Photos that a model has answered for, and what else is known of them."""

    answerer: Answerer
    photos: tuple[Hashed, ...]
    answers: list[Answer]
    table: FeatureTable
    alike: Sequence[Sequence[str]]
    known: dict[str, Hashed]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Work:
    """How photos are looked at."""

    home: Home
    reader: PhotoReader
    progress: Progress | None
    follow_links: bool
    rehash: bool

    def look(
        self,
        model: str | Path | Model,
        sources: Sequence[str],
        known: str | Path | None,
        *,
        engine: str | None,
        precision: str | None,
    ) -> _Seen:
        """Answer for every photo."""
        from headstart.features.looks import looks, near_duplicates
        from headstart.tasks.answerer import open_answerer
        from headstart.tasks.cataloguing.entries import SHOWN_CLASSES, in_table
        from headstart.tasks.rows import open_store

        answerer = open_answerer(model, self.home, self.progress, engine=engine, precision=precision)
        with open_store(self.home) as store:
            hashed, skipped, notes = self._read(sources, store)
            table = answerer.extract(hashed, store, self.reader, self.progress)
            used = in_table(hashed, table)
            alike = near_duplicates(looks(used, store, self.reader, self.progress))
            there = {} if known is None else self._training_photos(known, answerer, store)
        answers = answerer.answers(table.rows, SHOWN_CLASSES) if used else []
        return _Seen(
            answerer=answerer,
            photos=used,
            answers=[
                _without_itself(each, answerer, photo.sha256)
                for each, photo in zip(answers, used, strict=True)
            ],
            table=table,
            alike=sorted(sorted(group) for group in alike),
            known=there,
            skipped=(*skipped, *table.skipped),
            notes=(*notes, *table.notes, *answerer.notes),
        )

    def _read(
        self, sources: Sequence[str], store: FeatureStore
    ) -> tuple[tuple[Hashed, ...], tuple[Skipped, ...], tuple[str, ...]]:
        from headstart.features.hashing import hash_photos
        from headstart.images.folder import scan_files

        found = _below(sources, scan_files(sources, follow_links=self.follow_links))
        hashed, unread = hash_photos(
            found.photos, self.reader, files=store.files, rehash=self.rehash, progress=self.progress
        )
        return hashed, (*found.skipped, *unread), found.notes

    def _training_photos(
        self, known: str | Path, answerer: Answerer, store: FeatureStore
    ) -> dict[str, Hashed]:
        hashed, _, _ = self._read([str(known)], store)
        return {each.sha256: each for each in hashed if each.sha256 in answerer.trained_on}

    def enter(self, seen: _Seen, folder: Folder) -> tuple[Continued, int]:
        """Make thumbnails and entries; tells how many thumbnails were made."""
        from headstart.tasks.cataloguing.entries import Known, continued, entries
        from headstart.tasks.cataloguing.pictures import make_thumbnails

        trained_on = seen.answerer.trained_on
        near = sorted(Known(trained_on).near(seen.answers) & seen.known.keys())
        wanted = [*seen.photos, *(seen.known[sha] for sha in near)]
        pictured, made = make_thumbnails(
            wanted, folder.pictures, self.reader, self.progress, mode=folder.mode
        )
        known = Known(trained_on, pictured)
        every = entries(seen.photos, seen.answers, known, pictured=pictured, alike=seen.alike)
        return continued(every, folder.last), made


def _below(sources: Sequence[str], found: PhotoSet) -> PhotoSet:
    """Name the files of a single folder as they are called in it."""
    if len(sources) > 1 or not Path(sources[0]).is_dir():
        return found
    prefix = Path(sources[0]).as_posix().rstrip("/") + "/"
    photos = (replace(each, name=each.name.removeprefix(prefix)) for each in found.photos)
    skipped = (replace(each, name=each.name.removeprefix(prefix)) for each in found.skipped)
    return replace(found, photos=tuple(photos), skipped=tuple(skipped))


def _without_itself(answer: Answer, answerer: Answerer, sha256: str) -> Answer:
    """A photo that was trained on is not its own neighbour."""
    itself = answerer.trained_on.get(sha256)
    if itself is None:
        return answer
    others = [
        each for each in answer.neighbours if (each["file"], each["label"]) != (itself.name, itself.label)
    ]
    return replace(answer, neighbours=others)


def _page(
    seen: _Seen,
    found: Continued,
    folder: Folder,
    *,
    model: str | Path | Model,
    sources: Sequence[str],
    again: str,
) -> Catalogue:
    from headstart.report.text import counted
    from headstart.tasks.cataloguing.words import learn_command, title_of, unmeasured_note

    classes = seen.answerer.classes
    name = Path(seen.answerer.name).name or seen.answerer.name
    photos = counted(len(found.photos), "photo")
    unmeasured = unmeasured_note(found.photos, seen.answerer)
    return Catalogue(
        key=catalogue_key(folder),
        title=title_of(sources),
        intro=f"{photos}, sorted by {name} into {counted(len(classes), 'class', 'classes')}.",
        model=name,
        classes=list(classes),
        photos=found.photos,
        unused=[
            UnusedFile(file=each.name, reason=each.reason.value, detail=each.detail) for each in seen.skipped
        ],
        unmeasured=unmeasured,
        notes=list(dict.fromkeys([*seen.notes, *([unmeasured] if unmeasured else [])])),
        learn=learn_command(model),
        again=again,
    )


def catalogue_key(folder: Folder) -> str:
    """Under what a browser keeps the corrections: stays with the catalogue, and no two share it."""
    if folder.last is not None:
        return folder.last.key
    return hashlib.sha256(str(folder.place).encode("utf-8", "surrogateescape")).hexdigest()[:16]
