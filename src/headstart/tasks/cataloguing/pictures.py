"""(photos) => small upright pictures in `thumbnails/`; those that are there already are kept."""

from __future__ import annotations

import io
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from headstart.features.progress import NoProgress
from headstart.images.photo import Skipped
from headstart.images.resize import Resize
from headstart.images.unpadded import unpadded
from headstart.report.catalogue_facts import thumbnail_name
from headstart.storage.atomic import atomic_write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.images.photo import Hashed
    from headstart.images.reader import DecodedPhoto, PhotoReader

SIDE = 320  # pixels: twice a card on most screens, and enough to recognise a breed by
_QUALITY = 80
_AT_ONCE = 8
_BOX = Resize(SIDE, SIDE, SIDE, "bicubic", mode="pad")


def make_thumbnails(
    photos: Iterable[Hashed],
    folder: Path,
    reader: PhotoReader,
    progress: Progress | None = None,
    *,
    mode: int,
) -> tuple[set[str], int]:
    """Write a small JPEG of each photo's pixels alone: no place, camera or date comes along.

    Args:
        photos: several with the same bytes have one picture.
        folder: where they go; it exists.
        reader: decodes.
        progress: told of the pace.
        mode: permissions of new files.

    Returns:
        The SHA-256 of the photos that have a picture now, and how many of those were made now.

    Raises:
        StorageError: the disk refuses.
    """
    show: Progress = NoProgress() if progress is None else progress
    wanted = {each.sha256: each for each in photos}
    there = {path.name for path in folder.iterdir() if path.is_file()}
    missing = [each for sha, each in wanted.items() if thumbnail_name(sha) not in there]
    pictured = wanted.keys() - {each.sha256 for each in missing}
    show.start(len(missing), "making thumbnails")
    try:
        made = _write(missing, folder, reader, show, mode)
    finally:
        show.stop()
    return pictured | made, len(made)


def _write(
    missing: Sequence[Hashed], folder: Path, reader: PhotoReader, show: Progress, mode: int
) -> set[str]:
    """Write several at once: each one waits for the disk most of its time."""

    def write(outcome: DecodedPhoto) -> str:
        sha256 = outcome.hashed.sha256
        atomic_write_bytes(
            folder / thumbnail_name(sha256), _jpeg(unpadded(outcome.pixels, outcome.size, _BOX)), mode=mode
        )
        return sha256

    made: set[str] = set()
    waiting: deque[Future[str]] = deque()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for outcome in reader.decode(missing, _BOX):
            show.advance(1)
            if not isinstance(outcome, Skipped):
                waiting.append(pool.submit(write, outcome))
            if len(waiting) > 2 * _AT_ONCE:
                made.add(waiting.popleft().result())
        made.update(each.result() for each in waiting)
    return made


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    import numpy as np
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, format="JPEG", quality=_QUALITY, optimize=True)
    return stream.getvalue()
