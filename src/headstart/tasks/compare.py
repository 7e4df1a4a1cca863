"""(a training in another precision) => do its answers agree with those from f32 features?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.engines.engine import EngineChoice
from headstart.features.choosing import ByTrial
from headstart.features.extract import extract
from headstart.images.names import counted
from headstart.images.splits import holdout
from headstart.tasks.judge import HELD_OUT_SHARE, fitted, labels_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    judge = fitted(table, shown, head, seed, min_photos=1).head_
    labels = np.asarray(labels_of(pool))[asked]
    low, high = _answers(judge, pool.rows[asked]), _answers(judge, exact)
    return Comparison(
        len(asked), _share(low == high), accuracy=_share(low == labels), accuracy_f32=_share(high == labels)
    )


def _rows_in_f32(
    pool: FeatureTable,
    asked: NDArray[np.intp],
    photos: Sequence[Hashed],
    store: FeatureStore,
    extraction: Extraction,
) -> NDArray[np.float32]:
    known = {each.sha256: each for each in photos}
    contents = list(dict.fromkeys(pool.sha256[at] for at in asked))
    found = extract(
        [known[each] for each in contents],
        extraction.source,
        store=store,
        reader=extraction.reader,
        engine=ByTrial(extraction.home, EngineChoice(precision="f32")),
        progress=extraction.progress,
    )
    rows = dict(zip(found.sha256, found.rows, strict=True))
    return np.stack([rows[pool.sha256[at]] for at in asked])


def _answers(head: Head, rows: NDArray[np.float32]) -> NDArray[np.str_]:
    best: NDArray[np.str_] = np.asarray(head.classes)[head.predict_proba(rows).argmax(axis=1)]
    return best


def _share(right: NDArray[np.bool_]) -> float:
    return float(np.mean(right))


def agreement_sentence(facts: Mapping[str, Any]) -> str:
    """Say how far features agree with torch's in f32.

    Example:
        >>> agreement_sentence({"photos": 16, "median": 0.99996, "least": 0.99994})
        'cosine with torch in f32: 0.9999 or more for each of 16 photos'
    """
    least = math.floor(facts["least"] * 1e4) / 1e4
    return f"cosine with torch in f32: {least:.4f} or more for each of {counted(facts['photos'], 'photo')}"


def comparison_sentence(facts: Mapping[str, Any]) -> str:
    """Say how far answers agree with those from features in f32.

    Example:
        >>> comparison_sentence({"photos": 80, "same": 0.9875, "accuracy": 0.95, "accuracy_f32": 0.9625})
        'as with f32 for 79 of 80 photos held out; right for 76, with f32 for 77'
    """
    same, right, exact = (
        round(facts[name] * facts["photos"]) for name in ("same", "accuracy", "accuracy_f32")
    )
    photos = counted(facts["photos"], "photo")
    return f"as with f32 for {same} of {photos} held out; right for {right}, with f32 for {exact}"
