"""(answers for held-out photos, before and after a change) => what may be compared, and what stands apart.

A correction changes the yardstick too: a photo of a class that is new was wrong before by definition, and one
whose class was corrected, perhaps to what the model had said, is judged by another class than before. Both
would pass for a gain or a loss of the model. So the comparison rests on photos that the model had learned
from before and whose class stayed the same. The others are counted beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from headstart.heads.metrics import wilson
from headstart.heads.paired import PairedDifference, paired_difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.tasks.learning.change import Change

What = Literal["new classes", "relabelled", "added"]
_APART: tuple[What, ...] = ("new classes", "relabelled", "added")


@dataclass(frozen=True, slots=True)
class Apart:
    """Held-out photos that are left out of the comparison.

    Attributes:
        what: "new classes": of classes that the model did not know. "relabelled": their class was another
            one. "added": new photos of classes that it knew.
        photos: how many.
        before: how many of them the model before called by their class of now; None where it could not.
        after: how many the model of now does.
    """

    what: What
    photos: int
    before: int | None
    after: int

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "what": self.what,
            "photos": self.photos,
            "right_before": self.before,
            "right_now": self.after,
        }


@dataclass(frozen=True)
class Compared:
    """Two models on the same held-out photos.

    Attributes:
        before: accuracy with what the model knew before, as JSON values.
        after: with what it knows now.
        difference: after less before.
    """

    before: dict[str, Any]
    after: dict[str, Any]
    difference: PairedDifference


def kinds_of(change: Change, index: NDArray[np.intp]) -> list[What | None]:
    """What each photo is for the comparison; None: it is part of it.

    Args:
        change: classes before and after.
        index: positions of held-out rows.
    """
    new = set(change.new_classes)
    found: list[What | None] = []
    for at in index.tolist():
        was, label = change.before[at], change.after[at]
        if label in new:
            found.append("new classes")
        elif was is None:
            found.append("added")
        else:
            found.append(None if was == label else "relabelled")
    return found


def compare(
    kinds: Sequence[What | None],
    right: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    top3: tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None],
    how: str,
) -> tuple[Compared | None, tuple[Apart, ...]]:
    """Compare on the photos that both models can be asked, and count the others.

    Args:
        kinds: m, of `kinds_of`.
        right: (m,) whether each photo was named right before, and now.
        top3: (m,) whether its class was among the first three, likewise; None with three classes or fewer.
        how: the photos were held out: "folds" or "held-out".

    Returns:
        None in place of a comparison where no photo is left for it.

    Example:
        >>> before, now = np.array([True, False, False]), np.array([True, True, True])
        >>> found, apart = compare([None, None, "new classes"], (before, now), (None, None), "folds")
        >>> found.before["value"], found.after["value"], [(each.photos, each.before) for each in apart]
        (0.5, 1.0, [(1, None)])
    """
    before, after = right
    part = np.array([kind is None for kind in kinds])
    compared = None
    if part.any():
        was, now = (_accuracy(hits, first, part, how) for hits, first in zip(right, top3, strict=True))
        compared = Compared(was, now, paired_difference(after[part], before[part]))
    apart = []
    for what in _APART:
        own = np.array([kind == what for kind in kinds])
        if own.any():
            could = None if what == "new classes" else int(before[own].sum())
            apart.append(Apart(what, int(own.sum()), could, int(after[own].sum())))
    return compared, tuple(apart)


def _accuracy(
    right: NDArray[np.bool_], top3: NDArray[np.bool_] | None, part: NDArray[np.bool_], how: str
) -> dict[str, Any]:
    photos, hits = int(part.sum()), int(right[part].sum())
    low, high = wilson(hits, photos)
    first = None if top3 is None else float(top3[part].mean())
    return {
        "value": hits / photos, "low": low, "high": high, "top3": first, "photos": photos, "how": how,
    }  # fmt: skip
