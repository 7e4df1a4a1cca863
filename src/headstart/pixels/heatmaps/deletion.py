"""(network, photo, class, heat map) => whether the map says where the answer comes from, measured.

The deletion and insertion tests of Petsiuk et al. 2018 ("RISE"): hide the hottest parts of the photo first,
and see how soon the probability falls; hide the coldest first, and see how long it stays. (The pictures of
the second, read backwards, are those of the insertion test: the hottest parts are shown first.)

What that is compared with decides. Parts hidden here and there, in an order drawn by chance, all do the same
in the end, and nearly every map of one piece is better or worse than they are: measured, also that of a
network with random weights. So the random orders are those of the same map, moved elsewhere and mirrored:
equally smooth, equally large, at another place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from headstart.pixels.heatmaps.hiding import hidden, probabilities_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.pixels.network import Differentiable

CELLS = 14
"""Rows and columns of the parts that are hidden as one."""

STEPS = 6
"""A curve's pictures after the whole photo; the last one is all hidden."""

REPEATS = 19
"""Maps moved at random.

A map of random places beats all of them once in twenty times. One that always points at the middle does so
more often, because there most photos have their subject: 4 of 13 photos, in a trial.
"""

_LEAST_GAP = 0.02  # of probability, 0 to 1: a difference below it means nothing to anybody
_LARGE_GAP, _MOST = 0.4, 0.75  # shares of the photo's probability, and of the moved maps


@dataclass(frozen=True, slots=True)
class Deletion:
    """What became of the probability while the photo was hidden part by part.

    Attributes:
        hidden: (steps + 1,) the share of the photo that is hidden, 0 to 1.
        hottest_first: (steps + 1,) the class's probability.
        coldest_first: likewise; read backwards it is the insertion test.
        random_hottest: (repeats, steps + 1) as `hottest_first`, of the map moved at random.
        random_coldest: (repeats, steps + 1) as `coldest_first`.
        flat: the map is everywhere the same, so that no part comes first.
    """

    hidden: NDArray[np.float64]
    hottest_first: NDArray[np.float64]
    coldest_first: NDArray[np.float64]
    random_hottest: NDArray[np.float64]
    random_coldest: NDArray[np.float64]
    flat: bool = False

    @property
    def score(self) -> float:
        """The mean probability while the hottest parts go first (area under the curve): low is good."""
        return _area(self.hottest_first)

    @property
    def insertion(self) -> float:
        """The mean probability while the hottest parts come first: high is good."""
        return _area(self.coldest_first)

    @property
    def random(self) -> float:
        """The mean of the scores of the moved maps."""
        return float(np.mean([_area(each) for each in self.random_hottest]))

    @property
    def gap(self) -> float:
        """Insertion less deletion: how much the order matters, 0 for an order that says nothing."""
        return self.insertion - self.score

    @property
    def random_gaps(self) -> tuple[float, ...]:
        """The same of each moved map."""
        pairs = zip(self.random_coldest, self.random_hottest, strict=True)
        return tuple(_area(coldest) - _area(hottest) for coldest, hottest in pairs)

    @property
    def beaten(self) -> int:
        """How many of the moved maps have a smaller gap."""
        return sum(self.gap > each for each in self.random_gaps)

    @property
    def meaningful(self) -> bool:
        """Whether the map says where the answer comes from.

        Its gap is at least 0.02 of probability, and larger than that of every moved map; or of most of them,
        where it is so large that the order decides by itself (things that fill a photo are also found by some
        of the moved maps).
        """
        copies = len(self.random_hottest)
        most = self.beaten >= _MOST * copies and self.gap >= _LARGE_GAP * float(self.hottest_first[0])
        return not self.flat and self.gap >= _LEAST_GAP and (self.beaten == copies or most)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "score": self.score,
            "random": self.random,
            "insertion": self.insertion,
            "meaningful": self.meaningful,
            "better_than": self.beaten,
            "random_maps": len(self.random_hottest),
            "hidden": self.hidden.tolist(),
            "hottest_first": self.hottest_first.tolist(),
            "coldest_first": self.coldest_first.tolist(),
            "random_first": self.random_hottest.mean(axis=0).tolist(),
        }


