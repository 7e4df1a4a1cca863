"""(zip or tar) => its files in a new folder; an archive that wants more than that is refused as a whole."""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, BinaryIO, Protocol, cast

from headstart.errors import PhotosError
from headstart.storage.faults import storage_error
from headstart.storage.members import Members, RefusedArchiveError
from headstart.storage.zip_end import refuse_many

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BLOCK = 1 << 20
_TAR_BLOCK = 512
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_STEPS = 200  # deflate reaches 1,032; photos hardly 2
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, struct.error)
_STRANGE = (NotImplementedError, RuntimeError, ValueError, OverflowError, UnicodeError)


@dataclass(frozen=True)
class Limits:
    """How much an archive may unpack to.

    Attributes:
        members: files and folders.
        total: bytes of all files together, headers of a tar included.
    """

    members: int
    total: int

    @classmethod
    def of(cls, size: int, *, members: int = 100_000) -> Limits:
        """The limits for an archive of a size: photos hardly shrink, so tenfold is plenty.

        Args:
            size: bytes of the archive.
            members: how many there may be.

        Example:
            >>> Limits.of(1_000_000).total
            26000000
        """
        return cls(members, 10 * size + 16_000_000)


def unpack(
    archive: Path, folder: Path, limits: Limits | None = None, *, step: Callable[[], None] | None = None
) -> None:
    """Unpack a zip, a tar or a tar.gz into a folder that is made for it.

    Only plain files and folders are ever made, by names that lie in the folder on every system. Links,
    devices, names that lead elsewhere, come twice or differ in case only, archives in archives, encrypted
    members, wrong check sums and bombs: the whole archive is refused, and the folder is gone again.

    Args:
        archive: the file.
        folder: the new folder; its parent exists.
        limits: how much it may become; None: `Limits.of` its size.
        step: called after each file.

    Raises:
        PhotosError: it is refused; the message says why.
        StorageError: the disk refuses.

    Example:
        >>> import tempfile, zipfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as place:
        ...     with zipfile.ZipFile(Path(place, "a.zip"), "w") as made:
        ...         made.writestr("cat/1.jpg", b"...")
        ...     unpack(Path(place, "a.zip"), Path(place, "new"))
        ...     Path(place, "new", "cat", "1.jpg").read_bytes()
        b'...'
    """
    try:
        folder.mkdir(mode=0o700)
        _unpack(archive, _Target(folder, limits or Limits.of(archive.stat().st_size), step))
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, RefusedArchiveError):
            raise _refused(archive, str(error)) from None
        if isinstance(error, _DAMAGED):
            raise _refused(archive, f"it is damaged ({_said(error)})") from None
        if isinstance(error, OSError):
            raise storage_error(error, folder.parent, f"{archive.name} was not unpacked") from error
        if isinstance(error, _STRANGE):
            raise _refused(archive, f"it can't be read ({_said(error)})") from None
        raise


def _refused(archive: Path, why: str) -> PhotosError:
    return PhotosError(f"{archive.name} is refused and nothing of it is kept: {why}")


def _said(error: BaseException) -> str:
    return ascii(str(error))[1:-1][:200] or type(error).__name__


class _Target:
    """The new folder, and how much may still go into it."""

    def __init__(self, folder: Path, limits: Limits, step: Callable[[], None] | None) -> None:
        self.limits = limits
        self.members = Members(limits.members)
        self._folder = folder
        self._step = step
        self._room = limits.total

    def take(self, size: int) -> None:
        """Count bytes before they are made."""
        self._room -= size
        if self._room < 0:
            raise RefusedArchiveError(f"it unpacks to more than {self.limits.total:,} bytes")

    def write(self, parts: tuple[str, ...], source: IO[bytes], size: int) -> None:
        """Make one file, of exactly the size that was announced."""
        path = self._folder.joinpath(*parts)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, _NEW, 0o600), "wb") as file:
            left = size
            while block := source.read(min(_BLOCK, left + 1)):
                left -= len(block)
                if left < 0:
                    raise RefusedArchiveError(f"its member {'/'.join(parts)!a} is longer than it says")
                file.write(block)
        if left:
            raise RefusedArchiveError(f"its member {'/'.join(parts)!a} is shorter than it says")
        if self._step is not None:
            self._step()


