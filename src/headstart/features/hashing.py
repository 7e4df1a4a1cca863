"""(photos) => which content each one has, or why it can't be used; nothing is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.features.progress import NoProgress
from headstart.images.photo import Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.features.progress import Progress
    from headstart.images.photo import Hashed, Photo
    from headstart.images.reader import PhotoReader


def hash_photos(
    photos: Sequence[Photo], reader: PhotoReader, *, progress: Progress | None = None
) -> tuple[tuple[Hashed, ...], tuple[Skipped, ...]]:
    """Read every photo once: what it contains, or why it can't be used; nothing is decoded.

    Args:
        photos: in any order.
        reader: reads them.
        progress: is told the pace.

    Returns:
        The photos that look usable, in the order given, and the others.
    """
    show: Progress = NoProgress() if progress is None else progress
    hashed: list[Hashed] = []
    skipped: list[Skipped] = []
    show.start(len(photos), "reading photos")
    try:
        for outcome in reader.hash(photos):
            if isinstance(outcome, Skipped):
                skipped.append(outcome)
            else:
                hashed.append(outcome)
            show.advance(1)
    finally:
        show.stop()
    return tuple(hashed), tuple(skipped)
