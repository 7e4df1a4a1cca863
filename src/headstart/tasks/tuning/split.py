"""(rows of photos) => those that are trained on, that decide, and that only measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import FitError
from headstart.images.splits import holdout
from headstart.tasks.judge import HELD_OUT_SHARE, different, labels_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.features.extract import FeatureTable


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Positions in a table; copies of a photo lie on one side.

    Attributes:
        train: the network learns from these.
        validation: these choose the epoch, and decide whether it is kept.
        held_out: these measure, and nothing else; empty where there are test photos.
    """

    train: NDArray[np.intp]
    validation: NDArray[np.intp]
    held_out: NDArray[np.intp]

    @property
    def learned(self) -> NDArray[np.intp]:
        """Training and validation photos, in this order."""
        return np.concatenate([self.train, self.validation])


def split(table: FeatureTable, *, with_test: bool, seed: int) -> Split:
    """Set a fifth of the photos apart to measure on, unless there are others, and a fifth to validate on.

    Args:
        table: of labelled photos.
        with_test: whether photos to measure on were given apart.
        seed: another seed, another choice.

    Raises:
        FitError: too few photos of each class for that.
    """
    labels, everything = labels_of(table), np.arange(len(table.rows))
    held_out = np.zeros(len(labels), dtype=bool)
    if not with_test:
        held_out = holdout(labels, table.sha256, share=HELD_OUT_SHARE, seed=seed)
    left = everything[~held_out]
    share = HELD_OUT_SHARE if with_test else HELD_OUT_SHARE / (1 - HELD_OUT_SHARE)
    validates = holdout(
        [labels[at] for at in left], [table.sha256[at] for at in left], share=share, seed=seed
    )
    if not validates.any() or (not with_test and not held_out.any()):
        raise FitError(
            "fine-tuning needs photos to learn from, to validate on and to measure on: at least three "
            "different ones of most classes; add photos, or use headstart train"
        )
    return Split(
        left[~validates],
        different(table.sha256, left[validates]),
        different(table.sha256, everything[held_out]),
    )
