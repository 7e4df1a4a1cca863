"""(confusion counts) -> what the page shows of them: a heat table, or the most confused pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headstart.report.facts import MeasuredFacts

# Beyond this a picture is a blur and a table a megabyte: the pairs say more.
TABLE_CLASSES = 60

# Upper ends of the five shades, as shares of a row.
_SHADES = (0.1, 0.3, 0.6, 0.9)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the heat table: its count and its shade's CSS class."""

    count: int
    shade: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One true class: its name and a cell for each class that could be said."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Photos of class `true` that were called `said`, and the class's measured photos."""

    true: str
    said: str
    count: int
    photos: int


def shade(share: float, *, right: bool) -> str:
    """CSS class of a cell that holds this share of its row.

    Example:
        >>> shade(0.95, right=True), shade(0.05, right=False), shade(0.0, right=False)
        ('right-5', 'wrong-1', 'none')
    """
    if share <= 0:
        return "none"
    step = 1 + sum(share > end for end in _SHADES)
    return f"{'right' if right else 'wrong'}-{step}"


def heat_rows(measured: MeasuredFacts) -> tuple[HeatRow, ...]:
    """The heat table, or nothing where there are too many classes for one."""
    if len(measured.per_class) > TABLE_CLASSES:
        return ()
    return tuple(
        HeatRow(figures.label, _cells(row, index))
        for index, (figures, row) in enumerate(zip(measured.per_class, measured.confusion, strict=True))
    )


def _cells(row: Sequence[int], index: int) -> tuple[Cell, ...]:
    total = max(sum(row), 1)
    return tuple(Cell(int(n), shade(n / total, right=column == index)) for column, n in enumerate(row))


def pairs(measured: MeasuredFacts) -> tuple[Pair, ...]:
    """Every pair of classes that was confused, the most frequent first, then by the order of classes."""
    labels = [figures.label for figures in measured.per_class]
    found = [
        Pair(labels[true], labels[said], int(n), int(sum(row)))
        for true, row in enumerate(measured.confusion)
        for said, n in enumerate(row)
        if n and said != true
    ]
    return tuple(sorted(found, key=lambda pair: (-pair.count, -pair.count / pair.photos)))


def density(classes: int) -> str:
    """CSS class that sets the size of the heat table's cells."""
    if classes <= 8:
        return "roomy"
    return "medium" if classes <= 20 else "dense"
