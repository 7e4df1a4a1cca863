"""(folder or table of photos) => photos that can be learned from, and why the others can't."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from headstart.errors import PhotosError
from headstart.features.hashing import hash_photos
from headstart.images.conflicts import resolve_duplicates
from headstart.images.folder import scan_photos
from headstart.images.names import counted, some
from headstart.images.photo import Reason, Skipped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from headstart.features.known import KnownFiles
    from headstart.features.progress import Progress
    from headstart.images.photo import Hashed, PhotoSet
    from headstart.images.reader import PhotoReader

_MOST_UNUSABLE = 0.5


class Known(Protocol):
    """A photo that was trained on."""

    @property
    def name(self) -> str:
        """What it was called there."""

    @property
    def label(self) -> str | None:
        """Its class there."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Photos that were found and looked into, none decoded yet.

    Attributes:
        source: the folder or table, as the user wrote it.
        hashed: photos that look usable, in the order of the SHA-256 of their content.
        skipped: files that are not used, each with its reason.
        classes: sorted class names.
        notes: what people should know.
        leaked: photos left out of a measurement because they were also trained on.
    """

    source: str
    hashed: tuple[Hashed, ...]
    skipped: tuple[Skipped, ...]
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    leaked: tuple[Skipped, ...] = ()


def scan_labelled(
    source: str | Path, *, follow_links: bool = False, known: Collection[str] | None = None
) -> PhotoSet:
    """Find labelled photos and check their classes; nothing is read.

    Args:
        source: a folder with a folder for each class, or a CSV with the columns path and label.
        follow_links: follow links that lead to other folders.
        known: classes that photos may have; None: any, but at least two.

    Raises:
        PhotosError: one class only, or a class that is not known.
    """
    found = scan_photos(source, follow_links=follow_links, least_classes=2 if known is None else 1)
    strange = [] if known is None else sorted(set(found.classes) - set(known))
    if strange:
        raise PhotosError(
            f"{source} has {counted(len(strange), 'class', 'classes')} that the model does not know: "
            f"{some(strange)}; it knows {some(sorted(known or ()))}"
        )
    return found


def with_notes(found: PhotoSet, notes: Iterable[str]) -> PhotoSet:
    """Add what people should know to what a scan found."""
    return replace(found, notes=(*found.notes, *notes))


def gather(
    found: PhotoSet,
    reader: PhotoReader,
    progress: Progress | None = None,
    *,
    files: KnownFiles | None = None,
    rehash: bool = False,
) -> Gathered:
    """Find out what each photo contains, and set aside those that can't be used.

    Args:
        found: what a scan found.
        reader: reads the photos.
        progress: told of the pace.
        files: knows photos that were read before; None: each is read.
        rehash: read also those that are known.

    Raises:
        PhotosError: no readable photo, or most files unusable.
    """
    hashed, skipped = hash_photos(found.photos, reader, files=files, rehash=rehash, progress=progress)
    duplicates = resolve_duplicates(hashed)
    gathered = Gathered(
        source=found.source,
        # In the order of their content: what files are called changes no bit of what is learned.
        hashed=tuple(sorted(duplicates.used, key=lambda each: (each.sha256, each.photo.name))),
        skipped=(*found.skipped, *skipped, *duplicates.skipped),
        classes=found.classes,
        notes=(*found.notes, *duplicates.notes),
    )
    require_usable(gathered.source, len(gathered.hashed), gathered.skipped)
    return gathered


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
        if label in left:
            continue
        causes = (f"{each.name}: {each.detail}" for each in gathered.skipped if each.label == label)
        raise PhotosError(
            f"class {label!r} in {gathered.source} has no photo that can be used "
            f"({next(causes, 'it is empty')}); add photos or take the class out"
        )


def missing_classes(classes: Iterable[str], measured: Iterable[str]) -> list[str]:
    """Give a note where some classes had no photo to measure.

    Example:
        >>> missing_classes(["cat", "dog"], ["dog", "dog"])
        ["no photo of 'cat' was measured: the figures are over 1 of 2 classes"]
    """
    every, there = list(classes), set(measured)
    absent = [label for label in every if label not in there]
    if not absent:
        return []
    figures = f"the figures are over {len(every) - len(absent)} of {len(every)} classes"
    return [f"no photo of {some(absent)} was measured: {figures}"]


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


def skipped_json(skipped: Iterable[Skipped]) -> list[dict[str, str]]:
    """Give each skipped file with its reason as JSON values."""
    return [{"file": each.name, "reason": each.reason.value, "detail": each.detail} for each in skipped]


def count_reasons(skipped: Iterable[Skipped], most: int) -> str:
    """Write the most frequent reasons in one line."""
    return ", ".join(f"{count} {reason}" for reason, count in list(reasons(skipped).items())[:most])


def without_known(gathered: Gathered, known: Mapping[str, Known]) -> Gathered:
    """Leave out photos whose content was trained on: they would flatter the figure.

    Args:
        gathered: photos to measure on.
        known: what was trained on, by the SHA-256 of its content.

    Raises:
        PhotosError: nothing is left.
    """
    kept = tuple(each for each in gathered.hashed if each.sha256 not in known)
    both = [(each, known[each.sha256]) for each in gathered.hashed if each.sha256 in known]
    if not both:
        return gathered
    if not kept:
        raise PhotosError(
            f"{gathered.source}: all {len(both)} photos were also trained on, so they can't measure "
            "anything; give photos that the model has not seen"
        )
    notes = [f"{counted(len(both), 'test photo')} also trained on and left out of the figure"]
    others = sum(test.photo.label != trained.label for test, trained in both)
    if others:
        notes.append(f"{counted(others, 'test photo')} trained on as another class: one of the two is wrong")
    leaked = tuple(_leaked(test, trained) for test, trained in both)
    return replace(gathered, hashed=kept, leaked=leaked, notes=(*gathered.notes, *notes))


def _leaked(test: Hashed, known: Known) -> Skipped:
    detail = f"the same photo was trained on as {known.label!r}, {known.name!r}"
    return Skipped(test.photo.name, Reason.ALSO_TRAINED_ON, detail, "read", test.bytes, test.photo.label)
