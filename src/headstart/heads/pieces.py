"""(number of rows) => where to cut them: alike on every machine, so that sums have the same bits."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHARES = 8  # what threads take one of; each keeps a table of sums of its own
_BLOCK = 512  # rows at a time: what is computed from them is still in the core's cache when it is needed


def shares(count: int) -> list[slice]:
    """Up to eight runs of rows, of at least a block each, for threads to take.

    Example:
        >>> shares(600), len(shares(25_000))
        ([slice(0, 600, None)], 8)
    """
    edges = np.linspace(0, count, max(1, min(_SHARES, count // _BLOCK)) + 1).astype(int).tolist()
    return [slice(start, stop) for start, stop in pairwise(edges)]


def blocks(share: slice) -> Iterator[slice]:
    """One run of rows, block by block.

    Example:
        >>> list(blocks(slice(10, 600)))
        [slice(10, 522, None), slice(522, 600, None)]
    """
    for start in range(share.start, share.stop, _BLOCK):
        yield slice(start, min(start + _BLOCK, share.stop))
