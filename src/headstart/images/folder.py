"""(folder, table or list of files) => (photos to read, in a fixed order, and what was passed over)."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import PhotosError
from headstart.images.classfolders import read_class_folders
from headstart.images.layout import NEEDED
from headstart.images.names import some
from headstart.images.photo import Photo, PhotoSet, Skipped
from headstart.images.probe import from_os_error, what_is_wrong
from headstart.images.table import read_table
from headstart.images.walk import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.images.probe import Finding


def scan_photos(source: str | Path, *, follow_links: bool = False, least_classes: int = 2) -> PhotoSet:
    """Find labelled photos; nothing is opened, so whether they can be read is found out later.

    In a folder, each folder directly below it is a class, and photos at any depth in a class folder
    belong to that class. Class names are compared in Unicode normal form C.

    Args:
        source: a folder with a folder for each class, or a CSV table with the columns path,label.
        follow_links: enter links to folders, and use links to files outside the folder.
        least_classes: how many classes there must be; 1 for photos that are only tested or embedded.

    Raises:
        PhotosError: the source is not there, can't be read, or is not laid out as needed; the message
            says what is needed.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("cat/1.jpg", "cat/2.jpg", "dog/3.jpg"):
        ...         file = Path(folder, name)
        ...         file.parent.mkdir(exist_ok=True)
        ...         _ = file.write_bytes(b"...")
        ...     found = scan_photos(folder)
        >>> found.classes, [photo.name for photo in found.photos]
        (('cat', 'dog'), ['cat/1.jpg', 'cat/2.jpg', 'dog/3.jpg'])
    """
    mode = _mode(source)
    if stat.S_ISDIR(mode):
        return read_class_folders(source, follow_links=follow_links, least_classes=least_classes)
    if stat.S_ISREG(mode):
        return read_table(source, least_classes=least_classes)
    raise PhotosError(f"{str(source)!r} is neither a folder nor a table; needed: {NEEDED}")


def scan_files(paths: str | Path | Sequence[str | Path], *, follow_links: bool = False) -> PhotoSet:
    """Find photos to predict: files and folders, flat or nested, without labels.

    Files keep the name and the order in which they are given; what lies in a folder follows by name,
    with the folder as given in front. A path that comes twice is used once.

    Args:
        paths: files and folders, or a single one.
        follow_links: enter links to folders below the given ones, and use links to files outside them.

    Raises:
        PhotosError: nothing was given, or what was given holds no file at all.

    Example:
        >>> scan_files(["no-such-photo.jpg"]).skipped[0].reason.value
        'missing'
    """
    every = [paths] if isinstance(paths, str | Path) else list(paths)
    source = some(map(str, every))
    found = _Files()
    for given in every:
        if os.path.isdir(given):  # noqa: PTH112 - Path("") would be the working folder
            found.add_folder(given, follow_links=follow_links)
        else:
            found.add_file(given)
    if not found.photos and not found.skipped:
        raise PhotosError(f"no file to look at in {source or 'an empty list'}; give files or folders")
    photos = tuple(found.photos.values())
    skipped, notes = tuple(found.skipped), tuple(found.notes)
    return PhotoSet(source, photos, (), skipped, found.ignored, notes, tuple(dict.fromkeys(found.order)))


@dataclass(slots=True)
class _Files:
    """What the paths given so far came to, each path once."""

    photos: dict[Path, Photo] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    ignored: int = 0
    notes: list[str] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    def add_file(self, given: str | Path) -> None:
        if finding := what_is_wrong(given):
            self._skip(given, finding)
        else:
            path = Path(given)
            self.order.append(self.photos.setdefault(path, Photo(path, _name(given))).name)

    def add_folder(self, given: str | Path, *, follow_links: bool) -> None:
        try:
            found = walk(given, follow_links=follow_links)
        except OSError as error:
            self._skip(given, from_os_error(error))
            return
        root, prefix = Path(given), _prefix(given)
        for name in found.files:
            path = root / name
            self.order.append(self.photos.setdefault(path, Photo(path, prefix + name)).name)
        self.skipped += [replace(entry, name=prefix + entry.name) for entry in found.skipped]
        self.order += [prefix + entry.name for entry in found.skipped]
        self.ignored += found.ignored
        self.notes += [f"{str(given)!r}: {note}" for note in found.notes()]
        if not found.files and not found.skipped:
            self.notes.append(f"{str(given)!r} holds no file")

    def _skip(self, given: str | Path, finding: Finding) -> None:
        self.order.append(_name(given))
        self.skipped.append(Skipped(_name(given), finding.reason, finding.detail, "scan"))


def _mode(source: str | Path) -> int:
    try:
        return os.stat(source).st_mode  # noqa: PTH116 - Path("") would be the working folder
    except OSError as error:
        raise PhotosError(f"{str(source)!r}: {from_os_error(error).detail}; needed: {NEEDED}") from None
    except ValueError:
        raise PhotosError(f"{str(source)!r} can't be a name: it contains a NUL character") from None


def _prefix(folder: str | Path) -> str:
    name = Path(folder).as_posix()
    return "" if name == "." else name.rstrip("/") + "/"


def _name(given: str | Path) -> str:
    return str(given).replace(os.sep, "/")
