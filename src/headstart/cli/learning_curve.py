"""`headstart learning-curve`: parse, measure, show."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from headstart.backbones.spec import POCKET
from headstart.cli.options import COMMON, READING, RUNNING, SWITCH, Common, Reading, Running

if TYPE_CHECKING:
    from headstart.tasks.learning_curve import LearningCurve


def learning_curve(
    photos: str,
    /,
    *,
    backbone: Annotated[str, Parameter(alias="-b")] = POCKET,
    test: str | None = None,
    sizes: str | None = None,
    repeats: int = 3,
    scratch: bool = True,
    steps: int = 400,
    twice: Annotated[bool, SWITCH] = False,
    output: Annotated[str | None, Parameter(name=("--output", "-o"))] = None,
    seed: int = 0,
    reading: Reading = READING,
    running: Running = RUNNING,
    common: Common = COMMON,
) -> int:
    """Measure how much a pretrained network helps: accuracy by the number of photos, with and without it.

    Args:
        photos: A folder with a folder for each class, a CSV with the columns path and label, or a data set:
            ants-bees, ants-bees/val.
        backbone: The pretrained network; "backbones" lists them.
        test: Photos to measure on; without them a third of PHOTOS is held out.
        sizes: Photos a class, such as 1,5,20; else nearly doubling, up to the smallest class.
        repeats: Draws of the photos to learn from, at each size.
        scratch: Train the same network from random weights too, which takes minutes; without --sizes at up
            to three sizes.
        steps: Of each training from scratch.
        twice: Train once more from scratch, with twice the steps: were they enough?
        output: An .html file to write: the picture, how far it is fair, all figures.
        seed: Of the held-out part, the draws, and the random weights.
    """
    from headstart.cli.output import print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.learning_curve import learning_curve as measure

    found = measure(
        photos,
        backbone=backbone,
        test=test,
        sizes=sizes,
        repeats=repeats,
        scratch=scratch,
        steps=steps,
        twice=twice,
        output=output,
        engine=running.engine,
        precision=running.precision,
        seed=seed,
        follow_links=reading.follow_links,
        rehash=reading.rehash,
        home=common.home,
        progress=progress_for_stderr(),
    )
    result = found.to_json()
    if common.json:
        print_json({**result, "report": output})
        return 0
    _show(found, result)
    if output is not None:
        say(f"written: {output}")
    return 0


def _show(found: LearningCurve, result: dict[str, Any]) -> None:
    from headstart.cli.output import percent, say, table
    from headstart.cli.summary import photos_lines
    from headstart.tasks.curves.words import absences, claims, fairness

    say(*photos_lines(result["photos"], result["skipped"]))
    say(*(f"note: {note}" for note in result["notes"]))
    curves = {name: points for name, points in result["curves"].items() if points and name != "untrained"}
    say(f"right of {found.measured:,} photos, % (95 % interval), by photos a class to learn from")
    say("intervals: for the chance in which photos were measured, not for that of the draws")
    sizes = sorted({point["photos_per_class"] for points in curves.values() for point in points})
    by_size = {name: {each["photos_per_class"]: each for each in points} for name, points in curves.items()}
    table(
        ("photos a class", *(_TITLES[name] for name in curves)),
        ((f"{size:,}", *(_cell(by_size[name].get(size)) for name in curves)) for size in sizes),
        right=tuple(range(1 + len(curves))),
    )
    if found.untrained is not None and found.own is not None:
        say(f"no training at all: {percent(found.untrained.accuracy)}, by its own classes:")
        for label, words in sorted(found.own.words.items()):
            say(*wrap(f"  {label}: {_listed(words)}", _WIDE, subsequent_indent="    "))
    say(*claims(found), *absences(found), *(f"fair? {sentence}" for sentence in fairness(found)))


_TITLES = {"transfer": "transfer", "scratch": "from scratch", "pixels": "raw pixels"}
_NAMED = 3
_WIDE = 80


def _cell(point: dict[str, Any] | None) -> str:
    if point is None:
        return "-"
    return f"{100 * point['accuracy']:.1f} ({100 * point['low']:.0f}-{100 * point['high']:.0f})"


def _listed(names: tuple[str, ...]) -> str:
    """The first few names, and how many more.

    Example:
        >>> _listed(("tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"))
        'tabby, tiger cat, Persian cat and 2 more'
    """
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
