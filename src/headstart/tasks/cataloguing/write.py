"""(catalogue) => a folder whose page and record belong together, whenever it is looked at."""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import UsageError
from headstart.images.names import counted
from headstart.report.catalogue import render_catalogue
from headstart.report.catalogue_facts import thumbnail_name
from headstart.storage.atomic import atomic_write_bytes, replace_durably
from headstart.storage.faults import storage_error
from headstart.storage.locks import locked
from headstart.tasks.cataloguing.place import LOCK, previous
from headstart.tasks.cataloguing.record import (
    KIND,
    NEXT_RECORD,
    PAGE,
    PICTURES,
    RECORD,
    TABLE,
    CatalogueRecord,
)
from headstart.tasks.cataloguing.table import catalogue_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from headstart.report.catalogue_facts import Catalogue


_OURS = re.compile(r"[0-9a-f]{16}\.jpg|\.[0-9a-f]{16}\.[0-9a-f]+\.tmp")  # nobody else's files are touched


@dataclass(frozen=True)
class Folder:
    """A catalogue's folder that this process alone may write.

    Attributes:
        place: the folder, absolute.
        mode: permissions of new files: as readable as their folder, for a catalogue is for sharing.
        last: what it held before; None: nothing.
    """

    place: Path
    mode: int
    last: Catalogue | None

    @property
    def pictures(self) -> Path:
        """Where the thumbnails lie."""
        return self.place / PICTURES

    def write(self, catalogue: Catalogue) -> dict[str, str]:
        """Write page, table and record; the thumbnails have to be there already.

        Killed at any moment, the folder shows the old catalogue or the new one, and `read_catalogue` gives
        the one that is shown: the record waits under another name until its page has taken its place.

        Args:
            catalogue: what to show.

        Returns:
            The files, by what they are: page, table, record, thumbnails.

        Raises:
            UsageError: there is no photo to show, and the catalogue that is there has some.
            StorageError: the disk refuses.
        """
        self._refuse_nothing(catalogue)
        page = render_catalogue(catalogue).encode("utf-8")
        record = CatalogueRecord(
            kind=KIND,
            format=1,
            made_by=f"headstart {metadata.version('headstart')}",
            page=hashlib.sha256(page).hexdigest(),
            catalogue=catalogue,
        )
        table = catalogue_csv(catalogue).encode("utf-8")
        self._write(page, record.to_bytes(), table)
        self._remove_old(catalogue)
        names = {"page": PAGE, "table": TABLE, "record": RECORD, "thumbnails": PICTURES}
        return {what: str(self.place / name) for what, name in names.items()}

    def _refuse_nothing(self, catalogue: Catalogue) -> None:
        """A disk that is away, or a wrong folder, empties no catalogue."""
        if catalogue.photos or self.last is None or not self.last.photos:
            return
        first = next((f" (such as {each.file}: {each.detail})" for each in catalogue.unused), "")
        raise UsageError(
            f"no photo can be used now{first}, but the catalogue {self.place} has "
            f"{counted(len(self.last.photos), 'photo')}; it was left as it is: name the folder that has "
            "them, or a new output"
        )

    def _write(self, page: bytes, record: bytes, table: bytes) -> None:
        place = self.place
        if not (_holds(place / PAGE, page) and _holds(place / RECORD, record)):
            atomic_write_bytes(place / NEXT_RECORD, record, mode=self.mode)
            atomic_write_bytes(place / PAGE, page, mode=self.mode)
            try:
                replace_durably(place / NEXT_RECORD, place / RECORD)
            except OSError as error:
                raise storage_error(error, place, f"{RECORD} was not saved") from error
        if not _holds(place / TABLE, table):
            atomic_write_bytes(place / TABLE, table, mode=self.mode)

    def _remove_old(self, catalogue: Catalogue) -> None:
        """Remove the thumbnails that nothing shows any more, and what killed runs left."""
        kept = {each.thumbnail for each in catalogue.photos}
        near = (near for each in catalogue.photos for near in each.nearest)
        kept |= {thumbnail_name(each.sha256) for each in near if each.sha256 and each.pictured}
        try:
            for path in self.pictures.iterdir():
                if path.name not in kept and _OURS.fullmatch(path.name):
                    path.unlink()
        except OSError as error:
            raise storage_error(
                error, self.pictures, "the catalogue is saved, but an old thumbnail stays"
            ) from error


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


@contextmanager
def open_folder(place: Path, *, waiting: Callable[[str], None] | None = None) -> Iterator[Folder]:
    """Hold a catalogue's folder for the length of a `with` block; others wait.

    Args:
        place: a folder that `check_place` gave.
        waiting: gets a line every few seconds while another process writes there.

    Raises:
        UsageError: something else lies there by now.
        StorageError: the disk refuses.
    """
    previous(place)
    _make(place)
    with locked(place / LOCK, waiting=waiting):
        last = previous(place)
        _make(place / PICTURES)
        yield Folder(place, place.stat().st_mode & 0o664, last)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, folder, "the catalogue was not saved") from error
