"""(curves) => their page."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING

from headstart.images.names import counted
from headstart.report.learning import Curve, CurvePoint, LearningFacts, Level, render_learning
from headstart.report.robustness import Figure
from headstart.report.text import duration, shell_word
from headstart.storage.atomic import atomic_write_text
from headstart.tasks.again import skipped_facts
from headstart.tasks.curves.words import absences, claims, fairness

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from headstart.tasks.curves.points import Point
    from headstart.tasks.learning_curve import LearningCurve


def write_page(path: Path, found: LearningCurve) -> None:
    """Write the page; an existing one is replaced.

    Raises:
        StorageError: the disk refuses.
    """
    atomic_write_text(path, render_learning(page_facts(found)))


def page_facts(found: LearningCurve) -> LearningFacts:
    """Everything that stands on the page, as plain values."""
    own = () if found.own is None else sorted(found.own.words.items())
    return LearningFacts(
        source=found.source,
        command=command_of(found),
        version=metadata.version("headstart"),
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        backbone=found.spec.name,
        classes=len(found.classes),
        measured=found.measured,
        how="a third held out for that" if found.test_source is None else f"those in {found.test_source}",
        curves=_curves(found),
        levels=_levels(found),
        sentences=claims(found),
        fair=fairness(found),
        absent=absences(found),
        own=own,
        making=_making(found),
        skipped=skipped_facts(found.skipped),
        notes=found.notes,
    )


def command_of(found: LearningCurve) -> str:
    """The command that measures the same again."""
    words = ["headstart", "learning-curve", found.source, "--backbone", found.spec.name]
    words += [] if found.test_source is None else ["--test", found.test_source]
    words += [] if found.sizes is None else ["--sizes", ",".join(map(str, found.sizes))]
    words += ["--repeats", str(found.repeats)]
    if found.scratch is None:
        words += ["--no-scratch"]
    else:
        words += ["--steps", str(found.scratch.steps), *(["--twice"] if found.scratch.longer else [])]
    words += ["--seed", str(found.seed), *found.asked.words()]
    return " ".join(shell_word(word) for word in words)


def _curves(found: LearningCurve) -> list[Curve]:
    scratch = () if found.scratch is None else found.scratch.points
    ways = (
        (
            "transfer",
            "transfer: a linear head on the pretrained network's features",
            "transfer",
            found.transfer,
        ),
        ("scratch", "the same network from random weights, all of it trained", "from scratch", scratch),
        ("pixels", "a linear head on the photo's own colours, no network", "raw pixels", found.pixels),
    )
    return [Curve(style, title, short, _points(points)) for style, title, short, points in ways if points]


def _points(points: Sequence[Point]) -> list[CurvePoint]:
    return [CurvePoint(point.size, _figure(point), point.draws) for point in points]


def _figure(point: Point) -> Figure:
    return Figure(point.accuracy, *point.interval, point.photos)


def _levels(found: LearningCurve) -> list[Level]:
    levels = [Level("chance", "guessing", "guessing", 1 / len(found.classes))]
    if found.untrained is not None:
        figure = _figure(found.untrained)
        levels.insert(0, Level("untrained", "no training at all", "no training", figure.value, figure))
    return levels


def _making(found: LearningCurve) -> list[tuple[str, str]]:
    scratch = found.scratch
    making = [
        ("Photos", f"{counted(found.learned_from, 'photo')} to learn from, copies counted once"),
        (
            "Draws",
            f"{found.repeats} at each size that leaves a choice; a smaller draw is part of a larger one",
        ),
    ]
    if scratch is not None:
        making.append(
            (
                "From scratch",
                f"{counted(scratch.steps, 'step')}, AdamW, cosine; at {scratch.side} pixels a side",
            )
        )
    return [*making, ("Seed", str(found.seed)), ("Time", duration(found.seconds))]
