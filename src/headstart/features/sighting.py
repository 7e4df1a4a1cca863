"""(photo) => what the file system says of its file, which tells whether it is still the one that was read."""

from __future__ import annotations

import os
import stat
import time
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from headstart.images.photo import Photo

_SETTLED_AFTER = 2_000_000_000  # nanoseconds: FAT counts in steps of two seconds


class Sighting(NamedTuple):
    """One look at a file, nothing of it read.

    Attributes:
        file: 16 bytes that stand for its absolute path, which itself is not kept.
        facts: inode, size, and when content and inode were changed last: one of them differs after any
            change. The device is left out: its number changes when a disk is mounted again.
        bytes: the file's size.
        settled: whether the last change is so long ago that another one would show in the facts. A change
            within the same tick of the clock does not, nor one before a date in the future.
    """

    file: bytes
    facts: bytes
    bytes: int
    settled: bool


def sight(photo: Photo) -> Sighting | None:
    """Look at the file that would be read, links followed; None where it can't be looked at or is no file.

    Example:
        >>> from pathlib import Path
        >>> from headstart.images.photo import Photo
        >>> sight(Photo(Path("no-such-photo.jpg"), "no-such-photo.jpg")) is None
        True
    """
    now = now_ns()  # before looking: what changes meanwhile counts as fresh
    try:
        status = os.stat(photo.path)  # noqa: PTH116 - 100,000 of them should take a second
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    path = os.fsencode(os.path.abspath(photo.path))  # noqa: PTH100 - links stay: `facts` are the target's
    changed, size = max(status.st_mtime_ns, status.st_ctime_ns), status.st_size
    facts = f"{status.st_ino} {size} {status.st_mtime_ns} {status.st_ctime_ns}".encode()
    return Sighting(
        blake2b(path, digest_size=16).digest(), facts, size, settled=changed + _SETTLED_AFTER <= now
    )


def now_ns() -> int:
    """Nanoseconds since 1970."""
    return time.time_ns()
