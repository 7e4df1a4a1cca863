"""(photos with the hash of their content) => (which of them are copies, which contradict each other)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.images.names import by_bytes, counted
from headstart.images.photo import Reason, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from headstart.images.photo import Hashed


@dataclass(frozen=True, slots=True)
class DuplicateReport:
    """What is known of photos with identical bytes.

    Attributes:
        used: the photos to go on with, copies included, in the order given.
        groups: photos with identical bytes and the same label, two or more in each group.
        conflicts: photos with identical bytes and different labels: which label is true is unknown.
        skipped: an entry for each photo in `conflicts`, reason IN_TWO_CLASSES.
    """

    used: tuple[Hashed, ...]
    groups: tuple[tuple[Hashed, ...], ...]
    conflicts: tuple[tuple[Hashed, ...], ...]
    skipped: tuple[Skipped, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for people on each kind of duplicate that there is."""
        copies = sum(len(group) - 1 for group in self.groups)
        texts = (
            (
                copies,
                f"{counted(copies, 'photo is an exact copy', 'photos are exact copies')} of another one",
            ),
            (
                len(self.skipped),
                f"{counted(len(self.skipped), 'photo')} not used: the same photo has two labels",
            ),
        )
        return tuple(text for number, text in texts if number)


def resolve_duplicates(hashed: Sequence[Hashed]) -> DuplicateReport:
    """Find photos with identical bytes; those that stand in two classes are not used, whichever is right.

    Copies with one label stay: splits keep them on one side, by their hash.

    Args:
        hashed: photos with the SHA-256 of their content; labels may be None.

    Example:
        >>> from pathlib import Path
        >>> from headstart.images.photo import Hashed, Photo
        >>> names = ("cat/1.jpg", "dog/1.jpg", "dog/2.jpg")
        >>> photos = [Photo(Path(name), name, name[:3]) for name in names]
        >>> report = resolve_duplicates([Hashed(photo, sha, 9) for photo, sha in zip(photos, "aab")])
        >>> [each.photo.name for each in report.used]
        ['dog/2.jpg']
        >>> report.skipped[0].detail
        "the same photo is 'cat' as 'cat/1.jpg' and 'dog' as 'dog/1.jpg'"
    """
    by_content: defaultdict[str, list[Hashed]] = defaultdict(list)
    for each in hashed:
        by_content[each.sha256].append(each)
    several = [_by_name(group) for group in by_content.values() if len(group) > 1]
    several.sort(key=lambda group: by_bytes(group[0].photo.name))
    conflicts = tuple(group for group in several if len(_labels(group)) > 1)
    contested = {group[0].sha256 for group in conflicts}
    return DuplicateReport(
        used=tuple(each for each in hashed if each.sha256 not in contested),
        groups=tuple(group for group in several if len(_labels(group)) == 1),
        conflicts=conflicts,
        skipped=tuple(skipped for group in conflicts for skipped in _skip(group)),
    )


def _by_name(group: Iterable[Hashed]) -> tuple[Hashed, ...]:
    return tuple(sorted(group, key=lambda each: by_bytes(each.photo.name)))


def _labels(group: Iterable[Hashed]) -> set[str | None]:
    return {each.photo.label for each in group}


def _skip(group: Sequence[Hashed]) -> list[Skipped]:
    first: dict[str | None, str] = {}
    for each in group:
        first.setdefault(each.photo.label, each.photo.name)
    detail = "the same photo is " + " and ".join(f"{label!r} as {name!r}" for label, name in first.items())
    return [
        Skipped(each.photo.name, Reason.IN_TWO_CLASSES, detail, "read", each.bytes, each.photo.label)
        for each in group
    ]
