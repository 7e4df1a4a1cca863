"""(rows of photos, seed) => who is learned from and who is measured on, and nested draws of the former."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import FitError, UsageError
from headstart.images.names import some
from headstart.images.splits import holdout
from headstart.tasks.judge import different, labels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.features.extract import FeatureTable

HELD_OUT_SHARE = 1 / 3
_NEAR = 1.3


@dataclass(frozen=True)
class Side:
    """Some photos of a table, each content once.

    Attributes:
        table: their rows lie in it.
        index: which, (n,).
    """

    table: FeatureTable
    index: NDArray[np.intp]

    @property
    def sha256(self) -> list[str]:
        """Of each photo."""
        return [self.table.sha256[at] for at in self.index]

    @property
    def labels(self) -> list[str]:
        """Of each photo."""
        labels = labels_of(self.table)
        return [labels[at] for at in self.index]

    @property
    def rows(self) -> NDArray[np.float32]:
        """(n, width)."""
        return self.table.rows[self.index]


def two_sides(table: FeatureTable, test: FeatureTable | None, seed: int) -> tuple[Side, Side]:
    """Who is learned from, and who is measured on, the same for every curve; no content on both.

    Args:
        table: the photos.
        test: photos given apart; None: a third of each class is set apart, by content and seed.
        seed: of that choice.
    """
    everything = different(table.sha256, np.arange(len(table.rows)))
    if test is not None:
        return Side(table, everything), Side(test, different(test.sha256, np.arange(len(test.rows))))
    whole = Side(table, everything)
    held_out = holdout(whole.labels, whole.sha256, share=HELD_OUT_SHARE, seed=seed)
    return Side(table, everything[~held_out]), Side(table, everything[held_out])


def require_a_curve(side: Side, source: str) -> int:
    """How many photos the smallest class has to learn from.

    Raises:
        FitError: one only: there is no curve through one point.
    """
    photos = Counter(side.labels)
    label, fewest = min(photos.items(), key=lambda item: (item[1], item[0]))
    if fewest < 2:
        raise FitError(
            f"class {label!r} in {source} has {fewest} different photo to learn from, copies counted once; "
            "a curve needs two or more of each class: add photos, or give those to measure on with --test"
        )
    return fewest


def ladder(most: int) -> tuple[int, ...]:
    """Sizes that nearly double, 1, 2, 5, 10, 20, …, up to `most` itself.

    Example:
        >>> ladder(40), ladder(60)
        ((1, 2, 5, 10, 20, 40), (1, 2, 5, 10, 20, 60))
    """
    steps = [digit * 10**power for power in range(len(str(most))) for digit in (1, 2, 5)]
    return (*(step for step in steps if step * _NEAR < most), most)


def checked_sizes(given: str | Sequence[int] | None, most: int) -> tuple[int, ...]:
    """The sizes to measure at, ascending.

    Args:
        given: "1,2,5" or numbers; None: the ladder.
        most: photos of the smallest class.

    Raises:
        UsageError: no whole numbers from 1 to `most`.

    Example:
        >>> checked_sizes("20, 5", 30)
        (5, 20)
    """
    if given is None:
        return ladder(most)
    wanted = parse_sizes(given)
    if wanted[-1] > most:
        raise UsageError(
            f"--sizes has {wanted[-1]}, but the smallest class has {most} photos to learn from; "
            f"expected 1 to {most}"
        )
    return wanted


def parse_sizes(given: str | Sequence[int]) -> tuple[int, ...]:
    """Whole numbers above 0, ascending, each once.

    Raises:
        UsageError: anything else, or none.
    """
    parts = [part for part in given.split(",") if part.strip()] if isinstance(given, str) else given
    try:
        found = sorted({int(part) for part in parts})
    except (TypeError, ValueError):
        found = []
    if not found or found[0] < 1:
        raise UsageError(f"--sizes is {given!r}; expected photos a class, such as 1,2,5,10,20")
    return tuple(found)


class Draw:
    """One order of chance of each class's photos: its first k are the draw of size k, so draws are nested.

    Args:
        side: the photos.
        seed: of all draws.
        number: which draw.

    Attributes:
        number: which draw.
    """

    def __init__(self, side: Side, seed: int, number: int) -> None:
        self.number = number
        self._by_class: defaultdict[str, list[int]] = defaultdict(list)
        shas, labels = side.sha256, side.labels
        for at in sorted(range(len(shas)), key=lambda at: _lot(seed, number, shas[at])):
            self._by_class[labels[at]].append(at)

    def first(self, size: int) -> NDArray[np.intp]:
        """Positions in the side of `size` photos of each class."""
        return np.sort([at for of in self._by_class.values() for at in of[:size]]).astype(np.intp)


def draws_at(side: Side, size: int, repeats: int) -> int:
    """How many draws of a size there are: one where nothing is left to choose."""
    return 1 if set(Counter(side.labels).values()) == {size} else repeats


def unmeasured(test: Side, classes: Sequence[str]) -> list[str]:
    """What to say of classes without a photo to measure on; [] where each has some."""
    absent = sorted(set(classes) - set(test.labels))
    return [f"no photo of {some(absent)} was measured"] if absent else []


def _lot(seed: int, number: int, sha256: str) -> bytes:
    return hashlib.sha256(f"{seed} {number} {sha256}".encode()).digest()
