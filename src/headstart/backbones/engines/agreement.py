"""(rows, the same photos' rows in torch f32) => how far they agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from headstart.backbones.engines.engine import Precision

LEAST_COSINE: dict[Precision, float] = {"f32": 0.99999, "bf16": 0.999}
"""What each photo must reach for a precision to be taken without being asked for."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cosines between the rows of two engines, measured on real photos.

    Attributes:
        photos: how many.
        median: cosine, 1 for rows of one direction.
        least: of the photo that agrees least.
    """

    photos: int
    median: float
    least: float

    def allows(self, precision: Precision) -> bool:
        """Whether a precision may be taken without being asked for."""
        return precision in LEAST_COSINE and self.least >= LEAST_COSINE[precision]

    def __str__(self) -> str:
        return f"cosine with torch in f32 {self.median:.4f}, least {self.least:.4f}, on {self.photos} photos"

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {"photos": self.photos, "median": round(self.median, 6), "least": round(self.least, 6)}


def agreement(rows: ArrayLike, reference: ArrayLike) -> Agreement:
    """Compare rows photo by photo.

    Args:
        rows: (n, width) of one engine, n at least 1.
        reference: (n, width) of torch in f32, the same photos.

    Returns:
        Cosines of the angle between the two rows of each photo; a row of zeros agrees only with zeros.

    Example:
        >>> agreement([[1, 0], [3, 4]], [[2, 0], [4, 3]]).least
        0.96
    """
    one, other = np.asarray(rows, np.float64), np.asarray(reference, np.float64)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    usable = np.isfinite(lengths) & (lengths > 0)
    products = (one[usable] * other[usable]).sum(axis=1)
    cosines = (one == other).all(axis=1).astype(np.float64)
    cosines[usable] = products / lengths[usable]
    return Agreement(len(cosines), float(np.median(cosines)), float(cosines.min()))
