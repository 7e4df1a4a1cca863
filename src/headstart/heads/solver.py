"""rows (n, k), classes (n,) => weights of multinomial logistic regression with an L2 penalty.

The loss is the sum over photos of (their weight x cross-entropy) + strength / 2 x |weights|². It is
convex with one minimum, which L-BFGS finds (Liu & Nocedal 1989). The rows come rotated so that
they are uncorrelated (`rowspace`); each weight is then measured in units of the loss's own curvature in its
direction (the diagonal of the bound in Böhning 1992), which takes 20 to 40 steps where the plain
loss takes hundreds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.errors import FitError

_SINGLE_ABOVE = 2e8  # multiplications a step from which float32 is used: 1,000 classes, not 37


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


def solve(
    rows: NDArray[np.float64],
    codes: NDArray[np.integer],
    weights: NDArray[np.float64],
    start: Solution,
    *,
    strength: float,
    tolerance: float,
    max_steps: int,
) -> Solution:
    """Minimise the loss from a starting point.

    Args:
        rows: (n, k), columns uncorrelated for speed; the result is right for any.
        codes: (n,) classes as columns of the start's weights.
        weights: (n,) above 0, how much each photo counts.
        start: where to begin.
        strength: of the penalty, above 0.
        tolerance: stops when a step lowers the loss by less than this share of it.
        max_steps: stops here in any case, and `converged` is False.

    Raises:
        FitError: the loss is not a finite number.

    Example:
        >>> rows, codes = np.array([[-1.0], [1.0]]), np.array([0, 1])
        >>> start, counts = Solution.zeros(1, 2), np.ones(2)
        >>> found = solve(rows, codes, counts, start, strength=1, tolerance=1e-9, max_steps=50)
        >>> found.weight.round(3).tolist()
        [[-0.521, 0.521]]
    """
    from scipy.optimize import minimize

    problem = _Problem(rows, codes, weights, start, strength)
    result = minimize(
        problem.loss,
        problem.pack(start.weight, start.bias),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_steps, "maxfun": 2 * max_steps, "ftol": tolerance, "gtol": 0.0},
    )
    if not np.isfinite(result.fun) or not np.isfinite(result.x).all():
        raise FitError(
            f"the linear head's loss is {result.fun} at strength {strength:g} after {result.nit} steps: "
            "the rows hold numbers too large to learn from; give rows of ordinary size."
        )
    weight, bias = problem.unpack(np.asarray(result.x))
    return Solution(weight, bias, int(result.nit), converged=result.status != 1)


class _Problem:
    """The loss and its gradient, in coordinates in which its curvature is about 1 everywhere."""

    def __init__(
        self,
        rows: NDArray[np.float64],
        codes: NDArray[np.integer],
        weights: NDArray[np.float64],
        start: Solution,
        strength: float,
    ) -> None:
        width, classes = start.weight.shape
        single = len(rows) * width * classes > _SINGLE_ABOVE
        self.kind = np.dtype(np.float32 if single else np.float64)
        self.rows, self.weights = rows.astype(self.kind), weights.astype(self.kind)
        self.codes, self.where = codes, np.arange(len(codes))
        self.shape, self.strength = (width, classes), strength
        curvature = self._curvature(start)
        spread = np.einsum("n,nk,nk->k", weights, rows, rows)
        self.unit = (1.0 / np.sqrt(curvature * spread + strength))[:, None]
        self.bias_unit = 1.0 / np.sqrt(curvature * weights.sum())

    def _curvature(self, start: Solution) -> float:
        """The mean of p (1 - p): 1 / c at the start, less where the classes are told apart already."""
        odds, _ = self._softmax(start.weight, start.bias)
        each = np.einsum("n,nc,nc->", self.weights, odds, 1.0 - odds, dtype=np.float64)
        return max(float(each / self.weights.sum(dtype=np.float64) / (self.shape[1] - 1)), 1e-4)

    def _softmax(
        self, weight: NDArray[np.float64], bias: NDArray[np.float64]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Probabilities (n, c) and the cross-entropy of each photo (n,)."""
        logits = self.rows @ weight.astype(self.kind)
        logits += bias.astype(self.kind)
        logits -= logits.max(axis=1, keepdims=True)
        true = logits[self.where, self.codes]
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
        odds, entropy = self._softmax(weight, bias)
        value = np.dot(self.weights.astype(np.float64), entropy) + self.strength / 2 * np.vdot(weight, weight)
        odds[self.where, self.codes] -= 1.0
        odds *= self.weights[:, None]
        slope = (self.rows.T @ odds + self.strength * weight) * self.unit
        return float(value), np.concatenate([slope.ravel(), odds.sum(axis=0) * self.bias_unit])
