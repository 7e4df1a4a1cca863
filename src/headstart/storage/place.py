"""(many files of one new folder) => each in its place, and all of them on the disk when it is told to wait.

For folders that get their name only when they are whole: a kill leaves no half of them under that name.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_FEW = 1000


def put(source: Path | bytes, path: Path) -> None:
    """Make a new file of bytes, or move one of the same disk; folders on the way are made.

    Args:
        source: the content, or the file that moves.
        path: where nothing is yet.

    Raises:
        OSError: as the operating system says it.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     put(b"12", Path(folder, "cat", "1.jpg"))
        ...     put(Path(folder, "cat", "1.jpg"), Path(folder, "dog", "1.jpg"))
        ...     Path(folder, "dog", "1.jpg").read_bytes()
        b'12'
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if isinstance(source, bytes):
        with os.fdopen(os.open(path, _NEW, 0o600), "wb") as file:
            file.write(source)
    else:
        source.rename(path)


def wait_for_disk(paths: Collection[Path]) -> None:
    """Wait until the disk has all files: one by one, or everything at once where that would take minutes.

    Args:
        paths: the files.

    Raises:
        OSError: the disk fails.
    """
    if len(paths) > _FEW and sys.platform != "win32":
        os.sync()
        return
    for path in paths:
        fd = os.open(path, os.O_RDWR)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
