"""(photos) => their spectrum: what the method "maco" keeps to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import PhotosError
from headstart.images.folder import scan_files
from headstart.images.photo import Skipped
from headstart.images.reader import PhotoReader
from headstart.images.resize import Resize
from headstart.pixels.spectrum import SIDE, Spectrum
from headstart.tasks.paths import given_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.images.photo import Photo

_MOST = 1000  # more photos change the mean by less than its noise


def open_spectrum(source: Spectrum | str | Path, progress: Progress) -> Spectrum:
    """Measure photos, the first thousand of them by name, or take what was measured.

    Args:
        source: a photo, a folder of photos, or a spectrum.
        progress: told of the pace.

    Raises:
        PhotosError: no photo can be used.
    """
    if isinstance(source, Spectrum):
        return source
    photos = scan_files([given_path(source, "the photos of the spectrum")]).photos[:_MOST]
    progress.start(len(photos), "photos measured")
    try:
        with PhotoReader() as reader:
            pictures = list(_pictures(reader, photos, progress))
    finally:
        progress.stop()
    if not pictures:
        raise PhotosError(f"{str(source)!r} holds no photo that can be used; a spectrum needs at least one")
    return Spectrum.measure(pictures)


def _pictures(
    reader: PhotoReader, photos: Sequence[Photo], progress: Progress
) -> Iterator[NDArray[np.uint8]]:
    hashed = [each for each in reader.hash(photos) if not isinstance(each, Skipped)]
    for decoded in reader.decode(hashed, Resize(SIDE, SIDE, SIDE)):
        progress.advance()
        if not isinstance(decoded, Skipped):
            yield decoded.pixels
