"""(place) => an open SQLite database with our tables, or the reason why not."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

from headstart.errors import StorageError
from headstart.storage.faults import storage_error
from headstart.storage.home import CHOOSE_HOME
from headstart.storage.locks import locked

if TYPE_CHECKING:
    from collections.abc import Callable

    from headstart.features.place import Place

STORE_VERSION = 2
BUSY_SECONDS = 5.0
DAMAGED = "damaged-"
_PAGE_BYTES = 16_384  # a row of 1,280 float16 fills half of SQLite's usual page and wastes the rest

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT OR REPLACE INTO meta VALUES ('store version', '2');
CREATE TABLE IF NOT EXISTS spaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE, description TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
    id INTEGER PRIMARY KEY, space INTEGER NOT NULL, photo BLOB NOT NULL, added INTEGER NOT NULL,
    dtype TEXT NOT NULL, checksum BLOB NOT NULL, data BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS rows_by_photo ON rows (space, photo);
CREATE TABLE IF NOT EXISTS used (row INTEGER PRIMARY KEY, day INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    file BLOB PRIMARY KEY, content BLOB NOT NULL, checksum BLOB NOT NULL, seen INTEGER NOT NULL
) WITHOUT ROWID;
PRAGMA user_version = 2;
"""
_DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
}


class DamagedError(sqlite3.DatabaseError):
    """The file contradicts itself in a way that SQLite does not look at."""


def open_database(place: Place) -> sqlite3.Connection:
    """Open the store for writing, creating its tables where they are missing.

    Args:
        place: of a folder that can be written.

    Raises:
        StorageError: the store is from a newer version; it was not changed.
        sqlite3.Error: anything else, damage included.
    """
    _peek(place)
    connection = _connect(place.file, "mode=rw" if place.locks else "mode=rw&vfs=unix-none")
    try:
        _set_journal(connection, place)
        if _version(connection) != STORE_VERSION:
            _refuse_newer(connection, place)
            connection.executescript(f"BEGIN IMMEDIATE;{_TABLES}COMMIT;")
    except BaseException:
        connection.close()
        raise
    return connection


def open_unchanging(place: Place) -> sqlite3.Connection:
    """Open the store for reading; a missing store is an empty one.

    Raises:
        StorageError: the store is from a newer version.
        sqlite3.Error: anything else, damage included.
    """
    if not place.file.exists() or not place.file.stat().st_size:
        return open_memory()
    if place.beside("-wal").exists():  # somebody may be writing: then the log must be read with the file
        with contextlib.suppress(sqlite3.OperationalError):
            return _connect_to_known(place, "mode=ro")
    # Without its log the file can be a little old or torn, but each row is still checked on its own.
    return _connect_to_known(place, "mode=ro&immutable=1")


def open_memory() -> sqlite3.Connection:
    """An empty store that lasts as long as the connection."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(_TABLES)
    return connection


def is_damage(error: sqlite3.Error, place: Place) -> bool:
    """Whether an error means that the file is not a sound database of ours (all our SQL is fixed)."""
    code = _code(error)
    if code == sqlite3.SQLITE_READONLY and place.refusal is None:
        # Said also of a file whose header asks for a newer SQLite than exists, or that was set aside.
        return all(os.access(path, os.W_OK) for path in (place.file, place.folder))
    if code == sqlite3.SQLITE_ERROR:  # tables or columns that a damaged schema does not have
        return "transaction" not in str(error)
    return code in _DAMAGE or isinstance(error, DamagedError)


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process is in the way for the moment."""
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}


def is_full(error: sqlite3.Error) -> bool:
    """Whether the disk has no space left."""
    shared_memory = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_SHMSIZE
    return _code(error) == sqlite3.SQLITE_FULL or shared_memory


def file_number(place: Place) -> int | None:
    """What tells this database file from another one under the same name."""
    try:
        return place.file.stat().st_ino
    except FileNotFoundError:
        return None


def set_aside(place: Place, number: int | None, waiting: Callable[[str], None] | None) -> Path | None:
    """Rename a damaged database, so that an empty one takes its place; an older damaged one is replaced.

    Args:
        place: where it lies.
        number: its `file_number` when it was found damaged; another process may have been faster.
        waiting: gets a line while another process does the same.

    Returns:
        Where it lies now; None where another process had already moved it.

    Raises:
        StorageError: it can't be renamed.
    """
    with locked(place.beside(".lock"), waiting=waiting):
        if number is None or file_number(place) != number:
            return None
        target = place.file.with_name(DAMAGED + place.file.name)
        try:
            for suffix in ("-shm", "-wal", ""):  # the log first: it must never meet the new database
                with contextlib.suppress(FileNotFoundError):
                    place.beside(suffix).replace(target.with_name(target.name + suffix))
        except OSError as error:
            what = f"{place.file.name} is damaged and could not be set aside"
            raise storage_error(error, place.folder, what) from error
    return target


def _connect(file: Path, query: str) -> sqlite3.Connection:
    uri = f"file:{quote_from_bytes(os.fsencode(file))}?{query}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    connection.text_factory = _text
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _set_journal(connection: sqlite3.Connection, place: Place) -> None:
    if not place.locks:  # without locks a log can be read only in exclusive mode, just to leave it
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")  # counts only while the file is still empty
    wanted = "WAL" if place.log else "DELETE"
    (mode,) = connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
    if not place.locks:
        connection.execute("PRAGMA locking_mode = NORMAL")
    # With a log, a power cut can cost the last rows but never the database: they are computed again.
    connection.execute(f"PRAGMA synchronous = {'NORMAL' if mode == 'wal' else 'FULL'}")
    connection.execute("PRAGMA secure_delete = OFF")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _connect_to_known(place: Place, query: str) -> sqlite3.Connection:
    connection = _connect(place.file, query)
    try:
        _refuse_newer(connection, place)
    except BaseException:
        connection.close()
        raise
    return connection


def _peek(place: Place) -> None:
    """Look at the version without opening the file for writing: a newer store stays untouched."""
    if not place.file.exists() or not place.file.stat().st_size:
        return
    # While another process writes, this way of looking sees damage where there is none.
    with contextlib.suppress(sqlite3.Error):
        _connect_to_known(place, "mode=ro&immutable=1").close()


def _refuse_newer(connection: sqlite3.Connection, place: Place) -> None:
    version = _version(connection)
    if version <= STORE_VERSION:
        return
    # Said twice in the file, so that one flipped bit is damage and not a message from the future.
    row = connection.execute("SELECT value FROM meta WHERE name = 'store version'").fetchone()
    if row is None or str(row[0]) != str(version):
        raise DamagedError("the store's two version numbers differ")
    raise StorageError(
        f"the features in {place.folder} were kept by a newer headstart (store version {version}, "
        f"this one knows {STORE_VERSION}), so nothing there was touched; upgrade headstart, or {CHOOSE_HOME}"
    )


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")  # a damaged letter makes one row bad, not the whole file


def _code(error: sqlite3.Error) -> int | None:
    extended = getattr(error, "sqlite_errorcode", None)
    return None if extended is None else extended & 0xFF
