"""(folder of a catalogue to be) => refused before any work, or what it held before."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import PhotosError, UsageError
from headstart.images.photo import Reason
from headstart.images.probe import from_os_error, what_is_wrong
from headstart.model.target import absolute, folder_names
from headstart.storage.home import require_writable
from headstart.tasks.cataloguing.record import NEXT_RECORD, PAGE, PICTURES, RECORD, TABLE, last_catalogue
from headstart.tasks.paths import given_path, refuse_among_photos

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.images.probe import Finding
    from headstart.report.catalogue_facts import Catalogue

LOCK = ".headstart-catalogue.lock"
_OURS = {PAGE, RECORD, NEXT_RECORD, TABLE, PICTURES}
_LEFTOVER = re.compile(r"\.[0-9a-f]{16}\.[0-9a-f]+\.tmp|\.probe-\d+")


def refuse_missing(sources: Sequence[str]) -> None:
    """Refuse what is not there or can't be listed: a disk that is not mounted is no empty pile of photos.

    Args:
        sources: files and folders that were named.

    Raises:
        PhotosError: with the first of them.

    Example:
        >>> refuse_missing(["no-such-folder"])
        Traceback (most recent call last):
        headstart.errors.PhotosError: 'no-such-folder': there is no such file or folder; nothing was ...
    """
    for source in sources:
        finding = _listed(source) if Path(source).is_dir() else what_is_wrong(source)
        if finding is not None and (finding.reason is Reason.MISSING or Path(source).is_dir()):
            raise PhotosError(
                f"{source!r}: {finding.detail}; nothing was changed: name folders and files that can be read"
            )


def _listed(folder: str) -> Finding | None:
    try:
        with os.scandir(folder):
            return None
    except OSError as error:
        return from_os_error(error)


def refuse_other_kind(place: Path, kind: str) -> None:
    """Refuse a folder whose page is of the other kind: it would be lost.

    Args:
        place: the folder.
        kind: of the page that is to be written, as `Catalogue.kind`.

    Raises:
        UsageError: with what it holds.
    """
    last = previous(place)
    if last is not None and last.kind != kind:
        what = "a catalogue" if last.kind == "catalogue" else "the page of 'headstart ask'"
        raise UsageError(f"{place} holds {what}, which would be lost; name a new or empty folder")


def check_place(output: str | Path, photos: Sequence[str], kind: str = "catalogue") -> Path:
    """Whether a catalogue may be written here; nothing is left behind by the check.

    A missing or empty folder is fine, a catalogue will be brought up to date, and what a killed run left
    of one will be finished. Anything else is refused: somebody's files would end up among thumbnails.

    Args:
        output: the folder, as it was given.
        photos: files and folders that it may not lie among.
        kind: of the page that is to be written, as `Catalogue.kind`.

    Returns:
        The folder, absolute.

    Raises:
        UsageError: something else lies there, a damaged catalogue, or a place among the photos.
        StorageError: it can't be written there.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "cats.jpg").write_bytes(b"")
        ...     check_place(folder, [])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        headstart.errors.UsageError: ... holds other files (cats.jpg); name a new or empty folder ...
    """
    place = absolute(given_path(output, "output"))
    refuse_among_photos(place, "output", *photos)
    for given in photos:
        if Path(given).resolve().is_relative_to((place / PICTURES).resolve()):
            raise UsageError(f"{given!r} lies in the catalogue's own {PICTURES}; give the photos themselves")
    refuse_other_kind(place, kind)
    nearest = next(folder for folder in (place, *place.parents) if folder.is_dir())
    require_writable(nearest, "the catalogue", choose="choose another output")
    return place


def previous(place: Path) -> Catalogue | None:
    """What the folder held, where it is a catalogue; anything but that, or an empty folder, is refused.

    Raises:
        UsageError: with what lies there.
    """
    if place.exists() and not place.is_dir():
        raise UsageError(f"{place} is a file; name a new or empty folder for the catalogue")
    names = folder_names(place)
    if names is None:
        return None
    if RECORD in names or {NEXT_RECORD, PAGE} <= set(names):
        return last_catalogue(place)
    started = LOCK in names  # ours from the beginning, and killed before it was finished
    others = [
        name
        for name in names
        if not (_LEFTOVER.fullmatch(name) or name.startswith(LOCK) or (started and name in _OURS))
    ]
    if others:
        shown = ", ".join(ascii(name)[1:-1] for name in others[:3]) + (", …" if len(others) > 3 else "")
        raise UsageError(f"{place} holds other files ({shown}); name a new or empty folder for the catalogue")
    return None
