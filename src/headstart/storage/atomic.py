"""(path, bytes) => a file that is wholly old or wholly new, whatever happens in between."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from headstart.errors import HeadstartError
from headstart.storage.faults import storage_error
from headstart.storage.temporary import open_temporary

if TYPE_CHECKING:
    from collections.abc import Callable

PRIVATE_FILE = 0o600


def atomic_write(path: Path, write: Callable[[BinaryIO], None], *, mode: int = PRIVATE_FILE) -> None:
    """Write a file so that readers, kills and power cuts see the old content or the new, never a third.

    Temporary file in the same folder, write, flush, fsync, rename, fsync of the folder. When it returns,
    the content is on the disk. On an error the old content stands and the temporary file is gone; only
    where the folder's own fsync failed does the new content stand, which a power cut could still undo.

    Args:
        path: the file; its folder must exist. An existing file is replaced; a link is replaced, not followed.
        write: called once with a binary file, open for writing, that can seek.
        mode: permissions of the new file.

    Raises:
        StorageError: the disk is full, read-only, failing, or permissions are missing; nothing is saved.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     atomic_write(Path(folder) / "greeting", lambda file: print(file.write(b"hello")))
        ...     (Path(folder) / "greeting").read_bytes()
        5
        b'hello'
    """
    folder = path.parent
    try:
        _write_and_replace(folder, path, write, mode)
        sync_folder(folder)
    except HeadstartError:
        raise
    except OSError as error:
        raise storage_error(error, folder, f"{path.name} was not saved") from error


def atomic_write_bytes(path: Path, data: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Write bytes as `atomic_write` does.

    Args:
        path: the file; its folder must exist.
        data: the whole content.
        mode: permissions of the new file.

    Raises:
        StorageError: as in `atomic_write`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     atomic_write_bytes(Path(folder) / "a", b"12")
        ...     (Path(folder) / "a").stat().st_size
        2
    """

    def write(file: BinaryIO) -> None:
        file.write(data)

    atomic_write(path, write, mode=mode)


def atomic_write_text(path: Path, text: str, *, mode: int = PRIVATE_FILE) -> None:
    r"""Write text as UTF-8, as `atomic_write` does.

    Args:
        path: the file; its folder must exist.
        text: the whole content; file names that are not UTF-8 (surrogate escapes) come out as their bytes.
        mode: permissions of the new file.

    Raises:
        StorageError: as in `atomic_write`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     atomic_write_text(Path(folder) / "a", "caf\udce9\n")
        ...     (Path(folder) / "a").read_bytes()
        b'caf\xe9\n'
    """
    atomic_write_bytes(path, text.encode("utf-8", "surrogateescape"), mode=mode)


def replace_durably(source: Path, target: Path) -> None:
    """Rename a finished file over another in the same folder and wait until the disk has it.

    Args:
        source: a file whose content is already synced.
        target: its final name.

    Raises:
        OSError: as the operating system says it.
    """
    os.replace(source, target)  # noqa: PTH105 - named beside the fsync it belongs to
    sync_folder(target.parent)


def _write_and_replace(folder: Path, path: Path, write: Callable[[BinaryIO], None], mode: int) -> None:
    fd, temporary = open_temporary(folder, path.name, mode)
    try:
        with os.fdopen(fd, "r+b") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
            if sys.platform != "win32":  # Windows renames no open file; elsewhere the lock lasts until then
                os.replace(temporary, path)  # noqa: PTH105
        if sys.platform == "win32":
            os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder; nothing where the file system knows no such thing."""
    if sys.platform == "win32":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.EOPNOTSUPP}:  # file systems without folder sync
            raise
    finally:
        os.close(fd)
