"""(space, SHA-256 of photos) <=> rows, kept in one SQLite file."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Self

from headstart.errors import StorageError
from headstart.features import upkeep
from headstart.features.known import KnownFiles
from headstart.features.rows import keep_row, read_row
from headstart.features.session import Session

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from headstart.features.key import FeatureSpace
    from headstart.features.upkeep import Pruned, StoreInfo, Verification

_ROWS_AT_ONCE = 256
_TOUCHED_AT_ONCE = 4096
_SECONDS_A_DAY = 86_400

_FIND = """
SELECT CAST(rows.photo AS BLOB), dtype, checksum, data, rows.id, max(added, coalesce(used.day, 0))
FROM rows LEFT JOIN used ON used.row = rows.id
WHERE space = (SELECT id FROM spaces WHERE digest = ?) AND rows.photo IN ({marks})
"""
_ADD_SPACE = "INSERT INTO spaces (digest, description) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"
_ADD_ROW = """
INSERT INTO rows (space, photo, added, dtype, checksum, data)
VALUES ((SELECT id FROM spaces WHERE digest = ?), ?, ?, ?, ?, ?)
ON CONFLICT (space, photo) DO UPDATE SET
    added = excluded.added, dtype = excluded.dtype, checksum = excluded.checksum, data = excluded.data
