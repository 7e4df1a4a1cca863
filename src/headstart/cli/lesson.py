"""`headstart lesson`: parse, measure, show."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from headstart.cli.options import COMMON, Common

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headstart.tasks.lessons.measured import Row

_WIDE = 80
_MANY = 500  # photos, from which a fourth digit says something


def lesson(
    *,
    only: str | None = None,
    photos: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    backbone: Annotated[str | None, Parameter(alias="-b")] = None,
    minutes: float = 1.0,
    seed: int = 0,
    common: Common = COMMON,
) -> int:
    """Put each figure that the lesson reports beside ours: same protocol, interval, and why they differ.

    The lesson is lesson 8 of Microsoft's "AI for Beginners". Without weights and photos the counts are
    measured; every other row says what to fetch.

    Args:
        only: Ids of rows (the first column), commas between them; they are measured however long they take.
        photos: Photos that stand for a data set, as NAME=FOLDER: cats-vs-dogs, oxford-pets; or mnist=digits
            for those of scikit-learn. May be given several times.
        backbone: A network that stands in for the lesson's, VGG-16 and ResNet-50.
        minutes: What each row may take, about; longer ones wait until --only names them.
        seed: Of the photos that are drawn, first weights, noise.
    """
    from headstart.cli.output import note, print_json
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.lesson import lesson as measure

    def told(row: Row) -> None:
        if row.ours is not None:
            note(f"{row.figure.key}: measured, {row.seconds:.0f} s")

    found = measure(
        only=() if only is None else _some_names(only),
        photos=named_folders(photos),
        backbone=backbone,
        minutes=minutes,
        seed=seed,
        home=common.home,
        progress=progress_for_stderr(),
        told=told,
    )
    if common.json:
        print_json(found.to_json())
    else:
        _show(found.to_json())
    return 0


def _some_names(only: str) -> list[str]:
    """Refuse a list without names: it would mean all rows, which nobody asked for."""
    from headstart.cli.robustness import names_in
    from headstart.errors import UsageError

    found = names_in(only)
    if not found:
        raise UsageError(f"--only {only!r} names no row; expected ids with commas, or no --only for all rows")
    return found


def named_folders(given: tuple[str, ...]) -> dict[str, str]:
    """Take NAME=FOLDER apart.

    Raises:
        UsageError: no such pair, or a name twice.

    Example:
        >>> named_folders(("cats-vs-dogs=my photos", "mnist=digits"))
        {'cats-vs-dogs': 'my photos', 'mnist': 'digits'}
    """
    from headstart.errors import UsageError

    found: dict[str, str] = {}
    for each in given:
        name, equals, folder = each.partition("=")
        if not equals or name in found:
            why = "given twice" if name in found else "no pair"
            raise UsageError(f"--photos {each!r} is {why}; expected NAME=FOLDER, each NAME once")
        found[name] = folder
    return found


def _show(result: Mapping[str, Any]) -> None:
    from headstart.cli.output import say, table

    rows = result["rows"]
    measured = [row for row in rows if row["ours"] is not None]
    table(("row", "the lesson", "ours", ""), (cells(row) for row in rows), right=(1, 2))
    say(f"the lesson: {result['source']}")
    say("in brackets: 95 % intervals; why they differ, and what is missing:")
    for row in measured:
        say(*reason_lines(row))
    say(*missing_lines(rows))
    if result["fetch"]:
        say("", "to have them measured:", *(f"  {each}" for each in result["fetch"]))
    if len(measured) < len(rows) and not result["backbone"]:
        names = ", ".join(result["stand_ins"])
        say(*wrap(f"or let a network that is at hand stand in, with --backbone NAME: {names}", _WIDE))
    say(f"{len(measured)} of {len(rows)} rows measured, seed {result['seed']}")


def cells(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """A row of the table.

    Example:
        >>> theirs = {"value": 0.98, "of": None, "low": 0.93, "high": 0.994, "photos": 100, "says": ""}
        >>> cells({"id": "linear-torch", "kind": "accuracy", "lesson": theirs, "ours": None,
        ...     "verdict": "not measured"})
        ('linear-torch', '0.980 (0.930-0.994)', '-', 'not measured')
    """
    theirs, ours = row["lesson"], row["ours"]
    first = theirs["says"] if theirs["value"] is None else figure(theirs, row["kind"])
    return row["id"], first, "-" if ours is None else figure(ours, row["kind"]), row["verdict"]


def figure(value: Mapping[str, Any], kind: str) -> str:
    """A count, a probability, or a share with its interval.

    Example:
        >>> figure({"value": 50178, "of": 14764866, "photos": None}, "count")
        '50,178 of 14,764,866'
    """
    if value["photos"] is not None:
        digits = 4 if value["photos"] >= _MANY else 3
        return f"{value['value']:.{digits}f} ({value['low']:.3f}-{value['high']:.3f})"
    if kind != "count":
        return f"{value['value']:.3f}"
    return f"{value['value']:,.0f}" + ("" if value["of"] is None else f" of {value['of']:,}")


def reason_lines(row: Mapping[str, Any]) -> Iterator[str]:
    """What a row is of, then a line for each reason and for what else was seen.

    Example:
        >>> ours = {"network": "pocket", "label": ""}
        >>> row = {"id": "dip", "what": "the dip", "ours": ours, "reasons": ["fewer"], "also": []}
        >>> list(reason_lines(row))
        ['dip: the dip (pocket)', '  fewer']
    """
    ours = row["ours"]
    by = ", ".join(each for each in (ours["network"], ours["label"]) if each)
    yield from _wrapped(f"{row['id']}: {row['what']}" + (f" ({by})" if by else ""), "")
    for each in (*row["reasons"], *row["also"]):
        yield from _wrapped(each, "  ")


def missing_lines(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    """Rows that were not measured and what they are of, those with the same reason together.

    Example:
        >>> rows = [{"id": "dip", "what": "the dip", "ours": None, "missing": "not at hand: photos"}]
        >>> list(missing_lines(rows))
        ['not measured; not at hand: photos', '  dip: the dip']
    """
    for why in dict.fromkeys(row["missing"] for row in rows if row["ours"] is None):
        yield from _wrapped(f"not measured; {why}", "")
        for row in rows:
            if row["missing"] == why:
                yield from _wrapped(f"{row['id']}: {row['what']}", "  ")


def _wrapped(text: str, indent: str) -> list[str]:
    return wrap(
        text, _WIDE, initial_indent=indent, subsequent_indent=f"{indent}  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
