"""(kept rows of a model, corrected photos with their rows) => all rows, with the classes before and after."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import FitError, UsageError
from headstart.images.names import by_bytes, counted, some
from headstart.model.answers import TrainingPhoto

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from headstart.images.photo import Hashed

_Entry = tuple[str, str, str | None, str | None]  # SHA-256, name, class before, class after


@dataclass(frozen=True)
class Change:
    """What a model knows and will know, row by row.

    Attributes:
        rows: (n, width), in the order of the photos' SHA-256 and names.
        names: what each photo is called.
        sha256: of each.
        before: its class in the model; None for a photo that is new to it.
        after: its class from now on; None for one that is forgotten.
        said: positions of the rows that the corrections speak of, one for each photo's content.
    """

    rows: NDArray[np.float32]
    names: tuple[str, ...]
    sha256: tuple[str, ...]
    before: tuple[str | None, ...]
    after: tuple[str | None, ...]
    said: tuple[int, ...] = ()

    @property
    def kept(self) -> NDArray[np.intp]:
        """Positions of the rows that the new model keeps."""
        return np.flatnonzero([label is not None for label in self.after])

    @property
    def corrected(self) -> list[int]:
        """Rows that were known and got another class, one for each content."""
        return [at for at in self.said if self.before[at] not in (None, self.after[at])]

    @property
    def added(self) -> list[int]:
        """Rows that are new, one for each content."""
        return [at for at in self.said if self.before[at] is None]

    @property
    def removed(self) -> int:
        """How many rows go with their classes."""
        return sum(label is None for label in self.after)

    @property
    def new_classes(self) -> list[str]:
        """Classes that the model did not know, sorted."""
        return sorted(_names(self.after) - _names(self.before))

    @property
    def gone_classes(self) -> list[str]:
        """Classes that the model does not know any more, sorted."""
        return sorted(_names(self.before) - _names(self.after))

    @property
    def nothing(self) -> bool:
        """Whether the model stays as it is."""
        return self.before == self.after

    def photos(self) -> list[TrainingPhoto]:
        """The photos of the new model, in the order of its rows."""
        return [TrainingPhoto(self.names[at], str(self.after[at]), self.sha256[at]) for at in self.kept]


def _names(labels: Collection[str | None]) -> set[str]:
    return {label for label in labels if label is not None}


def corrected(
    rows: NDArray[np.float32],
    photos: Sequence[TrainingPhoto],
    given: Sequence[Hashed],
    new_rows: Mapping[str, NDArray[np.float32]],
) -> Change:
    """Give photos that are known their new class, and add those that are not.

    Args:
        rows: (n, width) of the model.
        photos: n, in the order of the rows.
        given: each content once, with its class.
        new_rows: rows of those that the model does not have, by SHA-256.

    Raises:
        FitError: fewer than two classes would be left.

    Example:
        >>> from pathlib import Path
        >>> from headstart.images.photo import Hashed, Photo
        >>> known = [TrainingPhoto("1.jpg", "cat", "a"), TrainingPhoto("2.jpg", "dog", "b")]
        >>> elk = Hashed(Photo(Path("3.jpg"), "3.jpg", "elk"), "c", 9)
        >>> change = corrected(np.eye(2, dtype=np.float32), known, [elk], {"c": np.ones(2, np.float32)})
        >>> change.after, change.new_classes
        (('cat', 'dog', 'elk'), ['elk'])
    """
    wanted = {each.sha256: str(each.photo.label) for each in given}
    known = {photo.sha256 for photo in photos}
    more = [each for each in given if each.sha256 not in known and each.sha256 in new_rows]
    entries: list[_Entry] = [
        (photo.sha256, photo.name, photo.label, wanted.get(photo.sha256, photo.label)) for photo in photos
    ]
    entries += [(each.sha256, each.photo.name, None, wanted[each.sha256]) for each in more]
    table = np.concatenate([rows, np.array([new_rows[each.sha256] for each in more])]) if more else rows
    return _ordered(table, entries, set(wanted))


def without(rows: NDArray[np.float32], photos: Sequence[TrainingPhoto], classes: Collection[str]) -> Change:
    """Forget classes with their photos.

    Args:
        rows: (n, width) of the model.
        photos: n, in the order of the rows.
        classes: to forget, all known.

    Raises:
        FitError: fewer than two classes would be left.
    """
    entries: list[_Entry] = [
        (photo.sha256, photo.name, photo.label, None if photo.label in classes else photo.label)
        for photo in photos
    ]
    return _ordered(rows, entries, set())


def _ordered(rows: NDArray[np.float32], entries: list[_Entry], said: set[str]) -> Change:
    """In the order of content and name: in which order corrections come changes no bit of what is learned."""
    order = sorted(range(len(entries)), key=lambda at: (entries[at][0], by_bytes(entries[at][1])))
    sha256, names, before, after = zip(*(entries[at] for at in order), strict=True)
    first: dict[str, int] = {}
    for place, content in enumerate(sha256):
        if content in said:
            first.setdefault(content, place)
    left = _names(after)
    if len(left) < 2:
        raise FitError(
            f"{counted(len(left), 'class', 'classes')} would be left{f' ({some(left)})' if left else ''}: a "
            "classifier needs photos of at least 2; nothing was changed"
        )
    in_order = order == list(range(len(entries)))
    return Change(rows if in_order else rows[order], names, sha256, before, after, tuple(first.values()))


def require_known(names: Sequence[str], classes: Sequence[str]) -> None:
    """Refuse classes that the model does not know, with those that are spelt nearly so.

    Raises:
        UsageError: names them.

    Example:
        >>> require_known(["beagel"], ["beagle", "pug"])
        Traceback (most recent call last):
        headstart.errors.UsageError: the model does not know the class 'beagel'; did you mean 'beagle'?
    """
    from difflib import get_close_matches

    for name in names:
        if name in classes:
            continue
        lower = {label.lower(): label for label in classes}
        close = [lower[each] for each in get_close_matches(name.lower()[:200], list(lower), n=3)]
        known = f"did you mean {some(close)}?" if close else f"it knows {some(sorted(classes))}"
        raise UsageError(f"the model does not know the class {name!r}; {known}")


def nearly_the_same(change: Change) -> list[str]:
    """A note for each new class whose name is an old one's but for case, blanks or marks."""
    old = {_plain(label): label for label in sorted(_names(change.before))}
    return [
        f"the new class {label!r} is spelt nearly like {old[_plain(label)]!r}: they are two classes now"
        for label in change.new_classes
        if _plain(label) in old
    ]


def _plain(label: str) -> str:
    return "".join(letter for letter in label.casefold() if letter.isalnum()) or label


def class_sizes(change: Change) -> Counter[str]:
    """How many different photos each class of the new model has."""
    pairs = {(label, content) for label, content in zip(change.after, change.sha256, strict=True)}
    return Counter(label for label, _ in pairs if label is not None)
