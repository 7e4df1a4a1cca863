"""(rows, labels, rule) => how well a head does that asks for labels, a few at a time, by that rule."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.features.extract import extract
from headstart.heads.asking import Pool
from headstart.heads.linear import LinearClassifier
from headstart.images.splits import holdout
from headstart.tasks.judge import different, labels_of
from headstart.tasks.rows import Wanted, best_engine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ask_rules import Rule
    from headstart.features.store import FeatureStore
    from headstart.heads.fitted import LinearHead
    from headstart.images.reader import PhotoReader
    from headstart.storage.home import Home
    from labelled import Labelled

SHARE = 0.3
"""Photos held out to judge on where a data set has no test photos of its own."""
_DRAWS = 2_000


@dataclass(frozen=True)
class Ground:
    """Photos that may be asked about, in the order of SHA-256, each content once, and others to judge with.

    Attributes:
        keys: SHA-256, (n,).
        rows: (n, d).
        codes: classes, (n,).
        test_rows: (m, d).
        test_codes: (m,).
    """

    keys: tuple[str, ...]
    rows: NDArray[np.float32]
    codes: NDArray[np.intp]
    test_rows: NDArray[np.float32]
    test_codes: NDArray[np.intp]

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(self.codes.max()) + 1


def ground_of(data: Labelled, backbone: str, home: Home, reader: PhotoReader, store: FeatureStore) -> Ground:
    """The features of a data set; without test photos three tenths are held out, the same for every seed."""
    source, engine = Wanted.checked(backbone, None, home).open(), best_engine(home, None, None)
    table = extract(data.learn, source, store=store, reader=reader, engine=engine)
    index = different(table.sha256, np.arange(len(table.rows)))
    keys, labels = [table.sha256[at] for at in index], np.array(labels_of(table))[index]
    names, codes = np.unique(labels, return_inverse=True)
    rows = table.rows[index]
    if data.test:
        test = extract(data.test, source, store=store, reader=reader, engine=engine)
        held = np.zeros(len(keys), dtype=bool)
        test_rows, test_codes = test.rows, np.searchsorted(names, labels_of(test))
    else:
        held = holdout(labels.tolist(), keys, share=SHARE, seed=0)
        test_rows, test_codes = rows[held], codes[held]
    left = [int(at) for at in np.argsort(keys) if not held[at]]
    return Ground(tuple(keys[at] for at in left), rows[left], codes[left], test_rows, test_codes)


def curve(ground: Ground, rule: Rule, *, start: int, batch: int, budget: int, seed: int) -> list[float]:
    """Accuracy on the test photos after each batch of labels.

    Args:
        ground: the photos.
        rule: says which to label.
        start: labels a class to begin with, the same for every rule.
        batch: labels each time.
        budget: labels at the end.
        seed: of the beginning, and of rules that draw.
    """
    labelled = _beginning(ground, start, seed)
    found = []
    while True:
        head = _fitted(ground, labelled)
        # Every class has had a label from the beginning, so that columns are codes.
        said = head.predict_proba(ground.test_rows).argmax(axis=1)
        found.append(float((said == ground.test_codes).mean()))
        count = min(batch, budget - len(labelled), len(ground.keys) - len(labelled))
        if count <= 0:
            return found
        left = np.setdiff1d(np.arange(len(ground.keys)), labelled)
        pool = Pool.of(
            [ground.keys[at] for at in left],
            ground.rows[left],
            head.predict_proba(ground.rows[left]),
            ground.rows[labelled],
        )
        chosen = rule(pool, count, 1_000 * seed + len(labelled))
        labelled = np.concatenate([labelled, left[chosen]])


def _fitted(ground: Ground, labelled: NDArray[np.intp]) -> LinearHead:
    with warnings.catch_warnings():  # scikit-learn, of a photo a class: that may be no classification
        warnings.filterwarnings("ignore", message="The number of unique classes")
        return LinearClassifier(min_photos=1).fit(ground.rows[labelled], ground.codes[labelled]).head_


def counts(classes: int, start: int, batch: int, budget: int) -> list[int]:
    """Labels at each point of a curve.

    Example:
        >>> counts(7, 1, 20, 60)
        [7, 27, 47, 60]
    """
    return [*range(start * classes, budget, batch), budget]


def _beginning(ground: Ground, start: int, seed: int) -> NDArray[np.intp]:
    chance = np.random.default_rng(seed)
    classes = (chance.permutation(np.flatnonzero(ground.codes == code)) for code in range(ground.classes))
    return np.concatenate([of[:start] for of in classes])


def needed(labels: Sequence[int], accuracy: NDArray[np.floating], target: float) -> float:
    """How many labels a curve needs for an accuracy, between its points in a straight line; infinity: more.

    Example:
        >>> needed([10, 20, 30], np.array([0.25, 0.5, 1.0]), 0.75)
        25.0
    """
    if accuracy[0] >= target:
        return float(labels[0])
    for at in range(1, len(labels)):
        before, after = float(accuracy[at - 1]), float(accuracy[at])
        if after >= target:
            return labels[at - 1] + (labels[at] - labels[at - 1]) * (target - before) / (after - before)
    return float("inf")


def beside_random(labels: Sequence[int], curves: Mapping[str, NDArray[np.floating]]) -> dict[str, Any]:
    """Each rule's accuracy, its lead over random choice on the same seeds, and the labels that it saves.

    The lead is the mean over all points after the beginning; the labels saved are the share of the budget
    that is not needed for the accuracy that random choice reaches with all of it. Intervals (95 %) are over
    seeds, drawn again with replacement.

    Args:
        labels: at each point, (p,).
        curves: rule => accuracies, (seeds, p); one of them is "random".
    """
    plain, chance = curves["random"], np.random.default_rng(0)
    draws = chance.integers(len(plain), size=(_DRAWS, len(plain)))
    return {
        name: {
            "accuracy": found.mean(axis=0).tolist(),
            "lead": _lead((found - plain)[:, 1:].mean(axis=1), draws),
            "saved": _saved(labels, found, plain, draws),
        }
        for name, found in curves.items()
    }


def _lead(gaps: NDArray[np.floating], draws: NDArray[np.integer[Any]]) -> dict[str, float]:
    low, high = np.quantile(gaps[draws].mean(axis=1), (0.025, 0.975))
    return {"value": float(gaps.mean()), "low": float(low), "high": float(high)}


def _saved(
    labels: Sequence[int],
    found: NDArray[np.floating],
    plain: NDArray[np.floating],
    draws: NDArray[np.integer[Any]],
) -> dict[str, float | None]:
    """Shares of the budget; None where the accuracy is not reached with all of it."""
    shares = np.array([_share(labels, found[draw], plain[draw]) for draw in draws])
    low, high = np.quantile(shares, (0.025, 0.975), method="lower")
    value = _share(labels, found, plain)
    return {
        name: float(share) if np.isfinite(share) else None
        for name, share in (("value", value), ("low", low), ("high", high))
    }


def _share(labels: Sequence[int], found: NDArray[np.floating], plain: NDArray[np.floating]) -> float:
    target = float(plain[:, -1].mean())
    return 1.0 - needed(labels, found.mean(axis=0), target) / labels[-1]
