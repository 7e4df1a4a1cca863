"""(photos) => which content those have that were read before, by what the file system says of them."""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from headstart.errors import StorageError
from headstart.features.sighting import sight
from headstart.images.photo import Hashed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from headstart.features.session import Session
    from headstart.features.sighting import Sighting
    from headstart.images.photo import Photo

SEEN_EVERY_DAYS = 7
"""A folder that is used every day is not written down every day."""

_FILES_AT_ONCE = 500
_WRITTEN_AT_ONCE = 4096  # their places in the table are random: larger batches write each page less often
_FIRST_VERSION = 2  # of the store: older ones that can't be written have no such table

_FIND = "SELECT file, content, checksum, seen FROM files WHERE file IN ({marks})"
_REMEMBER = """
INSERT INTO files VALUES (?, ?, ?, ?) ON CONFLICT (file) DO UPDATE SET
    content = excluded.content, checksum = excluded.checksum, seen = excluded.seen
"""
_SEEN = "UPDATE files SET seen = ? WHERE file = ?"
_FORGET = "DELETE FROM files WHERE file = ?"


class _Entry(NamedTuple):
    """As found in the store; a damaged one may hold anything."""

    content: Any
    checksum: Any
    seen: Any


class KnownFiles:
    """Files that were read and found good, so that they are known again without being read.

    A file is known by its path, inode, size and the times of its last changes. An entry holds the SHA-256
    of its content, and no more than checksums of the rest: no name, size or date can be read from it. Only
    what was read stands here: the content remains what a row of features belongs to.

    A forged file, whose bytes were changed while every one of those facts stayed, would be taken for what
    it was. On Linux and macOS this takes a change of the system's clock, since no program can set the time
    at which an inode was changed; elsewhere a restored date is enough. Reading everything again finds it.

    Args:
        session: of the store that has the table.
        today: the day, as a number that grows.
    """

    def __init__(self, session: Session, today: Callable[[], int]) -> None:
        self._session = session
        self._today = today
        self._pending: dict[bytes, tuple[bytes, bytes, bytes, int]] = {}
        self._refused: list[tuple[bytes]] = []
        self._full = False

    def recognise(self, photos: Sequence[Photo]) -> Iterator[Hashed | None]:
        """Tell for each photo, in the order given, what it contains; None where it has to be read.

        Raises:
            StorageError: the store can't be read.
        """
        old: list[tuple[int, bytes]] = []
        for start in range(0, len(photos), _FILES_AT_ONCE):
            chunk = photos[start : start + _FILES_AT_ONCE]
            yield from self._recognised(chunk, [sight(photo) for photo in chunk], old)
            if len(old) >= _WRITTEN_AT_ONCE or start + _FILES_AT_ONCE >= len(photos):
                self._write(_SEEN, old)
                old.clear()

    def remember(self, hashed: Hashed, before: Sighting | None) -> None:
        """Keep what was read, if the file did not change meanwhile and was not changed just before.

        Args:
            hashed: what was read.
            before: how the file looked before it was read.
        """
        if before is None or not before.settled or self._full or not self._session.writable:
            return
        after = sight(hashed.photo)
        if after is None or (after.file, after.facts) != (before.file, before.facts):
            return
        content = bytes.fromhex(hashed.sha256)
        checksum = self._checksum(before, content)
        self._pending[before.file] = (before.file, content, checksum, self._today())
        if len(self._pending) >= _WRITTEN_AT_ONCE:
            self.flush()

    def refuse(self, before: Sighting | None) -> None:
        """Forget a file that was read and found bad: it was another one when it was good.

        Args:
            before: how the file looked before it was read.
        """
        if before is not None:
            self._refused.append((before.file,))

    def flush(self) -> None:
        """Write what was remembered and refused; where that fails, those files are read again."""
        kept, refused = list(self._pending.values()), self._refused
        self._pending, self._refused = {}, []
        self._write(_REMEMBER, kept)
        self._write(_FORGET, refused)

    def forget(self, photos: Iterable[Photo]) -> None:
        """Have these files read again the next time, whatever the file system says of them."""
        for photo in photos:
            self.refuse(sight(photo))
        self.flush()

    def _recognised(
        self,
        photos: Sequence[Photo],
        sightings: Sequence[Sighting | None],
        old: list[tuple[int, bytes]],
    ) -> Iterator[Hashed | None]:
        kept = self._kept([each.file for each in sightings if each is not None])
        today = self._today()
        for photo, sighting in zip(photos, sightings, strict=True):
            entry = None if sighting is None else kept.get(sighting.file)
            if sighting is None or entry is None or not self._holds(sighting, entry):
                yield None
                continue
            if entry.seen <= today - SEEN_EVERY_DAYS:
                old.append((today, sighting.file))
            yield Hashed(photo, entry.content.hex(), sighting.bytes)

    def _holds(self, sighting: Sighting, entry: _Entry) -> bool:
        if not isinstance(entry.content, bytes) or not isinstance(entry.seen, int):
            return False
        return bool(self._checksum(sighting, entry.content) == entry.checksum)

    def _kept(self, files: Sequence[bytes]) -> dict[bytes, _Entry]:
        query = _FIND.format(marks=",".join("?" * len(files)))

        def find(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
            return connection.execute(query, files).fetchall() if _has_table(connection) else []

        return {file: _Entry(*rest) for file, *rest in self._session.run(find)}

    def _checksum(self, sighting: Sighting, content: bytes) -> bytes:
        """16 bytes over all of an entry: other facts, another decoder or one flipped bit give others."""
        whole = b"\n".join((self._recipe, sighting.file, sighting.facts, content))
        return blake2b(whole, digest_size=16).digest()

    @cached_property
    def _recipe(self) -> bytes:
        """What decides whether a header is good: another decoder has to look at every file itself."""
        from headstart.images.recipe import DECODE_RECIPE

        return DECODE_RECIPE.encode()

    def _write(self, statement: str, values: Sequence[tuple[object, ...]]) -> None:
        if not values or self._full or not self._session.writable:
            return
        try:
            self._session.run(lambda connection: connection.executemany(statement, values), write=True)
        except StorageError:  # no reason to stop: it only means that files are read again
            self._full = True


def count_known(connection: sqlite3.Connection) -> int:
    """How many files are known."""
    if not _has_table(connection):
        return 0
    return int(connection.execute("SELECT count(*) FROM files").fetchone()[0])


def _has_table(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] >= _FIRST_VERSION)
