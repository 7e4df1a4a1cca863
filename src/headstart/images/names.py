"""(names as the file system has them) => (ignored or not, labels, text that is safe to show)."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Written by Finder, Explorer, archivers and network storage beside people's photos; compared in lower case.
_SYSTEM_NAMES = frozenset(
    {
        "thumbs.db",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "desktop.ini",
        "icon\r",
        "__macosx",
        "@eadir",
        "#recycle",
        "$recycle.bin",
        "system volume information",
        "lost+found",
        "__pycache__",
    }
)

_PHOTO_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif"),
    *(".heic", ".heif", ".jxl", ".ppm", ".pgm", ".pbm"),
)


def is_system_name(name: str) -> bool:
    """Whether a file or folder is passed over by rule: hidden, or made by an operating system.

    Example:
        >>> [is_system_name(name) for name in (".DS_Store", "._1.jpg", "Thumbs.db", "1.jpg")]
        [True, True, True, False]
    """
    return name.startswith(".") or name.lower() in _SYSTEM_NAMES


def has_photo_suffix(name: str) -> bool:
    """Whether the name alone suggests a photo; only for messages, content decides everything else."""
    return name.lower().endswith(_PHOTO_SUFFIXES)


def by_bytes(name: str) -> bytes:
    """The sort key of file names: their bytes, the same on every machine and in every language."""
    return os.fsencode(name)


def well_formed(name: str) -> str:
    r"""The name as valid Unicode: bytes that are no UTF-8 are written as `\xe9`.

    Example:
        >>> print(well_formed(b"caf\xe9.jpg".decode("utf-8", "surrogateescape")))
        caf\xe9.jpg
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def label_from(name: str) -> str:
    """The class that a folder name or table cell stands for: valid Unicode in normal form C, no outer blanks.

    macOS writes accents in form D, others in form C; without this "é" would be two classes.
    """
    label = unicodedata.normalize("NFC", well_formed(name))
    return label.strip() or label


def case_collisions(labels: Iterable[str]) -> tuple[str, ...]:
    """A note for each set of classes that differ in upper and lower case only; they stay apart.

    Example:
        >>> case_collisions(["Cat", "cat", "dog"])
        ("classes differ in upper and lower case only and are kept apart: 'Cat', 'cat'",)
    """
    spellings: defaultdict[str, list[str]] = defaultdict(list)
    for label in sorted(labels):
        spellings[unicodedata.normalize("NFC", label.casefold())].append(label)
    return tuple(
        f"classes differ in upper and lower case only and are kept apart: {some(same, at_most=len(same))}"
        for same in spellings.values()
        if len(same) > 1
    )


def some(names: Iterable[str], *, at_most: int = 3) -> str:
    """The first few names, quoted and escaped for one line of a terminal.

    Example:
        >>> some(["a", "b", "c", "d"], at_most=2)
        "'a', 'b' and 2 more"
    """
    every = list(names)
    shown = ", ".join(repr(name) for name in every[:at_most])
    return shown if len(every) <= at_most else f"{shown} and {len(every) - at_most} more"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: `1 photo`, `2 photos`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
