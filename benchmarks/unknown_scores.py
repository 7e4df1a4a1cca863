"""(rows, classes) => scores of strangeness, each as its paper has it; larger is stranger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.heads.cosine import CosineIndex
from headstart.heads.kinds import Kinds
from headstart.heads.linear import LinearClassifier
from headstart.heads.unknown import doubt

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = dict[str, NDArray[np.float64]]

DISTANCE, DOUBT = "nearest class, its spread", "doubt"
OURS = f"{DISTANCE} + {DOUBT}"
_KTH = 5
_SUBSPACE = 4  # dimensions a class that ViM takes for the principal space


@dataclass(frozen=True)
class Gaussian:
    """Means, and a shrunken covariance (Ledoit & Wolf 2004) as the factor that whitens."""

    means: NDArray[np.float64]
    factor: NDArray[np.float64]

    @classmethod
    def of(cls, rows: NDArray[np.float64], codes: NDArray[np.integer[Any]]) -> Gaussian:
        """Fit to rows (n, d) of classes 0 to c - 1."""
        from sklearn.covariance import ledoit_wolf

        means = np.stack([rows[codes == code].mean(axis=0) for code in range(int(codes.max()) + 1)])
        covariance, _ = ledoit_wolf(rows - means[codes], assume_centered=True)
        return cls(means, np.linalg.inv(np.linalg.cholesky(covariance)))

    def squares(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Squared Mahalanobis distances to each mean, (n, means)."""
        here, there = rows @ self.factor.T, self.means @ self.factor.T
        return np.asarray((here**2).sum(1)[:, None] + (there**2).sum(1) - 2 * here @ there.T)


def scores(
    rows: NDArray[np.float32],
    labels: NDArray[np.str_],
    contents: NDArray[np.str_],
    asked: NDArray[np.float32],
) -> Scores:
    """Every score of photos, by what was learned from others.

    Args:
        rows: (n, d) learned from.
        labels: (n,).
        contents: (n,) copies of a photo share a value.
        asked: (m, d).
    """
    codes = np.unique(labels, return_inverse=True)[1]
    head = LinearClassifier(seed=0, min_photos=1).fit(rows, labels, groups=contents).head_
    said, logits = head.predict_proba(asked), head.logits(asked)
    _, near = CosineIndex(rows).nearest(asked, _KTH)
    exact, wide = asked.astype(np.float64), rows.astype(np.float64)
    classes, background = Gaussian.of(wide, codes), Gaussian.of(wide, np.zeros_like(codes))
    far = classes.squares(exact).min(axis=1)
    return {
        "nearest photo": near[:, 0],
        f"{_KTH}th nearest photo": near[:, -1],
        "Mahalanobis": far,
        "relative Mahalanobis": far - background.squares(exact)[:, 0],
        "energy": -_log_sum(logits),
        "maximum probability": 1.0 - said.max(axis=1),
        "maximum logit": -logits.max(axis=1),
        "ViM": _vim(head.weight.astype(np.float64), head.bias.astype(np.float64), wide, exact),
        DISTANCE: Kinds(rows, codes, contents.tolist()).distances(asked),
        DOUBT: doubt(said),
    }


def _log_sum(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    most = logits.max(axis=1)
    return np.asarray(most + np.log(np.exp(logits - most[:, None]).sum(axis=1)))


def _vim(
    weight: NDArray[np.float64],
    bias: NDArray[np.float64],
    rows: NDArray[np.float64],
    asked: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Virtual-logit matching (Wang et al. 2022): what lies outside the principal space, as one more logit."""
    origin = -np.linalg.pinv(weight) @ bias
    centred = rows - origin
    kept = min(_SUBSPACE * len(weight), min(rows.shape) // 2)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    principal = axes[:kept]

    def residual(table: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.linalg.norm(table - (table @ principal.T) @ principal, axis=1))

    scale = (rows @ weight.T + bias).max(axis=1).mean() / residual(centred).mean()
    return np.asarray(scale * residual(asked - origin) - _log_sum(asked @ weight.T + bias))


def fused(found: Scores, usual: Scores) -> Scores:
    """Add the score that headstart takes: distance and doubt, in units of what is usual in known photos.

    Args:
        found: of the photos asked about.
        usual: of held-out photos of the learned classes.
    """

    def scale(name: str) -> float:
        middle, rare = np.quantile(usual[name], [0.5, 0.95])
        return float(max(rare - middle, 0.05))

    both = found[DISTANCE] + 0.5 * scale(DISTANCE) / scale(DOUBT) * found[DOUBT]
    return {**{name: values for name, values in found.items() if name != DOUBT}, OURS: both}
