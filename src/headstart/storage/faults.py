"""(OSError of a disk) => (StorageError that a person can act on)."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from headstart.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

_ADVICE = {
    errno.ENOSPC: ("no space left in {folder}", "free some space"),
    errno.EDQUOT: ("the disk quota is used up in {folder}", "free some space"),
    errno.EFBIG: ("a file grew larger than is allowed in {folder}", "raise the limit on file sizes"),
    errno.EACCES: ("no permission in {folder}", "choose a folder that you may write in"),
    errno.EPERM: ("no permission in {folder}", "choose a folder that you may write in"),
    errno.EROFS: ("{folder} is on a read-only disk", "choose a folder that you may write in"),
    errno.ENOENT: ("{folder} does not exist", "create it"),
    errno.ENOTDIR: ("{folder} is not a folder", "choose another place"),
    errno.EIO: ("the disk failed in {folder}", "check the disk"),
}


def storage_error(error: OSError, folder: Path, what: str, *, needed: int | None = None) -> StorageError:
    """The error to raise for a disk that refuses.

    Args:
        error: what the operating system said.
        folder: where it said so.
        what: the thing that could not be done, "model.json was not saved".
        needed: how many bytes that would take, where it is known.

    Returns:
        One sentence: the fault and its folder, what did not happen, what to do.
    """
    said = (error.strerror or str(error) or type(error).__name__).lower()
    fault, advice = _ADVICE.get(error.errno or 0, ("{folder}: " + said, "mend that"))
    size = f" (about {max(1, round(needed / 1e6)):,} MB are needed)" if needed is not None else ""
    return StorageError(
        f"{fault.format(folder=folder)}{size}: {what}; {advice} and run the same command again"
    )
