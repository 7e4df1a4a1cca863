"""(photos without labels, rows that were learned from) => the few whose labels would teach most, numpy only.

Uncertainty herding (Bae, Oliveira and Sutherland, "Uncertainty Herding: One Active Learning Method for All
Label Budgets", ICLR 2025): photos are chosen one by one, each covers what lies near it, and what counts is
how much of the model's doubt is covered and was not before, by photos learned from or asked about. So a photo
is asked about that the model doubts, that many others resemble, and that is unlike those already known. With
few labels the radius is wide and typical photos come first; with many it is narrow and doubt decides.
`docs/decisions/0014-which-photo-next.md` compares it with random choice and eleven other rules.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import UsageError
from headstart.heads.cosine import unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SAMPLE = 2_000
"""Of more photos than this as many are compared: 25,000 rows then take seconds, not minutes."""
_RADIUS = 0.7  # where there are no two photos learned from; about what 37 breeds with two photos each have
_LEAST_RADIUS = 0.05  # where those learned from are copies of each other, nothing else would be near
_MEASURED = 500  # photos learned from whose nearest one is looked for
_LEAST_WEIGHT = 1e-3
_ROWS_AT_ONCE = 2_048


@dataclass(frozen=True, slots=True)
class Pool:
    """Photos without labels as a model sees them; each content once, in the order of its hash.

    Attributes:
        keys: SHA-256 of each photo's bytes, (n,), ascending.
        rows: their features, (n, d) float32 of length one.
        probabilities: of the classes, (n, c).
        known: features of the photos that were learned from, (k, d) float32 of length one; k may be 0.
    """

    keys: tuple[str, ...]
    rows: NDArray[np.floating]
    probabilities: NDArray[np.float64]
    known: NDArray[np.floating]

    @classmethod
    def of(
        cls,
        keys: Sequence[str],
        rows: NDArray[np.floating],
        probabilities: NDArray[np.float64],
        known: NDArray[np.floating],
    ) -> Pool:
        """Sort photos by their hash, so that their names and order decide nothing; copies count once.

        Args:
            keys: SHA-256 of each photo's bytes, (n,).
            rows: (n, d) features as they are.
            probabilities: (n, c).
            known: (k, d) features as they are.

        Raises:
            UsageError: not as many rows or probabilities as keys.

        Example:
            >>> pool = Pool.of(["b", "a", "b"], np.eye(3), np.full((3, 2), 0.5), np.eye(3)[:1])
            >>> pool.keys
            ('a', 'b')
        """
        if not len(keys) == len(rows) == len(probabilities):
            raise UsageError(
                f"{len(keys)} keys, {len(rows)} rows and {len(probabilities)} rows of probabilities; "
                "there has to be one of each for a photo"
            )
        first = {key: at for at, key in reversed(list(enumerate(keys)))}
        order = np.array([first[key] for key in sorted(first)], dtype=np.intp)
        chosen = np.asarray(probabilities)[order]
        return cls(tuple(sorted(first)), unit(rows[order], np.float32), chosen, unit(known, np.float32))

    @property
    def doubt(self) -> NDArray[np.float64]:
        """How near the two most probable classes are, (n,): 0 where one is certain, 1 where both are equal.

        One minus the margin (Scheffer, Decomain and Wrobel 2001).
        """
        if self.probabilities.shape[1] < 2:
            return np.zeros(len(self.keys))
        best = np.partition(self.probabilities, -2, axis=1)[:, -2:]
        return np.clip(1.0 - (best[:, 1] - best[:, 0]), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Choice:
    """A photo to ask about.

    Attributes:
        key: SHA-256 of its bytes.
        doubt: 0 to 1, as `Pool.doubt`.
        similar: how many other photos of the pool lie within the radius, and nearer to none of the others
            chosen.
    """

    key: str
    doubt: float
    similar: int


def choose(pool: Pool, count: int) -> list[Choice]:
    """Choose the photos whose labels would teach most, the most useful first.

    Args:
        pool: photos without labels.
        count: how many; all of them where there are fewer.

    Raises:
        UsageError: `count` below 1.

    Example:
        >>> rows = np.array([[1.0, 0.0], [0.99, 0.1], [0.0, 1.0], [0.1, 0.99]])
        >>> sure, unsure = [0.99, 0.01], [0.5, 0.5]
        >>> pool = Pool.of("abcd", rows, np.array([sure, sure, unsure, unsure]), rows[:1])
        >>> choose(pool, 1)  # "c" and "d" are alike: one of them is asked about
        [Choice(key='c', doubt=1.0, similar=1)]
    """
    return choices(pool, ranked(pool, count))


def ranked(pool: Pool, count: int) -> NDArray[np.intp]:
    """Positions in the pool of the photos to ask about, the most useful first; fewer are the first of more.

    Args:
        pool: photos without labels.
        count: how many; all of them where there are fewer.

    Raises:
        UsageError: `count` below 1.
    """
    if count < 1:
        raise UsageError(f"{count} photos were asked for; there has to be at least 1")
    count = min(count, len(pool.keys))
    if not count:
        return np.empty(0, dtype=np.intp)
    index = sample(pool, count)
    return index[herd(pool.rows[index], pool.doubt[index], pool.known, radius(pool.known), count)]


def sample(pool: Pool, count: int) -> NDArray[np.intp]:
    """Positions of the photos that are compared: all, or of many half by doubt and half by hash, ascending.

    Hashes are random, so that half is a fair sample of what is typical; the other half are the photos that
    the model doubts most, which a fair sample would miss where they are few. Of equal doubt the first hash.

    Args:
        pool: photos without labels.
        count: how many will be chosen.

    Example:
        >>> pool = Pool.of([f"{at:04}" for at in range(3000)], np.ones((3000, 2)),
        ...     np.repeat([[1.0, 0.0], [0.5, 0.5]], [2990, 10], axis=0), np.ones((0, 2)))
        >>> len(sample(pool, 20)), len(set(range(2990, 3000)) & set(sample(pool, 20).tolist()))
        (2000, 10)
    """
    total, size = len(pool.keys), max(SAMPLE, count)
    if total <= size:
        return np.arange(total)
    doubted = np.zeros(total, dtype=bool)
    doubted[np.argsort(-pool.doubt, kind="stable")[: size // 2]] = True
    by_hash = np.flatnonzero(~doubted)[: size - size // 2]
    return np.sort(np.concatenate([np.flatnonzero(doubted), by_hash]))


def choices(pool: Pool, index: NDArray[np.intp]) -> list[Choice]:
    """What speaks for the photos at these positions, if they are asked about together.

    Args:
        pool: photos without labels.
        index: positions in it, (m,).
    """
    if not len(index):
        return []
    doubt, similar = pool.doubt, _similar(pool.rows, index, radius(pool.known))
    return [
        Choice(pool.keys[at], float(doubt[at]), int(of))
        for at, of in zip(index.tolist(), similar.tolist(), strict=True)
    ]


def radius(known: NDArray[np.floating]) -> float:
    """How near photos have to be to stand for each other: as near as photos learned from lie to each other.

    The median distance from a photo learned from to the nearest other one; so it shrinks as more photos are
    learned from. Distances are those of rows of length one, 0 to 2.

    Args:
        known: (k, d) of length one.

    Example:
        >>> round(radius(np.array([[1.0, 0.0], [0.0, 1.0]])), 3)
        1.414
    """
    if len(known) < 2:
        return _RADIUS
    step = -(-len(known) // _MEASURED)
    measured = np.arange(0, len(known), step)
    nearest = np.full(len(measured), -1.0)
    for start in range(0, len(known), _ROWS_AT_ONCE):
        likeness = known[measured] @ known[start : start + _ROWS_AT_ONCE].T
        likeness[measured[:, None] == np.arange(start, start + likeness.shape[1])] = -1.0
        nearest = np.maximum(nearest, likeness.max(axis=1))
    return max(_LEAST_RADIUS, float(np.median(np.sqrt(_squared(nearest)))))


def herd(
    rows: NDArray[np.floating],
    weight: NDArray[np.float64],
    known: NDArray[np.floating],
    near: float,
    count: int,
) -> NDArray[np.intp]:
    """Greedily cover as much weight as possible: positions (count,) in the order of their gain.

    A photo covers another with exp(-(distance / near)^2), and the best cover counts. A gain can only fall as
    more is covered, so that only gains that could still be the largest are computed again (Minoux 1978).

    Args:
        rows: (n, d) of length one.
        weight: (n,) 0 to 1; below a thousandth it counts as that: without any doubt, what is typical decides.
        known: (k, d) of length one: what is covered already.
        near: the radius.
        count: 1 to n.
    """
    covered = np.zeros(len(rows), np.float32)
    for part in _parts(known):
        covered = np.maximum(covered, _kernel(rows @ part.T, near).max(axis=1))
    kernel = _kernel(rows @ rows.T, near)
    worth = np.maximum(weight, _LEAST_WEIGHT).astype(np.float32)

    def gain(at: int) -> float:
        return float(np.maximum(kernel[at] - covered, 0.0) @ worth)

    heap = [(-gain(at), at) for at in range(len(rows))]
    heapq.heapify(heap)
    chosen: list[int] = []
    while len(chosen) < count:
        _, best = heapq.heappop(heap)
        now = (-gain(best), best)
        if heap and now > heap[0]:
            heapq.heappush(heap, now)
            continue
        chosen.append(best)
        covered = np.maximum(covered, kernel[best])
    return np.array(chosen, dtype=np.intp)


def _similar(rows: NDArray[np.floating], index: NDArray[np.intp], near: float) -> NDArray[np.intp]:
    """How many other rows lie within the radius of each chosen one, each counted for the nearest."""
    counts = np.zeros(len(index), dtype=np.intp)
    for part in _parts(rows):
        likeness = part @ rows[index].T
        nearest = likeness.argmax(axis=1)
        within = _squared(likeness.max(axis=1)) <= near**2
        counts += np.bincount(nearest[within], minlength=len(index))
    return np.maximum(counts - 1, 0)


def _kernel(likeness: NDArray[np.floating], near: float) -> NDArray[np.float32]:
    return np.asarray(np.exp(_squared(likeness) / -(near**2)), dtype=np.float32)


def _squared(likeness: NDArray[np.floating]) -> NDArray[np.floating]:
    """The squared distance of rows of length one, from their cosine."""
    return np.asarray(np.maximum(2.0 - 2.0 * likeness, 0.0))


def _parts(rows: NDArray[np.floating]) -> list[NDArray[np.floating]]:
    return [rows[start : start + _ROWS_AT_ONCE] for start in range(0, len(rows), _ROWS_AT_ONCE)]
