"""a smooth convex loss and its slope, a start => where the loss is least: L-BFGS (Liu & Nocedal 1989).

SciPy has it too. But its line search, made for any function, asks for the loss up to twice a step where
float32 has rounded the last digits away, and it takes as long for itself as a small head's products.
Here the loss is convex and comes in units of its own curvature, so the full step is nearly always right, and
to halve one that is not is enough.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_MEMORY = 10  # steps that the curvature is learned from
_SUFFICIENT = 1e-4  # share of what the slope promises by which the loss must fall (Armijo 1966)
_SHORTEST = 1e-6  # share of a full step; if no longer one helps, what is left is rounding


@dataclass(frozen=True)
class Minimum:
    """The point, the loss at it, steps taken, and False where they did not suffice."""

    point: NDArray[np.float64]
    loss: float
    steps: int
    converged: bool


@dataclass(frozen=True)
class _Place:
    point: NDArray[np.float64]
    loss: float
    slope: NDArray[np.float64]


def minimise(
    loss: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]],
    start: NDArray[np.float64],
    *,
    tolerance: float,
    max_steps: int,
) -> Minimum:
    """Walk down a convex loss.

    Args:
        loss: point (k,) => loss and slope (k,); its curvature is about 1 in every direction.
        start: (k,).
        tolerance: stops when a step lowers the loss by less than this share of it (of 1, if it is below 1).
        max_steps: stops here in any case.

    Returns:
        The minimum; its loss is not finite where the loss at the start is not.

    Example:
        >>> found = minimise(lambda at: (float(at @ at), 2 * at), np.ones(3), tolerance=1e-9, max_steps=20)
        >>> bool(abs(found.point).max() < 1e-6), found.converged
        (True, True)
    """
    here = _Place(start, *loss(start))
    past: deque[tuple[NDArray[np.float64], NDArray[np.float64], float]] = deque(maxlen=_MEMORY)
    for step in range(max_steps):
        there = _step(loss, here, _direction(here.slope, past))
        if there is None:
            return Minimum(here.point, here.loss, step, converged=True)
        gain = here.loss - there.loss
        moved, bent = there.point - here.point, there.slope - here.slope
        if (product := float(moved @ bent)) > 0:
            past.append((moved, bent, product))
        here = there
        if gain <= tolerance * max(abs(here.loss), 1.0):
            return Minimum(here.point, here.loss, step + 1, converged=True)
    return Minimum(here.point, here.loss, max_steps, converged=False)


def _step(
    loss: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]],
    here: _Place,
    direction: NDArray[np.float64],
) -> _Place | None:
    """The next place; None where no step lowers the loss."""
    promise, length = float(direction @ here.slope), 1.0
    while promise < 0 and length > _SHORTEST:
        point = here.point + length * direction
        there = _Place(point, *loss(point))
        if there.loss <= here.loss + _SUFFICIENT * length * promise:
            return there
        # The lowest point of the parabola through what is known, within reason.
        bow = there.loss - here.loss - length * promise
        best = -promise * length**2 / (2 * bow) if np.isfinite(bow) else 0.0
        length = min(max(best, 0.1 * length), 0.5 * length)
    return None


def _direction(
    slope: NDArray[np.float64], past: deque[tuple[NDArray[np.float64], NDArray[np.float64], float]]
) -> NDArray[np.float64]:
    """Downhill, bent by the curvature that the last steps met."""
    direction = -slope
    shares = []
    for moved, bent, product in reversed(past):
        shares.append(float(moved @ direction) / product)
        direction -= shares[-1] * bent
    if past:
        _, bent, product = past[-1]
        direction *= product / float(bent @ bent)
    for (moved, bent, product), share in zip(past, reversed(shares), strict=True):
        direction += (share - float(bent @ direction) / product) * moved
    return direction
