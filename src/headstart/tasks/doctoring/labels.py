"""(rows of labelled photos) => photos whose class is likely wrong, and photos that are unlike all others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import FitError
from headstart.heads.crossfit import out_of_fold
from headstart.heads.make import make_head
from headstart.heads.unknown import held_out_distances
from headstart.images.splits import folds
from headstart.tasks.doctoring.doubts import LEAST_PHOTOS, LEAST_RIGHT, NEEDS, likely_wrong
from headstart.tasks.doctoring.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from headstart.features.extract import FeatureTable

FOLDS = 5
TIMES = 3
"""Folds are drawn so often, and the probabilities averaged. With once, 68 instead of 88 of 100 likely wrong
labels were wrong ones with pocket, and 91 instead of 95 with MobileNetV2."""
_SEEDS = 2**32
FAR = 2.0
"""How far an odd one is from its nearest photo: above the upper quartile by so many times their distance."""
MISSING = f"wrong labels were not looked for: {NEEDS}"


@dataclass(frozen=True)
class Rows:
    """One row for each different photo.

    Attributes:
        rows: (n, width).
        names: of one file of each.
        labels: the class of each; None for none.
        groups: photos that show the same picture share one.
    """

    rows: NDArray[np.float32]
    names: tuple[str, ...]
    labels: tuple[str | None, ...]
    groups: tuple[str, ...]

    @classmethod
    def of(cls, table: FeatureTable, group_of: Mapping[str, str]) -> Rows:
        """The rows of a table, in the order of the contents: names change nothing.

        Args:
            table: rows of photos whose contents have one label each.
            group_of: which contents show the same picture.
        """
        first: dict[str, int] = {}
        for at, sha in enumerate(table.sha256):
            first.setdefault(sha, at)
        order = sorted(first)
        photos = [table.photos[first[sha]] for sha in order]
        return cls(
            rows=table.rows[[first[sha] for sha in order]],
            names=tuple(photo.name for photo in photos),
            labels=tuple(photo.label for photo in photos),
            groups=tuple(group_of[sha] for sha in order),
        )

    def labelled(self) -> Rows:
        """Those that have a class with two photos or more: a class of one is never learned."""
        sizes = Counter(self.labels)
        kept = [at for at, label in enumerate(self.labels) if label is not None and sizes[label] > 1]
        return Rows(
            self.rows[kept],
            tuple(self.names[at] for at in kept),
            tuple(self.labels[at] for at in kept),
            tuple(self.groups[at] for at in kept),
        )


def wrong_labels(rows: Rows, *, seed: int) -> tuple[list[Finding], str]:
    """Find photos whose class is likely wrong or doubtful, by probabilities of heads that had not seen them.

    cleanlab says which are doubtful, and `likely_wrong` which of these are so improbable that few hold.

    Args:
        rows: of photos of all classes.
        seed: of the folds.

    Returns:
        The findings of both kinds, the most doubtful label first; a note where they could not be looked
        for, else "".
    """
    rows = rows.labelled()
    classes = sorted({str(label) for label in rows.labels})
    if len(classes) < 2:
        return [], ""
    if find_spec("cleanlab") is None:
        return [], MISSING
    given = np.searchsorted(classes, [str(label) for label in rows.labels])
    try:
        probabilities = averaged(rows, seed)
    except FitError as error:
        return [], f"wrong labels were not looked for: {error}"
    right = float((probabilities.argmax(axis=1) == given).mean())
    if right < LEAST_RIGHT:
        return [], (
            "wrong labels were not looked for: with this network, heads that had not seen a photo are right "
            f"on {100 * right:.0f} % of them only; to doubt a label {100 * LEAST_RIGHT:.0f} % are needed: "
            "name a better one with --backbone"
        )
    wrong = set(likely_wrong([str(label) for label in rows.labels], probabilities))
    doubted, quality = _doubted(given, probabilities)
    found = []
    for at in doubted:
        kind = "wrong_label" if at in wrong else "doubtful_label"
        other = int(np.where(np.arange(len(classes)) == given[at], -1, probabilities[at]).argmax())
        label, suggested = classes[given[at]], classes[other]
        one, two = (f"{100 * probabilities[at, which]:.0f} %" for which in (given[at], other))
        sentence = f"{label!r} ({one}), but looks like {suggested!r} ({two})"
        found.append(Finding(kind, (rows.names[at],), sentence, 1 - float(quality[at]), suggested, label))
    return found, ""


def odd_ones(rows: Rows, *, seed: int) -> list[Finding]:
    """Find photos that are far from all others, by the cosine distance to the nearest one.

    Args:
        rows: of all photos.
        seed: of the folds; a photo is compared with those of the other folds.
    """
    if len(set(rows.groups)) < LEAST_PHOTOS:
        return []
    fold = folds([""] * len(rows.groups), rows.groups, count=FOLDS, seed=seed)
    distances = held_out_distances(rows.rows, fold)
    low, middle, high = np.quantile(distances, [0.25, 0.5, 0.75])
    limit = high + FAR * (high - low)
    return [
        Finding(
            "odd",
            (rows.names[at],),
            f"{distances[at] / middle:.1f} times as far from its nearest photo as usual",
            float(distances[at]),
            label=rows.labels[at],
        )
        for at in np.flatnonzero(distances > limit)
    ]


def averaged(rows: Rows, seed: int) -> NDArray[np.float64]:
    """Probabilities of the classes, (n, c), by heads that had not seen the photo: the mean of three draws.

    Args:
        rows: each with a class of two photos or more.
        seed: of the first folds.

    Raises:
        FitError: a part that can't be learned from.
    """
    labels = [str(label) for label in rows.labels]
    # Copies under two classes may not share a fold's group: which of the two is right is not known.
    groups = [f"{group}|{label}" for group, label in zip(rows.groups, labels, strict=True)]
    found = np.zeros((len(labels), len(set(labels))))
    for draw in range(TIMES):
        drawn = (seed + draw) % _SEEDS
        fold = folds(labels, groups, count=FOLDS, seed=drawn)
        head = make_head("linear", seed=drawn)
        found += out_of_fold(head, rows.rows, labels, fold, groups=groups).probabilities / TIMES
    return found


def _doubted(
    given: NDArray[np.intp], probabilities: NDArray[np.float64]
) -> tuple[list[int], NDArray[np.float64]]:
    """Positions that cleanlab doubts, the worst label first, and the quality of every label."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    issues = find_label_issues(given, probabilities, filter_by="confident_learning", n_jobs=1)
    quality = get_label_quality_scores(given, probabilities, method="self_confidence")
    doubted = np.flatnonzero(issues)
    return [int(at) for at in doubted[np.argsort(quality[doubted], kind="stable")]], quality
