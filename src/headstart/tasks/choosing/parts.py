"""(labels, contents, seed) => growing parts of the photos, each class in proportion, each inside the next."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FIRST_SHARE = 1 / 8
LEAST_A_CLASS = 4
LEAST_PHOTOS = 40
"""With fewer, no interval is narrow enough to tell a good network from a useless one."""


def growing_parts(labels: Sequence[str], sha256: Sequence[str], *, seed: int) -> list[NDArray[np.intp]]:
    """An eighth of the photos, a quarter, a half and all of them; steps that would add nothing are left out.

    Each part has at least `LEAST_A_CLASS` photos of a class, where it has so many, and `LEAST_PHOTOS` in all.

    Args:
        labels: (n,) the class of each photo.
        sha256: (n,) of its content, all different; with the seed it decides which photos come first.
        seed: another seed, other photos.

    Returns:
        Sorted places in the list of photos; the last part has all n.

    Example:
        >>> names = [f"{number:x}" for number in range(400)]
        >>> [len(part) for part in growing_parts(["cat", "dog"] * 200, names, seed=0)]
        [50, 100, 200, 400]
    """
    rank = _ranks(labels, sha256, seed)
    counts = Counter(labels)
    parts: list[NDArray[np.intp]] = []
    share = FIRST_SHARE
    while share < 1:
        least = max(LEAST_A_CLASS, ceil(LEAST_PHOTOS / len(counts)))
        most = {label: max(least, ceil(share * count)) for label, count in counts.items()}
        parts.append(np.flatnonzero([rank[at] < most[label] for at, label in enumerate(labels)]))
        share *= 2
    parts.append(np.arange(len(labels)))
    return [part for part, larger in zip(parts, [*parts[1:], None], strict=True) if _grows(part, larger)]


def _grows(part: NDArray[np.intp], larger: NDArray[np.intp] | None) -> bool:
    return larger is None or len(part) < len(larger)


def _ranks(labels: Sequence[str], sha256: Sequence[str], seed: int) -> list[int]:
    """The place of each photo in the seeded order of its class."""
    of_class: defaultdict[str, list[int]] = defaultdict(list)
    for at in sorted(range(len(labels)), key=lambda at: _chance(seed, sha256[at])):
        of_class[labels[at]].append(at)
    rank = [0] * len(labels)
    for places in of_class.values():
        for number, at in enumerate(places):
            rank[at] = number
    return rank


def _chance(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:part:{name}".encode()).digest()
