"""(store) => what it holds, whether it is sound, less of it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headstart.errors import UsageError
from headstart.features.known import SEEN_EVERY_DAYS, count_known
from headstart.features.rows import read_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from headstart.features.session import Session

_ROWS_AT_ONCE = 256

# In the order in which rows lie on the disk: in that of the index, each would be a jump.
_SPACES = """
SELECT spaces.digest, spaces.description, coalesce(number, 0), coalesce(size, 0), coalesce(last, 0)
FROM spaces LEFT JOIN (
    SELECT space, count(*) AS number, sum(length(data)) AS size,
           max(max(added, coalesce(used.day, 0))) AS last
    FROM rows NOT INDEXED LEFT JOIN used ON used.row = rows.id GROUP BY space
) AS kept ON kept.space = spaces.id
ORDER BY spaces.id
"""
_AFTER = """
SELECT rows.id, spaces.digest, rows.photo, dtype, checksum, data
FROM rows LEFT JOIN spaces ON spaces.id = rows.space WHERE rows.id > ? ORDER BY rows.id LIMIT ?
"""
_BEYOND = """
SELECT id, size FROM (
    SELECT rows.id, length(data) AS size, sum(length(data)) OVER (
        ORDER BY max(added, coalesce(used.day, 0)) DESC, rows.id DESC ROWS UNBOUNDED PRECEDING) AS kept
    FROM rows LEFT JOIN used ON used.row = rows.id)
WHERE kept > ?
"""
_UNUSED = """
SELECT rows.id, length(data) FROM rows LEFT JOIN used ON used.row = rows.id
WHERE max(added, coalesce(used.day, 0)) < ?
"""
_OF_SPACE = "SELECT id, length(data) FROM rows WHERE space = (SELECT id FROM spaces WHERE digest = ?)"
_ALL = "SELECT id, length(data) FROM rows"
# SQLite keeps the list of what goes in a file of its own: millions of rows take no memory of ours.
_LIST = "CREATE TEMP TABLE doomed (id INTEGER PRIMARY KEY, size INTEGER NOT NULL)"
_USELESS_FILES = "DELETE FROM files WHERE content NOT IN (SELECT photo FROM rows)"
_FILES_UNSEEN = "DELETE FROM files WHERE seen < ?"


@dataclass(frozen=True, slots=True)
class SpaceInfo:
    """One space and what is kept of it.

    Attributes:
        digest: of the `FeatureSpace`, hex.
        description: its fields as JSON values; {} where they can't be read.
        rows: how many.
        bytes: of the rows' numbers.
        last_used: days since 1970.
    """

    digest: str
    description: dict[str, Any]
    rows: int
    bytes: int
    last_used: int

    @property
    def backbone(self) -> str:
        """The backbone's full name."""
        return str(self.description.get("backbone", "unknown"))

    @property
    def layer(self) -> str:
        """The layer reference."""
        return str(self.description.get("layer", "unknown"))

    @property
    def engine(self) -> str:
        """The engine's name and the precision that it computed in: "openvino f32"."""
        engine = self.description.get("engine")
        if not isinstance(engine, dict):
            return "unknown"
        precision = str(engine.get("precision", "")).partition(",")[0]
        return f"{engine.get('engine', 'unknown')} {precision}".strip()


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What a store holds.

    Attributes:
        file: where it lies; None: in memory.
        file_bytes: its size on disk, the log included.
        spaces: in the order in which they came.
        files: how many files are known again without being read.
    """

    file: Path | None
    file_bytes: int
    spaces: tuple[SpaceInfo, ...]
    files: int = 0

    @property
    def rows(self) -> int:
        """How many rows there are in all spaces."""
        return sum(space.rows for space in self.spaces)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not as it was written.

    Attributes:
        space: digest of its space; None where that is lost.
        photo: SHA-256 (hex) of its photo, as far as it can be told.
    """

    space: str | None
    photo: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check found.

    Attributes:
        checked: how many rows were read.
        bad: rows that are not as they were written.
        faults: what is wrong with the file's structure, in SQLite's words.
        deleted: whether what is bad was removed.
    """

    checked: int
    bad: tuple[BadRow, ...]
    faults: tuple[str, ...]
    deleted: bool

    @property
    def sound(self) -> bool:
        """Nothing is damaged."""
        return not self.bad and not self.faults


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed.

    Attributes:
        rows: how many.
        bytes: of their numbers.
        files: how many files are no longer known without being read.
    """

    rows: int
    bytes: int
    files: int = 0


@dataclass(frozen=True)
class Choice:
    """What to prune; exactly one of them."""

    keep_days: float | None
    space: str | None
    max_bytes: int | None
    everything: bool

    def __post_init__(self) -> None:
        choices = (self.keep_days, self.space, self.max_bytes, self.everything or None)
        count = sum(choice is not None for choice in choices)
        if count != 1:
            raise UsageError(
                f"prune takes one choice (days to keep, a space, a size to keep, or everything), not {count}"
            )
        for limit in (self.keep_days, self.max_bytes):
            if limit is not None and not limit >= 0:
                raise UsageError(f"days or bytes to keep must be 0 or more, not {limit}")


