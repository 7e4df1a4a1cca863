"""(figures of networks, as JSON values) => tables for people."""

from __future__ import annotations

import sys
from io import StringIO
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PIPED_WIDTH = 200
_ABSENT = "-"


def accuracy_cell(accuracy: dict[str, Any] | None, ratio: float | None = None) -> str:
    """Write an accuracy, its interval and its ratio to the reference's, one below the other.

    Example:
        >>> accuracy_cell({"value": 0.9, "low": 0.85, "high": 0.9351}, 0.5).splitlines()
        ['0.900', '0.850-0.935', 'x 0.50']
    """
    if accuracy is None:
        return _ABSENT
    lines = [f"{accuracy['value']:.3f}", f"{accuracy['low']:.3f}-{accuracy['high']:.3f}"]
    return "\n".join([*lines, *_ratio(ratio)])


def speed_cell(photos_per_second: float, ratio: float | None = None) -> str:
    """Write a speed and its ratio to the reference's, one below the other.

    Example:
        >>> speed_cell(123.4, 5.25).splitlines()
        ['123.4', 'x 5.25']
    """
    return "\n".join([f"{photos_per_second:.1f}", *_ratio(ratio)])


def _ratio(ratio: float | None) -> list[str]:
    return [] if ratio is None else [f"x {ratio:.2f}"]


def networks_table(rows: Sequence[dict[str, Any]]) -> Table:
    """What each network is, how fast, and how often its own answers are right."""
    own = _photos(rows, "own_classes")
    headings = [
        "parameters",
        "MB",
        "input",
        "photos/s",
        "photos/s\nwith decoding",
        *(f"own classes\n{name}\n{photos}" for name, photos in own.items()),
    ]
    return _table(
        headings,
        (
            [
                row["backbone"],
                f"{row['parameters']:,}",
                f"{row['megabytes']:.1f}",
                " x ".join(map(str, row["input"])),
                *(
                    speed_cell(row["photos_per_second"][way], row["speed_ratio"].get(way))
                    for way in ("engine", "with_decoding")
                ),
                *(accuracy_cell(row["own_classes"].get(name)) for name in own),
            ]
            for row in rows
        ),
    )


def heads_table(rows: Sequence[dict[str, Any]]) -> Table:
    """How often a linear head on each network is right, data set by data set."""
    every = _photos(rows, "accuracy")
    return _table(
        [f"{name}\n{photos}" for name, photos in every.items()],
        (
            [
                row["backbone"],
                *(
                    accuracy_cell(row["accuracy"].get(name), row["accuracy_ratio"].get(name))
                    for name in every
                ),
            ]
            for row in rows
        ),
    )


def _photos(rows: Sequence[dict[str, Any]], kind: str) -> dict[str, str]:
    """How each accuracy was measured; the photos that can't be decoded are the same for every network."""
    return {name: f"{each['photos']:,}, {each['how']}" for row in rows for name, each in row[kind].items()}


def _table(headings: Iterable[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=False)
    table.add_column("backbone", overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def show(*tables: Table) -> None:
    """Print tables as wide as the terminal, or wide enough for a file."""
    text = StringIO()
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    console = Console(file=text, highlight=False, markup=False, no_color=True, width=width)
    for table in tables:
        console.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines()))