def _unpack(archive: Path, target: _Target) -> None:
    with archive.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        if head.startswith(b"PK"):
            _unpack_zip(file, target)
        elif head.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=file) as plain:
                _unpack_tar(plain, target)
        else:
            _unpack_tar(file, target)


def _unpack_zip(file: BinaryIO, target: _Target) -> None:
    refuse_many(file, target.limits.members)
    with zipfile.ZipFile(file) as archive:
        found = [(info, _plain_entry(info, target)) for info in archive.infolist()]
        for info, parts in found:
            if info.is_dir():
                continue
            with archive.open(info) as source:
                target.write(parts, source, info.file_size)


def _plain_entry(info: zipfile.ZipInfo, target: _Target) -> tuple[str, ...]:
    if not info.orig_filename:  # the library looks at its last character
        raise RefusedArchiveError("it has a file without a name")
    if info.orig_filename != info.filename:
        raise RefusedArchiveError(f"its member {info.orig_filename[:80]!a} has two names")
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in {0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG}:
        raise RefusedArchiveError(f"its member {info.filename!a} is no plain file")
    if not info.is_dir():
        _refuse_rights(info.filename, mode)
    if info.flag_bits & 0x1:
        raise RefusedArchiveError(f"its member {info.filename!a} is encrypted")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise RefusedArchiveError(f"its member {info.filename!a} is packed in an unknown way")
    if info.file_size > _STEPS * info.compress_size + _BLOCK:
        raise RefusedArchiveError(f"its member {info.filename!a} grows more than {_STEPS}-fold")
    target.take(info.file_size)
    return target.members.add(info.filename, folder=info.is_dir())


def _refuse_rights(name: str, mode: int) -> None:
    if mode & (stat.S_ISUID | stat.S_ISGID):
        raise RefusedArchiveError(f"its member {name!a} wants its owner's rights (setuid)")


def _unpack_tar(plain: _Readable, target: _Target) -> None:
    counted = _Counted(plain, target)
    with tarfile.open(fileobj=cast("BinaryIO", counted), mode="r:") as archive:
        while (info := archive.next()) is not None:
            parts = _plain_member(info, target)
            if info.isdir():
                continue
            source = archive.extractfile(info)
            if source is None:
                raise RefusedArchiveError(f"its member {info.name!a} is no plain file")
            target.write(parts, source, info.size)
    # The library takes a damaged header for the end; what follows the true end is zeros.
    if any(counted.header) or counted.rest_is_something():
        raise RefusedArchiveError("it is damaged (something follows its end)")


def _plain_member(info: tarfile.TarInfo, target: _Target) -> tuple[str, ...]:
    if not (info.isreg() or info.isdir()) or info.sparse is not None:
        raise RefusedArchiveError(f"its member {info.name[:80]!a} is a link or device, no plain file")
    if info.isreg():
        _refuse_rights(info.name, info.mode)
    return target.members.add(info.name, folder=info.isdir())


class _Readable(Protocol):
    """All that is asked of a file here."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most so many."""


class _Counted:
    """A tar that is read once from front to end, each byte of it counted; never much of it at once."""

    def __init__(self, file: _Readable, target: _Target) -> None:
        self.header = b""
        self._file = file
        self._target = target
        self._at = 0

    def tell(self) -> int:
        """How far it was read."""
        return self._at

    def seek(self, place: int) -> int:
        """Go on to a place further on."""
        while self._at < place and self.read(min(_BLOCK, place - self._at)):
            pass
        if self._at > place:
            raise RefusedArchiveError("its members lie across each other")
        return self._at

    def read(self, size: int) -> bytes:
        """Read so many bytes; headers that want more than a megabyte are an attack."""
        if not 0 <= size <= _BLOCK:
            raise RefusedArchiveError("a member's header is too long")
        block = self._file.read(size)
        self._target.take(len(block))
        self._at += len(block)
        if size == _TAR_BLOCK:
            self.header = block
        return block

    def rest_is_something(self) -> bool:
        """Read to the end, so that the check sum there is compared, and say whether all was zeros."""
        found = False
        while block := self.read(_BLOCK):
            found = found or any(block)
        return found
