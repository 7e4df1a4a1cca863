"""(rows of features) => answers: a label, how sure, whether it is known at all, what it resembles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

State = Literal["sure", "unsure", "unknown", "unmeasured"]


class Neighbour(TypedDict):
    """A training photo near the one that was asked about.

    `file` is its name as it was in training, `label` its class, `distance` the cosine distance of the
    features: 0 for the same photo, about 1 for nothing in common.
    """

    file: str
    label: str
    distance: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says of one photo.

    Attributes:
        label: the most probable class.
        probabilities: class to probability (0 to 1), most probable first, as many as were asked for.
        unknown: whether the photo is unlike your classes, or torn between them, so that the label means
            little; None where that could not be measured: one photo a class, or no training photos at all.
        neighbours: the most similar training photos, nearest first.
        one_of: the classes of which one is the right one, most probable first, in as many photos of your
            classes as the model states (its coverage); None where that could not be measured.
        strangeness: how strange the photo is, as a share of what is still known: above 1 it is unknown.
            None where `unknown` is.

    Example:
        >>> Answer("cat", {"cat": 0.6, "dog": 0.3}, unknown=False, neighbours=[], one_of=("cat", "dog")).state
        'unsure'
    """

    label: str
    probabilities: dict[str, float]
    unknown: bool | None
    neighbours: list[Neighbour]
    one_of: tuple[str, ...] | None = None
    strangeness: float | None = None

    @property
    def state(self) -> State:
        """What to do with it: take it ("sure"), choose among several, look for another; or nobody knows."""
        return state_of(self.unknown, self.one_of)


def state_of(unknown: bool | None, one_of: Sequence[str] | None) -> State:  # noqa: FBT001
    """What an answer comes to: "unmeasured" where it can't be told whether the label alone will do.

    Args:
        unknown: as in `Answer`.
        one_of: likewise.

    Example:
        >>> state_of(None, None), state_of(False, ["cat", "dog"]), state_of(True, None)
        ('unmeasured', 'unsure', 'unknown')
    """
    if unknown:
        return "unknown"
    if one_of is None:
        return "unmeasured"
    return "unsure" if len(one_of) > 1 else "sure"


@dataclass(frozen=True, slots=True)
class TrainingPhoto:
    """A photo that a model was trained on.

    Attributes:
        name: its path relative to the folder or table, as `Photo.name`.
        label: its class.
        sha256: of its bytes, hex; how `evaluate` finds photos that are no test.
    """

    name: str
    label: str
    sha256: str


def most_probable(
    classes: Sequence[str], probabilities: NDArray[np.floating[Any]], top: int
) -> list[dict[str, float]]:
    """The best classes of each row; of equal ones the first in `classes` comes first.

    Args:
        classes: c names.
        probabilities: (n, c).
        top: how many to give; all of them where there are fewer.

    Example:
        >>> most_probable(["cat", "dog", "elk"], np.array([[0.2, 0.6, 0.2]]), 2)
        [{'dog': 0.6, 'cat': 0.2}]
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    return [
        {classes[index]: float(row[index]) for index in best}
        for row, best in zip(probabilities, order, strict=True)
    ]


def describe_neighbours(
    photos: Sequence[TrainingPhoto], index: NDArray[np.integer[Any]], distance: NDArray[np.floating[Any]]
) -> list[list[Neighbour]]:
    """Positions among the training rows as people read them.

    Args:
        photos: in the order of the training rows.
        index: (n, k) positions in `photos`.
        distance: (n, k).
    """
    return [
        [_neighbour(photos[int(at)], float(far)) for at, far in zip(*pair, strict=True)]
        for pair in zip(index, distance, strict=True)
    ]


def _neighbour(photo: TrainingPhoto, distance: float) -> Neighbour:
    return {"file": photo.name, "label": photo.label, "distance": distance}
