"""(labelled photos) => small pictures in memory, and which of them are learned from, by their content."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import PhotosError
from headstart.images.names import counted
from headstart.images.photo import Skipped
from headstart.images.pixels import to_pixels
from headstart.images.resize import Resize
from headstart.images.splits import holdout
from headstart.tasks.gather import require_classes, require_usable
from headstart.tasks.trials.ground import Parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader
    from headstart.tasks.gather import Gathered

SIDE = 32
"""Pixels: what a network that is trained from scratch sees of a photo."""
LEAST = 8
HELD_OUT = 0.35
"""Much, because effects are small: what they rest on is the number of photos that judge."""
VALIDATION = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Photos that tricks are tried on.

    Attributes:
        source: the folder, table or data set, as the user wrote it.
        pixels: (n, c, h, w) in [0, 1], small.
        parts: who is learned from.
        hashed: the photos; () for a known data set.
        skipped: files that can't be used, each with its reason.
        notes: what people should know.
    """

    source: str
    pixels: NDArray[np.float32]
    parts: Parts
    hashed: tuple[Hashed, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()


def read_pictures(
    gathered: Gathered, reader: PhotoReader, *, most: int, seed: int, progress: Progress | None = None
) -> Pictures:
    """Choose photos by chance, the same share of each class, and decode them small.

    Args:
        gathered: the photos.
        reader: decodes them.
        most: how many are chosen.
        seed: of the choice and of the parts, which depend on the photos' content alone.
        progress: told of each photo.

    Raises:
        PhotosError: too few photos, or a class without any.
    """
    chosen = chosen_photos(gathered.hashed, most, seed)
    pixels, hashed, failed = decoded(chosen, Resize(SIDE, SIDE, SIDE), reader, progress)
    skipped = (*gathered.skipped, *failed)
    require_usable(gathered.source, len(hashed), skipped)
    require_classes(gathered, {str(each.photo.label) for each in hashed})
    if len(hashed) < LEAST:
        raise PhotosError(
            f"{gathered.source} has {counted(len(hashed), 'usable photo')}; tricks are compared on at least "
            f"{LEAST}, and tell something from some hundred on"
        )
    notes = list(gathered.notes)
    if len(hashed) < len(gathered.hashed):
        notes.append(f"{len(hashed)} of {len(gathered.hashed)} photos, chosen by chance (--photos for more)")
    labels = [str(each.photo.label) for each in hashed]
    parts = split(labels, [each.sha256 for each in hashed], gathered.classes, seed)
    return Pictures(gathered.source, pixels, parts, hashed, skipped, tuple(notes))


def chosen_photos(hashed: Sequence[Hashed], most: int, seed: int) -> list[Hashed]:
    """At most so many photos, the same share of each class."""
    if len(hashed) <= most:
        return list(hashed)
    labels = [str(each.photo.label) for each in hashed]
    inside = holdout(labels, [each.sha256 for each in hashed], share=most / len(hashed), seed=seed)
    return [each for each, taken in zip(hashed, inside, strict=True) if taken]


def decoded(
    photos: Sequence[Hashed], resize: Resize, reader: PhotoReader, progress: Progress | None = None
) -> tuple[NDArray[np.float32], tuple[Hashed, ...], tuple[Skipped, ...]]:
    """Decode photos to one size.

    Returns:
        (n, 3, h, w) pixels in [0, 1], the photos, and those that can't be used.
    """
    if progress is not None:
        progress.start(len(photos), "photos to pixels")
    pictures, kept, skipped = [], [], []
    try:
        for each in reader.decode(photos, resize):
            if isinstance(each, Skipped):
                skipped.append(each)
            else:
                pictures.append(each.pixels)
                kept.append(each.hashed)
            if progress is not None:
                progress.advance()
    finally:
        if progress is not None:
            progress.stop()
    empty = np.zeros((0, 3, resize.height, resize.width), np.float32)
    return to_pixels(pictures) if pictures else empty, tuple(kept), tuple(skipped)


def split(labels: Sequence[str], groups: Sequence[str], classes: Sequence[str], seed: int) -> Parts:
    """Three parts with the same share of each class; copies of a photo never lie in two of them.

    Args:
        labels: (n,) class of each photo.
        groups: (n,) SHA-256 of each photo's bytes.
        classes: their names, sorted.
        seed: of the split.

    Raises:
        PhotosError: a part would be empty, or hold a single photo to judge by.

    Example:
        >>> parts = split(["cat"] * 20 + ["dog"] * 20, [f"{i:x}" for i in range(40)], ["cat", "dog"], 0)
        >>> len(parts.train), len(parts.validation), len(parts.held_out)
        (20, 6, 14)
    """
    place = {label: number for number, label in enumerate(classes)}
    held = holdout(labels, groups, share=HELD_OUT, seed=seed)
    rest = np.flatnonzero(~held)
    checks = np.zeros(len(labels), bool)
    inside = [labels[int(at)] for at in rest], [groups[int(at)] for at in rest]
    checks[rest] = holdout(*inside, share=VALIDATION / (1 - HELD_OUT), seed=seed)
    parts = Parts(
        codes=np.array([place[label] for label in labels], np.intp),
        classes=tuple(classes),
        train=np.flatnonzero(~held & ~checks),
        validation=np.flatnonzero(checks),
        held_out=np.flatnonzero(held),
    )
    if len(parts.held_out) < 2 or not len(parts.validation) or not len(parts.train):
        fewest = min(Counter(labels).values())
        raise PhotosError(
            f"{counted(len(labels), 'photo')} of {len(classes)} classes, the smallest with {fewest}, are too "
            "few to learn from some and to judge by others; give at least five of each class"
        )
    return parts


def require_same(kept: Sequence[Hashed], failed: Sequence[Skipped]) -> None:
    """Stop where a photo that was read a moment ago can't be read again: the parts would no longer fit.

    Raises:
        PhotosError: names the first of them.
    """
    if failed:
        raise PhotosError(
            f"{failed[0].name} could be decoded at first and then not ({failed[0].detail}), "
            f"{len(kept)} others could; leave the photos as they are and run this again"
        )
