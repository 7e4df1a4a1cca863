"""(what a training judged) => notes on photos that spoil its own figures, from rows that are there already.

Nothing is decoded for it, and heads are learned only where labels are doubted. Near copies are found by the
cosine distance of their rows. A photo counts as one where it is nearer than a quarter of what is usual
between a judged photo and the nearest other one. Copies with JPEG quality 50, more brightness or a slight cut
are mostly that near, small ones often not; of photos without a copy, up to 2 in 100 are (two guitars of one
make). `headstart doctor` looks at the pictures.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from headstart.images.names import counted, some
from headstart.tasks.doctoring.doubts import LEAST_PHOTOS, NEEDS, likely_wrong
from headstart.tasks.doctoring.labels import Rows, averaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.features.extract import FeatureTable
    from headstart.tasks.doctoring.command import Request
    from headstart.tasks.judge import Judgement

NEAR = 0.25
NEVER_NEAR = 0.1
"""However far apart photos usually are: above this distance two rows say different things."""
_ROWS_AT_ONCE = 512
_MOST_COMPARED = 200_000_000
"""Pairs of photos; more would take longer than a note is worth."""


def training_notes(table: FeatureTable, judgement: Judgement | None, checking: Request) -> tuple[str, ...]:
    """Name judged photos that have a near copy among the others, and judged photos whose class is doubted.

    Args:
        table: rows of the photos to learn from.
        judgement: what was judged; None: nothing.
        checking: the check-up that looks at the same photos with the same network.
    """
    if judgement is None or len(judgement.index) < LEAST_PHOTOS:
        return ()
    return (
        *_copies_note(near_copies(table, judgement), checking.command),
        *_doubts_note(_wrong_labels(table, judgement, checking.seed), checking.command),
    )


def near_copies(table: FeatureTable, judgement: Judgement) -> list[tuple[str, str]]:
    """Judged photos that are nearly the same as another one: names of both, the nearest pair first.

    Args:
        table: rows of the photos to learn from.
        judgement: what was judged, in this table or in another one.
    """
    judged, index = judgement.table, judgement.index
    others = np.arange(len(table.rows))
    if judgement.method == "held-out":
        held_out = {judged.sha256[at] for at in index}
        others = np.flatnonzero([sha not in held_out for sha in table.sha256])
    if not len(others) or len(index) * len(others) > _MOST_COMPARED:
        return []
    shas = [judged.sha256[at] for at in index], [table.sha256[at] for at in others]
    nearest, distance = _nearest(judged.rows[index], table.rows[others], *shas)
    limit = min(NEVER_NEAR, NEAR * float(np.median(distance)))
    order = np.argsort(distance, kind="stable")
    return [
        (judged.photos[index[at]].name, table.photos[others[nearest[at]]].name)
        for at in order
        if distance[at] < limit
    ]


def _nearest(
    rows: NDArray[np.float32], others: NDArray[np.float32], sha: list[str], other_sha: list[str]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Of each row the nearest other row with other bytes, and its cosine distance (2 where there is none)."""
    number = {each: at for at, each in enumerate(dict.fromkeys((*sha, *other_sha)))}
    ids, other_ids = (np.array([number[each] for each in which]) for which in (sha, other_sha))
    base = _unit(others)
    nearest, distance = np.zeros(len(rows), np.intp), np.full(len(rows), 2.0)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        alike = _unit(rows[part]) @ base.T
        alike[ids[part, None] == other_ids[None]] = -1
        nearest[part] = alike.argmax(axis=1)
        distance[part] = 1 - alike.max(axis=1)
    return nearest, distance


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length one, in half the time that exact ones take; a row of zeros stays."""
    length = np.sqrt(np.einsum("nd,nd->n", rows, rows))[:, None]
    return np.asarray(rows / np.where(length > 0, length, 1), dtype=np.float32)


def _copies_note(copies: list[tuple[str, str]], command: str) -> tuple[str, ...]:
    if not copies:
        return ()
    pairs = dict.fromkeys(" and ".join(sorted(pair)) for pair in copies)
    photos = counted(len(copies), "judged photo is", "judged photos are")
    return (
        f"{photos} nearly the same as another photo to the network ({some(pairs, at_most=2)}): where one is "
        f"learned and the other judged, the accuracy is flattered; this looks at the pictures: {command}",
    )


def _wrong_labels(table: FeatureTable, judgement: Judgement, seed: int) -> list[str]:
    """Names of photos whose label is likely wrong; where all photos were judged, as a check-up judges them.

    The probabilities at hand come from one draw of folds: where they raise no doubt nothing more is computed.
    """
    once = likely_wrong(judgement.true, judgement.probabilities)
    if not once or judgement.method != "folds":
        return [judgement.table.photos[judgement.index[at]].name for at in once]
    rows = Rows.of(table, {sha: sha for sha in table.sha256}).labelled()
    labels = [str(label) for label in rows.labels]
    return [rows.names[at] for at in likely_wrong(labels, averaged(rows, seed))]


def _doubts_note(names: list[str], command: str) -> tuple[str, ...]:
    if not names:
        return ()
    needs = "" if find_spec("cleanlab") else f" ({NEEDS})"
    return (
        f"{counted(len(names), 'label is', 'labels are')} likely wrong ({some(names, at_most=2)}): heads "
        f"that had not seen the photo are sure of another class; look at them with: {command}{needs}",
    )
