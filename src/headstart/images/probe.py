"""(path) => (why it can't be a photo, by what the file system alone says): nothing is opened."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from headstart.images.photo import Reason

if TYPE_CHECKING:
    from pathlib import Path


class Finding(NamedTuple):
    """Why a file is not used."""

    reason: Reason
    detail: str


_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def what_is_wrong(path: Path | str) -> Finding | None:
    """None for a regular file (links are followed), otherwise why it can't be read as one.

    Example:
        >>> what_is_wrong("no-such-photo.jpg").reason.name
        'MISSING'
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - millions of calls: no Path object for each
    except OSError as error:
        return from_os_error(error, is_link=os.path.islink(path))  # noqa: PTH114
    except ValueError:
        return Finding(Reason.MISSING, "no file can have this name: it contains a NUL character")
    return None if stat.S_ISREG(mode) else not_a_file(mode)


def not_a_file(mode: int) -> Finding:
    """The finding for a folder, FIFO, socket or device, which is never opened."""
    kind = next((word for test, word in _KINDS if test(mode)), "of an unknown kind")
    return Finding(Reason.NOT_A_FILE, f"this is {kind}, not a file")


def from_os_error(error: OSError, *, is_link: bool = False) -> Finding:
    """The finding for an error of the operating system on looking at or listing a path."""
    if is_link and error.errno == errno.ELOOP:
        return Finding(Reason.NOT_A_FILE, "a link that leads back to itself")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        where = "a link to something that is not there" if is_link else "there is no such file or folder"
        return Finding(Reason.MISSING, where)
    if isinstance(error, PermissionError):
        return Finding(Reason.NO_PERMISSION, "you may not read this; its permissions forbid it")
    return Finding(Reason.READ_ERROR, f"the system could not read this: {error.strerror or error}")
