"""(photos with classes, class folders) => what is wrong with the classes as a whole."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from headstart.images.names import case_collisions, counted
from headstart.tasks.doctoring.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headstart.images.photo import Hashed
    from headstart.tasks.doctoring.material import Material

FEW = 5
"""Photos: with fewer, some fold has none of the class."""
IMBALANCE = 10


def class_findings(hashed: Sequence[Hashed], material: Material) -> list[Finding]:
    """Find classes that are empty, tiny, out of balance, spelt in two ways, or missing from a part.

    Args:
        hashed: photos that can be used.
        material: what the scan found.
    """
    contents = {(each.photo.label, each.sha256) for each in hashed if each.photo.label is not None}
    sizes = Counter(label for label, _ in contents if label is not None)
    every = sorted({*sizes, *(label for folders in material.folders.values() for label in folders)})
    if not sizes or not material.labels:
        return []
    return [
        *(_empty(label) for label in every if not sizes[label]),
        *(_tiny(label, sizes[label]) for label in every if 0 < sizes[label] < FEW),
        *(Finding("class_case", (), note) for note in case_collisions(every)),
        *_missing(hashed, material),
        *_imbalance(sizes),
    ]


def _empty(label: str) -> Finding:
    return Finding("empty_class", (), f"class {label!r} has no photo that can be used", label=label)


def _tiny(label: str, size: int) -> Finding:
    sentence = f"class {label!r} has {counted(size, 'photo')} only, copies counted once"
    return Finding("tiny_class", (), sentence, -size, label=label)


def _imbalance(sizes: Mapping[str, int]) -> list[Finding]:
    most, least = max(sizes, key=lambda label: (sizes[label], label)), min(sizes, key=lambda x: (sizes[x], x))
    if sizes[most] < IMBALANCE * sizes[least]:
        return []
    sentence = (
        f"class {most!r} has {sizes[most]:,} photos and class {least!r} {sizes[least]:,}: "
        f"{sizes[most] / sizes[least]:.0f} times as many"
    )
    return [Finding("imbalance", (), sentence, label=least)]


def _missing(hashed: Sequence[Hashed], material: Material) -> list[Finding]:
    there: defaultdict[str, set[str]] = defaultdict(set)
    for each in hashed:
        if each.photo.label is not None:
            there[each.photo.label].add(material.part_of[each.photo.name])
    return [
        Finding("missing_class", (), f"class {label!r} has no photo in {part!r}", label=label)
        for label in sorted(there)
        for part in material.parts
        if part not in there[label]
    ]
