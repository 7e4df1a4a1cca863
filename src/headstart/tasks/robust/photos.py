"""(labelled photos, a network) => those that it is attacked on, by a seeded choice, with their classes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import PhotosError, UsageError
from headstart.images.folder import scan_photos
from headstart.images.names import counted, some
from headstart.images.photo import Skipped
from headstart.images.pixels import to_pixels
from headstart.pixels.network import class_index
from headstart.tasks.gather import gather, require_usable, without_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from headstart.features.known import KnownFiles
    from headstart.features.progress import Progress
    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader
    from headstart.images.resize import Resize
    from headstart.pixels.network import Differentiable
    from headstart.tasks.gather import Gathered, Known


@dataclass(frozen=True)
class ChosenPhotos:
    """Photos that a network is attacked on.

    Attributes:
        source: the folder or table, as the user wrote it.
        hashed: the photos.
        pixels: (n, 3, h, w) at the network's own size, whole 255ths.
        labels: (n,) places of their classes in the network's logits.
        skipped: files that can't be used, each with its reason.
        leaked: how many were left out because the network was trained on them.
        left: how many usable ones were not chosen.
        notes: what people should know.
    """

    source: str
    hashed: tuple[Hashed, ...]
    pixels: NDArray[np.float32]
    labels: NDArray[np.intp]
    skipped: tuple[Skipped, ...]
    leaked: int
    left: int
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """How people know the photos."""
        return tuple(each.photo.name for each in self.hashed)


def choose_photos(
    photos: str,
    network: Differentiable,
    reader: PhotoReader,
    *,
    most: int,
    seed: int,
    trained_on: Mapping[str, Known],
    follow_links: bool = False,
    files: KnownFiles | None = None,
    rehash: bool = False,
    progress: Progress | None = None,
) -> ChosenPhotos:
    """Find labelled photos, choose some by chance, and decode them to the network's size.

    Args:
        photos: a folder with a folder for each class, or a CSV with the columns path and label; labels are
            names of the network's classes, or their WordNet ids.
        network: whose classes they have.
        reader: reads them.
        most: how many to choose.
        seed: of the choice, which depends on the photos' content, not on their names.
        trained_on: photos that are left out, by SHA-256.
        follow_links: follow links that lead to other folders.
        files: knows photos that were read before.
        rehash: read also those.
        progress: told of the pace.

    Raises:
        PhotosError: a label that the network does not know, or no usable photo.
    """
    found = scan_photos(photos, follow_links=follow_links, least_classes=1)
    places = match_labels(network, found.classes, photos)
    gathered = without_known(gather(found, reader, progress, files=files, rehash=rehash), trained_on)
    ordered = sorted(gathered.hashed, key=lambda each: _lot(seed, each.sha256))
    pixels, kept, unread = read_photos(ordered, network.resize, reader, most)
    skipped = (*gathered.skipped, *unread)
    require_usable(gathered.source, len(kept), skipped)
    return ChosenPhotos(
        source=gathered.source,
        hashed=kept,
        pixels=pixels,
        labels=np.array([places[str(each.photo.label)] for each in kept], np.intp),
        skipped=skipped,
        leaked=len(gathered.leaked),
        left=len(ordered) - len(kept) - len(unread),
        notes=(*gathered.notes, *_choice(gathered, len(kept))),
    )


def match_labels(network: Differentiable, labels: Iterable[str], source: str) -> dict[str, int]:
    """The place of each label's class, by name or WordNet id.

    Raises:
        PhotosError: some labels are no classes of the network.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> match_labels(of_backbone(tiny_backbone(classes=("cat", "big_dog"))), ["Big Dog"], "photos")
        {'Big Dog': 1}
    """
    places: dict[str, int] = {}
    strange: list[str] = []
    for label in labels:
        try:
            places[label] = class_index(network, label)
        except UsageError:
            strange.append(label)
    if strange:
        raise PhotosError(
            f"{source} has {counted(len(strange), 'class', 'classes')} that {network.name} does not know, "
            f"neither by name nor by WordNet id: {some(sorted(strange))}; it knows {some(network.classes)}"
        )
    return places


def read_photos(
    hashed: Sequence[Hashed], resize: Resize, reader: PhotoReader, most: int
) -> tuple[NDArray[np.float32], tuple[Hashed, ...], tuple[Skipped, ...]]:
    """Decode the first photos that can be decoded, at most so many.

    Returns:
        (n, 3, h, w) pixels, the photos, and those that can't be used.
    """
    pictures, kept, skipped = [], [], []
    for decoded in reader.decode(hashed, resize):
        if isinstance(decoded, Skipped):
            skipped.append(decoded)
            continue
        pictures.append(decoded.pixels)
        kept.append(decoded.hashed)
        if len(kept) == most:
            break
    empty = np.zeros((0, 3, resize.height, resize.width), np.float32)
    return to_pixels(pictures) if pictures else empty, tuple(kept), tuple(skipped)


def _choice(gathered: Gathered, kept: int) -> list[str]:
    usable = len(gathered.hashed)
    return [f"{kept} of {usable} photos, chosen by chance (--photos for more)"] if kept < usable else []


def _lot(seed: int, sha256: str) -> bytes:
    return hashlib.sha256(f"{seed} {sha256}".encode()).digest()
