"""(pool of photos without labels, how many, seed) => positions of those to label, by our rule and by others.

All see the same: rows of length one, the model's probabilities, the rows that were learned from. The pool is
in the order of SHA-256, so that equal photos are taken as if by lot. Where a published method draws, the seed
decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headstart.heads.asking import herd, radius, ranked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from headstart.heads.asking import Pool

    Index = NDArray[np.intp]
    Rule = Callable[[Pool, int, int], Index]

_TYPICAL = 20
_STEPS = 20
_PURE = 0.95
_RADII = np.arange(0.05, 1.45, 0.05)


def random(pool: Pool, count: int, seed: int) -> Index:
    """What people do without a rule."""
    return np.random.default_rng(seed).permutation(len(pool.keys))[:count]


def headstart(pool: Pool, count: int, seed: int) -> Index:
    """Our default: uncertainty herding (Bae et al. 2025)."""
    del seed
    return ranked(pool, count)


def coverage(pool: Pool, count: int, seed: int) -> Index:
    """The same without doubt: MaxHerding (Bae et al. 2024)."""
    del seed
    return herd(pool.rows, np.ones(len(pool.keys)), pool.known, radius(pool.known), count)


def least_confidence(pool: Pool, count: int, seed: int) -> Index:
    """The smallest largest probability (Lewis and Gale 1994)."""
    del seed
    return _top(1.0 - pool.probabilities.max(axis=1), count)


def margin(pool: Pool, count: int, seed: int) -> Index:
    """The smallest difference between the two best classes (Scheffer et al. 2001)."""
    del seed
    return _top(pool.doubt, count)


def entropy(pool: Pool, count: int, seed: int) -> Index:
    """The largest entropy of all classes (Shannon 1948, as in Settles 2009)."""
    del seed
    logs = np.log(np.maximum(pool.probabilities, 1e-12))
    return _top(-(pool.probabilities * logs).sum(axis=1), count)


def core_set(pool: Pool, count: int, seed: int) -> Index:
    """Each time the photo that is farthest from all labelled ones (Sener and Savarese 2018)."""
    del seed
    return _spread(pool, count, lambda distance: int(distance.argmax()))


def k_means_plus_plus(pool: Pool, count: int, seed: int) -> Index:
    """The same by lot, in proportion to the squared distance (Arthur and Vassilvitskii 2007)."""
    draw = _lot(seed)
    return _spread(pool, count, draw)


def margin_k_means_plus_plus(pool: Pool, count: int, seed: int) -> Index:
    """By lot, in proportion to squared distance times doubt."""
    draw, doubt = _lot(seed), pool.doubt
    return _spread(pool, count, lambda distance: draw(distance * doubt))


def badge(pool: Pool, count: int, seed: int) -> Index:
    """k-means++ on the gradients that each photo's own answer would give the head (Ash et al. 2020)."""
    draw = _lot(seed)
    error = pool.probabilities.copy()
    error[np.arange(len(error)), error.argmax(axis=1)] -= 1.0
    square = np.square(error).sum(axis=1)
    chosen = [int(square.argmax())]
    distance = np.full(len(error), np.inf)
    while len(chosen) < count:
        last = chosen[-1]
        product = (error @ error[last]) * (pool.rows @ pool.rows[last])
        distance = np.minimum(distance, np.maximum(square + square[last] - 2 * product, 0.0))
        chosen.append(draw(_left(distance, chosen)))
    return np.array(chosen)


