"""`headstart newkind`: parse, measure, show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from headstart.cli.options import COMMON, READING, RUNNING, Common, Reading, Running

if TYPE_CHECKING:
    from headstart.tasks.newkind import NewKind
    from headstart.tasks.newkinds.judged import Judged
    from headstart.tasks.newkinds.shift import ClassFall, Shift

_CLASSES = 12


def newkind(
    photos: str,
    /,
    *,
    model: str | None = None,
    backbone: Annotated[str | None, Parameter(alias="-b")] = None,
    scratch: bool = True,
    steps: int | None = None,
    minutes: float = 5.0,
    output: Annotated[str | None, Parameter(name=("--output", "-o"))] = None,
    seed: int = 0,
    reading: Reading = READING,
    running: Running = RUNNING,
    common: Common = COMMON,
) -> int:
    """Measure how well a network carries over to a new kind of image, layer by layer, and what breaks.

    Args:
        photos: A folder with a folder for each class, a CSV with the columns path and label, or a data set:
            ants-bees (with --model its test part), ants-bees/val.
        model: A trained model: how far these photos lie from its own, and what becomes of its answers.
        backbone: The pretrained network; else that of --model, or pocket. "backbones" lists them.
        scratch: Train the same network from random weights too, which takes minutes.
        steps: Of that training; else as many as fit into --minutes, at most 400.
        minutes: What the training from scratch may take, about.
        output: An .html file to write: the picture, how far it is fair, all figures.
        seed: Of the folds, the heads, and the random weights that are trained.
    """
    from headstart.cli.output import print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.newkind import newkind as measure

    found = measure(
        photos,
        model=model,
        backbone=backbone,
        scratch=scratch,
        steps=steps,
        minutes=minutes,
        output=output,
        engine=running.engine,
        precision=running.precision,
        seed=seed,
        follow_links=reading.follow_links,
        rehash=reading.rehash,
        home=common.home,
        progress=progress_for_stderr(),
    )
    if common.json:
        print_json({**found.to_json(), "report": output})
        return 0
    _show(found)
    if output is not None:
        say(f"written: {output}")
    return 0


def _show(found: NewKind) -> None:
    from headstart.cli.output import percent, say, table
    from headstart.cli.summary import photos_lines
    from headstart.tasks.newkinds.fairness import absences, fairness

    result = found.to_json()
    say(*photos_lines(result["photos"], result["skipped"]))
    say(*(f"note: {note}" for note in found.notes))
    say(f"{found.spec.name}: right of {found.measured:,} photos, each named by a head that had not seen it")
    table(
        ("learned on", "right, %", "late ahead, points", "numbers"),
        (_cells(way) for way in found.ways),
        right=(1, 2, 3),
    )
    say(f"in brackets: 95 % intervals; guessing: {percent(1 / len(found.classes))}")
    say(*found.sentences, *absences(found))
    if found.shift is not None:
        _show_shift(found.shift, found.shift_sentences)
    say(*(f"fair? {sentence}" for sentence in fairness(found)))


def _show_shift(shift: Shift, sentences: list[str]) -> None:
    from headstart.cli.output import say, table

    say("", f"model {shift.model}:", *sentences)
    if shift.classes:
        table(
            ("class", "own, %", "these, %", "called instead"),
            (_class_cells(each) for each in shift.classes[:_CLASSES]),
            right=(1, 2),
        )
    if len(shift.classes) > _CLASSES:
        say(f"and {len(shift.classes) - _CLASSES} more classes (--json names all)")


def _cells(way: Judged) -> tuple[str, ...]:
    low, high = way.interval
    behind = way.behind
    ahead = "-"
    if behind is not None:
        ahead = f"{100 * behind.value:.1f} ({100 * behind.low:.0f} to {100 * behind.high:.0f})"
    right = f"{100 * way.accuracy:.1f} ({100 * low:.0f}-{100 * high:.0f})"
    return way.title, right, ahead, f"{way.width:,}"


def _class_cells(each: ClassFall) -> tuple[str, ...]:
    mark = " *" if each.breaks else ""
    own = "-" if each.own is None else f"{100 * each.own.value:.0f}"
    return f"{each.label}{mark}", own, f"{100 * each.now.value:.0f}", each.instead
