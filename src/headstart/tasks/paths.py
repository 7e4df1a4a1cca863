"""(paths as people write them) => paths that can be opened: `~` expanded, empty ones refused."""

from __future__ import annotations

import os
from pathlib import Path

from headstart.errors import UsageError


def given_path(path: str | Path, what: str) -> str:
    """Give a path as text, with `~` expanded; everything else stays as it was written.

    Args:
        path: as it was given.
        what: what it stands for, for the message.

    Raises:
        UsageError: it is empty: that would mean the working folder, which nobody asked for.

    Example:
        >>> given_path("photos/cats", "photos")
        'photos/cats'
        >>> given_path("", "photos")
        Traceback (most recent call last):
        headstart.errors.UsageError: photos is empty; expected a path
    """
    text = os.fspath(path)
    if not text:
        raise UsageError(f"{what} is empty; expected a path")
    return os.path.expanduser(text) if text.startswith("~") else text  # noqa: PTH111 - Path("./x") loses its "./"


def refuse_among_photos(target: Path, what: str, *sources: str | None) -> None:
    """Refuse to write among the photos: it would be taken for one of them, or for a class.

    Raises:
        UsageError: with both paths.
    """
    for source in sources:
        if source is None or not Path(source).is_dir():
            continue
        if target.resolve().is_relative_to(Path(source).resolve()):
            raise UsageError(
                f"{what} {str(target)!r} lies among the photos in {source!r}; choose another place"
            )
