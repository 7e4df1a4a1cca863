"""(path) => one process at a time, and a line for those who wait."""

from __future__ import annotations

import errno
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from headstart.storage.faults import storage_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from filelock import BaseFileLock

_NO_FLOCK = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}


@contextmanager
def locked(path: Path, *, waiting: Callable[[str], None] | None, every: float = 5.0) -> Iterator[None]:
    """Hold a lock among processes (and threads) for the length of a `with` block.

    The lock is the kernel's (`flock`) and dies with its process. Where the file system has none (some
    network disks) a marker file `PATH.soft` with process and machine takes its place, and one that a dead
    process of this machine left is taken over.

    Args:
        path: the lock file in an existing folder. It is left behind; who removes it has to hold it.
        waiting: gets a line every few seconds while another process has it; None: the logger "headstart".
        every: seconds between those lines.

    Raises:
        StorageError: the lock file can't be created.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder, locked(Path(folder) / "lock", waiting=print):
        ...     print("alone")
        alone
    """
    say = waiting if waiting is not None else logging.getLogger("headstart").warning
    lock = _acquire(path, say, every)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """Hold a lock as `locked` does where nobody has it; where somebody does, give False at once.

    Args:
        path: as in `locked`.

    Raises:
        StorageError: as in `locked`.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder, locked_if_free(Path(folder) / "lock") as free:
        ...     free
        True
    """
    from filelock import Timeout

    try:
        lock = _acquire(path, None, 0.0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _acquire(path: Path, say: Callable[[str], None] | None, every: float) -> BaseFileLock:
    """Wait as long as it takes, with a line now and then; with nobody to tell, `filelock.Timeout`."""
    from filelock import FileLock, SoftFileLock, Timeout

    try:
        return _wait(FileLock(path, mode=0o600, fallback_to_soft=False), path, say, every)
    except Timeout:
        raise
    except OSError as error:
        if error.errno not in _NO_FLOCK:
            raise storage_error(error, path.parent, f"the lock {path.name} was not taken") from error
    marker = path.with_name(path.name + ".soft")
    if say is not None:
        say(f"{path.parent} has no file locks (a network disk?); using the marker {marker.name} instead")
    try:
        return _wait(SoftFileLock(marker, mode=0o600), marker, say, every)
    except Timeout:
        raise
    except OSError as error:
        raise storage_error(error, path.parent, f"the lock {marker.name} was not taken") from error


def _wait(lock: BaseFileLock, path: Path, say: Callable[[str], None] | None, every: float) -> BaseFileLock:
    from filelock import Timeout

    while True:
        try:
            lock.acquire(timeout=every)
        except Timeout:
            if say is None:
                raise
            say(f"waiting for another headstart process that holds {path}")
        else:
            return lock
