"""(hashed photos, store, computation) => the table of rows, filled until nothing is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from headstart.errors import StorageError
from headstart.images.photo import Reason, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from headstart.features.compute import Outcome
    from headstart.features.key import FeatureSpace
    from headstart.features.store import FeatureStore
    from headstart.images.photo import Hashed

_OF_THE_FILE = {
    Reason.MISSING,
    Reason.NOT_A_FILE,
    Reason.NO_PERMISSION,
    Reason.READ_ERROR,
    Reason.CHANGED_DURING_READ,
    Reason.OUTSIDE_FOLDER,
}
"""Reasons that concern one file and not what identical files contain."""


class Work(Protocol):
    """What turns photos into kept rows: a network's `Computation`, or something that measures pixels."""

    @property
    def store(self) -> FeatureStore:
        """Where rows are kept."""

    @property
    def space(self) -> FeatureSpace:
        """What the rows depend on."""

    def run(self, photos: Sequence[Hashed]) -> Outcome:
        """Compute and keep a row for each photo, with distinct contents."""


class Filling:
    """One row for each distinct content, read from the store or computed and then read from the store.

    Attributes:
        skipped: photos that turned out to be unusable when they were decoded.
        notes: what the decoder remarked.
        computed: SHA-256 of the contents whose rows were computed.
    """

    def __init__(self, hashed: Sequence[Hashed], width: int, work: Work) -> None:
        self.skipped: list[Skipped] = []
        self.notes: list[str] = []
        self.computed: set[str] = set()
        self._work = work
        self._hashed = hashed
        self._files: dict[str, list[int]] = {}
        for number, each in enumerate(hashed):
            self._files.setdefault(each.sha256, []).append(number)
        self._index = {content: index for index, content in enumerate(self._files)}
        self._missing = dict.fromkeys(self._index)
        self._table = np.zeros((len(self._index), width), np.float32)
        self._unused: set[int] = set()
        self._lost: set[str] = set()

    def fill(self) -> None:
        """Go on until every content has its row or no file that could give it.

        Raises:
            StorageError: the store can't be written, or does not give back what was written.
        """
        self._read(self._missing)
        while self._missing:
            self._work.store.require_writable()
            # In the order of their content: an index that grows in order is written once, not over and over.
            outcome = self._work.run([self._hashed[self._files[each][0]] for each in sorted(self._missing)])
            self.notes.extend(outcome.notes)
            self.computed.update(outcome.kept)
            for photo, skipped in outcome.skipped:
                self._skip(photo.sha256, skipped)
            self._read(outcome.kept)
            self._require_progress(outcome.kept)

    def result(self) -> tuple[NDArray[np.float32], tuple[Hashed, ...]]:
        """The rows and the photos they belong to, in the order in which the photos were given."""
        used = [number for number in range(len(self._hashed)) if number not in self._unused]
        photos = tuple(self._hashed[number] for number in used)
        order = [self._index[photo.sha256] for photo in photos]
        if order == list(range(len(self._table))):
            return self._table, photos
        return self._table[order], photos

    def _read(self, contents: Iterable[str]) -> None:
        for content, row in self._work.store.rows(self._work.space, tuple(contents)):
            self._table[self._index[content]] = row
            self._missing.pop(content, None)

    def _skip(self, content: str, skipped: Skipped) -> None:
        files = self._files[content]
        lost = files[:1] if skipped.reason in _OF_THE_FILE else files
        for number in lost:
            each = self._hashed[number]
            self.skipped.append(
                replace(skipped, name=each.photo.name, label=each.photo.label, bytes=each.bytes)
            )
        self._unused.update(lost)
        self._files[content] = files[len(lost) :]
        if not self._files[content]:
            del self._missing[content]

    def _require_progress(self, kept: Iterable[str]) -> None:
        lost = [content for content in kept if content in self._missing]
        if not lost:
            return
        if not self._lost.isdisjoint(lost):
            raise StorageError(
                f"{len(lost)} rows of features could not be read back after they were written: "
                "check the disk, then run the same command again"
            )
        self._lost.update(lost)
        self._work.store.mend()
