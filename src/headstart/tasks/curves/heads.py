"""(rows that are learned from, rows that are measured on) => the curve of a linear head on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headstart.heads.make import make_head
from headstart.tasks.curves.points import Point
from headstart.tasks.curves.sides import Draw, draws_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.tasks.curves.sides import Side


def head_curve(
    train: Side,
    test: Side,
    rows: tuple[NDArray[np.float32], NDArray[np.float32]],
    sizes: Sequence[int],
    *,
    repeats: int,
    seed: int,
    progress: Progress,
) -> tuple[Point, ...]:
    """Measure a head at each size; from two photos a class on it is linear, before that the class means.

    Args:
        train: who may be learned from.
        test: who is measured on.
        rows: of `train` (n, width) and of `test` (m, width).
        sizes: photos a class, ascending.
        repeats: draws at each size that leaves something to choose.
        seed: of the draws and of the head.
        progress: told of each head.
    """
    points = []
    for size in sizes:
        count = draws_at(train, size, repeats)
        right = []
        for number in range(count):
            index = Draw(train, seed, number).first(size)
            right.append(
                _right(train, test, rows, index, head="linear" if size > 1 else "prototypes", seed=seed)
            )
            progress.advance(1)
        points.append(Point(size, tuple(right), len(test.index)))
    return tuple(points)


def _right(
    train: Side,
    test: Side,
    rows: tuple[NDArray[np.float32], NDArray[np.float32]],
    index: NDArray[np.intp],
    *,
    head: str,
    seed: int,
) -> int:
    labels, shas = train.labels, train.sha256
    estimator = make_head(head, seed=seed)
    estimator.fit(rows[0][index], [labels[at] for at in index], groups=[shas[at] for at in index])
    return int((np.asarray(estimator.predict(rows[1])) == np.asarray(test.labels)).sum())
