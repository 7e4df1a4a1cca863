"""classes (n,), groups (n,) => the inner fold in which each training row is held out.

A rare class sits in as many folds as it has photos; in every fold each class keeps at least one
photo to train on. Copies of a photo (one group) are never on both sides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def inner_folds(
    codes: NDArray[np.integer], groups: ArrayLike | None = None, *, count: int = 5, seed: int = 0
) -> NDArray[np.intp]:
    """Deal rows to folds, class by class.

    Args:
        codes: (n,) classes as integers from 0.
        groups: (n,) rows with the same value are copies of one photo; None: all differ.
        count: folds wanted, at least 2; fewer where no class has so many photos.
        seed: of the shuffle.

    Returns:
        (n,) fold numbers from 0; -1 for a row that is never held out: the only photo of its class, or all
        rows where no class has two photos.

    Example:
        >>> folds = inner_folds(np.array([0, 0, 0, 1, 1, 2]), count=3)
        >>> sorted(folds[:3].tolist()), len(set(folds[3:5].tolist())), int(folds[5])
        ([0, 1, 2], 2, -1)
    """
    copies = _group_codes(len(codes), groups)
    shuffle, next_fold = np.random.default_rng(seed), 0
    members = _groups_of_classes(codes, copies)
    count = min(count, max((len(groups_) for groups_ in members), default=0))
    fold_of_group = np.full(copies.max(initial=-1) + 1, -1, dtype=np.intp)
    for own in members:
        if len(own) < 2:
            continue
        order = shuffle.permutation(own)
        fold_of_group[order] = (next_fold + np.arange(len(own))) % count
        next_fold = (next_fold + len(own)) % count
    return np.asarray(fold_of_group[copies])


def distinct_photos(codes: NDArray[np.integer], groups: ArrayLike | None = None) -> NDArray[np.intp]:
    """How many photos each class has, copies counted once.

    Args:
        codes: (n,) classes as integers from 0.
        groups: as in `inner_folds`.

    Example:
        >>> distinct_photos(np.array([0, 0, 1, 1]), ["a", "a", "b", "c"]).tolist()
        [1, 2]
    """
    return np.array(
        [len(own) for own in _groups_of_classes(codes, _group_codes(len(codes), groups))], dtype=np.intp
    )


def _group_codes(count: int, groups: ArrayLike | None) -> NDArray[np.intp]:
    if groups is None:
        return np.arange(count)
    return np.unique(np.asarray(groups), return_inverse=True)[1].reshape(-1)


def _groups_of_classes(codes: NDArray[np.integer], copies: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """The groups of each class; a group that stands in two classes counts with the first."""
    first = np.unique(copies, return_index=True)[1]
    return [np.flatnonzero(codes[first] == code) for code in range(codes.max(initial=-1) + 1)]
