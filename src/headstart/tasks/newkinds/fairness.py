"""(what `newkind` found) => how far it was fair to each way, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.spec import RANDOM
from headstart.images.names import counted
from headstart.tasks.newkinds.verdict import NEAR, by_key
from headstart.tasks.newkinds.ways import LATE, TITLES, UNLEARNED

MANY = 2
BY_CHANCE = 0.025
"""How often a 95 % interval lies wholly above 0 where the difference is 0: half of its 5 % misses."""

if TYPE_CHECKING:
    from headstart.tasks.newkind import NewKind


def fairness(found: NewKind) -> list[str]:
    """How far the comparison was fair."""
    ways = by_key(found.ways)
    said = []
    if found.spec.tag == RANDOM:
        said.append(f"{found.spec.name} has random weights and learned nothing before: this is no transfer.")
    widths = [way.width for way in found.ways if way.key not in (LATE, UNLEARNED)]
    if min(widths) < ways[LATE].width:
        said.append(
            "Each layer is averaged over the photo, and earlier ones have fewer channels: a head has fewer "
            "numbers to learn from there. What is said of them is said of such averages."
        )
    if UNLEARNED in ways:
        said.append(
            "Random weights are those of one seed (0). They are no floor: a network that has learned nothing "
            "still mixes colours and edges, and with many numbers a head finds something in them."
        )
    said.append(
        f"An earlier layer is called as good where the late ones are at most {100 * NEAR:.0f} points ahead "
        "of it (upper end of the interval). The best of the earlier ones is chosen after the fact, which "
        "favours it a little."
    )
    if found.scratch is not None:
        said += _of_scratch(found)
    if found.shift is not None:
        said += of_many_classes(sum(each.own is not None for each in found.shift.classes))
    return said


def of_many_classes(compared: int) -> list[str]:
    """How many classes would be called fallen by chance, of so many that were compared each by itself.

    Example:
        >>> "about 0.9 are expected" in of_many_classes(37)[0]
        True
    """
    if compared < MANY:
        return []
    return [
        "A class is called fallen where the 95 % interval of its fall lies above 0, each class by itself: of "
        f"{compared} that did not fall at all, about {BY_CHANCE * compared:.1f} are expected to be called so "
        "by chance."
    ]


def _of_scratch(found: NewKind) -> list[str]:
    scratch = found.scratch
    if scratch is None:
        return []
    trained = scratch.trained
    said = [
        "From scratch it was trained once, on the photos of all folds but one, at most "
        f"{counted(scratch.point.size, 'photo')} a class, and measured on that one: one training with one "
        "set of settings, other seeds give a little more or less."
    ]
    if trained.side != trained.own_side:
        said.append(
            f"From scratch, photos were {trained.side} x {trained.side} pixels instead of "
            f"{trained.own_side} x {trained.own_side}: a training costs "
            f"about {(trained.own_side / trained.side) ** 2:.0f} times less."
        )
    return said


def absences(found: NewKind) -> list[str]:
    """Which ways are not there, and why."""
    return [f"No {TITLES[key]}: {why}." for key, why in found.absent.items()]