"""
_TOUCH = "INSERT INTO used VALUES (?, ?) ON CONFLICT (row) DO UPDATE SET day = max(day, excluded.day)"


class FeatureStore:
    """Keeps rows of features; several processes may share it, and a kill costs at most the last batch.

    Rows are float16 where that is enough (see `rows.keep_row`) and carry a checksum: a row that is not
    exactly as it was written counts as not there. A damaged file is set aside and an empty one takes its
    place, since all of it can be computed again. Where the place can't be written, what is kept can
    still be read. Not for use by several threads: open one for each.

    Attributes:
        files: those that were read before, known again without being read.

    Args:
        path: the database, `Home.features / "features.sqlite"`; made with its folder where it is missing.
            None keeps the rows in memory until `close`.
        read_only: add and change nothing, not even where it would be possible.
        waiting: gets a line every five seconds while another process is in the way; None: the logger
            "headstart".
        today: the day, as a number that grows, for what is known of when a row was last used.

    Raises:
        StorageError: a store of a newer version (it is left untouched), or a folder that can't be used.

    Example:
        >>> from headstart.backbones.spec import BackboneSpec, Preprocessing
        >>> from headstart.features.key import FeatureSpace
        >>> from headstart.images.resize import Resize
        >>> preprocessing = Preprocessing(Resize(64, 64, 64), (0.5, 0.5, 0.5), (0.2, 0.2, 0.2))
        >>> spec = BackboneSpec("module:mine", "module", "mine", "own", preprocessing, "map", 2, "0f", 99)
        >>> space = FeatureSpace.of(spec, engine={"engine": "torch"}, decode_recipe="1")
        >>> with FeatureStore(None) as store:
        ...     store.put(space, {"aa" * 32: [0.5, 2.0]})
        ...     store.get(space, ["aa" * 32, "bb" * 32])
        {'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa': array([0.5, 2. ], dtype=float32)}
    """

    def __init__(
        self,
        path: Path | None,
        *,
        read_only: bool = False,
        waiting: Callable[[str], None] | None = None,
        today: Callable[[], int] | None = None,
    ) -> None:
        self._session = Session(path, read_only=read_only, waiting=waiting)
        self._today = _today if today is None else today
        self._damaged = 0
        self.files = KnownFiles(self._session, self._today)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the last process to close leaves one file that can be read from anywhere."""
        self._session.close()

    @property
    def writable(self) -> bool:
        """Whether rows can be added."""
        return self._session.writable

    def require_writable(self) -> None:
        """Raise, before any work, where rows could not be added.

        Raises:
            StorageError: names the folder, the fault and how to choose another.
        """
        self._session.require_writable("features")

    def take_notes(self) -> tuple[str, ...]:
        """What people should know since the last call: damage that was found and mended."""
        notes = [*self._session.notes]
        if self._damaged:
            rows = "row was damaged; it is" if self._damaged == 1 else "rows were damaged; they are"
            notes.append(f"{self._damaged} kept {rows} computed again")
        self._session.notes.clear()
        self._damaged = 0
        return tuple(notes)

    def get(self, space: FeatureSpace, photos: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The rows that are kept, of those asked for.

        Args:
            space: what the rows must have been computed with.
            photos: SHA-256 (hex) of the photos' bytes.

        Returns:
            A (width,) float32 row for each photo that has one.

        Raises:
            StorageError: the file can't be read.
        """
        return dict(self.rows(space, photos))

    def rows(self, space: FeatureSpace, photos: Sequence[str]) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """As `get`, one (photo, row) after the other, in no particular order, in little memory."""
        digest, today = space.digest(), self._today()
        unused: list[int] = []
        for start in range(0, len(photos), _ROWS_AT_ONCE):
            chunk = [bytes.fromhex(photo) for photo in photos[start : start + _ROWS_AT_ONCE]]
            query = _FIND.format(marks=",".join("?" * len(chunk)))
            for photo, dtype, checksum, data, number, day in self._fetch(query, (digest, *chunk)):
                row = read_row(digest, photo.hex(), dtype, data, checksum)
                if row is None:
                    self._damaged += 1
                    continue
                if isinstance(day, int) and day < today:
                    unused.append(number)
                yield photo.hex(), row
            if len(unused) >= _TOUCHED_AT_ONCE:
                self._touch(unused, today)
                unused.clear()
        self._touch(unused, today)

    def put(self, space: FeatureSpace, rows: Mapping[str, ArrayLike]) -> None:
        """Keep rows, all of them or none; a row that is there already is replaced.

        Args:
            space: what they were computed with.
            rows: a (width,) row of finite numbers for each SHA-256 (hex) of a photo's bytes.

        Raises:
            UsageError: a row is not finite or has another shape.
            StorageError: no permission, no space left; what was kept before stays valid.
        """
        self.require_writable()
        if not rows:
            return
        digest, description, today = space.digest(), space.canonical(), self._today()
        values = []
        for photo, row in rows.items():
            kept = keep_row(digest, photo, row)
            values.append((digest, bytes.fromhex(photo), today, kept.dtype, kept.checksum, kept.data))

        def add(connection: sqlite3.Connection) -> None:
            connection.execute(_ADD_SPACE, (digest, description))
            connection.executemany(_ADD_ROW, values)

        self._session.run(add, write=True)

    def info(self) -> StoreInfo:
        """What is kept: spaces with their backbone, layer, rows and bytes.

        Raises:
            StorageError: the file can't be read.
        """
        return upkeep.info(self._session)

    def verify(self, *, delete: bool = False) -> Verification:
        """Check every row against its checksum, and the file's structure.

        Args:
            delete: remove what is damaged, so that it is computed again.

        Raises:
            StorageError: the file can't be read, or not written with `delete`.
        """
        return upkeep.verify(self._session, delete=delete)

    def mend(self) -> None:
        """Set the file aside if its structure is damaged: for a store that does not give back what it got.

        Raises:
            StorageError: it can't be renamed.
        """
        upkeep.mend(self._session)

    def prune(
        self,
        *,
        keep_days: float | None = None,
        space: str | None = None,
        max_bytes: int | None = None,
        everything: bool = False,
    ) -> Pruned:
        """Remove rows; a run that still needs one computes it again.

        Args:
            keep_days: remove what was not used for this many days.
            space: remove one space, named by the first letters of its digest or by its backbone.
            max_bytes: remove what was used longest ago, until the rest is no larger.
            everything: remove all rows.

        Raises:
            UsageError: not exactly one choice, or a space that is not there or not the only one.
            StorageError: the file can't be written.

        Example:
            >>> with FeatureStore(None) as store:
            ...     store.prune(everything=True).rows
            0
        """
        chosen = upkeep.Choice(keep_days, space, max_bytes, everything=everything)
        self.require_writable()
        return upkeep.prune(self._session, chosen, today=self._today())

    def _fetch(
        self, query: str, values: tuple[object, ...]
    ) -> list[tuple[bytes, str, bytes, bytes, int, int]]:
        return self._session.run(lambda connection: connection.execute(query, values).fetchall())

    def _touch(self, numbers: list[int], today: int) -> None:
        if not numbers or not self.writable:
            return

        def touch(connection: sqlite3.Connection) -> None:
            connection.executemany(_TOUCH, [(number, today) for number in numbers])

        with contextlib.suppress(StorageError):  # a full disk must not stop a run that has all its rows
            self._session.run(touch, write=True)


def _today() -> int:
    return int(time.time() // _SECONDS_A_DAY)
