"""(folder, final name) => (open temporary file beside it that a killed process leaves at most once)."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import sys
from itertools import count
from pathlib import Path

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def open_temporary(folder: Path, name: str, mode: int) -> tuple[int, Path]:
    """Open an empty temporary file that no other writer uses.

    Its name is made of a hash of `name` and a small number, and it is held by `flock`. A file that a
    killed process left is taken over by the next writer of the same name, so kills do not pile up files.
    Where `flock` does not work the name is random instead.

    Args:
        folder: where the final file will lie.
        name: the final file's name, of any length and in any bytes.
        mode: permissions of the file.

    Returns:
        The descriptor, open for reading and writing, and the path.

    Raises:
        OSError: as the operating system says it.
    """
    stem = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    for number in count():
        path = folder / f".{stem}.{number}.tmp"
        fd = os.open(path, _FLAGS, mode)
        try:
            held = _hold(fd, path)
            if held:
                _reset(fd, mode)
                return fd, path
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
        if held is None:
            break
    return _open_random(folder, stem, mode)


def _hold(fd: int, path: Path) -> bool | None:
    """True: ours alone. False: another writer has it or just renamed it. None: no locks here."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Only the holder renames or removes it: once locked and still under its name, it stays so.
        return os.path.samestat(os.fstat(fd), path.lstat())
    except (BlockingIOError, FileNotFoundError):
        return False
    except OSError as error:
        if error.errno in {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}:
            return None
        raise


def _reset(fd: int, mode: int) -> None:
    os.ftruncate(fd, 0)
    if sys.platform != "win32":
        os.fchmod(fd, mode)


def _open_random(folder: Path, stem: str, mode: int) -> tuple[int, Path]:
    path = folder / f".{stem}.{secrets.token_hex(8)}.tmp"
    return os.open(path, _FLAGS | os.O_EXCL, mode), path
