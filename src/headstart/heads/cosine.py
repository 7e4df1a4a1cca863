"""rows (n, d), queries (m, d) => the nearest rows and their cosine distances, numpy only.

Cosine distance on the rows as they are, not standardised, because that is what found photos of
other kinds (pooled features of MobileNetV2 and SqueezeNet, threshold at 5 % false alarms). Aerial
photos beside a cats-and-dogs training set were found in 98 and 99 of 100 cases; centred rows gave 99
and 2, Euclidean distance missed half of the insects, and breeds of pets that were held out were
found best by plain cosine too (41 % against 9-33 %, MobileNetV2).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_BLOCK = 512  # queries at a time: the table of similarities stays small beside the rows
_EXACT = 8  # queries at a time whose candidates are gathered in float64
_RUNS = 32  # similarities of which only the largest is looked at first
_SPARE = 8  # more candidates than asked for, so that float32's rounding can't change who is nearest

NEAR = 1e-4  # added to a distance before it is inverted: a copy of a training photo outvotes the rest


def unit(rows: NDArray[np.floating], dtype: type = np.float64) -> NDArray[np.floating]:
    """Rows of length one; a row of zeros stays as it is.

    Args:
        rows: (n, d).
        dtype: of the result; lengths are computed in float64 always.

    Example:
        >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
        [[0.6, 0.8], [0.0, 0.0]]
    """
    table = np.asarray(rows)
    result: NDArray[np.floating] = np.empty(table.shape, dtype)
    for start in range(0, len(table), _BLOCK):
        part = slice(start, start + _BLOCK)
        result[part] = _unit(np.asarray(table[part], dtype=np.float64))
    return result


def _unit(exact: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = np.abs(exact).max(axis=-1, keepdims=True, initial=0.0)
    exact = exact / np.where(largest > 0, largest, 1.0)
    length = np.sqrt(np.einsum("...d,...d->...", exact, exact))[..., None]
    return np.asarray(exact / np.where(length > 0, length, 1.0))


class CosineIndex:
    """Exact search for the nearest rows by cosine distance (0 same direction, 1 unrelated, 2 opposite).

    Args:
        rows: (n, d), n at least 1, finite.

    Example:
        >>> index = CosineIndex(np.array([[1.0, 0.0], [0.0, 1.0]]))
        >>> found, distance = index.nearest(np.array([[2.0, 0.0]]), k=2)
        >>> found.tolist(), distance.tolist()
        ([[0, 1]], [[0.0, 1.0]])
    """

    def __init__(self, rows: NDArray[np.floating]) -> None:
        self.rows = np.asarray(rows)

    @cached_property
    def _units(self) -> NDArray[np.floating]:
        """Made when the first search needs them: a model that is only saved needs none."""
        return unit(self.rows, np.float32)

    def nearest(self, rows: NDArray[np.floating], k: int = 1) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The k nearest rows of the index to each row given.

        Args:
            rows: (m, d).
            k: at least 1; capped at the number of rows in the index.

        Returns:
            positions (m, k) and distances (m, k) in [0, 2], nearest first, ties by position.
        """
        queries, count = np.asarray(rows), min(k, len(self._units))
        found = np.empty((len(queries), count), dtype=np.intp)
        distance = np.empty((len(queries), count), dtype=np.float64)
        for start in range(0, len(queries), _BLOCK):
            part = slice(start, start + _BLOCK)
            found[part], distance[part] = self._search(unit(queries[part]), count)
        return found, distance

    def _search(self, queries: NDArray[np.floating], k: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Candidates by one float32 product, then their exact distances in float64."""
        similar = queries.astype(np.float32) @ self._units.T
        candidates = np.sort(_largest(similar, min(k + _SPARE, len(self._units))), axis=1)
        exact = np.empty(candidates.shape, dtype=np.float64)
        for start in range(0, len(queries), _EXACT):
            part = slice(start, start + _EXACT)
            rows = _unit(self.rows[candidates[part]].astype(np.float64))
            exact[part] = 1.0 - (rows @ queries[part][:, :, None])[:, :, 0]
        # Rounding of the 16th digit would rank copies of one photo by chance and put 1e-16 for 0.
        exact = np.clip(np.round(exact, 12), 0.0, 2.0) + 0.0
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(candidates, order, axis=1), np.take_along_axis(exact, order, axis=1)


def _largest(table: NDArray[np.floating], count: int) -> NDArray[np.intp]:
    """Where the largest numbers of each row (m, n) are, (m, count), in no order.

    To part a long row costs more than the product that made it. So columns are taken in groups: the `count`
    largest numbers lie in the `count` groups with the largest maxima, and only those are looked through.
    """
    size = table.shape[1] // _RUNS
    if size <= 2 * count:
        return _parted(table, count)
    peaks = table[:, :size].copy()
    for run in range(1, _RUNS):
        np.maximum(peaks, table[:, run * size : (run + 1) * size], out=peaks)
    groups = _parted(peaks, count)
    inside = (groups[:, :, None] + size * np.arange(_RUNS)).reshape(len(table), -1)
    rest = np.broadcast_to(np.arange(size * _RUNS, table.shape[1]), (len(table), table.shape[1] % _RUNS))
    columns = np.concatenate([inside, rest], axis=1)
    chosen = _parted(np.take_along_axis(table, columns, axis=1), count)
    return np.take_along_axis(columns, chosen, axis=1)


def _parted(table: NDArray[np.floating], count: int) -> NDArray[np.intp]:
    return np.argpartition(-table, count - 1, axis=1)[:, :count]
