"""(a training in another precision) => do its answers agree with those from f32 features?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.engines.engine import EngineChoice
from headstart.features.choosing import ByTrial
from headstart.features.extract import extract
from headstart.images.splits import holdout
from headstart.tasks.judge import HELD_OUT_SHARE, fitted, labels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.features.extract import FeatureTable
    from headstart.features.store import FeatureStore
    from headstart.heads.fitted import Head
    from headstart.images.photo import Hashed
    from headstart.tasks.rows import Extraction

MOST_PHOTOS = 200
"""More would make the share of equal answers surer than the accuracy beside it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One head, which learned from features in low precision, asked about photos that it had not seen.

    Attributes:
        photos: how many.
        same: share of them with the same answer for both kinds of features.
        accuracy: share of right answers for features in the model's own precision.
        accuracy_f32: the same for features in f32.
    """

    photos: int
    same: float
    accuracy: float
    accuracy_f32: float


def compare_with_f32(
    table: FeatureTable,
    test: FeatureTable | None,
    photos: Sequence[Hashed],
    store: FeatureStore,
    extraction: Extraction,
    *,
    head: str,
    seed: int,
) -> Comparison | None:
    """Ask a head about the same photos twice: with the features it learned from, and with those in f32.

    The photos are those of `test`, or a fifth of `table` that the head is not shown; at most 200.

    Args:
        table: the training rows, in low precision.
        test: rows of photos given apart, likewise.
        photos: all photos of both tables.
        store: keeps the rows in f32.
        extraction: of the training.
        head: its name.
        seed: of the split.

    Returns:
        The comparison; None where no photo is left that the head has not seen.
    """
    if test is None:
        mask = holdout(labels_of(table), table.sha256, share=HELD_OUT_SHARE, seed=seed)
        shown, asked, pool = np.flatnonzero(~mask), np.flatnonzero(mask), table
    else:
        shown, asked, pool = np.arange(len(table.rows)), np.arange(len(test.rows)), test
    if len(asked) == 0:
        return None
    asked = asked[np.linspace(0, len(asked) - 1, min(len(asked), MOST_PHOTOS)).astype(int)]
    exact = _rows_in_f32(pool, asked, photos, store, extraction)
    asked = asked[[pool.sha256[at] in exact for at in asked]]  # a file may have gone meanwhile
    if len(asked) == 0:
        return None
    judge = fitted(table, shown, head, seed, min_photos=1).head_
    labels = np.asarray(labels_of(pool))[asked]
    low = _answers(judge, pool.rows[asked])
    high = _answers(judge, np.stack([exact[pool.sha256[at]] for at in asked]))
    return Comparison(
        len(asked), _share(low == high), accuracy=_share(low == labels), accuracy_f32=_share(high == labels)
    )


def _rows_in_f32(
    pool: FeatureTable,
    asked: NDArray[np.intp],
    photos: Sequence[Hashed],
    store: FeatureStore,
    extraction: Extraction,
) -> dict[str, NDArray[np.float32]]:
    known = {(each.sha256, each.photo.name): each for each in photos}
    found = extract(
        [known[pool.sha256[at], pool.photos[at].name] for at in asked],
        extraction.source,
        store=store,
        reader=extraction.reader,
        engine=ByTrial(extraction.home, EngineChoice(None if pool.plan is None else pool.plan.engine, "f32")),
        progress=extraction.progress,
    )
    return dict(zip(found.sha256, found.rows, strict=True))


def _answers(head: Head, rows: NDArray[np.float32]) -> NDArray[np.str_]:
    best: NDArray[np.str_] = np.asarray(head.classes)[head.predict_proba(rows).argmax(axis=1)]
    return best


def _share(right: NDArray[np.bool_]) -> float:
    return float(np.mean(right))
