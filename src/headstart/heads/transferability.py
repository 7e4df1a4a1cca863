"""rows (n, d), labels (n,) => LogME and H-score: guesses, without fitting a head, at how well one would do.

They are cheap and often wrong: show them only beside accuracies that were measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import FitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_STEP = 0.5  # of the search, in the logarithm of the ratio of precisions
_BEYOND = 12.0  # and how far it goes past the squared singular values
_RANK = 1e-10  # a singular value below this share of the largest is rounding
_LEAST_NOISE = 1e-9  # variance of the labels, which are 0 and 1


def logme(rows: NDArray[np.floating], labels: Sequence[str]) -> float:
    """The logarithm of maximum evidence for each photo, averaged over the classes.

    How likely the labels (one class against the rest, as 0 and 1) are under Bayesian linear regression on
    the rows, its prior and noise chosen to make them most likely (You et al., LogME: practical assessment of
    pre-trained models for transfer learning, ICML 2021). For each ratio of the two the best noise is known,
    so one number is searched for, where the paper's fixed-point steps may end before they have arrived.

    Args:
        rows: (n, d) finite.
        labels: (n,) of at least two classes.

    Returns:
        Higher is better; figures of the same photos can be compared, others can't.

    Raises:
        FitError: one class only.

    Example:
        >>> rows = np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0], [0.9, 0.1]])
        >>> logme(rows, ["a", "a", "b", "b"]) > logme(rows, ["a", "b", "a", "b"])
        True
    """
    names = _two_or_more(labels)
    left, lengths, _ = np.linalg.svd(np.asarray(rows, np.float64), full_matrices=False)
    varies = lengths > _RANK * lengths.max()
    left, powers, given = left[:, varies], lengths[varies] ** 2, np.asarray(labels)
    return float(np.mean([_evidence(left, powers, (given == name).astype(float)) for name in names]))


def _evidence(left: NDArray[np.float64], powers: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    """The logarithm of the evidence for one class, divided by the number of photos.

    Args:
        left: (n, r) left singular vectors of the rows, r their rank.
        powers: (r,) squared singular values.
        wanted: (n,) 1 for the class, 0 for the rest.
    """
    from scipy.optimize import minimize_scalar

    photos = len(wanted)
    along = (left.T @ wanted) ** 2
    # What no combination of features can reach; never 0, or the noise could be 0 and the evidence endless.
    outside = max(float(wanted @ wanted - along.sum()), _LEAST_NOISE * photos)
    if not len(powers):
        return float(_profiled(np.zeros(1), along, powers, outside, photos)[0])
    ratios = np.arange(np.log(powers.min()) - _BEYOND, np.log(powers.max()) + _BEYOND, _STEP)
    start = float(ratios[_profiled(ratios, along, powers, outside, photos).argmax()])

    def less(ratio: float) -> float:
        return -float(_profiled(np.array([ratio]), along, powers, outside, photos)[0])

    return -float(minimize_scalar(less, bounds=(start - _STEP, start + _STEP), method="bounded").fun)


def _profiled(
    ratios: NDArray[np.float64],
    along: NDArray[np.float64],
    powers: NDArray[np.float64],
    outside: float,
    photos: int,
) -> NDArray[np.float64]:
    """The evidence at each ratio of the precisions alpha (weights) and beta (noise), beta the best for it.

    Args:
        ratios: (k,) logarithms of alpha / beta.
        along: (r,) squared parts of the labels along the left singular vectors.
        powers: (r,) squared singular values.
        outside: squared length of the rest.
        photos: n.

    Returns:
        (k,) logarithms of the evidence, divided by n.
    """
    ratio = np.exp(ratios)[:, None]
    unexplained = (along * ratio / (powers + ratio)).sum(axis=1) + outside
    noise = photos / unexplained  # beta: where the derivative of the evidence is 0
    volume = np.log1p(powers / ratio).sum(axis=1)
    return np.asarray(0.5 * (np.log(noise / (2 * np.pi)) - 1 - volume / photos))


def h_score(rows: NDArray[np.floating], labels: Sequence[str]) -> float:
    """How far apart the classes lie in the rows, against how far the rows spread: tr(S⁻¹ B), shrunk.

    B is the covariance of the classes' means, S that of all rows (Bao et al., An information-theoretic
    approach to transferability in task transfer learning, ICIP 2019). With fewer photos than features S
    can't be inverted, so it is shrunk towards a multiple of the identity as Ledoit and Wolf do, and B by the
    same share (Ibrahim et al., Newer is not always better, ECML PKDD 2022).

    Args:
        rows: (n, d) finite, not all the same.
        labels: (n,) of at least two classes.

    Returns:
        0 to the number of classes less 1; higher is better.

    Raises:
        FitError: one class only.

    Example:
        >>> rows = np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0], [0.9, 0.1]])
        >>> h_score(rows, ["a", "a", "b", "b"]) > h_score(rows, ["a", "b", "a", "b"])
        True
    """
    from sklearn.covariance import ledoit_wolf_shrinkage

    names, given = _two_or_more(labels), np.asarray(labels)
    centred = np.asarray(rows, np.float64) - np.mean(rows, axis=0, dtype=np.float64)
    left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    spread = lengths**2 / len(centred)
    if not spread.any():
        return 0.0
    shrunk = float(ledoit_wolf_shrinkage(centred, assume_centered=True))
    # Everything happens in the rows' own span: there S is diagonal, and the means lie in it.
    whole = (1 - shrunk) * spread + shrunk * float(spread.sum()) / centred.shape[1]
    between = np.zeros_like(spread)
    for name in names:
        mine = given == name
        mean = (left[mine] * lengths).mean(axis=0)
        between += float(mine.mean()) * mean**2
    there = whole > 0
    return float((1 - shrunk) * (between[there] / whole[there]).sum())


def _two_or_more(labels: Sequence[str]) -> list[str]:
    names = sorted(set(labels))
    if len(names) < 2:
        raise FitError(f"{len(names)} class was given; a score of rows needs at least two")
    return names
