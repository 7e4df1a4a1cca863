"""training rows (n, d), their classes => how far a photo lies from the nearest class, in units of that class.

A class is the mean direction of its photos (as in `prototypes`), and its spread is how far its own photos lie
from the mean of the others. A photo that lies 1.0 away is as far as is usual for that class; classes whose
photos are all alike are left sooner than those of mixed photos. docs/decisions/0012-unknown.md compares it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from headstart.heads.cosine import unit

_BLOCK = 1024
_LENT = 5.0  # photos' worth of all classes' spread that each class is lent: eight photos alone say little
_LEAST_SPREAD = 1e-6
_TINY = 1e-9


class Kinds:
    """The classes' mean directions and spreads; numpy alone.

    Args:
        rows: (n, d) training rows, n at least 1.
        codes: (n,) the class of each, any integers.
        groups: (n,) copies of a photo share a value; None: all differ. A photo and its copies are left out of
            the mean that it is compared with.

    Example:
        >>> rows = np.array([[1.0, 0.0], [1.0, 0.2], [0.0, 1.0], [0.2, 1.0]])
        >>> kinds = Kinds(rows, np.array([0, 0, 1, 1]))
        >>> near, between = kinds.distances(np.array([[1.0, 0.1], [1.0, 1.0]]))
        >>> bool(near < 1.0 < between)
        True
    """

    def __init__(
        self, rows: NDArray[np.floating], codes: NDArray[np.integer], groups: Sequence[str] | None = None
    ) -> None:
        self._rows, self._groups = np.asarray(rows), groups
        _, self._codes = np.unique(np.asarray(codes), return_inverse=True)

    # Made when a photo is first placed: a model that is loaded to be attacked or shown never needs them.
    @cached_property
    def _units(self) -> NDArray[np.floating]:
        return unit(self._rows, np.float32)

    @cached_property
    def _sums(self) -> NDArray[np.float64]:
        return _sums(self._units, self._codes)

    @cached_property
    def _directions(self) -> NDArray[np.floating]:
        return unit(self._sums)

    def distances(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Each row's distance to the nearest class, (m,), at least 0; 1 is usual for a photo of that class.

        Args:
            rows: (m, d).
        """
        table = np.asarray(rows)
        found = np.empty(len(table))
        for start in range(0, len(table), _BLOCK):
            part = slice(start, start + _BLOCK)
            found[part] = (self._cosine_distances(unit(table[part])) / self._spread).min(axis=1)
        return np.round(found, 9)  # the last bits depend on how many rows are asked at once

    def left_out(self) -> NDArray[np.float64]:
        """Each training photo's distance, (n,), with itself and its copies left out of its class's mean.

        NaN where nothing of its class is left.
        """
        found = np.empty(len(self._codes))
        for start in range(0, len(found), _BLOCK):
            part = slice(start, start + _BLOCK)
            distances = self._cosine_distances(self._units[part].astype(np.float64))
            own = self._codes[part]
            distances[np.arange(len(own)), own] = self._own[part]
            found[part] = (distances / self._spread).min(axis=1)  # min keeps NaN
        return np.round(found, 9)

    def _cosine_distances(self, units: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.asarray(np.maximum(1.0 - units @ self._directions.T, 0.0))

    @cached_property
    def _own(self) -> NDArray[np.float64]:
        """Give each photo's cosine distance to the mean of its class without it and its copies."""
        own = np.full(len(self._codes), np.nan)
        copies = _copies(self._codes, self._groups)
        together = None if copies is None else _sums(self._units, copies)
        for start in range(0, len(own), _BLOCK):
            part = slice(start, start + _BLOCK)
            units = self._units[part].astype(np.float64)
            out = units if together is None or copies is None else together[copies[part]]
            rest = self._sums[self._codes[part]] - out
            length = np.linalg.norm(rest, axis=1)
            left = length > _TINY * len(own)
            own[part][left] = 1.0 - (units * rest).sum(axis=1)[left] / length[left]
        return np.asarray(np.maximum(own, 0.0))

    @cached_property
    def _spread(self) -> NDArray[np.float64]:
        measured = np.isfinite(self._own)
        if not measured.any():
            return np.ones(len(self._directions))
        codes, own = self._codes[measured], self._own[measured]
        count, total = (
            np.bincount(codes, weights, minlength=len(self._directions)) for weights in (None, own)
        )
        return np.asarray(np.maximum((total + _LENT * own.mean()) / (count + _LENT), _LEAST_SPREAD))


def _sums(units: NDArray[np.floating], codes: NDArray[np.integer]) -> NDArray[np.float64]:
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    return np.stack([units[part].sum(axis=0, dtype=np.float64) for part in parts])


def _copies(codes: NDArray[np.integer], groups: Sequence[str] | None) -> NDArray[np.intp] | None:
    """Give photos of one class and content the same number; None where no photo stands twice."""
    if groups is None or len(set(groups)) == len(codes):
        return None
    _, contents = np.unique(np.asarray(groups), return_inverse=True)
    return np.unique(codes * (contents.max() + 1) + contents, return_inverse=True)[1]
