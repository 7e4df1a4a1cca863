"""(a change of classes, the head that stands) => the new head, and both judged on photos held out.

The head that is kept learns from all rows. What it gained is measured apart: photos are held out of the rows
as they were and as they are now, two heads of the same kind learn from the rest, and both name the same
photos, judged by the classes after the change (`compared`). Below 1,000 photos five folds are held out in
turn, and from there on a fifth, as in `train`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.heads.metrics import Measurement, measure
from headstart.heads.refit import Fit, Refits, calibrated, coded, quick_temperature, refits
from headstart.images.splits import folds, holdout
from headstart.tasks.judge import FOLDS, FOLDS_BELOW, HELD_OUT_SHARE, different
from headstart.tasks.learning.change import class_sizes
from headstart.tasks.learning.compared import Apart, Compared, compare, kinds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from headstart.heads.fitted import Head
    from headstart.tasks.learning.change import Change

_LOUDER = 8.0  # how much more a corrected photo counts in each round in which its class is not taken in
_ROUNDS = 2
_MANY = 3_000  # rows from which on fits are less close: each step costs, and more photos hold an answer
_ROUGHLY = 1e-4  # tolerance where it is only asked whether a correction is taken in
_KEPT = {False: 1e-8, True: 1e-5}  # of the head that is kept, with few rows and with many
_MEASURED = {False: 1e-7, True: 1e-5}  # of those that only judge: of 100 answers one is another one at most


@dataclass(frozen=True)
class Judged:
    """The photos that were held out, and what both heads say of them.

    Attributes:
        method: "folds" or "held-out".
        index: (m,) positions among the rows of the change, each content once.
        fold: (n,) where each row is held out; -1 where it never is.
        true: the class of each after the change.
        before: what the rows as they were make of them.
        after: what the rows as they are now make of them.
        probabilities: (m, classes) of the second, in the order of the new head's classes.
        uncalibrated: the same before the temperature.
        scores: what those rest on, (m, classes).
        measured: how good the second is, on all of them.
        compared: both on the photos that both can be asked; None where there is none.
        apart: the other photos.
    """

    method: str
    index: NDArray[np.intp]
    fold: NDArray[np.int64]
    true: list[str]
    before: list[str]
    after: list[str]
    probabilities: NDArray[np.float64]
    uncalibrated: NDArray[np.float64]
    scores: NDArray[np.float64]
    measured: Measurement
    compared: Compared | None
    apart: tuple[Apart, ...]


@dataclass(frozen=True)
class Fitted:
    """What came of the fits.

    Attributes:
        head: to keep.
        temperature: of it.
        judged: None where no photo could be held out.
        importance: photos that count more than others, by SHA-256.
        answers: what the new head says of the rows that the corrections speak of.
        settings: what was chosen, by name.
    """

    head: Head
    temperature: float
    judged: Judged | None
    importance: Mapping[str, float]
    answers: Mapping[int, str]
    settings: Mapping[str, Any]


def fit_change(
    change: Change,
    head: Head,
    *,
    settings: Mapping[str, Any],
    seed: int,
    importance: Mapping[str, float],
) -> Fitted:
    """Fit the new head, and judge what changed.

    Args:
        change: rows and classes.
        head: the one that stands.
        settings: what its training chose.
        seed: of splits.
        importance: photos that count more than others, by SHA-256.
    """
    fits = refits(head.kind, change.rows, settings)
    weights = np.array([importance.get(each, 1.0) for each in change.sha256])
    standing = fits.standing(head)
    final, louder = _taken_in(fits, change, weights, standing)
    method, fold = held_out_folds(change, seed)
    scores = _held_out_scores(fits, change, (weights, louder), (standing, final), fold)
    judged = None
    if scores is not None and len(scores.index):
        judged = _judged(change, fold, method, scores, scaled=fits.scaled)
    temperature = _temperature(fits, head, judged, final.classes)
    said = np.array(change.said, dtype=np.intp)
    answers = _names(final, said) if len(said) else []
    return Fitted(
        head=final.head(temperature),
        temperature=temperature,
        judged=judged,
        importance={
            content: float(weight)
            for content, weight, label in zip(change.sha256, louder, change.after, strict=True)
            if weight > 1.0 and label is not None
        },
        answers=dict(zip(said.tolist(), answers, strict=True)),
        settings={**settings, **({"temperature": temperature} if "temperature" in settings else {})},
    )


def _taken_in(
    fits: Refits, change: Change, weights: NDArray[np.float64], start: Fit | None
) -> tuple[Fit, NDArray[np.float64]]:
    """Fit; corrected photos that are still called something else count more, in a few rounds.

    Only where a fit has weights to give: the mean of a class would be dragged away from its photos.
    """
    said = np.array(change.said, dtype=np.intp)
    wanted = [change.after[at] for at in change.said]
    louder, closely = weights.copy(), _KEPT[len(weights) >= _MANY]
    if start is None or not len(said):
        return fits.fit(change.after, louder, start, closely=closely), louder
    fit = fits.fit(change.after, louder, start, closely=_ROUGHLY)
    for _ in range(_ROUNDS):
        named = zip(said, _names(fit, said), wanted, strict=True)
        wrong = {change.sha256[at] for at, name, want in named if name != want}
        if not wrong:
            break
        louder = np.where([content in wrong for content in change.sha256], louder * _LOUDER, louder)
        fit = fits.fit(change.after, louder, fit, closely=_ROUGHLY)
    if (louder != weights).any():
        fits.look_again()
    return fits.fit(change.after, louder, fit, closely=closely), louder


def _names(fit: Fit, index: NDArray[np.intp]) -> list[str]:
    return [fit.classes[code] for code in fit.scores(index).argmax(axis=1)]


def held_out_folds(change: Change, seed: int) -> tuple[str, NDArray[np.int64]]:
    """Which rows are held out, and when; -1 for a row that never is.

    A photo that is the only one of its class is always learned from.
    """
    sizes = class_sizes(change)
    fold = np.full(len(change.rows), -1, dtype=np.int64)
    index = [at for at, label in enumerate(change.after) if label is not None and sizes[label] > 1]
    if not index:
        return "folds", fold
    labels, contents = [str(change.after[at]) for at in index], [change.sha256[at] for at in index]
    if sum(sizes.values()) < FOLDS_BELOW:
        fold[index] = folds(labels, contents, count=FOLDS, seed=seed)
        return "folds", fold
    fold[index] = np.where(holdout(labels, contents, share=HELD_OUT_SHARE, seed=seed), 0, -1)
    return "held-out", fold


@dataclass(frozen=True)
class _Scores:
    """Scores of photos that were held out, by heads that learned before and after the change."""

    index: NDArray[np.intp]
    fold: NDArray[np.int64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    classes_before: tuple[str, ...]


def _held_out_scores(
    fits: Refits,
    change: Change,
    weights: tuple[NDArray[np.float64], NDArray[np.float64]],
    starts: tuple[Fit | None, Fit],
    fold: NDArray[np.int64],
) -> _Scores | None:
    """Fit without each fold, as it was and as it is now; None where a side has too little to learn from."""
    classes_before = coded(change.before)[0]
    tables = [
        np.full((len(fold), len(classes_before)), -np.inf),
        np.full((len(fold), len(starts[1].classes)), -np.inf),
    ]
    for number in np.unique(fold[fold >= 0]):
        held = fold == number
        index = np.flatnonzero(held)
        sides = zip((change.before, change.after), weights, starts, tables, strict=True)
        for labels, weight, start, table in sides:
            rest = [None if out else label for label, out in zip(labels, held, strict=True)]
            if len({*rest} - {None}) < 2:
                return None
            fit = fits.fit(rest, weight, start, closely=_MEASURED[len(fold) >= _MANY])
            columns = np.searchsorted(coded(labels)[0], fit.classes)
            table[np.ix_(index, columns)] = fit.scores(index)
    index = different(change.sha256, np.flatnonzero(fold >= 0))
    return _Scores(index, fold[index], tables[0][index], tables[1][index], classes_before)


def _judged(change: Change, fold: NDArray[np.int64], method: str, scores: _Scores, *, scaled: bool) -> Judged:
    classes = coded(change.after)[0]
    true = [str(change.after[at]) for at in scores.index]
    codes = np.searchsorted(classes, true)
    probabilities = (
        _calibrated_apart(scores.after, codes, scores.fold) if scaled else calibrated(scores.after, 1.0)
    )
    before = [scores.classes_before[code] for code in scores.before.argmax(axis=1)]
    after = [classes[code] for code in scores.after.argmax(axis=1)]
    uncalibrated = calibrated(scores.after, 1.0)
    correct = np.array(before) == true, np.array(after) == true
    first = (
        _among_three(scores.before, scores.classes_before, true),
        _among_three(scores.after, classes, true),
    )
    compared, apart = compare(kinds_of(change, scores.index), correct, first, method)
    return Judged(
        method=method,
        index=scores.index,
        fold=fold,
        true=true,
        before=before,
        after=after,
        probabilities=probabilities,
        uncalibrated=uncalibrated,
        scores=scores.after,
        measured=measure(
            true,
            probabilities,
            classes,
            how=method,
            probabilities_uncalibrated=uncalibrated if scaled else None,
        ),
        compared=compared,
        apart=apart,
    )


def _among_three(
    scores: NDArray[np.float64], classes: Sequence[str], true: Sequence[str]
) -> NDArray[np.bool_] | None:
    """Whether each photo's class is among the three that score highest; None up to three classes."""
    if len(classes) <= 3:
        return None
    names = np.asarray(classes, dtype=object)
    best = names[np.argpartition(-scores, 3, axis=1)[:, :3]]
    return np.asarray((best == np.asarray(true, dtype=object)[:, None]).any(axis=1))


def _calibrated_apart(
    scores: NDArray[np.float64], codes: NDArray[np.integer], fold: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Probabilities at a temperature fitted on other photos: of the other folds, or of the other half."""
    part = fold if len(np.unique(fold)) > 1 else np.arange(len(fold)) % 2
    probabilities = np.empty_like(scores)
    for number in np.unique(part):
        here, there = part == number, part != number
        temperature = quick_temperature(scores[there], codes[there]) if there.any() else 1.0
        probabilities[here] = calibrated(scores[here], temperature)
    return probabilities


def _temperature(fits: Refits, head: Head, judged: Judged | None, classes: tuple[str, ...]) -> float:
    """From the photos that were held out; where there are none, the one that stands."""
    if fits.scaled and judged is not None:
        return quick_temperature(judged.scores, np.searchsorted(classes, judged.true))
    return float(head.settings().get("temperature", 1.0))
