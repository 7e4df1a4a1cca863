"""(path) => what its file system allows: writing, locks, a write-ahead log."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from headstart.errors import StorageError
from headstart.storage.faults import storage_error
from headstart.storage.home import private_folder, require_private

_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}
FOR_READING = "it was opened for reading only"
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}
_SHARED_DISKS = {
    "9p",
    "afs",
    "ceph",
    "cifs",
    "fuse.sshfs",
    "glusterfs",
    "lustre",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
}


@dataclass(frozen=True)
class Place:
    """Where a feature store lies, or will lie.

    Attributes:
        file: the database, absolute.
        refusal: why nothing can be written there; None where it can.
        locks: whether its file system has POSIX locks, which SQLite needs.
        log: whether a write-ahead log works, which needs memory shared by one machine.
    """

    file: Path
    refusal: str | None = None
    locks: bool = True
    log: bool = True

    @property
    def folder(self) -> Path:
        """The folder of the database, its log and its lock."""
        return self.file.parent

    def beside(self, suffix: str) -> Path:
        """A file that belongs to the database: "-wal", "-shm", ".lock"."""
        return self.file.with_name(self.file.name + suffix)


def survey(file: Path, *, read_only: bool) -> Place:
    """Find out what can be done at a path; for writing, an empty private file and its folder are created.

    Args:
        file: the database.
        read_only: create and write nothing.

    Raises:
        StorageError: other users may write in the folder, or it is no folder.
    """
    file = file.absolute()
    if read_only:
        if file.parent.exists():
            require_private(file.parent)
        return Place(file, FOR_READING)
    try:
        _create(file)
    except OSError as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        if cause.errno not in _READ_ONLY:
            raise _refused(error, file.parent) from error
        return Place(file, (cause.strerror or str(cause)).lower())
    locks = _has_locks(file.parent)
    return Place(file, locks=locks, log=locks and file_system(file.parent) not in _SHARED_DISKS)


def file_system(folder: Path) -> str:
    """The type of the file system that a folder lies on ("ext4", "nfs4"); "" where that is not known."""
    try:
        mounts = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return ""
    here = os.fsencode(os.path.realpath(folder))
    best, kind = b"", b""
    for line in mounts:
        before, _, after = line.partition(b" - ")
        point = before.split(b" ")[4].replace(rb"\040", b" ")
        inside = here == point or here.startswith(point.rstrip(b"/") + b"/")
        if inside and len(point) >= len(best):
            best, kind = point, after.split(b" ")[0]
    return kind.decode("ascii", "replace")


def _create(file: Path) -> None:
    private_folder(file.parent)
    # An existing database is never opened here: closing any descriptor of a file drops all POSIX locks
    # that this process holds on it, SQLite's included.
    with contextlib.suppress(FileExistsError):
        # SQLite gives its log and shared memory the permissions of the database: 0600 from the start.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    for path in (file, file.parent):
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def _has_locks(folder: Path) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            fcntl.lockf(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _NO_LOCKS
    return True


def _refused(error: OSError, folder: Path) -> StorageError:
    if isinstance(error, StorageError):
        return error
    return storage_error(error, folder, "the feature store could not be opened")
