"""(size) or (photos) => rows to learn from and rows to judge with, kept in a file that every side reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.features.extract import extract
from headstart.images.splits import holdout
from headstart.tasks.judge import labels_of
from labelled import find_labelled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from headstart.backbones.base import Backbone
    from headstart.features.store import FeatureStore
    from headstart.images.reader import PhotoReader

SEED = 0
_LATENT = 256  # directions in which photos differ, each less than the one before
_APART = {2: 1.6}  # how far classes lie apart, so that 85 to 95 of 100 answers are right
_APART_MANY = 3.5


@dataclass(frozen=True)
class Problem:
    """Rows (n, d) and classes (n,) to learn from, and others (m, d), (m,) to judge with."""

    name: str
    rows: NDArray[np.float32]
    codes: NDArray[np.intp]
    test_rows: NDArray[np.float32]
    test_codes: NDArray[np.intp]

    @property
    def size(self) -> str:
        """Photos x features x classes, for people."""
        return f"{len(self.rows):,} x {self.rows.shape[1]:,} x {int(self.codes.max()) + 1:,}"

    def save(self, path: Path) -> None:
        """Write it for the processes of the sides."""
        np.savez(path, rows=self.rows, codes=self.codes, test_rows=self.test_rows, test_codes=self.test_codes)

    @classmethod
    def load(cls, path: Path) -> Problem:
        """Read what `save` wrote."""
        with np.load(path) as kept:
            return cls(path.stem, kept["rows"], kept["codes"], kept["test_rows"], kept["test_codes"])


def synthetic(photos: int, width: int, classes: int) -> Problem:
    """Rows as pooled features are: not negative, a few strong directions, classes that overlap."""
    random = np.random.default_rng(SEED)
    latent = min(_LATENT, width)
    strength = np.power(np.arange(1.0, latent + 1), -0.5)
    mix = random.normal(size=(latent, width)).astype(np.float32)
    centres = random.normal(size=(classes, latent)) * _APART.get(classes, _APART_MANY)
    counts = (photos, max(1_000, 10 * classes))
    (rows, codes), (test_rows, test_codes) = (
        _draw(random, centres, strength, mix, count) for count in counts
    )
    return Problem("synthetic", rows, codes, test_rows, test_codes)


def _draw(
    random: np.random.Generator,
    centres: NDArray[np.float64],
    strength: NDArray[np.float64],
    mix: NDArray[np.float32],
    count: int,
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    codes = np.arange(count) % len(centres)
    hidden = (centres[codes] * strength + 2.0 * random.normal(size=(count, len(strength)))) * strength
    rows = hidden.astype(np.float32) @ mix
    rows += random.normal(size=rows.shape).astype(np.float32)
    return np.maximum(rows, 0).astype(np.float16).astype(np.float32), codes


def real(
    data: Path, backbone: Backbone, *, store: FeatureStore, reader: PhotoReader, names: tuple[str, ...]
) -> Iterator[Problem]:
    """Features of the labelled photos at hand; a fifth is held out where there are no test photos."""
    found, _ = find_labelled(data, reader)
    for each in found:
        if each.name not in names:
            continue
        learn = extract(each.learn, backbone, store=store, reader=reader)
        labels = np.array(labels_of(learn))
        codes = np.unique(labels, return_inverse=True)[1]
        if each.test:
            test = extract(each.test, backbone, store=store, reader=reader)
            test_codes = np.searchsorted(np.unique(labels), np.array(labels_of(test)))
            yield Problem(each.name, learn.rows, codes, test.rows, test_codes)
        else:
            held = holdout(labels.tolist(), learn.sha256, share=0.2, seed=SEED)
            yield Problem(each.name, learn.rows[~held], codes[~held], learn.rows[held], codes[held])
