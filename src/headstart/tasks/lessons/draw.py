"""(photos, the lesson's numbers, seed) => which photos are learned from, and which judge."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from headstart.tasks.judge import labels_of
from headstart.tasks.lessons.measured import NotMeasuredError
from headstart.tasks.rows import Extraction, best_engine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.backbones.source import FeatureSource
    from headstart.features.extract import FeatureTable
    from headstart.images.photo import Hashed
    from headstart.tasks.gather import Gathered
    from headstart.tasks.lessons.desk import Desk
    from headstart.tasks.lessons.figures import Figure

_FEWEST = 4


@dataclass(frozen=True, eq=False)
class Drawn:
    """Photos by chance, each content once.

    Attributes:
        gathered: those that were drawn, in the order of their content.
        judge: SHA-256 of those that judge; all others are learned from.
        reasons: how that differs from the lesson's draw.
    """

    gathered: Gathered
    judge: frozenset[str]
    reasons: tuple[str, ...]

    @property
    def learned(self) -> int:
        """How many photos are learned from."""
        return len(self.gathered.hashed) - len(self.judge)


def draw(figure: Figure, desk: Desk) -> Drawn:
    """Draw as many photos as the lesson, or all there are in the same proportion.

    Raises:
        NotMeasuredError: too few photos.
        PhotosError: photos that can't be used.
    """
    gathered = desk.gathered(figure.data)
    once = {each.sha256: each for each in reversed(gathered.hashed)}
    copies = len(gathered.hashed) - len(once)
    order = sorted(once, key=lambda sha: _lot(desk.seed, sha))
    learn, judge = sizes(len(order), figure.learn, figure.judge)
    there = {once[sha].photo.label for sha in order[:judge]}, {once[sha].photo.label for sha in order[judge:]}
    if learn + judge < _FEWEST or len(there[1]) < len(gathered.classes):
        raise NotMeasuredError(
            f"{len(order)} photos of {gathered.source} are too few to learn and to judge by; give more with "
            f"--photos {figure.data}=FOLDER"
        )
    shown = {sha: once[sha] for sha in sorted(order[: learn + judge])}
    return Drawn(
        replace(gathered, hashed=tuple(shown.values()), skipped=()),
        frozenset(order[:judge]),
        (*_fewer(figure, learn, judge), *_copies(copies)),
    )


def sizes(photos: int, learn: int, judge: int) -> tuple[int, int]:
    """How many photos are learned from and judge: the lesson's numbers, or its proportions.

    Example:
        >>> sizes(25_000, 700, 100), sizes(400, 700, 100)
        ((700, 100), (350, 50))
    """
    if photos >= learn + judge:
        return learn, judge
    fewer = max(1, round(photos * judge / (learn + judge)))
    return photos - fewer, fewer


def _fewer(figure: Figure, learn: int, judge: int) -> list[str]:
    if (learn, judge) == (figure.learn, figure.judge):
        return []
    return [
        f"{learn:,} of {learn + judge:,} photos learned from instead of {figure.learn:,} of "
        f"{figure.learn + figure.judge:,}"
    ]


def _copies(copies: int) -> list[str]:
    if not copies:
        return []
    return [f"{copies:,} copies of photos are left out here; the lesson may have them on both sides"]


def _lot(seed: int, sha256: str) -> bytes:
    return hashlib.sha256(f"lesson {seed} {sha256}".encode()).digest()


@dataclass(frozen=True, eq=False)
class Rows:
    """Features of photos that were drawn.

    Attributes:
        table: the rows.
        codes: (n,) the class of each, as a place among `classes`.
        classes: sorted.
        learn: positions that are learned from.
        judge: positions that judge.
    """

    table: FeatureTable
    codes: NDArray[np.intp]
    classes: tuple[str, ...]
    learn: NDArray[np.intp]
    judge: NDArray[np.intp]

    @property
    def hashed(self) -> tuple[Hashed, ...]:
        """The photos that have rows."""
        from headstart.images.photo import Hashed

        pairs = zip(self.table.photos, self.table.sha256, strict=True)
        return tuple(Hashed(photo, sha, 0) for photo, sha in pairs)


def read_rows(drawn: Drawn, source: FeatureSource, desk: Desk) -> Rows:
    """The features of drawn photos, from the store where they are known.

    Raises:
        NotMeasuredError: no photo of a side can be decoded, or one of a class only.
    """
    table = extraction(source, desk).rows(drawn.gathered, desk.store)
    labels = labels_of(table)
    classes = tuple(sorted(set(labels)))
    judges = np.array([sha in drawn.judge for sha in table.sha256], dtype=bool)
    codes = np.array([classes.index(label) for label in labels], dtype=np.intp)
    learn, judge = np.flatnonzero(~judges), np.flatnonzero(judges)
    least = min((Counter(codes[learn].tolist())[each] for each in range(len(classes))), default=0)
    if not len(judge) or len(classes) < 2 or not least:
        raise NotMeasuredError(f"too few photos of {drawn.gathered.source} can be used")
    return Rows(table, codes, classes, learn, judge)


def extraction(source: FeatureSource, desk: Desk) -> Extraction:
    """How photos become rows of a network."""
    return Extraction(source, best_engine(desk.home, None, None), desk.home, desk.reader, desk.progress)
