"""labels (n,), probabilities of heads that had not seen the photo (n, c) => labels that are likely wrong.

A right label can be improbable too: of 600 photos with honest probabilities, some are given 3 % rightly. So
a label is likely wrong only where labels as improbable as it come more often than the probabilities
themselves explain. `benchmarks/doctor.py` measures how many of
them are, with labels changed on purpose; the figures stand at `MEASURED`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEAST_PHOTOS = 20
"""With fewer there is no telling what is usual."""
LEAST_RIGHT = 0.7
"""Below this accuracy the network knows the classes too badly to doubt a label: with 38 % right (pocket on 37
breeds) half of all photos would be listed."""
NEEDS = "that needs cleanlab; install it with: pip install headstart[quality]"
MOST = 0.05
"""A label with more probability than this may be doubtful, and is not likely wrong."""
BY_CHANCE = 0.7
"""As large a share of the likely wrong labels may be explained by the probabilities themselves. These were
calibrated on the wrong labels too, so in truth far fewer are right."""
MEASURED = (
    "Where it was measured, with 10 labels changed on purpose in each of seven or eight sets of photos, "
    "three times, 77 of 95 such findings were changed ones with the pocket network and 158 of 166 with "
    "MobileNetV2; without changes, 8 and 3 labels of these sets were named."
)
MEASURED_DOUBTS = (
    "Where it was measured, 68 of 485 such findings were changed on purpose with the pocket network and "
    "34 of 248 with MobileNetV2."
)
"""`benchmarks/doctor.py` measures both; with a network that is right less often they would be worse."""


def likely_wrong(labels: Sequence[str], probabilities: NDArray[np.float64]) -> list[int]:
    """Positions of labels that are likely wrong, the worst first; without cleanlab.

    They lie off the diagonal of the confident joint (Northcutt et al. 2021, "Confident learning": another
    class is given at least the mean probability that photos of that class get for it, and the most), have a
    probability below 5 % themselves, and the list ends where so improbable labels are no more frequent
    than is expected by chance: the sum of all probabilities up to there is the number of photos whose true
    class is that improbable, as in the estimate of false discoveries by Storey (2002, "A direct approach to
    false discovery rates").

    Args:
        labels: as they are given, (n,).
        probabilities: of the classes in sorted order, (n, c).

    Example:
        >>> sure, unsure = [0.99, 0.01], [0.6, 0.4]
        >>> likely_wrong([*"aaaab"], np.array([sure, sure, sure, sure, unsure]))
        []
        >>> likely_wrong([*"aaabbbb"], np.array([sure] * 3 + [sure[::-1]] * 3 + [sure]))
        [6]
    """
    classes, given = np.unique(np.asarray(labels), return_inverse=True)
    if len(classes) != probabilities.shape[1]:  # a class without a judged photo has no usual probability
        return []
    said = probabilities.argmax(axis=1)
    if (said == given).mean() < LEAST_RIGHT:
        return []
    own = probabilities[np.arange(len(given)), given]
    usual = np.array([own[given == label].mean() for label in range(len(classes))])
    others = np.where(np.arange(len(classes)) == given[:, None], -1.0, probabilities - usual)
    improbable = np.flatnonzero((others.max(axis=1) >= 0) & (own < MOST) & (said != given))
    improbable = improbable[np.argsort(own[improbable], kind="stable")]
    explained = _up_to(probabilities, own[improbable]) <= BY_CHANCE * np.arange(1, len(improbable) + 1)
    return [int(at) for at in improbable[: np.flatnonzero(explained)[-1] + 1]] if explained.any() else []


def _up_to(probabilities: NDArray[np.float64], limits: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each limit the sum of all probabilities that are not above it."""
    every = np.sort(probabilities, axis=None)
    return np.cumsum(every)[np.searchsorted(every, limits, side="right") - 1]
