"""(folder or table, perhaps with parts) => all photos in it with the part that each belongs to."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import PhotosError, UsageError
from headstart.images.names import by_bytes, is_system_name, label_from
from headstart.tasks.embed import scan_any

if TYPE_CHECKING:
    from headstart.images.photo import Photo, PhotoSet, Skipped

PART_NAMES = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev"})


@dataclass(frozen=True, slots=True)
class Material:
    """What a scan found, nothing read yet.

    Attributes:
        photos: all of them; names say the part too.
        part_of: the part of each photo and file, by name.
        skipped: files that the scan itself ruled out.
        parts: their names, in order; one where there are no parts.
        folders: class folders of each part; None where photos come from a table or have no classes.
        paths: where each file lies, by name.
        notes: what people should know.
    """

    photos: tuple[Photo, ...]
    part_of: dict[str, str]
    skipped: tuple[Skipped, ...]
    parts: tuple[str, ...]
    folders: dict[str, tuple[str, ...]]
    paths: dict[str, Path]
    notes: tuple[str, ...]

    @property
    def labels(self) -> frozenset[str]:
        """Classes that photos have."""
        return frozenset(photo.label for photo in self.photos if photo.label is not None)


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    source: str
    prefix: str


def scan(
    source: str, *, test: str | None = None, labels: bool = True, follow_links: bool = False
) -> Material:
    """Find photos, in parts where the folder has them.

    A folder whose folders are all called train, test, val … and hold folders themselves is taken as parts.

    Args:
        source: a folder or a table.
        test: another part.
        labels: whether folders and tables name classes.
        follow_links: enter links to folders.

    Raises:
        PhotosError: nothing there.
        UsageError: `test` lies in `source`, or the other way round.
    """
    parts = [_Part(name, str(Path(source, name)), f"{name}/") for name in _part_folders(source)]
    parts = parts or [_Part(Path(source).name or source, source, "")]
    if test is not None:
        _refuse_overlap(source, test)
        prefix = test.replace(os.sep, "/").rstrip("/") + "/"
        parts.append(_Part(_free_name(Path(test).name or test, {each.name for each in parts}), test, prefix))
    scanned = [_scan_part(part, labels=labels, follow_links=follow_links) for part in parts]
    if not any(found.photos or found.skipped for found in scanned):
        raise PhotosError(f"{source} holds no file to look at; give a folder or a table of photos")
    return _joined(parts, scanned, labels=labels)


def _joined(parts: list[_Part], scanned: list[PhotoSet], *, labels: bool) -> Material:
    both = list(zip(parts, scanned, strict=True))
    files = [(part, photo.name) for part, found in both for photo in found.photos]
    files += [(part, skipped.name) for part, found in both for skipped in found.skipped]
    paths = {photo.name: photo.path.absolute() for found in scanned for photo in found.photos}
    for part, found in both:
        folder = _folder_of(part.source)
        for each in found.skipped:
            paths[each.name] = Path(folder, each.name.removeprefix(part.prefix)).absolute()
    return Material(
        photos=tuple(photo for found in scanned for photo in found.photos),
        part_of={name: part.name for part, name in files},
        skipped=tuple(each for found in scanned for each in found.skipped),
        parts=tuple(part.name for part in parts),
        folders={part.name: _class_folders(part.source) for part in parts} if labels else {},
        paths=paths,
        notes=tuple(dict.fromkeys(note for found in scanned for note in found.notes)),
    )


def _scan_part(part: _Part, *, labels: bool, follow_links: bool) -> PhotoSet:
    found = scan_any(part.source, follow_links=follow_links)

    def kept(label: str | None) -> str | None:
        return label if labels else None

    return replace(
        found,
        photos=tuple(replace(p, name=part.prefix + p.name, label=kept(p.label)) for p in found.photos),
        skipped=tuple(
            replace(s, name=part.prefix + s.name, label=kept(s.label or _folder(s.name)))
            for s in found.skipped
        ),
    )


def _folder(name: str) -> str | None:
    top, slash, _ = name.partition("/")
    return label_from(top) if slash else None


def _part_folders(source: str) -> list[str]:
    if not Path(source).is_dir():
        return []
    folders = _folders(source)
    named = all(name.lower() in PART_NAMES for name in folders)
    if len(folders) < 2 or not named:
        return []
    return folders if all(_folders(str(Path(source, name))) for name in folders) else []


def _class_folders(source: str) -> tuple[str, ...]:
    return tuple(label_from(name) for name in _folders(source)) if Path(source).is_dir() else ()


def _folders(source: str) -> list[str]:
    try:
        with os.scandir(source) as entries:
            found = [each.name for each in entries if each.is_dir(follow_symlinks=False)]
    except OSError:  # the scan says what is wrong with it
        return []
    return sorted((name for name in found if not is_system_name(name)), key=by_bytes)


def _folder_of(source: str) -> Path:
    path = Path(source)
    return path if path.is_dir() else path.parent


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"other {name}"
    return name


def _refuse_overlap(source: str, test: str) -> None:
    one, other = Path(source).resolve(), Path(test).resolve()
    if one.is_relative_to(other) or (other.is_relative_to(one) and one.is_dir()):
        raise UsageError(
            f"--test {test!r} and the photos {source!r} lie in each other; give two folders that are apart"
        )
