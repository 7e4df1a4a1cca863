"""(folder or table of photos) => photos that can be learned from, and why the others can't."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headstart.errors import PhotosError
from headstart.features.extract import hash_photos
from headstart.images.conflicts import resolve_duplicates
from headstart.images.folder import scan_photos
from headstart.images.names import counted, some

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from headstart.features.progress import Progress
    from headstart.images.photo import Hashed, Skipped
    from headstart.images.reader import PhotoReader

_MOST_UNUSABLE = 0.5


@dataclass(frozen=True, slots=True)
class Gathered:
    """Photos that were found and looked into, none decoded yet.

    Attributes:
        source: the folder or table, as the user wrote it.
        hashed: photos that look usable, each with the SHA-256 of its content.
        skipped: files that are not used, each with its reason.
        classes: sorted class names.
        notes: what people should know.
        leaked: photos left out because they were also trained on.
        trained: these are photos to learn from, so each class needs one; photos to measure on need not.
    """

    source: str
    hashed: tuple[Hashed, ...]
    skipped: tuple[Skipped, ...]
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    leaked: int = 0
    trained: bool = True


def gather_labelled(
    source: str | Path,
    reader: PhotoReader,
    *,
    follow_links: bool = False,
    progress: Progress | None = None,
    known: Collection[str] | None = None,
) -> Gathered:
    """Scan labelled photos, read and hash each once, and set aside those that can't be used.

    Args:
        source: a folder with a folder for each class, or a CSV with the columns path and label.
        reader: reads the files.
        follow_links: follow links that lead to other folders.
        progress: told of the reading.
        known: classes that photos may have; None: any, but at least two.

    Raises:
        PhotosError: one class only, a class that is not known, no readable photo, or most files unusable.
    """
    found = scan_photos(source, follow_links=follow_links, least_classes=2 if known is None else 1)
    _check_classes(str(source), found.classes, known)
    hashed, skipped = hash_photos(found.photos, reader, progress=progress)
    duplicates = resolve_duplicates(hashed)
    gathered = Gathered(
        source=str(source),
        hashed=duplicates.used,
        skipped=(*found.skipped, *skipped, *duplicates.skipped),
        classes=found.classes,
        notes=(*found.notes, *duplicates.notes),
        trained=known is None,
    )
    require_usable(gathered.source, len(gathered.hashed), gathered.skipped)
    if gathered.trained:
        require_classes(gathered, {str(each.photo.label) for each in gathered.hashed})
    return gathered


def _check_classes(source: str, classes: Sequence[str], known: Collection[str] | None) -> None:
    strange = [] if known is None else sorted(set(classes) - set(known))
    if strange:
        raise PhotosError(
            f"{source} has {counted(len(strange), 'class', 'classes')} that the model does not know: "
            f"{some(strange)}; it knows {some(sorted(known or ()))}"
        )


def require_usable(source: str, usable: int, skipped: Sequence[Skipped]) -> None:
    """Stop where most files can't be used: that is a wrong folder rather than a few bad photos.

    Raises:
        PhotosError: no photo is left, or more than half of the files were skipped.
    """
    total = usable + len(skipped)
    if total == 0:
        raise PhotosError(
            f"{source} holds no photo: expected a folder with a folder of photos for each class"
        )
    if usable == 0 or len(skipped) > _MOST_UNUSABLE * total:
        raise PhotosError(
            f"{source}: only {usable} of {total} files can be used ({count_reasons(skipped, 3)}); "
            f"expected at least half of them; the first: {skipped[0].name} ({skipped[0].detail})"
        )


def require_classes(gathered: Gathered, left: Collection[str]) -> None:
    """Stop where a class has no usable photo left: a model without it is not what was asked for.

    Raises:
        PhotosError: names the class, and why its photos can't be used.
    """
    for label in gathered.classes:
        if label not in left:
            why = next(
                (f" ({each.name}: {each.detail})" for each in gathered.skipped if each.label == label), ""
            )
            raise PhotosError(
                f"class {label!r} in {gathered.source} has no photo that can be used{why}; "
                "add photos or take the class out"
            )


def reasons(skipped: Iterable[Skipped]) -> dict[str, int]:
    """Count the reasons, most frequent first.

    Example:
        >>> from headstart.images.photo import Reason, Skipped
        >>> reasons([Skipped("a.jpg", Reason.EMPTY, "0 bytes", "read")])
        {'empty': 1}
    """
    return {
        str(reason.value): count for reason, count in Counter(each.reason for each in skipped).most_common()
    }


def count_reasons(skipped: Iterable[Skipped], most: int) -> str:
    """Write the most frequent reasons in one line."""
    return ", ".join(f"{count} {reason}" for reason, count in list(reasons(skipped).items())[:most])


def gather_test(
    source: str | Path,
    reader: PhotoReader,
    training: Gathered,
    *,
    follow_links: bool = False,
    progress: Progress | None = None,
) -> Gathered:
    """Gather photos to measure on; those that also stand in training are set aside.

    Raises:
        PhotosError: a class that training does not know, or no photo that training does not hold too.
    """
    found = gather_labelled(
        source, reader, follow_links=follow_links, progress=progress, known=training.classes
    )
    return without_known(found, {each.sha256 for each in training.hashed})


def without_known(gathered: Gathered, known: Collection[str]) -> Gathered:
    """Leave out photos whose content was trained on: they would flatter the figure.

    Args:
        gathered: photos to measure on.
        known: SHA-256 of the photos that were trained on.

    Raises:
        PhotosError: nothing is left.
    """
    kept = tuple(each for each in gathered.hashed if each.sha256 not in known)
    leaked = len(gathered.hashed) - len(kept)
    if not leaked:
        return gathered
    if not kept:
        raise PhotosError(
            f"{gathered.source}: all {leaked} photos were also trained on, so they can't measure anything; "
            "give photos that the model has not seen"
        )
    note = f"{counted(leaked, 'test photo')} also trained on and left out of the figure"
    return replace(gathered, hashed=kept, leaked=leaked, notes=(*gathered.notes, note))
