"""(operation on a connection) => its result, past busy neighbours, full disks and damaged files."""

from __future__ import annotations

import contextlib
import logging
import random
import sqlite3
import time
from typing import TYPE_CHECKING, TypeVar

from headstart.errors import StorageError
from headstart.features import database
from headstart.features.place import FOR_READING, Place, survey
from headstart.storage.home import CHOOSE_HOME, require_writable
from headstart.storage.locks import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")
_PATIENCE_SECONDS = 120.0
_SECONDS_BETWEEN_LINES = 5.0


class Session:
    """A connection that lasts: it is opened again over an empty database where the file is damaged.

    Attributes:
        place: where the database lies; None: in memory.
        notes: what people should know; whoever shows them takes them away.
    """

    def __init__(self, path: Path | None, *, read_only: bool, waiting: Callable[[str], None] | None) -> None:
        self.notes: list[str] = []
        self.place = None if path is None else survey(path, read_only=read_only)
        self._waiting = waiting if waiting is not None else logging.getLogger("headstart").warning
        self._connection: sqlite3.Connection | None = None
        self._number: int | None = None
        self.run(lambda _: None)

    @property
    def writable(self) -> bool:
        """Whether rows can be added."""
        return self.place is None or self.place.refusal is None

    def run(
        self, operation: Callable[[sqlite3.Connection], T], *, write: bool = False, mend: bool = True
    ) -> T:
        """Carry out one operation as one transaction.

        Args:
            operation: gets the connection; it is called again after it failed, so it must bear that.
            write: whether it changes anything.
            mend: put an empty database in the place of a damaged one and go on.

        Raises:
            StorageError: disk full, no permission, another process that does not let go.
            sqlite3.DatabaseError: damage, with `mend` off.
        """
        kind = "IMMEDIATE" if write else "DEFERRED"
        try:
            return self._patiently(operation, kind)
        except sqlite3.Error as error:
            if not self._damaged_by(error):
                raise self._explained(error) from error
            if not mend:
                raise
        self.rebuild()
        try:
            return self._patiently(operation, kind)
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def require_writable(self, purpose: str) -> None:
        """Raise unless rows can be added.

        Raises:
            StorageError: names the folder, the fault and how to choose another.
        """
        if self.place is None or self.place.refusal is None:
            return
        if self.place.refusal != FOR_READING:
            require_writable(self.place.folder, purpose)
        raise StorageError(
            f"{purpose} can't be written in {self.place.folder} ({self.place.refusal}); {CHOOSE_HOME}"
        )

    def rebuild(self) -> None:
        """Set a damaged database aside and start with an empty one: all of it can be computed again."""
        self.close()
        if self.place is None:
            return
        if self.place.refusal is not None:
            self._connection = database.open_memory()
            self.notes.append(f"the feature store in {self.place.folder} is damaged and was not used")
            return
        moved = database.set_aside(self.place, self._number, self._waiting)
        if moved is not None:
            self.notes.append(
                f"the feature store in {self.place.folder} was damaged; it was set aside as {moved.name}, "
                "and its rows are computed again"
            )

    def give_back_space(self) -> None:
        """Shrink the file after rows were removed, where there is room and nobody else is at work."""
        with contextlib.suppress(sqlite3.Error), self._alone():
            self._open().execute("VACUUM")
            self._open().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection; the last one to close leaves a single file, readable without its log."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):  # what was committed stays in the log for the next one
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
            self._connection = None

    def _patiently(self, operation: Callable[[sqlite3.Connection], T], kind: str) -> T:
        began = spoke = time.monotonic()
        while True:
            try:
                with self._alone(), _readable():
                    return _transaction(self._open(), operation, kind)
            except sqlite3.OperationalError as error:
                now = time.monotonic()
                if not database.is_busy(error) or now - began > _PATIENCE_SECONDS:
                    raise
            if now - spoke >= _SECONDS_BETWEEN_LINES and self.place is not None:
                spoke = now
                self._waiting(f"waiting for another headstart process that writes in {self.place.folder}")
            time.sleep(random.uniform(0.01, 0.05))  # noqa: S311 - only spreads the attempts

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._opened()
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        if self.place is None:
            return database.open_memory()
        if self.writable and not self.place.file.exists():
            self.place = survey(self.place.file, read_only=False)
        self._number = database.file_number(self.place)
        if self.place.refusal is not None:
            return database.open_unchanging(self.place)
        try:
            return database.open_database(self.place)
        except sqlite3.OperationalError as error:
            if not database.is_full(error):
                raise
            # A full disk leaves no room for the log's index, but what is kept can still be read.
            self.place = Place(self.place.file, "no space left on its disk")
            return database.open_unchanging(self.place)

    def _alone(self) -> contextlib.AbstractContextManager[None]:
        if self.place is None or self.place.locks:
            return contextlib.nullcontext()
        return locked(self.place.beside(".turn"), waiting=self._waiting)

    def _damaged_by(self, error: sqlite3.Error) -> bool:
        return self.place is not None and database.is_damage(error, self.place)

    def _explained(self, error: sqlite3.Error) -> StorageError:
        folder = "memory" if self.place is None else self.place.folder
        if database.is_full(error):
            return StorageError(
                f"no space left in {folder}: the rows kept so far stay valid; free some space, or "
                f"{CHOOSE_HOME}, and run the same command again"
            )
        if database.is_busy(error):
            return StorageError(
                f"another process has kept the feature store in {folder} locked for two minutes; "
                "end it and run the same command again"
            )
        return StorageError(
            f"the feature store in {folder} can't be used ({error}): check the disk and its permissions, "
            f"or {CHOOSE_HOME}, and run the same command again"
        )


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:  # SQLite quotes a damaged schema in its message
        raise database.DamagedError("the names of the tables are damaged") from error


def _transaction(
    connection: sqlite3.Connection, operation: Callable[[sqlite3.Connection], T], kind: str
) -> T:
    connection.execute(f"BEGIN {kind}")
    try:
        result = operation(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result
