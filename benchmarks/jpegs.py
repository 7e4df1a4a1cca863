"""(data folder) => a folder of a few hundred different JPEG files, spread over what is there."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

from headstart.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

USUAL = "cats-vs-dogs/train"
"""Photos of all sizes with their original bytes: what people have."""
_ENDINGS = {".jpg", ".jpeg"}


def copy_photos(data: Path, folder: Path, most: int) -> tuple[list[Path], Path]:
    """Copy photos, each into the folder of its class, so that every side reads the same warm files.

    Args:
        data: a folder with JPEG files at any depth; its `USUAL` photos are taken where it has them.
        folder: where to; created.
        most: how many at most; copies of a photo count once.

    Returns:
        The copies, sorted, and the folder that they come from.

    Raises:
        UsageError: no JPEG file.
    """
    source = data / USUAL if (data / USUAL).is_dir() else data
    files = sorted(path for path in source.rglob("*") if path.suffix.lower() in _ENDINGS and path.is_file())
    copies: dict[str, Path] = {}
    for number, path in enumerate(spread(files, most)):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest in copies:
            continue
        copies[digest] = folder / path.parent.name / f"{number:05}.jpg"
        copies[digest].parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copies[digest])
    if not copies:
        raise UsageError(f"{str(data)!r} has no JPEG file; give a folder of photos: --data DIR")
    return sorted(copies.values()), source


def spread(files: Sequence[Path], most: int) -> list[Path]:
    """At most so many files, evenly from first to last.

    Example:
        >>> spread(list("abcdef"), 3)
        ['a', 'c', 'e']
    """
    count = min(most, len(files))
    return [files[index * len(files) // count] for index in range(count)]
