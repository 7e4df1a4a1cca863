"""(store) => what it holds, whether it is sound, less of it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headstart.errors import UsageError
from headstart.features.rows import read_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from headstart.features.session import Session

_ROWS_AT_ONCE = 256

_SPACES = """
SELECT spaces.digest, spaces.description, count(rows.id), coalesce(sum(length(rows.data)), 0),
       coalesce(max(max(rows.added, coalesce(used.day, 0))), 0)
FROM spaces LEFT JOIN rows ON rows.space = spaces.id LEFT JOIN used ON used.row = rows.id
GROUP BY spaces.id ORDER BY spaces.id
"""
_AFTER = """
SELECT rows.id, spaces.digest, rows.photo, dtype, checksum, data
FROM rows LEFT JOIN spaces ON spaces.id = rows.space WHERE rows.id > ? ORDER BY rows.id LIMIT ?
"""
_BY_USE = """
SELECT rows.id, length(data) FROM rows LEFT JOIN used ON used.row = rows.id
ORDER BY max(added, coalesce(used.day, 0)) DESC, rows.id DESC
"""
_UNUSED = """
SELECT rows.id, length(data) FROM rows LEFT JOIN used ON used.row = rows.id
WHERE max(added, coalesce(used.day, 0)) < ?
"""
_OF_SPACE = "SELECT id, length(data) FROM rows WHERE space = (SELECT id FROM spaces WHERE digest = ?)"
_ALL = "SELECT id, length(data) FROM rows"


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
        """The engine's name."""
        engine = self.description.get("engine")
        return str(engine.get("engine", "unknown")) if isinstance(engine, dict) else "unknown"


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What a store holds.

    Attributes:
        file: where it lies; None: in memory.
        file_bytes: its size on disk, the log included.
        spaces: in the order in which they came.
    """

    file: Path | None
    file_bytes: int
    spaces: tuple[SpaceInfo, ...]

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
    """

    rows: int
    bytes: int


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
    if session.place is None:
        return StoreInfo(None, 0, spaces)
    files = (session.place.beside(suffix) for suffix in ("", "-wal"))
    return StoreInfo(session.place.file, sum(f.stat().st_size for f in files if f.exists()), spaces)


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
        doomed = list(_doomed(connection, choice, today))
        _delete(connection, [number for number, _ in doomed])
        connection.execute("DELETE FROM spaces WHERE id NOT IN (SELECT space FROM rows)")
        return Pruned(len(doomed), sum(size for _, size in doomed))

    pruned = session.run(remove, write=True)
    session.give_back_space()
    return pruned


def _doomed(connection: sqlite3.Connection, choice: Choice, today: int) -> Iterator[tuple[int, int]]:
    if choice.keep_days is not None:
        yield from connection.execute(_UNUSED, (today - choice.keep_days,))
    elif choice.space is not None:
        yield from connection.execute(_OF_SPACE, (_only_space(connection, choice.space),))
    elif choice.max_bytes is not None:
        kept = 0
        for number, size in connection.execute(_BY_USE):
            kept += size
            if kept > choice.max_bytes:
                yield number, size
    else:
        yield from connection.execute(_ALL)


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
