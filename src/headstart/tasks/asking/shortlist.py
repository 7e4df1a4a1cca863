"""(photos without labels, a way to look at some of them) => those to ask about, near-duplicates once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import numpy as np

from headstart.heads.asking import choices, ranked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from headstart.heads.asking import Choice, Pool

Alike = Iterable[Collection[str]]


def shortlist(pool: Pool, count: int, alike: Callable[[Sequence[str]], Alike]) -> list[Choice]:
    """Choose photos of which no two show the same picture.

    Only photos that are about to be chosen are looked at: to decode a whole pile would take minutes.

    Args:
        pool: photos without labels, each content once.
        count: how many; fewer are given where there are no more different pictures.
        alike: SHA-256 => groups of those that show the same picture.

    Example:
        >>> import numpy as np
        >>> from headstart.heads.asking import Pool
        >>> pool = Pool.of("abc", np.eye(3), np.full((3, 2), 0.5), np.eye(3)[:0])
        >>> [each.key for each in shortlist(pool, 2, lambda keys: [{"a", "b"} & set(keys)])]
        ['a', 'c']
    """
    wanted = count
    while True:
        index = ranked(pool, wanted)
        found = _first_of_each(pool, index, alike([pool.keys[at] for at in index]))
        if len(found) >= count or len(index) == len(pool.keys):
            return choices(pool, found[:count])
        wanted = min(2 * wanted, len(pool.keys))


def _first_of_each(pool: Pool, index: NDArray[np.intp], groups: Alike) -> NDArray[np.intp]:
    group_of = {key: number for number, group in enumerate(groups) for key in group}
    first: dict[int | str, int] = {}
    for at in index.tolist():
        first.setdefault(group_of.get(pool.keys[at], pool.keys[at]), at)
    return np.fromiter(first.values(), dtype=np.intp, count=len(first))
