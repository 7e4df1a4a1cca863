"""(what `newkind` found) => its page."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING

from headstart.images.names import counted
from headstart.report.newkind import (
    FallRow,
    NewKindFacts,
    ShiftFacts,
    SureRow,
    WayRow,
    render_newkind,
)
from headstart.report.robustness import Figure
from headstart.report.text import duration, shell_word
from headstart.storage.atomic import atomic_write_text
from headstart.tasks.again import skipped_facts
from headstart.tasks.newkinds.fairness import absences, fairness
from headstart.tasks.newkinds.verdict import by_key
from headstart.tasks.newkinds.ways import LATE, PIXELS, SCRATCH, TITLES, UNLEARNED

if TYPE_CHECKING:
    from pathlib import Path

    from headstart.heads.detection import Share
    from headstart.tasks.curves.points import Point
    from headstart.tasks.newkind import NewKind
    from headstart.tasks.newkinds.apart import Counted
    from headstart.tasks.newkinds.judged import Judged
    from headstart.tasks.newkinds.shift import Shift, Sureness


def write_page(path: Path, found: NewKind) -> None:
    """Write the page; an existing one is replaced.

    Raises:
        StorageError: the disk refuses.
    """
    atomic_write_text(path, render_newkind(page_facts(found)))


def page_facts(found: NewKind) -> NewKindFacts:
    """Everything that stands on the page, as plain values."""
    ways = by_key(found.ways)
    return NewKindFacts(
        source=found.source,
        command=command_of(found),
        version=metadata.version("headstart"),
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        backbone=found.spec.name,
        classes=len(found.classes),
        measured=found.measured,
        headline=_figure(ways[LATE]),
        floor=_figure(ways[PIXELS]),
        chance=1 / len(found.classes),
        sentences=found.sentences,
        ways=[_way(way) for way in found.ways],
        scratch=_scratch(found),
        fair=fairness(found),
        absent=absences(found),
        shift=None if found.shift is None else _shift(found.shift, found.shift_sentences),
        making=_making(found),
        skipped=skipped_facts(found.skipped),
        notes=found.notes,
    )


def command_of(found: NewKind) -> str:
    """The command that measures the same again."""
    words = ["headstart", "newkind", found.source]
    words += [] if found.shift is None else ["--model", found.shift.model]
    if found.given is not None or found.shift is None:
        words += ["--backbone", found.spec.name]
    if found.scratch is None:
        words += ["--no-scratch"]
    else:
        words += ["--steps", str(found.scratch.trained.steps)]
    words += ["--seed", str(found.seed), *found.asked.words()]
    return " ".join(shell_word(word) for word in words)


def _figure(way: Judged) -> Figure:
    return Figure(way.accuracy, *way.interval, len(way.right))


def _way(way: Judged) -> WayRow:
    numbers = counted(way.width, "number")
    behind = None
    if way.behind is not None:
        behind = Figure(way.behind.value, way.behind.low, way.behind.high, way.behind.photos)
    return WayRow(
        way.title,
        f"{way.layer}, {numbers}" if way.layer else numbers,
        _figure(way),
        behind,
        way.key not in (PIXELS, UNLEARNED),
    )


def _scratch(found: NewKind) -> list[WayRow]:
    if found.scratch is None:
        return []
    late = found.scratch.others[LATE]
    rows = [(SCRATCH, found.scratch.point), *found.scratch.others.items()]
    return [
        WayRow(
            TITLES[key], "", _of_point(point), None if key == LATE else _ahead(late, point), own=key == LATE
        )
        for key, point in rows
        if key in (SCRATCH, PIXELS, UNLEARNED, LATE)
    ]


def _of_point(point: Point) -> Figure:
    return Figure(point.accuracy, *point.interval, point.photos)


def _ahead(late: Point, other: Point) -> Figure:
    from headstart.tasks.newkinds.apart import Counted, fall

    return Figure(
        *fall(Counted(late.right[0], late.photos), Counted(other.right[0], other.photos)), other.photos
    )


def _shift(found: Shift, sentences: list[str]) -> ShiftFacts:
    unknown = None if found.unknown is None else _share(found.unknown, found.photos)
    rows = []
    if found.own is not None:
        promised = None
        if found.unknown is not None:
            promised = Figure(found.false_alarms, found.false_alarms, found.false_alarms, 0)
        rows.append(_sure("its own, held out", found.own, promised))
    if found.now is None:
        rows.append(SureRow("these", None, found.confidence, None, unknown))
    else:
        what = "these" if not found.unmatched else "these, of its classes"
        rows.append(_sure(what, found.now, unknown))
    classes = [
        FallRow(
            each.label,
            None if each.own is None else _counted(each.own),
            _counted(each.now),
            each.breaks,
            each.instead,
        )
        for each in found.classes
    ]
    return ShiftFacts(found.model, sentences, rows, classes)


def _sure(what: str, found: Sureness, unknown: Figure | None) -> SureRow:
    return SureRow(what, _counted(found.accuracy), found.confidence, found.calibration_error, unknown)


def _counted(found: Counted) -> Figure:
    return Figure(found.value, *found.interval, found.photos)


def _share(found: Share, photos: int) -> Figure:
    return Figure(found.value, found.low, found.high, photos)


def _making(found: NewKind) -> list[tuple[str, str]]:
    making = [
        ("Photos", f"{counted(found.measured, 'photo')}, copies counted once"),
        ("Accuracy", f"a linear head on each way, {found.folds} folds, the same for all"),
        ("Late is ahead", "on the same photos, with its 95 % interval (Newcombe 1998, paired)"),
    ]
    if found.scratch is not None:
        trained = found.scratch.trained
        making.append(
            (
                "From scratch",
                f"{counted(trained.steps, 'step')} of {trained.batch} views, AdamW, cosine; "
                f"at {trained.side} pixels a side",
            )
        )
    return [*making, ("Seed", str(found.seed)), ("Time", duration(found.seconds))]