def info(session: Session) -> StoreInfo:
    """See `FeatureStore.info`."""
    found = session.run(lambda connection: connection.execute(_SPACES).fetchall())
    spaces = tuple(SpaceInfo(digest, _parsed(text), *rest) for digest, text, *rest in found)
    known = session.run(count_known)
    if session.place is None:
        return StoreInfo(None, 0, spaces, known)
    parts = (session.place.beside(suffix) for suffix in ("", "-wal"))
    size = sum(part.stat().st_size for part in parts if part.exists())
    return StoreInfo(session.place.file, size, spaces, known)


def verify(session: Session, *, delete: bool) -> Verification:
    """See `FeatureStore.verify`."""
    if delete:
        session.require_writable("features")
    checked, bad = 0, []
    faults = _faults(session)
    try:
        for number, row in _checks(session):
            checked += 1
            if row is not None:
                bad.append((number, row))
    except sqlite3.DatabaseError as error:
        faults = (*faults, str(error))
    if delete and faults:
        session.rebuild()
    elif delete and bad:
        session.run(lambda connection: _delete(connection, [number for number, _ in bad]), write=True)
    return Verification(checked, tuple(row for _, row in bad), faults, delete and bool(bad or faults))


def mend(session: Session) -> None:
    """See `FeatureStore.mend`."""
    if _faults(session):
        session.rebuild()


def prune(session: Session, choice: Choice, *, today: int) -> Pruned:
    """See `FeatureStore.prune`."""

    def remove(connection: sqlite3.Connection) -> Pruned:
        query, values = _doomed(connection, choice, today)
        connection.execute(_LIST)
        connection.execute(f"INSERT INTO doomed {query}", values)
        rows, size = connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM doomed").fetchone()
        connection.execute("DELETE FROM rows WHERE id IN (SELECT id FROM doomed)")
        connection.execute("DELETE FROM used WHERE row IN (SELECT id FROM doomed)")
        connection.execute("DROP TABLE doomed")
        connection.execute("DELETE FROM spaces WHERE id NOT IN (SELECT space FROM rows)")
        return Pruned(rows, size, _forget_files(connection, choice, today))

    pruned = session.run(remove, write=True)
    session.give_back_space()
    return pruned


def _doomed(connection: sqlite3.Connection, choice: Choice, today: int) -> tuple[str, tuple[object, ...]]:
    if choice.keep_days is not None:
        return _UNUSED, (today - choice.keep_days,)
    if choice.space is not None:
        return _OF_SPACE, (_only_space(connection, choice.space),)
    if choice.max_bytes is not None:
        return _BEYOND, (choice.max_bytes,)
    return _ALL, ()


def _forget_files(connection: sqlite3.Connection, choice: Choice, today: int) -> int:
    """Forget files without a row, whose photo has to be read in any case, and those that nobody has seen."""
    forgotten = connection.execute(_USELESS_FILES).rowcount
    if choice.keep_days is not None:
        last = today - max(choice.keep_days, SEEN_EVERY_DAYS)
        forgotten += connection.execute(_FILES_UNSEEN, (last,)).rowcount
    return forgotten


def _only_space(connection: sqlite3.Connection, wanted: str) -> str:
    found = connection.execute("SELECT digest, description FROM spaces").fetchall()
    matching = [d for d, text in found if d.startswith(wanted) or _parsed(text).get("backbone") == wanted]
    if len(matching) != 1 or not wanted:
        listed = ", ".join(digest[:12] for digest, _ in found) if found else "none"
        raise UsageError(f"{wanted!r} names {len(matching)} spaces of features, not one; there are: {listed}")
    return str(matching[0])


def _delete(connection: sqlite3.Connection, numbers: list[int]) -> None:
    values = [(number,) for number in numbers]
    connection.executemany("DELETE FROM rows WHERE id = ?", values)
    connection.executemany("DELETE FROM used WHERE row = ?", values)


def _faults(session: Session) -> tuple[str, ...]:
    try:
        return tuple(session.run(_integrity, mend=False))
    except sqlite3.DatabaseError as error:
        return (str(error),)


def _integrity(connection: sqlite3.Connection) -> list[str]:
    found = [str(line) for (line,) in connection.execute("PRAGMA integrity_check(10)")]
    return [] if found == ["ok"] else found


def _checks(session: Session) -> Iterator[tuple[int, BadRow | None]]:
    last = -(2**63)
    while True:
        after = (last, _ROWS_AT_ONCE)
        found = session.run(lambda connection: connection.execute(_AFTER, after).fetchall(), mend=False)  # noqa: B023
        if not found:
            return
        for number, space, photo, dtype, checksum, data in found:
            last = number
            name = photo.hex() if isinstance(photo, bytes) else str(photo)
            sound = isinstance(space, str) and read_row(space, name, dtype, data, checksum) is not None
            yield number, None if sound else BadRow(space, name)


def _parsed(text: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError, TypeError):
        value = json.loads(text)
        if isinstance(value, dict):
            return value
    return {}
