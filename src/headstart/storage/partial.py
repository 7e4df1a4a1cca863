"""(final path, expected digest) => the `.part` file beside it that a later run continues."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.storage.atomic import atomic_write_text, replace_durably

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO


@dataclass(frozen=True)
class Partial:
    """A file on its way. Only one process at a time may use it (hold a lock).

    Attributes:
        target: where it will lie when it is complete and checked.
        key: the expected digest, part of its name, so that it never continues another file.
    """

    target: Path
    key: str

    @property
    def path(self) -> Path:
        """The partial file."""
        return self.target.with_name(f"{self.target.name}.{self.key}.part")

    @property
    def _validator_path(self) -> Path:
        return self.path.with_name(self.path.name + ".etag")

    def size(self) -> int:
        """Bytes that are there, 0 where there are none."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def validator(self) -> str | None:
        """What the server called the version that these bytes belong to."""
        try:
            return self._validator_path.read_text("utf-8") or None
        except FileNotFoundError:
            return None

    def begin(self, start: int, validator: str | None) -> BinaryIO:
        """Open for writing: behind the bytes that are there, or from nothing.

        Args:
            start: 0 forgets what is there; else it must be `size()`.
            validator: the version that the server sends now (ETag).

        Returns:
            The open file, at its end.

        Raises:
            OSError, StorageError: the disk refuses.
        """
        if start == 0:
            self.discard()
            atomic_write_text(self._validator_path, validator or "")
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
        return os.fdopen(fd, "ab")

    def discard(self) -> None:
        """Delete the bytes and what is known of them."""
        self.path.unlink(missing_ok=True)
        self._validator_path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give the checked file its final name; it is on the disk when this returns.

        Raises:
            OSError: the disk refuses.
        """
        fd = os.open(self.path, os.O_RDWR)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        replace_durably(self.path, self.target)
        self._validator_path.unlink(missing_ok=True)
