"""(rows, labels) => the linear head that fine-tuning starts from and has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.tasks.judge import labels_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headstart.features.extract import FeatureTable
    from headstart.heads.linear import LinearClassifier


def fit_probe(table: FeatureTable, index: NDArray[np.intp], seed: int) -> LinearClassifier:
    """Fit the linear head on some rows of a table; a class may have one photo among them.

    Args:
        table: rows of labelled photos.
        index: which of them to learn from.
        seed: of its inner folds.

    Raises:
        FitError: rows that it can't learn from.
    """
    from headstart.heads.linear import LinearClassifier

    labels = labels_of(table)
    groups = [table.sha256[at] for at in index]
    return LinearClassifier(seed=seed, min_photos=1).fit(
        table.rows[index], [labels[at] for at in index], groups=groups
    )
