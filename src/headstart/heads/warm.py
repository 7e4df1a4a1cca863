"""rows (n, d), a head that is nearly right => the linear head of other labels, in a few steps, numpy only.

A correction changes a few labels of thousands, so the head that stands is a good start. The loss is that of
`solver` (the sum over photos of weight x cross-entropy, + strength / 2 x |weights|², rows scaled as in
`rowspace`), and has one minimum: where a fit starts changes how long it takes, not where it ends. Rows are
not rotated here, which would take longer than the fit. In its place weights are measured in units of the
loss's own curvature at the start, as one dense matrix (the mean of the classes' Hessians: a Newton step
without its couplings between classes; Nocedal & Wright 2006, section 7.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import FitError
from headstart.heads.descent import minimise
from headstart.heads.fitted import LinearHead
from headstart.heads.rowspace import pareto, row_space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_DENSE = 4096  # columns up to which the curvature is one matrix, and rows that it is judged by
_FLOOR = 1e-5  # of the curvature's trace: what float32 can still tell from nothing
_MAX_STEPS = 300
_BLOCK = 256  # rows at a time: they are still in the processor's cache when the slope asks for them
_DOUBT = 0.5  # the largest sum over classes of p (1 - p) between two of them


@dataclass(frozen=True)
class WarmFit:
    """A fit in the coordinates of its `WarmFits`: weights (k, c), bias (c,), steps taken."""

    classes: tuple[str, ...]
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    steps: int = 0


class WarmFits:
    """Linear fits over the same rows with other labels or weights, each from a start that is nearly right.

    Args:
        rows: (n, d) finite, all rows that any of the fits learns from or answers for.
        strength: the L2 penalty, above 0, in units of rows whose mean squared length is 1.

    Raises:
        FitError: rows that are too large for float64.

    Example:
        >>> rows = np.array([[0.0, 1.0], [0.2, 0.9], [1.0, 0.1], [0.9, 0.0]], np.float32)
        >>> fits = WarmFits(rows, strength=0.1)
        >>> cats = fits.fit(("cat", "dog"), np.array([0, 0, 1, 1]), np.ones(4), None)
        >>> fits.logits(cats, np.arange(4)).argmax(axis=1).tolist()
        [0, 0, 1, 1]
    """

    def __init__(self, rows: NDArray[np.floating], strength: float) -> None:
        self.strength = strength
        if rows.shape[0] < rows.shape[1]:  # fewer photos than features: their own directions are fewer
            space = row_space(rows)
            self._mean, self._basis = space.mean, space.basis
            self._rows = space.rows.astype(np.float32)
        else:
            self._mean, self._basis = pareto(rows)
            self._rows = (rows - self._mean.astype(np.float32)) * self._basis.astype(np.float32)
        self._units: _Units | None = None

    def start(self, head: LinearHead) -> WarmFit:
        """A head that was fitted elsewhere, in these coordinates."""
        weight = head.weight.astype(np.float64)
        bias = head.bias + weight @ self._mean
        return WarmFit(head.classes, self._inside(weight.T), bias)

    def fit(
        self,
        classes: Sequence[str],
        codes: NDArray[np.integer],
        weights: NDArray[np.float64],
        start: WarmFit | None,
        *,
        tolerance: float = 1e-6,
    ) -> WarmFit:
        """Minimise the loss.

        Args:
            classes: c names, at least two.
            codes: (n,) each row's class as a position in `classes`; anything where its weight is 0.
            weights: (n,) how much each row counts; 0 for one that is not learned from.
            start: a fit of other labels; classes that it lacks start at nothing. None: from nothing.
            tolerance: stops when a step lowers the loss by less than this share of it.

        Raises:
            FitError: the loss is not a finite number.
        """
        weight, bias = self._aligned(classes, start)
        if self._units is None:
            self._units = self._curvature(weight, bias, codes, weights)
        problem = _Problem(self._rows, codes, weights, self.strength, self._units)
        point = problem.pack(weight, bias)
        found = minimise(problem.loss, point, tolerance=tolerance, max_steps=_MAX_STEPS)
        if not np.isfinite(found.loss):
            raise FitError(
                f"the linear head's loss is {found.loss} at strength {self.strength:g}: the rows hold "
                "numbers too large to learn from"
            )
        return WarmFit(tuple(classes), *problem.unpack(found.point), found.steps)

    def look_again(self) -> None:
        """Judge the curvature anew at the start of the next fit, where weights have changed a lot."""
        self._units = None

    def logits(self, fit: WarmFit, index: NDArray[np.integer]) -> NDArray[np.float64]:
        """(m, c) logits of some of the rows."""
        small = self._rows[index] @ fit.weight.astype(np.float32)
        return np.asarray(small.astype(np.float64) + fit.bias)

    def head(self, fit: WarmFit, temperature: float) -> LinearHead:
        """The fit as a head for rows as they come."""
        if self._basis.ndim == 1:
            full = (self._basis[:, None] * fit.weight).T
        else:
            full = (self._basis @ fit.weight).T
        return LinearHead(fit.classes, full, fit.bias - full @ self._mean, temperature)

    def _inside(self, full: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights (d, c) of rows as they come => (k, c); what lies outside the rows' own span is left."""
        basis = self._basis
        if basis.ndim == 1:
            return np.asarray(
                np.divide(full, basis[:, None], out=np.zeros_like(full), where=basis[:, None] > 0)
            )
        return np.asarray(np.linalg.lstsq(basis.T @ basis, basis.T @ full, rcond=1e-10)[0])

    def _aligned(
        self, classes: Sequence[str], start: WarmFit | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        weight, bias = np.zeros((self._rows.shape[1], len(classes))), np.zeros(len(classes))
        if start is not None:
            place = {label: at for at, label in enumerate(start.classes)}
            bias += start.bias.min()  # a class that is new
            for at, label in enumerate(classes):
                if label in place:
                    weight[:, at], bias[at] = start.weight[:, place[label]], start.bias[place[label]]
        return weight, bias

    def _curvature(
        self,
        weight: NDArray[np.float64],
        bias: NDArray[np.float64],
        codes: NDArray[np.integer],
        weights: NDArray[np.float64],
    ) -> _Units:
        """By the Cholesky factor of the mean Hessian of the classes; by its diagonal where k is large."""
        odds = _softmax(self._rows @ weight.astype(np.float32) + bias.astype(np.float32))
        # The mean over classes of p (1 - p); a floor, since a photo that is sure now may not stay so.
        doubt = np.maximum((odds * (1 - odds)).sum(axis=1) / odds.shape[1], 1e-3 / odds.shape[1])
        # What is wrong at the start is what will move, and sure of the wrong class now it has no doubt yet.
        wrong = odds[np.arange(len(odds)), codes] < 0.5
        each = weights * np.where(wrong, _DOUBT / odds.shape[1], doubt)
        chosen = np.sort(np.argsort(-each, kind="stable")[:_DENSE])
        rows = self._rows[chosen] * np.sqrt(each[chosen, None] * each.sum() / each[chosen].sum()).astype(
            np.float32
        )
        if rows.shape[1] <= _DENSE:
            table = rows.T @ rows
            floor = max(self.strength, _FLOOR * float(np.trace(table)))
            table[np.diag_indices_from(table)] += floor
            factor = np.linalg.cholesky(table)
            return _Units(np.linalg.inv(factor).T.astype(np.float32), factor.T.astype(np.float32))
        steep = np.sqrt(np.square(rows).sum(axis=0) + self.strength)[:, None]
        return _Units(1.0 / steep, steep)


@dataclass(frozen=True)
class _Units:
    """`there` takes weights into the coordinates of the search, `back` out of them; (k, k) or (k, 1)."""

    back: NDArray[np.float32]
    there: NDArray[np.float32]

    def weight(self, own: NDArray[np.floating]) -> NDArray[np.float64]:
        return _times(self.back, own)

    def own(self, weight: NDArray[np.floating]) -> NDArray[np.float64]:
        return _times(self.there, weight)

    def slope(self, slope: NDArray[np.floating]) -> NDArray[np.float64]:
        return _times(self.back.T if self.back.shape[1] > 1 else self.back, slope)


def _times(matrix: NDArray[np.float32], table: NDArray[np.floating]) -> NDArray[np.float64]:
    small = table.astype(np.float32)
    return np.asarray(matrix @ small if matrix.shape[1] > 1 else matrix * small, np.float64)


class _Problem:
    """The loss and its slope, in coordinates in which its curvature is about 1 everywhere."""

    def __init__(
        self,
        rows: NDArray[np.float32],
        codes: NDArray[np.integer],
        weights: NDArray[np.float64],
        strength: float,
        units: _Units,
    ) -> None:
        self.rows, self.strength, self.units = rows, strength, units
        self.codes, self.weights = codes, weights
        self.bias_unit = 1.0 / np.sqrt(max(float(weights.sum()), 1e-12))
        self.columns = 0

    def pack(self, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights and bias => one vector in the coordinates of the search."""
        self.columns = len(bias)
        return np.concatenate([self.units.own(weight).ravel(), bias / self.bias_unit])

    def unpack(self, vector: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The vector of the search => weights and bias."""
        weight = self.units.weight(vector[: -self.columns].reshape(-1, self.columns))
        return weight, vector[-self.columns :] * self.bias_unit

    def loss(self, vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """The loss and its slope at a point of the search."""
        weight, bias = self.unpack(vector)
        small, shift = weight.astype(np.float32), bias.astype(np.float32)
        value, slope, bias_slope = 0.0, np.zeros(weight.shape, np.float32), np.zeros(len(bias))
        for start in range(0, len(self.rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            logits = self.rows[part] @ small
            logits += shift
            value += self._odds(logits, part)
            slope += self.rows[part].T @ logits
            bias_slope += logits.sum(axis=0, dtype=np.float64)
        value += self.strength / 2 * float(np.vdot(weight, weight))
        whole = slope.astype(np.float64) + self.strength * weight
        return value, np.concatenate([self.units.slope(whole).ravel(), bias_slope * self.bias_unit])

    def _odds(self, logits: NDArray[np.float32], part: slice) -> float:
        """The loss of some rows; their logits become its slope, in place."""
        places, codes, weights = np.arange(len(logits)), self.codes[part], self.weights[part]
        logits -= logits.max(axis=1, keepdims=True)
        true = logits[places, codes].astype(np.float64)
        odds = np.exp(logits, out=logits)
        total = odds.sum(axis=1)
        odds /= total[:, None]
        odds[places, codes] -= 1.0
        odds *= weights[:, None].astype(np.float32)
        return float(weights @ (np.log(total, dtype=np.float64) - true))


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    logits = logits - logits.max(axis=1, keepdims=True)
    odds = np.exp(logits, out=logits)
    odds /= odds.sum(axis=1, keepdims=True)
    return odds
