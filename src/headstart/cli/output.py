"""What a verb prints: one JSON object on standard output, or lines and tables for people."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

UNUSABLE = 2
"""The exit code of wrong use and unusable input."""

_PIPED_WIDTH = 10_000  # what goes into another program is never wrapped


def print_json(value: Any) -> None:
    """Print one JSON object; names that are not valid UTF-8 are written with escapes."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True, allow_nan=False, indent=2) + "\n")


def say(*lines: str) -> None:
    """Print lines for people on standard output."""
    for line in lines:
        sys.stdout.write(printable(line) + "\n")


def note(*lines: str) -> None:
    """Print lines for people on standard error."""
    for line in lines:
        sys.stderr.write(printable(line, sys.stderr.encoding) + "\n")


def printable(text: str, encoding: str | None = None) -> str:
    r"""Make any file name safe for a terminal: no control characters, no broken encodings.

    Example:
        >>> printable("cat\x1b[31m\udce9.jpg")
        'cat\\x1b[31m\\udce9.jpg'
    """
    safe = "".join(letter if letter.isprintable() else _escape(letter) for letter in text)
    encoding = encoding or sys.stdout.encoding or "utf-8"
    return safe.encode(encoding, "backslashreplace").decode(encoding)


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def skipped_lines(facts: Mapping[str, Any], named: int = 5) -> list[str]:
    """Write how many files could not be used, for which reasons, and the first of them.

    Args:
        facts: with `skipped` ({files, reasons}) and `skipped_files` (file and detail of each).
        named: how many to name.

    Example:
        >>> skipped_lines({"skipped": {"files": 1, "reasons": {"empty": 1}},
        ...     "skipped_files": [{"file": "a.jpg", "detail": "it has no bytes"}]})
        ['1 could not be used: 1 empty', '  a.jpg: it has no bytes']
    """
    skipped = facts["skipped"]
    if not skipped["files"]:
        return []
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in skipped["reasons"].items())
    shown = [f"  {each['file']}: {each['detail']}" for each in facts["skipped_files"][:named]]
    return [f"{skipped['files']:,} could not be used: {reasons}", *shown]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print a plain table as wide as the terminal; columns named in `right` are aligned to the right."""
    from io import StringIO

    from rich import box
    from rich.console import Console
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, heading in enumerate(headings):
        shown.add_column(heading, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(printable(cell) for cell in row))
    text = StringIO()
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    Console(file=text, highlight=False, markup=False, no_color=True, width=width).print(shown)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines() if line.strip()))


def percent(share: float) -> str:
    """Write a share as a percentage with one decimal.

    Example:
        >>> percent(0.9751)
        '97.5 %'
    """
    return f"{100 * share:.1f} %"
