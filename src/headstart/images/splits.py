"""(labels, groups, seed) => (who is held out, or the fold of each photo), in whatever order they come.

Photos of one group (identical bytes) always lie on one side. Chance comes from SHA-256 of the seed and the
group's own name, never from positions, so the order in which files are listed changes nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from math import floor
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import UsageError
from headstart.images.names import some

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_Sizes = dict[str, dict[str, int]]  # label -> group -> photos, the groups in seeded order


def holdout(
    labels: Sequence[str], groups: Sequence[str], *, share: float = 0.2, seed: int
) -> NDArray[np.bool_]:
    """Choose the photos that are held out, the same share of each class as nearly as whole photos allow.

    A class with two groups or more keeps at least one for training; a class with a single group is never
    held out. Where the share of a class is not whole, the classes nearest to one more photo get it, so
    that the shares add up over many small classes. At least one photo is held out where any class can
    spare one; otherwise none is.

    Args:
        labels: class of each photo, (n,).
        groups: what must stay together, (n,): the SHA-256 of each photo's bytes.
        share: how much to hold out, in (0, 1), counted in photos.
        seed: another seed, another choice.

    Returns:
        Boolean (n,), True for held out.

    Raises:
        UsageError: lengths differ, nothing to split, a share outside (0, 1), or a group with two labels.

    Example:
        >>> held_out = holdout(["cat"] * 10 + ["dog"] * 5, [f"{i:x}" for i in range(15)], seed=0)
        >>> int(held_out[:10].sum()), int(held_out[10:].sum())
        (2, 1)
    """
    if not 0 < share < 1:
        raise UsageError(f"the share to hold out is {share}; it has to lie between 0 and 1")
    sizes = _sizes(labels, groups, seed)
    targets = _targets({label: sum(of.values()) for label, of in sizes.items() if len(of) > 1}, share, seed)
    chosen = {group for label, target in targets.items() for group in _take(sizes[label], target)}
    return np.fromiter((group in chosen for group in groups), dtype=np.bool_, count=len(groups))


def folds(labels: Sequence[str], groups: Sequence[str], *, count: int = 5, seed: int) -> NDArray[np.int64]:
    """Give each photo a fold, each class spread over the folds as evenly as its groups allow.

    The training part of a fold is everything outside it. A class with two groups or more stands in every
    training part; one with a single group is missing from the training part of its own fold, so
    whatever is predicted for that photo can't be right. With fewer groups than `count`
    there are as many folds as groups.

    Args:
        labels: class of each photo, (n,).
        groups: what must stay together, (n,): the SHA-256 of each photo's bytes.
        count: how many folds, at least 2.
        seed: another seed, other folds.

    Returns:
        int64 (n,), fold numbers from 0 on, none of them empty.

    Raises:
        UsageError: lengths differ, fewer than two groups, a count below 2, or a group with two labels.

    Example:
        >>> fold = folds(["cat"] * 10 + ["dog"] * 5, [f"{i:x}" for i in range(15)], seed=0)
        >>> np.bincount(fold).tolist(), sorted(fold[10:].tolist())
        ([3, 3, 3, 3, 3], [0, 1, 2, 3, 4])
    """
    if count < 2:
        raise UsageError(f"{count} folds were asked for; there have to be at least 2")
    sizes = _sizes(labels, groups, seed)
    if sum(map(len, sizes.values())) < 2:
        raise UsageError("all photos are copies of one photo, so they can't be split into folds")
    fold_of = _spread(sizes, count)
    return np.fromiter((fold_of[group] for group in groups), dtype=np.int64, count=len(groups))


def _sizes(labels: Sequence[str], groups: Sequence[str], seed: int) -> _Sizes:
    if len(labels) != len(groups) or not len(labels):
        raise UsageError(
            f"{len(labels)} labels and {len(groups)} groups; there has to be one of each for a photo"
        )
    label_of: dict[str, str] = {}
    for label, group in zip(labels, groups, strict=True):
        if label_of.setdefault(group, label) != label:
            both = some(sorted((label, label_of[group])))
            raise UsageError(f"group {group!r} has two labels, {both}; take such photos out before splitting")
    photos = Counter(groups)
    sizes: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for group in sorted(label_of, key=lambda name: _chance(seed, name)):
        sizes[label_of[group]][group] = photos[group]
    return dict(sorted(sizes.items()))


def _chance(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{int(seed)}:{name}".encode("utf-8", "surrogateescape")).digest()


def _targets(photos: Mapping[str, int], share: float, seed: int) -> dict[str, int]:
    """Photos to hold out of each class: whole parts first, the rest to the largest remainders."""
    quotas = {label: share * number for label, number in photos.items()}
    targets = {label: floor(quota) for label, quota in quotas.items()}
    total = max(1, round(sum(quotas.values())))
    by_remainder = sorted(quotas, key=lambda label: (targets[label] - quotas[label], _chance(seed, label)))
    for label in by_remainder[: max(0, total - sum(targets.values()))]:
        targets[label] += 1
    return targets


def _take(sizes: Mapping[str, int], target: int) -> list[str]:
    """Groups of one class that together come to the target or just below it, at least one staying behind."""
    chosen: list[str] = []
    room = target
    for group, size in sizes.items():
        if size <= room and len(chosen) < len(sizes) - 1:
            chosen.append(group)
            room -= size
    if target and not chosen:  # all are too big: better too large a share than a class that nobody judges
        chosen.append(min(sizes, key=lambda group: sizes[group]))
    return chosen


def _spread(sizes: _Sizes, count: int) -> dict[str, int]:
    """Each group to the fold with the fewest photos of its class, then with the fewest of all."""
    fold_of: dict[str, int] = {}
    of_all = [0] * count
    for of_class in sizes.values():
        here = [0] * count
        for group in sorted(
            of_class, key=lambda group: -of_class[group]
        ):  # stable: seeded order among equals
            fold = min(range(count), key=lambda number: (here[number], of_all[number]))
            fold_of[group] = fold
            here[fold] += of_class[group]
            of_all[fold] += of_class[group]
    return fold_of
