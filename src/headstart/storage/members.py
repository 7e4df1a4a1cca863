"""(name of a member of an archive) => (the folders and the file that it may become), or why it may not."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePosixPath

_LONGEST_PART = 255
_LONGEST_NAME = 1024
_DEEPEST = 32
# Windows forbids these characters, and gives these names to devices, whatever blanks and suffix follow.
_FORBIDDEN = frozenset('<>:"|?*')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\..*)?")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")


class RefusedArchiveError(Exception):
    """One clause that says why an archive is not to be unpacked."""


@dataclass
class Members:
    """The members of one archive so far: none may lie elsewhere, come twice, or be one too many.

    Attributes:
        most: how many there may be.

    Example:
        >>> members = Members(most=10)
        >>> members.add("./cat/1.jpg", folder=False)
        ('cat', '1.jpg')
        >>> members.add("../1.jpg", folder=False)
        Traceback (most recent call last):
        headstart.storage.members.RefusedArchiveError: its member '../1.jpg' leads out of it
    """

    most: int
    _seen: dict[str, tuple[str, bool]] = field(default_factory=dict)
    _files: set[str] = field(default_factory=set)
    _count: int = 0

    def add(self, name: str, *, folder: bool) -> tuple[str, ...]:
        """Check one more member.

        Args:
            name: as the archive writes it.
            folder: whether it is a folder.

        Returns:
            The names of its folders and its own; () for the archive's own root.

        Raises:
            RefusedArchiveError: it may not be unpacked, and nothing else of its archive either.
        """
        self._count += 1
        if self._count > self.most:
            raise RefusedArchiveError(f"it has more than {self.most:,} members")
        parts = _parts(name)
        for depth in range(1, len(parts) + 1):
            self._add_path(name, parts[:depth], folder=folder or depth < len(parts), last=depth == len(parts))
        if not folder and not parts:
            raise RefusedArchiveError(f"its member {_shown(name)} is a file without a name")
        if not folder and name.lower().endswith(_ARCHIVES):
            raise RefusedArchiveError(f"its member {_shown(name)} is an archive in an archive")
        return parts

    def _add_path(self, name: str, parts: tuple[str, ...], *, folder: bool, last: bool) -> None:
        path = "/".join(parts)
        # File systems of Windows and macOS take these for one and the same name.
        key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
        before, was_folder = self._seen.setdefault(key, (path, folder))
        if before != path:
            raise RefusedArchiveError(
                f"its members {_shown(before)} and {_shown(path)} are one name on some disks"
            )
        if was_folder != folder:
            raise RefusedArchiveError(f"its member {_shown(name)} is a file and a folder")
        if last and not folder:
            if key in self._files:
                raise RefusedArchiveError(f"its member {_shown(name)} comes twice")
            self._files.add(key)


def _parts(name: str) -> tuple[str, ...]:
    if len(name) > _LONGEST_NAME:
        raise RefusedArchiveError(f"a member's name has {len(name):,} characters")
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        raise RefusedArchiveError(f"its member {_shown(name)} names a place on this machine")
    if "\\" in name or not name.isprintable():
        raise RefusedArchiveError(f"its member {_shown(name)} has a backslash or a control character")
    if ".." in name.split("/"):
        raise RefusedArchiveError(f"its member {_shown(name)} leads out of it")
    parts = PurePosixPath(name).parts
    if len(parts) > _DEEPEST:
        raise RefusedArchiveError(f"its member {_shown(name)} lies {len(parts)} folders deep")
    for part in parts:
        if len(part.encode()) > _LONGEST_PART or part[-1] in ". " or _belongs_to_windows(part):
            raise RefusedArchiveError(f"its member {_shown(name)} is no file name on every system")
    return parts


def _belongs_to_windows(part: str) -> bool:
    return not _FORBIDDEN.isdisjoint(part) or _DEVICES.fullmatch(part) is not None


def _shown(name: str) -> str:
    return ascii(name if len(name) < 80 else name[:77] + "…")
