"""`headstart choose`: parse, compare, show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from headstart.cli.options import COMMON, READING, RUNNING, Common, Reading, Running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headstart.tasks.choose import Comparison
    from headstart.tasks.choosing.ranking import Ranked

_FETCHABLE_SHOWN = 4
_NO = 1


def choose(
    photos: str,
    /,
    *,
    backbones: Annotated[tuple[str, ...], Parameter(name=("--backbones", "-b"), negative="")] = (),
    budget_ms: float | None = None,
    budget_mb: float | None = None,
    output: Annotated[str | None, Parameter(name=("--output", "-o"))] = None,
    cv: int = 5,
    seed: int = 0,
    reading: Reading = READING,
    running: Running = RUNNING,
    common: Common = COMMON,
) -> int:
    """Measure which network to start from: its accuracy on your photos, milliseconds here, megabytes.

    Args:
        photos: A folder with a folder for each class, a CSV with the columns path and label, or a data set:
            ants-bees, ants-bees/val.
        backbones: Networks to compare, with commas between them; else all whose weights are at hand. Those
            that are named and not at hand are fetched.
        budget_ms: Milliseconds that one photo may take.
        budget_mb: Megabytes that the weights may have.
        output: An .html file to write: the pictures and all figures.
        cv: Folds: each photo is judged by a head that learned from the other folds.
        seed: Of the folds, and of the parts of the photos that many networks are judged on first.
    """
    from headstart.cli.output import note, print_json
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.choose import choose as compare

    found = compare(
        photos,
        backbones=_names(backbones),
        budget_ms=budget_ms,
        budget_mb=budget_mb,
        cv=cv,
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
    else:
        _show(found, output)
    if found.chosen is None:
        note(f"headstart: {nothing_fits(found)}")
        return _NO
    return 0


def _names(given: tuple[str, ...]) -> list[str] | None:
    """The names of an option that may be repeated and may hold commas; None where it was not given."""
    if not given:
        return None
    return [name.strip() for text in given for name in text.split(",") if name.strip()]


def nothing_fits(found: Comparison) -> str:
    """Say, in one line, what the budget would have to be."""
    fastest = min(found.networks, key=lambda row: row.milliseconds)
    smallest = min(found.networks, key=lambda row: row.megabytes)
    return (
        f"no network fits the budget of {found.budget.words()}: the fastest is {fastest.backbone} with "
        f"{_cost(fastest.milliseconds)} ms, the smallest {smallest.backbone} with "
        f"{_cost(smallest.megabytes)} MB; allow more, or name other networks"
    )


def _show(found: Comparison, output: str | None) -> None:
    from headstart.cli.output import say, table
    from headstart.cli.summary import photos_lines
    from headstart.tasks.choosing.page import next_step

    facts = found.to_json()
    say(*photos_lines(facts["photos"], facts["skipped"]))
    say(*(f"note: {note}" for note in found.notes))
    parts = len(found.stages) > 1
    table(
        ("network", "right, %", "behind", "ms", "MB", *(["photos"] if parts else []), ""),
        (_cells(row, found, parts=parts) for row in found.ranking),
        right=tuple(range(1, 6 if parts else 5)),
    )
    say(*_explained(found))
    if found.chosen is not None:
        say(f"chosen: {found.chosen.backbone}{_at_worst(found.chosen)}")
        say(f"  {found.rule}")
        if step := next_step(found):
            say(f"next: {step}")
    say(*_fetchable_lines(found))
    if output is not None:
        say(f"written: {output}")


def _cells(row: Ranked, found: Comparison, *, parts: bool) -> tuple[str, ...]:
    measured, behind = row.measured, row.behind
    to = "-" if behind.low >= 0 else " to "
    return (
        row.backbone.removeprefix("torchvision:"),
        f"{100 * measured.accuracy:.1f} ({100 * measured.low:.0f}-{100 * measured.high:.0f})",
        "best"
        if row.is_best
        else f"{100 * behind.value:.1f} ({100 * behind.low:.0f}{to}{100 * behind.high:.0f})",
        _cost(row.milliseconds),
        _cost(row.megabytes) if row.megabytes else "0",
        *([f"{measured.photos:,}"] if parts else []),
        _mark(row, found),
    )


def _mark(row: Ranked, found: Comparison) -> str:
    """What the last column says: the most important thing only."""
    if row is found.chosen:
        return "chosen" if row.learned or row.is_floor else "chosen, random"
    if row.is_floor:
        return "floor"
    if row.dropped or not row.fits:
        return "dropped" if row.dropped == "worse" else "budget"
    if not row.learned:
        return "random"
    return "front" if row.front_milliseconds or row.front_megabytes else ""


def _explained(found: Comparison) -> Iterator[str]:
    yield f"right: out of fold ({found.folds} folds), a linear head on each network's features"
    yield "behind: points behind the best, on the same photos; in brackets 95 % intervals"
    yield "ms: one photo at a time on this machine, without decoding"
    yield "front: nothing as fast, or nothing as small, is as good; floor: no network at all"
    if len(found.stages) > 1:
        stages = ", ".join(f"{photos:,}" for photos in found.stages)
        yield (
            f"halving: stages of {stages} photos; {found.passes:,} photos through networks instead of "
            f"{found.used * len(found.networks):,}"
        )
    for each in found.evidence:
        values = ", ".join(
            f"{row.backbone.removeprefix('torchvision:')} {row.scores[each.score]:.2f}"
            for row in found.ranking
            if row.scores is not None
        )
        yield f"{each.sentence()}: {values}"


def _at_worst(row: Ranked) -> str:
    if row.is_floor or row.behind.high <= 0:
        return ""
    return f", at worst {100 * row.behind.high:.1f} points behind the best"


def _fetchable_lines(found: Comparison) -> Iterator[str]:
    if not found.fetchable:
        return
    yield "could be fetched, accuracy not known:"
    for each in found.fetchable[:_FETCHABLE_SHOWN]:
        yield f"  {each.backbone.removeprefix('torchvision:')}, {each.megabytes:.0f} MB, {each.address}"
    if len(found.fetchable) > _FETCHABLE_SHOWN:
        yield f"  and {len(found.fetchable) - _FETCHABLE_SHOWN} more (--json names all)"


def _cost(value: float) -> str:
    from headstart.report.choosing_charts import written

    return written(value)
