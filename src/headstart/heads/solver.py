"""rows (n, k), classes (n,) => weights of multinomial logistic regression with an L2 penalty.

The loss is the sum over photos of (their weight x cross-entropy) + strength / 2 x |weights|². It is
convex with one minimum, which L-BFGS finds (Liu & Nocedal 1989). The rows come rotated so that
they are uncorrelated (`rowspace`); each weight is then measured in units of the loss's own curvature in its
direction (the diagonal of the bound in Böhning 1992), which takes 20 to 40 steps where the plain
loss takes hundreds. Nearly all the time of a step is two products of the rows, so threads take a share of
the rows each (`threads`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.errors import FitError
from headstart.heads.descent import minimise
from headstart.heads.pieces import blocks, shares
from headstart.heads.threads import ALONE, Team

_SINGLE_ABOVE = 1e6  # multiplications a step from which float32 is used: 300 photos, not 100
_GLANCE = 1024  # rows that the curvature is judged by; it only sets units


@dataclass(frozen=True)
class Solution:
    """Weights (k, c), bias (c,), steps taken, and whether the minimum was reached."""

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    steps: int = 0
    converged: bool = True

    @classmethod
    def zeros(cls, width: int, classes: int) -> Solution:
        """Where every search starts: all classes alike."""
        return cls(np.zeros((width, classes)), np.zeros(classes))

    @classmethod
    def mean(cls, solutions: list[Solution]) -> Solution:
        """The average of fold models: a good start for the model on all photos."""
        weight = np.mean([solution.weight for solution in solutions], axis=0)
        return cls(weight, np.mean([solution.bias for solution in solutions], axis=0))


@dataclass(frozen=True)
class Task:
    """Photos to learn from.

    Attributes:
        rows: (n, k), columns uncorrelated for speed; the result is right for any.
        codes: (n,) classes as columns of the weights.
        weights: (n,) above 0, how much each photo counts.
        spread: (k,) weighted sum of squares of each column.
    """

    rows: NDArray[np.floating]
    codes: NDArray[np.integer]
    weights: NDArray[np.float64]
    spread: NDArray[np.float64]

    @classmethod
    def of(cls, rows: NDArray[np.floating], codes: NDArray[np.integer], weights: NDArray[np.float64]) -> Task:
        """Put photos together; the columns' spread is the same at every strength."""
        spread = np.zeros(rows.shape[1])
        for block in blocks(slice(0, len(rows))):
            spread += weights[block] @ np.square(rows[block], dtype=np.float64)
        return cls(rows, codes, weights, spread)


def precision(photos: int, width: int, classes: int) -> type[np.floating]:
    """float32 where its speed counts, float64 where nobody would wait.

    The held-out loss is the same in the fifth digit: what float32 rounds away from a photo's logits is a
    millionth, and sums over photos are kept in float64.

    Example:
        >>> precision(100, 1_280, 37).__name__, precision(3_000, 1_280, 2).__name__
        ('float64', 'float32')
    """
    # With few classes reading the rows takes longer than the multiplications: as long as twenty classes.
    return np.float32 if photos * min(photos, width) * max(classes, 20) > _SINGLE_ABOVE else np.float64


def solve(
    task: Task, start: Solution, *, strength: float, tolerance: float, max_steps: int, team: Team = ALONE
) -> Solution:
    """Minimise the loss from a starting point.

    Args:
        task: the photos to learn from; their rows' precision is that of the products.
        start: where to begin.
        strength: of the penalty, above 0.
        tolerance: stops when a step lowers the loss by less than this share of it.
        max_steps: stops here in any case, and `converged` is False.
        team: shares the rows.

    Raises:
        FitError: the loss is not a finite number.

    Example:
        >>> task = Task.of(np.array([[-1.0], [1.0]]), np.array([0, 1]), np.ones(2))
        >>> found = solve(task, Solution.zeros(1, 2), strength=1, tolerance=1e-9, max_steps=50)
        >>> found.weight.round(3).tolist()
        [[-0.521, 0.521]]
    """
    problem = _Problem(task, start, strength, team)
    found = minimise(
        problem.loss, problem.pack(start.weight, start.bias), tolerance=tolerance, max_steps=max_steps
    )
    if not np.isfinite(found.loss):
        raise FitError(
            f"the linear head's loss is {found.loss} at strength {strength:g} after {found.steps} steps: "
            "the rows hold numbers too large to learn from; give rows of ordinary size."
        )
    return Solution(*problem.unpack(found.point), found.steps, converged=found.converged)


