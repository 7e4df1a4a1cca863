"""(networks, a way to judge one on a part of the photos) => a verdict on each, on less for the worse ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from headstart.heads.paired import paired_difference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.heads.paired import PairedDifference

KEPT = 5
"""So many networks are judged on all photos, whatever the parts said of them."""

Network = TypeVar("Network")


@dataclass(frozen=True)
class Dropped:
    """Why a network was not judged on more photos.

    Attributes:
        behind: how far behind the best of its stage, on the same photos.
        over_budget: it can't be chosen whatever its accuracy; otherwise it was among the worse half and
            worse than the best beyond the interval.
    """

    behind: PairedDifference
    over_budget: bool


@dataclass(frozen=True)
class Verdict:
    """What is known of a network.

    Attributes:
        stage: the last part of the photos that it was judged on.
        right: (n,) whether each photo of that part was named right; masked where it could not be read.
        dropped: None for those that were judged on all photos.
    """

    stage: int
    right: NDArray[np.bool_]
    dropped: Dropped | None


def successive_halving(
    networks: Sequence[Network],
    stages: int,
    judge: Callable[[Network, int], NDArray[np.bool_]],
    *,
    over_budget: Callable[[Network], bool] = lambda _network: False,
    keep: int = KEPT,
) -> dict[Network, Verdict]:
    """Judge all networks on a small part of the photos, and fewer and fewer of them on larger ones.

    After each part up to half of the networks left go, the least accurate first, but never one whose paired
    interval still reaches the best, and never more than leave `keep`. Once no more than `keep` are left
    they go on to all photos at once (Jamieson & Talwalkar 2016, with a guard against dropping by chance).

    Args:
        networks: in any order; ties stay in it.
        stages: how many parts there are; the last has all photos.
        judge: (network, stage) => (n,) whether each photo of the part is named right.
        over_budget: asked after the first stage: such a network goes, unless all are like that.
        keep: how many are judged on all photos.

    Example:
        >>> import numpy as np
        >>> def judge(network, stage):
        ...     return np.arange(50 * 2**stage) % 100 < network
        >>> found = successive_halving([90, 20, 92, 10], 3, judge, keep=2)
        >>> {network: verdict.stage for network, verdict in found.items()}
        {90: 2, 20: 0, 92: 2, 10: 0}
    """
    alive, verdicts = list(networks), dict[Network, Verdict]()
    last = stages - 1
    for stage in range(stages):
        if stage < last and len(alive) <= keep:
            continue
        right = {each: judge(each, stage) for each in alive}
        gone = {} if stage == last else _dropped(right, over_budget, keep)
        for each in alive:
            verdicts[each] = Verdict(stage, right[each], gone.get(each))
        alive = [each for each in alive if each not in gone]
    return {each: verdicts[each] for each in networks}


def difference(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> PairedDifference:
    """The paired difference of two networks over the photos that both could read.

    Args:
        first: (n,) whether each photo is named right; masked where it could not be read.
        second: the same of the same photos.

    Example:
        >>> unread = np.ma.MaskedArray([True, False, False], [False, False, True])
        >>> difference(np.array([True, True, True]), unread).photos
        2
    """
    both = ~(np.ma.getmaskarray(first) | np.ma.getmaskarray(second))
    return paired_difference(np.ma.getdata(first)[both], np.ma.getdata(second)[both])


def _dropped(
    right: dict[Network, NDArray[np.bool_]], over_budget: Callable[[Network], bool], keep: int
) -> dict[Network, Dropped]:
    over = [each for each in right if over_budget(each)]
    over = over if len(over) < len(right) else []
    within = sorted((each for each in right if each not in over), key=lambda each: -right[each].mean())
    best = right[within[0]]
    gone = {each: Dropped(difference(best, right[each]), over_budget=True) for each in over}
    return gone | _worse_half(within, right, min(len(within) // 2, len(within) - keep))


def _worse_half(
    ordered: Sequence[Network], right: dict[Network, NDArray[np.bool_]], most: int
) -> dict[Network, Dropped]:
    """Those among the last `most` that are worse than the first beyond the interval."""
    best = right[ordered[0]]
    behind = {each: difference(best, right[each]) for each in ordered[len(ordered) - max(most, 0) :]}
    return {each: Dropped(by, over_budget=False) for each, by in behind.items() if by.low > 0}
