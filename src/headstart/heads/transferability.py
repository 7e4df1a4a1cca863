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

_STEPS = 50
_CLOSE = 1e-5
_RANK = 1e-10  # a singular value below this share of the largest is rounding
_TINY = 1e-12


def logme(rows: NDArray[np.floating], labels: Sequence[str]) -> float:
    """The logarithm of maximum evidence for each photo, averaged over the classes.

    How likely the labels (one class against the rest, as 0 and 1) are under Bayesian linear regression on
    the rows, its prior and noise chosen by fixed-point steps to make them most likely (You et al., LogME:
    practical assessment of pre-trained models for transfer learning, ICML 2021; MacKay 1992 for the steps).

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
    photos = len(wanted)
    along = (left.T @ wanted) ** 2
    outside = max(float(wanted @ wanted - along.sum()), 0.0)  # what no combination of features can reach
    ratio = 1.0  # of the precisions alpha (of the weights) and beta (of the noise)
    prior, noise = _precisions(ratio, along, powers, outside, photos)
    for _ in range(_STEPS if len(powers) else 0):
        before, ratio = ratio, prior / noise
        if abs(ratio - before) <= _CLOSE * before:
            break
        prior, noise = _precisions(ratio, along, powers, outside, photos)
    size, missed = _size(ratio, along, powers), _missed(ratio, along, powers, outside)
    volume = float(np.log1p(powers / ratio).sum())
    total = photos * np.log(noise / (2 * np.pi)) - noise * missed - prior * size - volume
    return float(total / (2 * photos))


def _precisions(
    ratio: float, along: NDArray[np.float64], powers: NDArray[np.float64], outside: float, photos: int
) -> tuple[float, float]:
    """The next alpha and beta: degrees of freedom used over what they explain, the others over the rest."""
    used = float((powers / (powers + ratio)).sum())
    size, missed = _size(ratio, along, powers), _missed(ratio, along, powers, outside)
    return used / max(size, _TINY), max(photos - used, _TINY) / max(missed, _TINY)


def _size(ratio: float, along: NDArray[np.float64], powers: NDArray[np.float64]) -> float:
    return float((powers * along / (powers + ratio) ** 2).sum())


def _missed(ratio: float, along: NDArray[np.float64], powers: NDArray[np.float64], outside: float) -> float:
    return float((along * (ratio / (powers + ratio)) ** 2).sum()) + outside


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