class _Problem:
    """The loss and its gradient, in coordinates in which its curvature is about 1 everywhere."""

    def __init__(self, task: Task, start: Solution, strength: float, team: Team) -> None:
        self.task, self.strength, self.team = task, strength, team
        self.shape, self.kind = start.weight.shape, task.rows.dtype
        self.shares = shares(len(task.rows))
        curvature = self._curvature(start)
        self.unit = (1.0 / np.sqrt(curvature * task.spread + strength))[:, None]
        self.bias_unit = 1.0 / np.sqrt(curvature * task.weights.sum())

    def _curvature(self, start: Solution) -> float:
        """The mean of p (1 - p): 1 / c at the start, less where the classes are told apart already."""
        glance = slice(None, None, -(-len(self.task.rows) // _GLANCE))
        odds, _ = self._softmax(glance, start.weight.astype(self.kind), start.bias.astype(self.kind))
        weights = self.task.weights[glance]
        each = weights @ (odds * (1.0 - odds)).sum(axis=1, dtype=np.float64)
        return max(float(each / weights.sum() / (self.shape[1] - 1)), 1e-4)

    def _softmax(
        self, part: slice, weight: NDArray[np.floating], bias: NDArray[np.floating]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Probabilities (m, c) and the cross-entropy of each photo (m,) of a part."""
        logits = self.task.rows[part] @ weight
        logits += bias
        logits -= logits.max(axis=1, keepdims=True)
        true = logits[np.arange(len(logits)), self.task.codes[part]]
        odds = np.exp(logits, out=logits)
        total = odds.sum(axis=1)
        odds /= total[:, None]
        return odds, np.log(total) - true

    def pack(self, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights and bias => one vector in the coordinates of the search."""
        return np.concatenate([(weight / self.unit).ravel(), bias / self.bias_unit])

    def unpack(self, vector: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The vector of the search => weights and bias."""
        weight = vector[: self.shape[0] * self.shape[1]].reshape(self.shape) * self.unit
        return weight, vector[weight.size :] * self.bias_unit

    def loss(self, vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """The loss and its gradient at a point of the search."""
        weight, bias = self.unpack(vector)
        small, small_bias = weight.astype(self.kind), bias.astype(self.kind)
        found = self.team.map(lambda share: self._share(share, small, small_bias), self.shares)
        value = self.strength / 2 * np.vdot(weight, weight)
        slope, bias_slope = self.strength * weight, np.zeros(self.shape[1])
        for entropy, pull, bias_pull in found:
            value += entropy
            slope += pull
            bias_slope += bias_pull
        return float(value), np.concatenate([(slope * self.unit).ravel(), bias_slope * self.bias_unit])

    def _share(
        self, share: slice, weight: NDArray[np.floating], bias: NDArray[np.floating]
    ) -> tuple[float, NDArray[np.floating], NDArray[np.float64]]:
        """What a share of the photos adds to the loss, and to its slope along weights and bias."""
        loss, slope, bias_slope = 0.0, np.zeros(self.shape, self.kind), np.zeros(self.shape[1])
        for block in blocks(share):
            odds, entropy = self._softmax(block, weight, bias)
            weights = self.task.weights[block]
            loss += float(weights @ entropy)
            odds[np.arange(len(odds)), self.task.codes[block]] -= 1.0
            odds *= weights[:, None].astype(self.kind)
            slope += self.task.rows[block].T @ odds
            bias_slope += odds.sum(axis=0)
        return loss, slope, bias_slope
