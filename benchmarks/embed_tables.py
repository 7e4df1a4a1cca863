"""(what `embed` measured, as JSON values) => tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

_ABSENT = "-"
_WORDS = {"with", "loads"}


def sides_table(network: dict[str, Any]) -> Table:
    """Every side of one network."""
    headings = (
        "photos/s",
        "x lesson",
        "x best peer",
        "of limit",
        "first, s",
        "call, s",
        "again, s",
        "accuracy",
        "cosine",
        "with",
    )
    return plain_table(
        f"{network['network']}\n{network['photos']} photos",
        headings,
        [
            [
                row["side"],
                number(row["photos_per_second"], 1),
                number(row["to_lesson"]),
                number(row["to_best_peer"]),
                percent(row["share_of_limit"]),
                number(row.get("opening_seconds")),
                number(row.get("call_seconds")),
                number(row.get("again_seconds")),
                number(row["accuracy"]["value"] if row.get("accuracy") else None, 3),
                number(row.get("cosine"), 5),
                row.get("with", network["backbone"]),
            ]
            for row in network["sides"]
        ],
    )


def parts_table(network: dict[str, Any]) -> Table:
    """What the parts of one network do alone, and the limit that follows."""
    limit = {f"{each['side'].removeprefix('headstart ')} alone": each["limit"] for each in network["limits"]}
    return plain_table(
        network["network"],
        ("photos/s", "limit with decoding"),
        [[name, number(speed, 1), number(limit.get(name), 1)] for name, speed in network["parts"].items()],
    )


def number(value: float | None, decimals: int = 2) -> str:
    """Write a number, or that there is none.

    Example:
        >>> number(2.345), number(None)
        ('2.35', '-')
    """
    return _ABSENT if value is None else f"{value:.{decimals}f}"


def percent(share: float | None) -> str:
    """Write a share in percent, or that there is none.

    Example:
        >>> percent(0.853), percent(None)
        ('85 %', '-')
    """
    return _ABSENT if share is None else f"{100 * share:.0f} %"


def plain_table(first: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table whose first column has a heading of its own; all others but those of words hold numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=False)
    table.add_column(first, overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in _WORDS else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
