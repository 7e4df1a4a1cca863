"""(photos) => which content each one has, or why it can't be used; nothing is decoded."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from headstart.features.progress import NoProgress
from headstart.features.sighting import sight
from headstart.images.photo import Hashed, Reason, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from headstart.features.known import KnownFiles
    from headstart.features.progress import Progress
    from headstart.features.sighting import Sighting
    from headstart.images.photo import Photo
    from headstart.images.reader import PhotoReader

_SHOWN_AT_ONCE = 500


def hash_photos(
    photos: Sequence[Photo],
    reader: PhotoReader,
    *,
    files: KnownFiles | None = None,
    rehash: bool = False,
    progress: Progress | None = None,
) -> tuple[tuple[Hashed, ...], tuple[Skipped, ...]]:
    """Find out what every photo contains, or why it can't be used; nothing is decoded.

    Args:
        photos: in any order.
        reader: reads them.
        files: knows those that were read before, and learns those that are read now; None: all are read.
        rehash: read also those that are known.
        progress: is told the pace.

    Returns:
        The photos that look usable, in the order given, and the others.

    Raises:
        StorageError: the known files can't be looked up.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.features.store import FeatureStore
        >>> from headstart.images.folder import scan_photos
        >>> from headstart.images.reader import PhotoReader
        >>> from headstart.testing import write_photos
        >>> with tempfile.TemporaryDirectory() as folder, PhotoReader(workers=1) as reader:
        ...     photos = scan_photos(write_photos(Path(folder))).photos
        ...     with FeatureStore(None) as store:
        ...         hashed, skipped = hash_photos(photos, reader, files=store.files)
        >>> len(hashed), skipped
        (12, ())
    """
    show: Progress = NoProgress() if progress is None else progress
    show.start(len(photos), "reading photos")
    try:
        outcomes = _recognised(photos, None if rehash else files, show)
        unknown = [place for place, outcome in enumerate(outcomes) if outcome is None]
        read = _read([photos[place] for place in unknown], reader, files)
        for place, outcome in zip(unknown, read, strict=True):
            outcomes[place] = outcome
            show.advance(1)
    finally:
        show.stop()
    return (
        tuple(each for each in outcomes if isinstance(each, Hashed)),
        tuple(each for each in outcomes if isinstance(each, Skipped)),
    )


def forget_changed(hashed: Iterable[Hashed], skipped: Iterable[Skipped], files: KnownFiles) -> None:
    """Forget files that did not have the bytes for which they were known, so that they are read again.

    Args:
        hashed: photos that were to be decoded.
        skipped: those that were not used.
        files: what to forget them in.
    """
    changed = {each.name for each in skipped if each.reason is Reason.CHANGED_DURING_READ}
    if changed:
        files.forget(each.photo for each in hashed if each.photo.name in changed)


def _recognised(
    photos: Sequence[Photo], files: KnownFiles | None, show: Progress
) -> list[Hashed | Skipped | None]:
    if files is None:
        return [None] * len(photos)
    outcomes: list[Hashed | Skipped | None] = []
    known = shown = 0
    for outcome in files.recognise(photos):
        outcomes.append(outcome)
        known += outcome is not None
        if known - shown >= _SHOWN_AT_ONCE or (len(outcomes) == len(photos) and known > shown):
            show.advance(known - shown)
            shown = known
    return outcomes


def _read(
    photos: Sequence[Photo], reader: PhotoReader, files: KnownFiles | None
) -> Iterator[Hashed | Skipped]:
    if not photos:  # not even a thread has to start
        return
    if files is None:
        yield from reader.hash(photos)
        return
    sightings: deque[Sighting | None] = deque()
    try:
        for outcome in reader.hash(_sighted(photos, sightings)):
            before = sightings.popleft()
            if isinstance(outcome, Hashed):
                files.remember(outcome, before)
            else:
                files.refuse(before)
            yield outcome
    finally:
        files.flush()


def _sighted(photos: Iterable[Photo], sightings: deque[Sighting | None]) -> Iterator[Photo]:
    """The photos, each looked at just before it is read."""
    for photo in photos:
        sightings.append(sight(photo))
        yield photo
