"""(rows, labels) => the head to keep, and probabilities for photos that the judging head had not seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from headstart.errors import FitError, UsageError
from headstart.heads.crossfit import out_of_fold
from headstart.heads.kinds import Kinds
from headstart.heads.make import make_head
from headstart.heads.sets import COVERAGE, fit_sets
from headstart.heads.unknown import FALSE_ALARMS, NEVER, Novelty, doubt, fit_novelty
from headstart.images.names import some
from headstart.images.splits import folds, holdout
from headstart.tasks.gather import require_classes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from headstart.features.extract import FeatureTable
    from headstart.heads.estimator import HeadClassifier
    from headstart.heads.fitted import Head
    from headstart.heads.sets import Sets
    from headstart.tasks.gather import Gathered

Method = Literal["folds", "held-out", "test"]

FOLDS = 5
HELD_OUT_SHARE = 0.2
FOLDS_BELOW = 1_000
"""Below this many photos, out-of-fold predictions over all of them say more than a held-out fifth."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Probabilities for photos, by heads that had not seen them.

    Attributes:
        method: how: "folds", "held-out" or "test".
        table: the rows that were judged lie in it.
        index: which of them, (n,).
        probabilities: (n, classes) as the kept model gives them.
        uncalibrated: the same before calibration, where the head has one.
        folds: how many folds there were, where `method` is "folds".
    """

    method: Method
    table: FeatureTable
    index: NDArray[np.intp]
    probabilities: NDArray[np.float64]
    uncalibrated: NDArray[np.float64] | None
    folds: int | None = None

    @property
    def true(self) -> list[str]:
        """The classes that the judged photos have."""
        labels = labels_of(self.table)
        return [labels[at] for at in self.index]


@dataclass(frozen=True, slots=True)
class Promises:
    """What a training is to promise.

    Attributes:
        false_alarms: share of good photos that may be called unknown, 0.001 to 0.5.
        coverage: share of photos whose set of classes should hold the right one, 0.5 to 0.999.

    Raises:
        UsageError: a share that can't be promised.
    """

    false_alarms: float = FALSE_ALARMS
    coverage: float = COVERAGE

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("false-alarms", self.false_alarms, 0.001, 0.5),
            ("coverage", self.coverage, 0.5, 0.999),
        ):
            if not low <= value <= high:
                raise UsageError(f"--{name} is {value:g}; expected a share from {low:g} to {high:g}")


USUAL = Promises()


@dataclass(frozen=True, slots=True)
class Learned:
    """What a training leaves.

    Attributes:
        head: fitted on `rows`.
        index: which rows of the training table the head learned from, (n,).
        novelty: over the same rows.
        known_scores: how strange photos not learned from are, each content once: what its threshold rests on.
        sets: when several classes are named instead of one; None where no photo could be judged.
        judgement: None where no photo could be judged by a head that had not seen it.
        settings: what the fit chose, by name.
        notes: what the fit wants people to know.
    """

    head: Head
    index: NDArray[np.intp]
    novelty: Novelty
    known_scores: NDArray[np.float64]
    judgement: Judgement | None
    settings: Mapping[str, str | int | float | bool]
    notes: tuple[str, ...]
    sets: Sets | None = None


def labels_of(table: FeatureTable) -> list[str]:
    """The label of each row of a table of labelled photos."""
    return [str(photo.label) for photo in table.photos]


def require_photos(given: Gathered, left: Iterable[tuple[str, str]], head: str) -> None:
    """Stop before any work where a class has too few photos for the head.

    Args:
        given: the photos to learn from.
        left: label and SHA-256 of those that are left.
        head: the head's name.

    Raises:
        PhotosError: a class has none left.
        FitError: a class has a single one, copies counted once, and the head needs two.
    """
    contents = Counter(label for label, _ in set(left))
    require_classes(given, contents)
    single = [label for label, count in contents.items() if count == 1]
    if head == "linear" and single:
        raise FitError(
            f"{some(sorted(single))} in {given.source} has one photo only, copies counted once; the linear "
            "head needs two of each class: add photos, or use --head prototypes, which works with one"
        )


def different(sha256: Sequence[str], index: NDArray[np.intp]) -> NDArray[np.intp]:
    """Keep the first of each photo that stands several times among those in `index`.

    Example:
        >>> different(["a", "b", "a", "c"], np.array([0, 1, 2])).tolist()
        [0, 1]
    """
    first: dict[str, int] = {}
    for at in index:
        first.setdefault(sha256[at], int(at))
    return np.fromiter(first.values(), dtype=np.intp, count=len(first))


def learn(
    table: FeatureTable,
    test: FeatureTable | None,
    *,
    head: str,
    seed: int,
    refit: bool,
    promises: Promises = USUAL,
) -> Learned:
    """Fit the head to keep, and judge photos that the judging head had not seen.

    With `test` those are judged. Otherwise, below 1,000 photos, five heads judge a fifth each, and the
    kept head learns from all; from 1,000 on, a fifth is held out. Of copies of a photo one is judged: the
    others would say nothing more, and make the interval too narrow.

    Args:
        table: rows of the training photos.
        test: rows of photos given apart, none of them in `table`.
        head: "linear", "neighbours" or "prototypes".
        seed: of splits.
        refit: learn from the held-out fifth too, after judging it.
        promises: about what is unknown, and sets of classes.

    Raises:
        FitError: too few photos for this head.
    """
    if test is not None:
        return _learn_with_test(table, test, head, seed, promises)
    if len(set(table.sha256)) < FOLDS_BELOW:
        return _learn_with_folds(table, head, seed, promises)
    return _learn_with_held_out(table, head, seed, promises, refit=refit)


def _learn_with_test(
    table: FeatureTable, test: FeatureTable, head: str, seed: int, promises: Promises
) -> Learned:
    everything = np.arange(len(table.rows))
    estimator = fitted(table, everything, head, seed)
    judgement = judged("test", estimator.head_, test, different(test.sha256, np.arange(len(test.rows))))
    # Photos given apart may be of another kind: what is usual is learned from the training photos alone.
    usual = None
    if len(set(table.sha256)) < FOLDS_BELOW:
        usual = _judged_in_turn(table, head, seed)
    return _learned(estimator, table, everything, judgement, known=_left_out(table, usual), promises=promises)


def _learn_with_folds(table: FeatureTable, head: str, seed: int, promises: Promises) -> Learned:
    everything = np.arange(len(table.rows))
    estimator = fitted(table, everything, head, seed)
    judgement = _judged_in_turn(table, head, seed)
    return _learned(
        estimator, table, everything, judgement, known=_left_out(table, judgement), promises=promises
    )


def _learn_with_held_out(
    table: FeatureTable, head: str, seed: int, promises: Promises, *, refit: bool
) -> Learned:
    mask = holdout(labels_of(table), table.sha256, share=HELD_OUT_SHARE, seed=seed)
    index, held_out = np.flatnonzero(~mask), different(table.sha256, np.flatnonzero(mask))
    # Of a class with two photos one may be held out: what counts is how many the user gave.
    enough = min(_contents(table).values()) > 1
    estimator = fitted(table, index, head, seed, min_photos=1 if enough else 2)
    kinds = kinds_of(table, index)
    judgement, known = None, _Known(kinds, np.empty(0), None)
    if len(held_out):  # with one photo a class there is none that can be held out
        judgement = judged("held-out", estimator.head_, table, held_out)
        known = _Known(kinds, kinds.distances(table.rows[held_out]), judgement.probabilities)
    if refit:
        index = np.arange(len(table.rows))
        estimator = fitted(table, index, head, seed)
        known = replace(known, kinds=kinds_of(table, index))
    return _learned(estimator, table, index, judgement, known=known, promises=promises)


@dataclass(frozen=True)
class _Known:
    """The classes learned from, and of photos not learned from the distances and what heads say of them.

    `probabilities` is None where no head was asked that had not seen them.
    """

    kinds: Kinds
    distances: NDArray[np.float64]
    probabilities: NDArray[np.float64] | None


def _left_out(table: FeatureTable, judgement: Judgement | None) -> _Known:
    """Each content once, with itself and its copies left out of what it is compared with."""
    kinds = kinds_of(table, np.arange(len(table.rows)))
    distances = kinds.left_out()
    if judgement is None:
        return _Known(kinds, distances[different(table.sha256, np.arange(len(table.rows)))], None)
    return _Known(kinds, distances[judgement.index], judgement.probabilities)


def kinds_of(table: FeatureTable, index: NDArray[np.intp]) -> Kinds:
    """The classes of some rows of a table of labelled photos."""
    labels = labels_of(table)
    codes = np.unique([labels[at] for at in index], return_inverse=True)[1]
    return Kinds(table.rows[index], codes, [table.sha256[at] for at in index])


def _learned(
    estimator: HeadClassifier,
    table: FeatureTable,
    index: NDArray[np.intp],
    judgement: Judgement | None,
    *,
    known: _Known,
    promises: Promises,
) -> Learned:
    novelty, scores = novelty_from(
        table.rows[index], known.kinds, known.distances, known.probabilities, promises.false_alarms
    )
    return Learned(
        head=estimator.head_,
        index=index,
        novelty=novelty,
        known_scores=scores,
        judgement=judgement,
        settings=_chosen(estimator),
        notes=tuple(getattr(estimator, "notes_", ())),
        sets=sets_from(judgement, estimator.head_, promises.coverage),
    )


def novelty_from(
    rows: NDArray[np.float32],
    kinds: Kinds,
    distances: NDArray[np.float64],
    probabilities: NDArray[np.float64] | None,
    false_alarms: float,
) -> tuple[Novelty, NDArray[np.float64]]:
    """The threshold over rows that were learned from, and the scores of photos not learned from that set it.

    Args:
        rows: (n, d) that were learned from.
        kinds: their classes.
        distances: of photos not learned from, as `Kinds` gives them; NaN is left out.
        probabilities: for the same photos, by heads that had not seen them; None: the distance alone counts.
        false_alarms: share of good photos that may be called unknown.
    """
    measured = np.isfinite(distances)
    if not measured.any():
        return Novelty(rows, NEVER), np.empty(0)
    novelty = fit_novelty(
        rows, distances, kinds=kinds, probabilities=probabilities, false_alarms=false_alarms
    )
    scores = distances[measured]
    if probabilities is not None:
        scores = scores + novelty.doubt * doubt(probabilities[measured])
    return novelty, scores


def sets_from(judgement: Judgement | None, head: Head, coverage: float) -> Sets | None:
    """When several classes are named, from photos that the judging head had not seen; None with too few."""
    if judgement is None:
        return None
    place = {label: code for code, label in enumerate(head.classes)}
    return fit_sets(judgement.probabilities, np.array([place[label] for label in judgement.true]), coverage)


def _chosen(estimator: HeadClassifier) -> dict[str, str | int | float | bool]:
    """Give what the fit chose, under names for people."""
    named = {"L2 strength": "strength_", "temperature": "temperature_", "neighbours": "k_"}
    return {
        name: getattr(estimator, attribute)
        for name, attribute in named.items()
        if hasattr(estimator, attribute)
    }


def _measurable_folds(table: FeatureTable, seed: int) -> NDArray[np.int64]:
    """The fold of each photo; -1 where its class has no second photo to learn from without it."""
    labels, contents = labels_of(table), _contents(table)
    index = [at for at, label in enumerate(labels) if contents[label] > 1]
    fold = np.full(len(labels), -1, dtype=np.int64)
    if index:
        fold[index] = folds(
            [labels[at] for at in index], [table.sha256[at] for at in index], count=FOLDS, seed=seed
        )
    return fold


def _contents(table: FeatureTable) -> Counter[str]:
    """How many different photos each class has."""
    return Counter(label for label, _ in set(zip(labels_of(table), table.sha256, strict=True)))


def fitted(
    table: FeatureTable, index: NDArray[np.intp], head: str, seed: int, *, min_photos: int = 2
) -> HeadClassifier:
    """Fit a head on some rows of a table.

    Args:
        table: rows of labelled photos.
        index: of the rows to learn from.
        head: its name.
        seed: of whatever it shuffles.
        min_photos: fewest photos that a class must have.

    Raises:
        FitError: too few photos for this head.
    """
    labels = labels_of(table)
    rows, groups = table.rows[index], [table.sha256[at] for at in index]
    estimator = make_head(head, seed=seed, min_photos=min_photos)
    estimator.fit(rows, [labels[at] for at in index], groups=groups)
    return estimator


def judged(method: Method, head: Head, table: FeatureTable, index: NDArray[np.intp]) -> Judgement:
    """What a head says of photos that it has not seen.

    Args:
        method: how they were chosen.
        head: fitted.
        table: their rows lie in it.
        index: which of them.
    """
    rows = table.rows[index]
    return Judgement(
        method, table, index, head.predict_proba(rows), _before(head.kind, head.uncalibrated(rows))
    )


def _judged_in_turn(table: FeatureTable, head: str, seed: int) -> Judgement | None:
    """Judge each photo by a head that learned from the other folds; None where none can be held out."""
    fold = _measurable_folds(table, seed)
    if not (fold >= 0).any():
        return None
    found = out_of_fold(make_head(head, seed=seed), table.rows, labels_of(table), fold, groups=table.sha256)
    index = different(table.sha256, np.flatnonzero(found.measured))
    probabilities, uncalibrated = found.probabilities[index], _before(head, found.uncalibrated[index])
    return Judgement("folds", table, index, probabilities, uncalibrated, len(np.unique(fold[index])))


def _before(head: str, uncalibrated: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Only the linear head has a meaning before its temperature; the others are made of theirs."""
    return uncalibrated if head == "linear" else None
