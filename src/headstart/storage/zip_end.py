"""(a zip) => how many members its end announces, before the library reads them all."""

from __future__ import annotations

import os
import struct
import zipfile
from typing import TYPE_CHECKING

from headstart.storage.members import RefusedArchiveError

if TYPE_CHECKING:
    from typing import BinaryIO

_END = b"PK\x05\x06"
_END_SIZE = 22
_LOCATOR = b"PK\x06\x07"  # of zip64, right before the end
_LOCATOR_SIZE = 20
_LONG_END = b"PK\x06\x06"
_LONG_END_SIZE = 56
_ENTRY = 1070  # the longest entry of a directory with a name of 1,024 characters


def refuse_many(file: BinaryIO, most: int) -> None:
    """Count the members before the library reads them all: a million of them would fill the memory.

    Args:
        file: the zip, at any place; it is left at its start.
        most: how many there may be.

    Raises:
        RefusedArchiveError: there are more, or the directory has room for more.
        zipfile.BadZipFile: it has no end.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> with zipfile.ZipFile(file, "w") as made:
        ...     for name in ("1.jpg", "2.jpg"):
        ...         made.writestr(name, b"...")
        >>> refuse_many(file, most=1)
        Traceback (most recent call last):
        headstart.storage.members.RefusedArchiveError: it has 2 members, more than 1
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_SIZE - 0xFFFF))
    start, tail = file.tell(), file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise zipfile.BadZipFile("its end is missing")
    count, directory = struct.unpack_from("<HL", tail, at + 10)
    ends = _long_ends(file, start + at)
    if not ends and (count == 0xFFFF or directory == 0xFFFFFFFF):
        raise RefusedArchiveError(f"it has more than {min(most, 65_534):,} members")
    for members, length in ends or [(count, directory)]:
        if members > most:
            raise RefusedArchiveError(f"it has {members:,} members, more than {most:,}")
        if length > members * _ENTRY:
            raise RefusedArchiveError("its directory is longer than its members need")
    file.seek(0)


def _long_ends(file: BinaryIO, end: int) -> list[tuple[int, int]]:
    """Members and directory bytes of the zip64 records before the end that lies at a place; [] for none.

    Where there is a locator, the library goes by a record, whatever the end says: by the one right before
    the locator, or, in newer versions, by the one that it names. Both have to be small.
    """
    before = end - _LOCATOR_SIZE - _LONG_END_SIZE
    if before < 0:
        return []
    file.seek(before)
    record, locator = file.read(_LONG_END_SIZE), file.read(_LOCATOR_SIZE)
    if not locator.startswith(_LOCATOR):
        return []
    if not record.startswith(_LONG_END):
        raise zipfile.BadZipFile("its zip64 record is missing")
    file.seek(min(struct.unpack_from("<Q", locator, 8)[0], end))
    named = file.read(_LONG_END_SIZE)
    other = [named] if named.startswith(_LONG_END) and len(named) == _LONG_END_SIZE else []
    return [struct.unpack_from("<QQ", each, 32) for each in (record, *other)]
