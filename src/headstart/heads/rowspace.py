"""rows (n, d) => the same photos in few uncorrelated coordinates (n, k), k at most min(n - 1, d).

Two steps, both undone exactly in the weights of the fitted head, so that a saved head is one matrix:

* Pareto scaling: each feature, centred, is divided by the square root of its standard deviation
  (van den Berg et al. 2006), and all by one number so that a row's mean squared length is 1. Full
  standardisation gives the noise of rarely active features the same say; no standardisation gives them none.
  Five-fold log loss at the best strength and temperature, MobileNetV2 then SqueezeNet:

            pets-37        aerial         cats-vs-dogs   ants-bees
    full    0.368  1.211   0.344  0.328   0.035  0.118   0.087  0.181
    none    0.364  1.062   0.330  0.332   0.037  0.107   0.092  0.209
    Pareto  0.365  1.103   0.334  0.325   0.036  0.108   0.089  0.191

  Pareto is never the worst. Rows of length one would gain another 0 to 4 %, and not fold into one matrix.
* A rotation onto the principal directions. The penalised optimum lies in the span of the rows, so
  nothing is lost where there are fewer photos than features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.errors import FitError
from headstart.heads.pieces import blocks, shares
from headstart.heads.threads import ALONE, Team

_RANK = 1e-10  # directions with less than this share of the largest variance are rounding noise


@dataclass(frozen=True)
class RowSpace:
    """Rows in their principal coordinates, and the way back.

    Attributes:
        rows: (n, k), in the precision asked for.
        mean: (d,) of the rows given.
        basis: (d, k); (row - mean) @ basis is a row's place among `rows`.
    """

    rows: NDArray[np.floating]
    mean: NDArray[np.float64]
    basis: NDArray[np.float64]

    def unfold(
        self, weight: NDArray[np.float64], bias: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights (k, c) and bias (c,) in these coordinates => (c, d) and (c,) for rows as they come."""
        full = (self.basis @ weight).T
        return full, bias - full @ self.mean


def row_space(
    rows: NDArray[np.floating], kind: type[np.floating] = np.float64, team: Team = ALONE
) -> RowSpace:
    """Scale and rotate rows.

    Args:
        rows: (n, d) finite.
        kind: of the result's rows; what they are made from is computed in float64 always.
        team: shares the rows.

    Raises:
        FitError: the rows' spread is too large for float64.

    Example:
        >>> space = row_space(np.array([[0.0, 5.0, 1.0], [2.0, 5.0, 1.0]]))  # two features are constant
        >>> space.rows.shape, space.basis.round(2).ravel().tolist() in ([1, 0, 0], [-1, 0, 0])
        ((2, 1), True)
    """
    mean, scale = pareto(rows)
    scaled = _Scaled(rows, mean, scale)
    turn = _principal(scaled, team)
    return RowSpace(scaled.turned(turn.astype(kind), team), mean, scale[:, None] * turn)


def pareto(rows: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and Pareto scale (d,) of each feature: (row - mean) x scale has the mean squared length 1.

    Args:
        rows: (n, d) finite.

    Raises:
        FitError: the rows' spread is too large for float64.

    Example:
        >>> mean, scale = pareto(np.array([[0.0, 5.0], [2.0, 5.0]]))
        >>> mean.tolist(), scale.tolist()  # a feature that never changes has the scale 0
        ([1.0, 5.0], [1.0, 0.0])
    """
    mean, deviation = _moments(rows)
    with np.errstate(over="ignore", invalid="ignore"):
        product = deviation * deviation.sum()
    if not np.isfinite(product).all():
        raise FitError("the rows hold numbers too large to learn from; give rows of ordinary size.")
    varies = (deviation > 1e-12 * np.abs(mean)) & (product > 0)
    return mean, np.divide(1.0, np.sqrt(product), out=np.zeros_like(product), where=varies)


def _moments(rows: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each feature, without a copy of all rows in float64."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = rows.mean(axis=0, dtype=np.float64)
        total = np.zeros(rows.shape[1])
        for block in blocks(slice(0, len(rows))):
            total += np.square(rows[block] - mean).sum(axis=0)
        return mean, np.sqrt(total / len(rows))


@dataclass(frozen=True)
class _Scaled:
    """(rows - mean) x scale, made block by block where it is needed: kept, it would be twice the rows."""

    rows: NDArray[np.floating]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def block(self, part: slice) -> NDArray[np.float64]:
        return np.asarray((self.rows[part] - self.mean) * self.scale)

    def table(self, team: Team) -> NDArray[np.float64]:
        """The products (d, d) of features."""
        found = team.map(self._table, shares(len(self.rows)))
        return np.asarray(sum(found[1:], start=found[0]))

    def _table(self, share: slice) -> NDArray[np.float64]:
        total = np.zeros((len(self.mean), len(self.mean)))
        for part in blocks(share):
            block = self.block(part)
            total += block.T @ block
        return total

    def turned(self, turn: NDArray[np.floating], team: Team) -> NDArray[np.floating]:
        """The rows (n, k) along other directions (d, k), in the precision of these."""
        result = np.empty((len(self.rows), turn.shape[1]), turn.dtype)

        def fill(share: slice) -> None:
            for part in blocks(share):
                np.matmul(self.block(part).astype(turn.dtype), turn, out=result[part])

        team.map(fill, shares(len(self.rows)))
        return result


def _principal(scaled: _Scaled, team: Team) -> NDArray[np.float64]:
    """The directions (d, k) in which rows vary, by the smaller of the two product tables."""
    wide = scaled.rows.shape[0] < scaled.rows.shape[1]
    exact = scaled.block(slice(None)) if wide else None
    vectors: NDArray[np.float64]
    variance, vectors = np.linalg.eigh(scaled.table(team) if exact is None else exact @ exact.T)
    kept = np.flatnonzero(variance > max(_RANK * float(variance[-1]), 0.0))[::-1]
    if exact is None:
        return np.asarray(vectors[:, kept])
    turn: NDArray[np.float64] = exact.T @ vectors[:, kept] / np.sqrt(variance[kept])
    return turn
