"""(photos with labels) => (a set to learn from, or one sentence that says what is wrong with it)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from headstart.errors import PhotosError
from headstart.images.names import case_collisions, counted, some
from headstart.images.photo import PhotoSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from headstart.images.photo import Photo, Skipped

NEEDED = (
    "a folder with a folder for each class (cat/1.jpg, dog/2.jpg), or a CSV table with the columns path,label"
)


def labelled_set(
    source: str,
    photos: Sequence[Photo],
    skipped: Sequence[Skipped],
    *,
    classes: Iterable[str],
    least_classes: int,
    ignored: int = 0,
    notes: Iterable[str] = (),
) -> PhotoSet:
    """Put a labelled set together; everything that makes it useless is found here, before any work.

    Args:
        source: as the user wrote it.
        photos: with labels, in their final order.
        skipped: what the scan ruled out.
        classes: every class that was named, also those without a photo left.
        least_classes: 2 to learn from; 1 to test or to embed.
        ignored: hidden and system entries passed over.
        notes: what the scan has to say.

    Raises:
        PhotosError: no class, too few classes, or a class without a photo.
    """
    names = sorted(set(classes))
    _refuse_empty_classes(source, names, photos, skipped)
    if len(names) < least_classes:
        found = f"only one class, {names[0]!r}" if names else "no class"
        least = counted(least_classes, "class", "classes")
        raise PhotosError(f"{source!r} holds {found}; needed: {NEEDED}, with at least {least}")
    every_note = (*notes, *case_collisions(names))
    return PhotoSet(source, tuple(photos), tuple(names), tuple(skipped), ignored, every_note)


def _refuse_empty_classes(
    source: str, names: Sequence[str], photos: Sequence[Photo], skipped: Sequence[Skipped]
) -> None:
    counts = Counter(photo.label for photo in photos)
    empty = [name for name in names if not counts[name]]
    if not empty:
        return
    because = next((f" ({entry.detail})" for entry in skipped if entry.label == empty[0]), "")
    which = "class" if len(empty) == 1 else counted(len(empty), "class", "classes")
    raise PhotosError(
        f"{which} {some(empty)} in {source!r} without any photo{because}; add photos or take the class out"
    )
