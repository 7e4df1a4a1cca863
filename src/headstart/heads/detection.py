"""scores of known and of strange photos => how well they are told apart, each figure with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.heads.metrics import wilson_of
from headstart.heads.unknown import FALSE_ALARMS, false_alarm_threshold, threshold_rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BISECTIONS = 50


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Detection:
    """How well strange photos are told from known ones.

    Attributes:
        auroc: how often a strange photo is stranger than a known one (area under the ROC curve).
        caught: share of the strange photos above the threshold.
        known: how many known photos there were, none of them learned from.
        strange: how many strange ones.
        kinds: of how many kinds those are; of a single one, intervals speak of more photos of that kind.
    """

    auroc: Share
    caught: Share
    known: int
    strange: int
    kinds: int


@dataclass(frozen=True)
class Compared:
    """Strange photos against known ones: one entry for each strange photo.

    Attributes:
        above: share of the known photos that are less strange, ties by half.
        caught: whether it lies above the threshold that the known photos set.
        known: how many known photos there were.
    """

    above: NDArray[np.float64]
    caught: NDArray[np.bool_]
    known: int


def compare(
    known: NDArray[np.floating], strange: NDArray[np.floating], false_alarms: float = FALSE_ALARMS
) -> Compared:
    """Place each strange photo among the known ones.

    Args:
        known: (n,) scores of photos of learned classes that were not learned from, n at least 1.
        strange: (m,) scores of photos of nothing that was learned.
        false_alarms: for the threshold.

    Example:
        >>> placed = compare(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.25, 0.5]))
        >>> placed.above.tolist(), placed.caught.tolist()
        ([0.5, 1.0], [False, True])
    """
    rising = np.sort(known)
    below, up_to = (np.searchsorted(rising, strange, side=side) for side in ("left", "right"))
    return Compared(
        (below + up_to) / (2.0 * len(rising)),
        strange > false_alarm_threshold(rising, false_alarms),
        len(rising),
    )


def detection(placed: Compared, kinds: Sequence[str]) -> Detection:
    """Give the figures of a comparison, with their intervals.

    Photos of one kind are strange in the same way, so what counts for the interval is how far the kinds
    differ, where there are several.

    Args:
        placed: the strange photos among the known ones.
        kinds: of each strange photo, in their order: its class, or the folder that it lies in.

    Example:
        >>> placed = compare(np.arange(100.0), np.array([50.0, 99.5, 120.0, 130.0]))
        >>> found = detection(placed, ["a", "a", "b", "b"])
        >>> found.caught.value, 0.2 < found.caught.low < 0.75 < found.caught.high
        (0.75, True)
    """
    photos = len(placed.above)
    return Detection(
        auroc=share_of(placed.above, kinds, most=min(placed.known, photos)),
        caught=share_of(placed.caught.astype(np.float64), kinds, most=photos),
        known=placed.known,
        strange=photos,
        kinds=len(set(kinds)),
    )


def share_of(values: NDArray[np.float64], kinds: Sequence[str], *, most: int) -> Share:
    """The mean of values in [0, 1] with Wilson's interval for as many independent photos as they are worth.

    Args:
        values: (n,), n at least 1.
        kinds: (n,); values of one kind go together (the design effect of Kish 1965, from the variance
            between kinds).
        most: as how many independent photos they count at most.

    Example:
        >>> alike = share_of(np.array([1.0] * 10 + [0.0] * 10), ["a"] * 10 + ["b"] * 10, most=20)
        >>> apart = share_of(np.array([1.0, 0.0] * 10), [str(n) for n in range(20)], most=20)
        >>> alike.high - alike.low > apart.high - apart.low
        True
    """
    mean = float(values.mean())
    names, of = np.unique(np.asarray(kinds), return_inverse=True)
    spread = mean * (1.0 - mean)
    count = float(most)
    if len(names) > 1 and spread > 0:
        residues = np.bincount(of, weights=values - mean)
        variance = float((residues**2).sum()) * len(names) / (len(names) - 1) / len(values) ** 2
        if variance > 0:
            count = min(count, max(spread / variance, 1.0))
    low, high = wilson_of(mean, count)
    return Share(mean, max(0.0, min(mean, low)), min(1.0, max(mean, high)))


def false_alarm_interval(photos: int, false_alarms: float) -> tuple[float, float]:
    """Between which shares the real false alarms of a threshold lie, in 95 of 100 choices of the photos.

    The share above the k-th of n scores follows a Beta(n + 1 - k, k) law, whatever the scores are
    (Vovk 2012). With whole numbers that is a sum of binomial terms, so no SciPy is loaded for it.

    Args:
        photos: that the threshold rests on, at least 1.
        false_alarms: that were asked for.

    Example:
        >>> [round(end, 2) for end in false_alarm_interval(300, 0.05)]
        [0.03, 0.08]
    """
    terms = _log_binomials(photos, photos + 1 - threshold_rank(photos, false_alarms))
    return _beta_quantile(terms, photos, 0.025), _beta_quantile(terms, photos, 0.975)


def _log_binomials(photos: int, least: int) -> NDArray[np.float64]:
    """Give log C(n, j) for j below `least`."""
    j = np.arange(1, least)
    return np.concatenate([[0.0], np.cumsum(np.log((photos + 1 - j) / j))])


def _beta_quantile(terms: NDArray[np.float64], photos: int, share: float) -> float:
    """Find the x that `share` of a Beta(a, n + 1 - a) law lies below: there a of n draws fall below x."""
    j, low, high = np.arange(len(terms)), 0.0, 1.0
    for _ in range(_BISECTIONS):
        x = (low + high) / 2
        fewer = np.exp(terms + j * np.log(x) + (photos - j) * np.log1p(-x)).sum()
        low, high = (x, high) if 1.0 - fewer < share else (low, x)
    return (low + high) / 2