def pictures_needed(repeats: int = REPEATS) -> int:
    """How many pictures `deletion` asks the network about."""
    return 2 * (1 + repeats) * (STEPS - 1) + 2


def deletion(
    network: Differentiable,
    pixels: Tensor,
    index: int,
    heat: NDArray[np.float32],
    *,
    seed: int = 0,
    repeats: int = REPEATS,
    done: Callable[[int], None] = lambda _count: None,
) -> Deletion:
    """Hide the photo part by part, hottest first and coldest first, and the same with the map moved.

    Args:
        network: with classes.
        pixels: (1, 3, h, w) float32 in [0, 1].
        index: of the class.
        heat: (h, w), any numbers; larger is hotter. Parts that are equally hot go in a random order.
        seed: of the moves.
        repeats: how many of them.
        done: told how many more answers are there.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> found = deletion(network, torch.rand(1, 3, 32, 32), 0, np.eye(32, dtype=np.float32), repeats=3)
        >>> found.random_hottest.shape, 0 <= found.beaten <= 3
        ((3, 7), True)
    """
    chance = np.random.default_rng(seed)
    cells = _cells(heat)
    maps = [cells, *(_moved(cells, chance) for _ in range(repeats))]
    orders = [_order(each, chance) for each in maps]
    photo, blurred = pixels[0], hidden(pixels)[0]
    counts = [round(step * cells.size / STEPS) for step in range(STEPS + 1)]
    both = [each for order in orders for each in (order, order[::-1])]
    pictures = [partial(_without, photo, blurred, order[:count]) for order in both for count in counts[1:-1]]
    ends = [partial(_without, photo, blurred, orders[0][:count]) for count in (0, cells.size)]
    answers = probabilities_of(network, [*ends, *pictures], index, done)
    middle = answers[2:].reshape(len(both), STEPS - 1)
    first, last = (np.full((len(both), 1), each) for each in answers[:2])
    curves = np.hstack([first, middle, last])
    share = np.array(counts) / cells.size
    return Deletion(share, curves[0], curves[1], curves[2::2], curves[3::2], flat=bool(np.ptp(heat) == 0))


def _cells(heat: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean heat of each part."""
    rows, columns = _edges(heat.shape[0]), _edges(heat.shape[1])
    sums = np.add.reduceat(np.add.reduceat(heat.astype(np.float64), rows[:-1], 0), columns[:-1], 1)
    means: NDArray[np.float64] = sums / np.outer(np.diff(rows), np.diff(columns))
    return means


def _moved(cells: NDArray[np.float64], chance: np.random.Generator) -> NDArray[np.float64]:
    """The same map elsewhere: shifted around by at least a fifth of a side, and mirrored or not."""
    rows, columns = cells.shape
    shifts = [
        (down, right)
        for down in range(rows)
        for right in range(columns)
        if 5 * min(down, rows - down) >= rows or 5 * min(right, columns - right) >= columns
    ]
    moved = np.roll(cells, shifts[chance.integers(len(shifts))], (0, 1))
    upside_down, left_right = chance.random(2) < 0.5
    return moved[:: -1 if upside_down else 1, :: -1 if left_right else 1]


def _order(cells: NDArray[np.float64], chance: np.random.Generator) -> NDArray[np.int64]:
    return np.lexsort((chance.permutation(cells.size), -cells.ravel()))


def _edges(length: int) -> NDArray[np.int64]:
    return np.linspace(0, length, min(CELLS, length) + 1).round().astype(np.int64)


def _without(photo: Tensor, blurred: Tensor, gone: NDArray[np.int64]) -> Tensor:
    rows, columns = _edges(photo.shape[1]), _edges(photo.shape[2])
    mask = np.zeros((len(rows) - 1) * (len(columns) - 1), dtype=bool)
    mask[gone] = True
    grid = mask.reshape(len(rows) - 1, len(columns) - 1)
    whole = np.repeat(np.repeat(grid, np.diff(rows), axis=0), np.diff(columns), axis=1)
    return torch.where(torch.from_numpy(whole), blurred, photo)


def _area(curve: NDArray[np.float64]) -> float:
    return float(np.trapezoid(curve) / (len(curve) - 1))
