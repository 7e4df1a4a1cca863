"""What a verb prints: one JSON object on standard output, or lines and tables for people."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
