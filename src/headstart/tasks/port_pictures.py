"""(photos, or none) => pixels on which two networks are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import PhotosError
from headstart.images.folder import scan_files
from headstart.images.names import counted
from headstart.images.photo import Hashed, Photo
from headstart.images.pixels import to_pixels
from headstart.images.reader import DecodedPhoto, PhotoReader
from headstart.tasks.demo_pictures import STRANGERS, carried_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from headstart.images.resize import Resize

MOST = 32
"""Photos that are looked at, evenly spread over those that are given."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures as a network receives them.

    Attributes:
        pixels: (n, 3, h, w) float32 in [0, 1].
        words: what they are.
    """

    pixels: NDArray[np.float32]
    words: str


def pictures(photos: str | Path | None, resize: Resize) -> Pictures:
    """Read photos, or take the pictures that other packages carry, in colour, and one of noise.

    Args:
        photos: a folder of photos, with or without class folders, or one photo; None: those of others.
        resize: how they come to the network's size.

    Raises:
        PhotosError: none can be used.

    Example:
        >>> from headstart.images.resize import Resize
        >>> found = pictures(None, Resize(32, 32, 36))
        >>> found.pixels.shape, found.words
        ((8, 3, 32, 32), '7 pictures that scikit-image and scikit-learn carry, and noise')
    """
    if photos is not None:
        return _of_photos(photos, resize)
    files = [carried_file(*where) for where in STRANGERS.values()]
    decoded = _decoded([Photo(path, path.name) for path in files], resize)
    noise = np.random.default_rng(0).random((1, 3, resize.height, resize.width), np.float32)
    words = f"{counted(len(decoded), 'picture')} that scikit-image and scikit-learn carry, and noise"
    return Pictures(np.concatenate([to_pixels(decoded), noise]), words)


def _of_photos(photos: str | Path, resize: Resize) -> Pictures:
    found = scan_files([photos]).photos
    spread = np.linspace(0, len(found) - 1, min(MOST, len(found))).round().astype(int)
    decoded = _decoded([found[at] for at in spread], resize)
    if not decoded:
        raise PhotosError(f"none of the photos in {str(photos)!r} can be used; give others")
    return Pictures(to_pixels(decoded), f"{len(decoded):,} of {counted(len(found), 'photo')}")


def _decoded(photos: list[Photo], resize: Resize) -> list[NDArray[np.uint8]]:
    """The photos that can be read."""
    with PhotoReader() as reader:
        hashed = [each for each in reader.hash(photos) if isinstance(each, Hashed)]
        return [each.pixels for each in reader.decode(hashed, resize) if isinstance(each, DecodedPhoto)]
