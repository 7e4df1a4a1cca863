"""(rows of features) => answers: a label, how sure, whether it is known at all, what it resembles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


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
        unknown: whether the photo resembles no training photo, so that the label means little; None
            where that could not be measured: one photo a class, or no training photos at all.
        neighbours: the most similar training photos, nearest first.
    """

    label: str
    probabilities: dict[str, float]
    unknown: bool | None
    neighbours: list[Neighbour]


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
