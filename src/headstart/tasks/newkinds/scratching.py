"""(photos, folds, a network) => the same network trained from random weights, within a time limit."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from headstart.tasks.curves.material import Material
from headstart.tasks.curves.points import Point
from headstart.tasks.curves.scratch import MOST_PHOTOS, STEPS, Scratch, scratch_curve, why_not
from headstart.tasks.curves.sides import Side
from headstart.tasks.newkinds.verdict import percent
from headstart.tasks.newkinds.ways import TITLES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from headstart.backbones.spec import BackboneSpec
    from headstart.tasks.curves.material import Kitchen
    from headstart.tasks.newkinds.judged import Judged, Subject

MINUTES = 5.0
LEARNED = 0.9
"""Of its own photos a network that was trained to the end names nearly all right."""
_PROBES = (2, 12)  # steps that are timed first
_LEAST = 20


@dataclass(frozen=True)
class FromScratch:
    """What a training from random weights came to, beside the others on the same photos.

    Attributes:
        trained: as in a learning curve, with one size.
        others: of each other way, on the photos of the same fold.
    """

    trained: Scratch
    others: dict[str, Point]

    @property
    def point(self) -> Point:
        """How good it is."""
        return self.trained.points[0]

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            **self.point.to_json(),
            "steps": self.trained.steps,
            "side": self.trained.side,
            "on_own_photos": self.trained.own[0],
            "others": {key: point.to_json() for key, point in self.others.items()},
        }


def train_from_scratch(
    subject: Subject,
    spec: BackboneSpec,
    ways: Sequence[Judged],
    kitchen: Kitchen,
    *,
    steps: int | None,
    minutes: float,
    seed: int,
) -> tuple[FromScratch | None, str]:
    """Train on all folds but the first, and measure on the first, where the other ways are measured likewise.

    Args:
        subject: the photos and their folds.
        spec: of the pretrained network.
        ways: what it is compared with.
        kitchen: its reader decodes.
        steps: of the training; None: as many as a short trial says fit into `minutes`, at most 400.
        minutes: above 0.
        seed: of weights and views.

    Returns:
        What was measured and "", or None and why not.
    """
    side, held = subject.side, subject.fold == 0
    train, test = Side(side.table, side.index[~held]), Side(side.table, side.index[held])
    photos = Counter(train.labels)
    size = min(max(photos.values()), MOST_PHOTOS // len(photos))
    no = why_not(spec, (size,) if size else (), wanted=True)
    if no:
        return None, no
    material = Material(subject.gathered, None, train, test, len(side.index), (), ())

    def trained(count: int) -> Scratch:
        return scratch_curve(material, spec, (size,), kitchen, repeats=1, steps=count, twice=False, seed=seed)

    if steps is None:
        steps = _fitting(lambda count: _seconds(partial(trained, count)), 60 * minutes)
        if steps < _LEAST:
            return None, f"{_LEAST} steps of training would take longer than {minutes:g} minutes (--minutes)"
    others = {way.key: Point(size, (int(way.right[held].sum()),), int(held.sum())) for way in ways}
    return FromScratch(trained(steps), others), ""


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _fitting(took: Callable[[int], float], limit: float) -> int:
    """How many steps fit into so many seconds, at most `STEPS`; two short trainings tell steps from the rest.

    Args:
        took: how long a training of so many steps takes.
        limit: seconds.

    Example:
        >>> _fitting(lambda steps: 5.0 + 0.5 * steps, 60.0)
        110
    """
    rest = took(_PROBES[0])
    a_step = max(took(_PROBES[1]) - rest, 1e-3) / (_PROBES[1] - _PROBES[0])
    return int(min(STEPS, max(0.0, limit - rest) / a_step + _PROBES[0]))


def scratch_sentences(found: FromScratch) -> list[str]:
    """What it says, and how far that was fair."""
    point, late = found.point, found.others["late"]
    told = (
        "the pretrained network is ahead beyond chance"
        if late.is_above(point)
        else "training from scratch is ahead beyond chance"
        if point.is_above(late)
        else "these photos don't tell the two apart"
    )
    low, high = point.interval
    said = [
        f"From scratch the same network gets {percent(point.accuracy)} ({100 * low:.1f} to "
        f"{100 * high:.1f}) of the {point.photos:,} photos of one fold, its pretrained {TITLES['late']} "
        f"{percent(late.accuracy)} of the same: {told}."
    ]
    own = found.trained.own[0]
    if own < LEARNED:
        said.append(
            f"Of the very photos that it learned from it names {100 * own:.0f} % right after "
            f"{found.trained.steps} steps: it was not trained to the end, so that this is no "
            "verdict on training from scratch; more --steps may do better."
        )
    return said
