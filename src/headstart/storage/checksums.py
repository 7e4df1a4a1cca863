"""(file, what is known of it) => nothing, or what is wrong with it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,150}")


@dataclass(frozen=True)
class Download:
    """A published file and what is known of it before it arrives.

    Attributes:
        url: https address.
        filename: its name on this disk: letters, digits and `_.+-` only.
        size: bytes, where it is known.
        sha256: full SHA-256 (hex), where it is known.
        sha256_prefix: the first digits of it (torchvision and timm publish eight).
        md5: MD5 (hex), where nothing stronger is published.
        about: bytes, roughly, where only that is published; for messages.
        by_hand: the command that adds the file when somebody brings it by hand; stands in error messages.
        also: what else is to be brought by that command, each with its address; stands there too.

    Raises:
        UsageError: the address is not https, or the name is no plain file name.

    Example:
        >>> Download("https://example.org/a.pth", "a.pth", sha256_prefix="7ebf99e0").checked
        True
    """

    url: str
    filename: str
    size: int | None = None
    sha256: str | None = None
    sha256_prefix: str | None = None
    md5: str | None = None
    about: int | None = None
    by_hand: str = ""
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.url.startswith("https://"):
            raise UsageError(f"{self.url} is not an https address; only those are fetched")
        if not _NAME.fullmatch(self.filename):
            raise UsageError(f"{self.filename!r} is not a plain file name (letters, digits and _.+- only)")

    @property
    def checked(self) -> bool:
        """Whether any digest is known, so that wrong bytes would be noticed."""
        return bool(self.sha256 or self.sha256_prefix or self.md5)

    @property
    def key(self) -> str:
        """The strongest digest known, for the name of the partial file."""
        return self.sha256 or self.sha256_prefix or self.md5 or "unpinned"


def digest_of(path: Path, algorithm: str = "sha256") -> str:
    """The digest of a whole file.

    Args:
        path: the file.
        algorithm: as `hashlib` names it.

    Returns:
        Hexadecimal digits.

    Raises:
        OSError: it can't be read.
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def what_is_wrong(path: Path, download: Download) -> str | None:
    """Compare a file with everything that is known of it.

    Args:
        path: a complete file.
        download: size and digests to hold it to.

    Returns:
        None where all of it agrees, else one clause that says what does not.

    Raises:
        OSError: it can't be read.
    """
    size = path.stat().st_size
    if download.size is not None and size != download.size:
        return f"it has {size:,} bytes instead of {download.size:,}"
    if download.md5 and digest_of(path, "md5") != download.md5.lower():
        return f"its MD5 is not {download.md5}"
    expected = (download.sha256 or download.sha256_prefix or "").lower()
    if expected and not (found := digest_of(path)).startswith(expected):
        return f"its SHA-256 starts with {found[:16]}, expected {expected[:16]}"
    return None
