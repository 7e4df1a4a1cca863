"""(logits of photos not trained on) => how good they are, once their temperature is right."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.heads.calibration import fit_temperature

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Score:
    """How good logits are.

    Attributes:
        accuracy: share of photos that are right, 0 to 1.
        loss: mean log loss in nats at `temperature`, targets smoothed as `smoothed_log_loss` has it, so that
            two that are right about few photos do not differ by how sure they are; infinite where the logits
            are not finite.
        temperature: what logits are divided by, chosen on these photos (Guo et al. 2017).
    """

    accuracy: float
    loss: float
    temperature: float


def score_of(logits: NDArray[np.floating], codes: NDArray[np.intp]) -> Score:
    """Score logits at the temperature that suits them best.

    Label smoothing, mixing and long training change how sure a network is of itself far more than how
    right it is; a temperature is fitted in the end anyhow, so it is fitted before two are compared.

    Args:
        logits: (n, c), n at least 1.
        codes: (n,) true classes.

    Example:
        >>> sure, unsure = np.array([[9.0, 0.0], [0.0, 9.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
        >>> abs(score_of(sure, np.array([0, 1])).loss - score_of(unsure, np.array([0, 1])).loss) < 1e-3
        True
    """
    if not np.isfinite(logits).all():
        return Score(0.0, math.inf, 1.0)
    temperature, loss = fit_temperature(logits, codes)
    right = float((logits.argmax(axis=1) == codes).mean())
    return Score(right, loss, temperature)
