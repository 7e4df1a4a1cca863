"""(photos of a fetched data set) => those that training will skip, each decoded once, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.images.conflicts import resolve_duplicates
from headstart.images.photo import Hashed, Skipped
from headstart.images.reader import PhotoReader
from headstart.images.resize import Resize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from headstart.images.photo import Photo

_SMALL = Resize(64, 64, 64)
"""A JPEG is read to its end at any size, and fastest at a small one."""


def find_unusable(
    parts: Mapping[str, Sequence[Photo]], step: Callable[[], None] | None = None
) -> list[Skipped]:
    """Read and decode each photo as training does, in processes that a bad file may crash.

    Args:
        parts: the photos of each part of the split.
        step: called after each photo.

    Returns:
        Those that can't be used, and those that lie in two classes of one part.

    Raises:
        StorageError: no process can be started.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.images.photo import Photo
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "1.jpg")
        ...     _ = path.write_bytes(b"no photo at all")
        ...     [bad] = find_unusable({"train": [Photo(path, "1.jpg", "cat")]})
        >>> bad.reason.value
        'not an image'
    """
    told = step or (lambda: None)
    with PhotoReader() as reader:
        return [bad for photos in parts.values() for bad in _bad(photos, reader, told)]


def _bad(photos: Sequence[Photo], reader: PhotoReader, step: Callable[[], None]) -> Iterator[Skipped]:
    hashed = []
    for each in reader.hash(photos):
        if isinstance(each, Hashed):
            hashed.append(each)
        else:
            yield each
            step()
    duplicates = resolve_duplicates(hashed)
    for twice in duplicates.skipped:
        yield twice
        step()
    for decoded in reader.decode(duplicates.used, _SMALL):
        if isinstance(decoded, Skipped):
            yield decoded
        step()
