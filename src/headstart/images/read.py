"""(path) => (bytes, SHA-256), opened read-only, never waiting, never a mixture of two versions."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING

from headstart.images.fault import PhotoFault
from headstart.images.photo import Reason

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Larger files are no photos: 100 million pixels without any compression are 300 MB."""

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe that took the file's place must not make us wait
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_TRIES = 2


def read_photo(path: str | bytes | Path) -> tuple[bytes, str]:
    """Read a whole file that is believed to be a photo.

    Args:
        path: any name that the system can hold, also one that is no valid UTF-8.

    Returns:
        The file's bytes and their SHA-256 (64 hexadecimal digits).

    Raises:
        PhotoFault: EMPTY, TOO_LARGE, MISSING, NO_PERMISSION, NOT_A_FILE (a pipe, a device, a folder),
            READ_ERROR, or CHANGED_DURING_READ where the file was written or replaced meanwhile,
            twice in a row.

    Example:
        >>> read_photo("no-such-photo.jpg")
        Traceback (most recent call last):
        headstart.images.fault.PhotoFault: missing: there is no such file (a link may lead nowhere)
    """
    for _ in range(_TRIES):
        try:
            data = _read_unchanged(path)
        except (OSError, ValueError) as error:
            raise _fault(error) from error
        if data is not None:
            if not data:
                raise PhotoFault(Reason.EMPTY, "the file has no bytes")
            return data, hashlib.sha256(data).hexdigest()
    raise PhotoFault(Reason.CHANGED_DURING_READ, "the file was written or replaced while it was read")


def _read_unchanged(path: str | bytes | Path) -> bytes | None:
    """The file's bytes, or None if it changed between the first look and the last."""
    _require_plain(os.stat(path))  # noqa: PTH116 - before opening: opening a device may do something
    handle = os.open(path, _FLAGS)
    with open(handle, "rb", buffering=0) as file:  # noqa: PTH123 - it is open already
        before = os.fstat(handle)
        _require_plain(before)
        data = _read_all(file, before.st_size)
        after, named = os.fstat(handle), os.stat(path)  # noqa: PTH116
    same = _identity(before) == _identity(after) == _identity(named)
    return data if same and len(data) == before.st_size else None


def _read_all(file: FileIO, size: int) -> bytes:
    """At most one byte more than `size`: a file that grows must not be followed for ever."""
    chunks: list[bytes] = []
    missing = size + 1
    while missing > 0 and (chunk := file.read(missing)):
        chunks.append(chunk)
        missing -= len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _require_plain(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise PhotoFault(Reason.NOT_A_FILE, f"this is {_kind(status.st_mode)}, not a file with a photo in it")
    if status.st_size > MAX_FILE_BYTES:
        raise PhotoFault(
            Reason.TOO_LARGE,
            f"the file has {status.st_size / 1e6:,.0f} MB; up to {MAX_FILE_BYTES / 1e6:,.0f} MB are read",
        )


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFBLK: "a device",
        stat.S_IFCHR: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")


def _fault(error: OSError | ValueError) -> PhotoFault:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return PhotoFault(Reason.MISSING, "there is no such file (a link may lead nowhere)")
    if isinstance(error, PermissionError):
        return PhotoFault(Reason.NO_PERMISSION, "you may not read this file")
    if isinstance(error, OSError):
        return PhotoFault(Reason.READ_ERROR, f"the system could not read it: {error.strerror or error}")
    return PhotoFault(Reason.MISSING, "no file can have such a name")