def typical_of_clusters(pool: Pool, count: int, seed: int) -> Index:
    """The most typical photo of the largest clusters without a label: TypiClust (Hacohen et al. 2022)."""
    known = len(pool.known)
    rows = np.concatenate([pool.known, pool.rows])
    cluster = _clusters(rows, min(known + count, len(rows)), seed)
    labels = np.bincount(cluster[:known], minlength=cluster.max() + 1)
    size = np.bincount(cluster, minlength=cluster.max() + 1)
    free = np.ones(len(pool.rows), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < count:
        open_ones = np.unique(cluster[known:][free])
        best = min(open_ones.tolist(), key=lambda number: (labels[number], -size[number], number))
        members = np.flatnonzero(cluster == best)
        order = members[np.argsort(-_typicality(rows[members]), kind="stable")] - known
        chosen.append(next(int(at) for at in order if at >= 0 and free[at]))
        free[chosen[-1]] = False
        labels[best] += 1
    return np.array(chosen)


def probability_cover(pool: Pool, count: int, seed: int) -> Index:
    """The photo whose ball, of ProbCover's own radius, holds most uncovered ones (Yehuda et al. 2022)."""
    distance = _distances(pool.rows, pool.rows)
    wide = _pure_radius(distance, _clusters(pool.rows, pool.probabilities.shape[1], seed))
    near = distance < wide
    uncovered = _distances(pool.rows, pool.known).min(axis=1) >= wide
    chosen: list[int] = []
    while len(chosen) < count:
        gain = near[:, uncovered].sum(axis=1).astype(float)
        gain[chosen] = -1.0
        chosen.append(int(gain.argmax()))
        uncovered &= ~near[chosen[-1]]
    return np.array(chosen)


def diverse_batch(pool: Pool, count: int, seed: int) -> Index:
    """Of ten times as many doubtful photos the middle of each cluster, weighted by doubt (Zhdanov 2019)."""
    doubt = pool.doubt
    among = _top(doubt, min(len(doubt), 10 * count))
    rows, weight = pool.rows[among], doubt[among]
    cluster = _clusters(rows, count, seed)
    chosen = []
    for number in np.unique(cluster):
        members = np.flatnonzero(cluster == number)
        centre = (weight[members, None] * rows[members]).sum(axis=0)
        chosen.append(int(among[members[(rows[members] @ centre).argmax()]]))
    rest = [int(at) for at in among if at not in set(chosen)]
    return np.array([*chosen, *rest][:count])


RULES: Mapping[str, Rule] = {
    "headstart": headstart,
    "random": random,
    "least confidence": least_confidence,
    "margin": margin,
    "entropy": entropy,
    "core-set": core_set,
    "k-means++": k_means_plus_plus,
    "margin x k-means++": margin_k_means_plus_plus,
    "BADGE": badge,
    "TypiClust": typical_of_clusters,
    "ProbCover": probability_cover,
    "MaxHerding": coverage,
    "diverse batch": diverse_batch,
}


def _top(values: NDArray[np.floating], count: int) -> Index:
    return np.argsort(-values, kind="stable")[:count]


def _squared(rows: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(np.maximum(2.0 - 2.0 * (rows @ others.T), 0.0))


def _distances(rows: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(np.sqrt(_squared(rows, others)))


def _left(values: NDArray[np.floating], chosen: list[int]) -> NDArray[np.floating]:
    """The values, 0 for those chosen; 1 for the others where nothing else tells them apart."""
    values = np.array(values)
    values[chosen] = 0.0
    if not values.any():
        values = np.ones(len(values))
        values[chosen] = 0.0
    return values


def _lot(seed: int) -> Callable[[NDArray[np.floating]], int]:
    chance = np.random.default_rng(seed)
    return lambda weight: int(chance.choice(len(weight), p=weight / weight.sum()))


def _spread(pool: Pool, count: int, pick: Callable[[NDArray[np.floating]], int]) -> Index:
    distance = _squared(pool.rows, pool.known).min(axis=1)
    chosen: list[int] = []
    while len(chosen) < count:
        chosen.append(pick(_left(distance, chosen)))
        distance = np.minimum(distance, _squared(pool.rows, pool.rows[chosen[-1:]])[:, 0])
    return np.array(chosen)


def _clusters(rows: NDArray[np.floating], count: int, seed: int) -> Index:
    """k-means of rows of length one: the cluster of each."""
    draw = _lot(seed)
    centres = [draw(np.ones(len(rows)))]
    distance = _squared(rows, rows[centres])[:, 0]
    while len(centres) < min(count, len(rows)):
        centres.append(draw(_left(distance, centres)))
        distance = np.minimum(distance, _squared(rows, rows[centres[-1:]])[:, 0])
    means = rows[centres]
    for _ in range(_STEPS):
        cluster = (rows @ means.T).argmax(axis=1)
        sums = np.zeros_like(means)
        np.add.at(sums, cluster, rows)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        means = np.where(length > 0, sums / np.maximum(length, 1e-12), means)
    return np.asarray((rows @ means.T).argmax(axis=1))


def _typicality(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """One over the mean distance to the nearest twenty."""
    near = min(_TYPICAL, len(rows) - 1)
    if near < 1:
        return np.ones(len(rows))
    nearest = np.sort(_distances(rows, rows), axis=1)[:, 1 : near + 1]
    return np.asarray(1.0 / np.maximum(nearest.mean(axis=1), 1e-6))


def _pure_radius(distance: NDArray[np.floating], cluster: Index) -> float:
    """The largest radius at which 95 of 100 balls hold photos of one cluster alone."""
    same = cluster[:, None] == cluster[None, :]
    pure = [wide for wide in _RADII if (same | (distance >= wide)).all(axis=1).mean() >= _PURE]
    return float(max(pure, default=_RADII[0]))
