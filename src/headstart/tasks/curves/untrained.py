"""(a network's own classes, the user's) => how good it is with no training at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.everyday import own_classes_of, with_synonyms
from headstart.heads.softmax import softmax
from headstart.images.names import some
from headstart.tasks.curves.points import Point

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from headstart.backbones.spec import BackboneSpec


@dataclass(frozen=True)
class OwnClasses:
    """Which of a network's own classes each of the user's stands for.

    Attributes:
        places: by the user's class, at least one each; no place under two.
        names: of the network's classes, likewise.
        words: the same names with WordNet's synonyms, likewise.
        of: how many classes the network has.
    """

    places: Mapping[str, tuple[int, ...]]
    names: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[str, ...]]
    of: int

    @property
    def count(self) -> int:
        """How many of the network's classes are the user's."""
        return sum(map(len, self.places.values()))

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {label: list(names) for label, names in self.names.items()}


def find_own_classes(classes: Sequence[str], spec: BackboneSpec) -> tuple[OwnClasses | None, str]:
    """The user's classes among the network's own, or why they are not.

    Returns:
        The classes and ""; None where any of the user's has none, with one sentence that says so.

    Example:
        >>> from headstart.testing import tiny_backbone
        >>> spec = tiny_backbone(classes=("cat", "dog", "elk")).spec
        >>> find_own_classes(["Dogs", "cat"], spec)[0].places
        {'Dogs': (1,), 'cat': (0,)}
        >>> find_own_classes(["cat", "meadow"], spec)
        (None, "module:tiny has no class of its own for 'meadow', so it can't answer without training")
    """
    if not spec.classes:
        return None, f"{spec.name} has no classes of its own, so it can't answer without training"
    found = own_classes_of(classes, spec.classes, spec.class_ids)
    without = [label for label in classes if label not in found]
    if without:
        why = f"{spec.name} has no class of its own for {some(without)}, so it can't answer without training"
        return None, why
    names = {label: tuple(spec.classes[at] for at in places) for label, places in found.items()}
    numbers = spec.class_ids or ("",) * len(spec.classes)
    words = {
        label: tuple(with_synonyms(spec.classes[at], numbers[at]) for at in places)
        for label, places in found.items()
    }
    return OwnClasses(found, names, words, len(spec.classes)), ""


def untrained_point(own: OwnClasses, logits: NDArray[np.floating], labels: Sequence[str]) -> Point:
    """How many photos the network names right when each class is the sum of its own classes' probabilities.

    Args:
        own: which classes are meant.
        logits: (n, classes of the network).
        labels: (n,) the user's.
    """
    probabilities = softmax(logits)
    classes = sorted(own.places)
    sums = np.stack([probabilities[:, list(own.places[label])].sum(axis=1) for label in classes], axis=1)
    right = np.asarray(classes)[sums.argmax(axis=1)] == np.asarray(labels)
    return Point(0, (int(right.sum()),), len(labels))
