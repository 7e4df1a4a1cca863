"""(skipped files, rows of cells) => (CSV text): safe in a spreadsheet, whatever the files are called."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from headstart.images.names import well_formed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from headstart.images.photo import Skipped

# Spreadsheets run a cell that starts so as a formula; the last four are their full-width forms.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def skipped_csv(skipped: Sequence[Skipped]) -> str:
    r"""Write the files that were not used as a table.

    Bytes in names that are no UTF-8 come out as `\xe9`, so the text can always be saved as UTF-8. A cell
    that a spreadsheet would run as a formula gets a `'` in front. All words are quoted, because Python
    leaves a lone carriage return unquoted otherwise and readers take it for the end of a row.

    Args:
        skipped: in the order wanted.

    Returns:
        A header and a line for each file: file, reason, detail, stage, bytes, label.

    Example:
        >>> from headstart.images.photo import Reason, Skipped
        >>> bad = Skipped("=1+1.jpg", Reason.EMPTY, "it has no bytes", "read", 0, "cat")
        >>> print(skipped_csv([bad]), end="")
        "file","reason","detail","stage","bytes","label"
        "'=1+1.jpg","empty","it has no bytes","read",0,"cat"
    """
    header = ("file", "reason", "detail", "stage", "bytes", "label")
    return rows_csv(
        header,
        (
            (each.name, each.reason.value, each.detail, each.stage, _number(each.bytes), each.label or "")
            for each in skipped
        ),
    )


def _number(value: int | None) -> int | str:
    return "" if value is None else value


def rows_csv(header: Sequence[str], rows: Iterable[Sequence[str | float]]) -> str:
    r"""Write a table, its words as `safe_cell` gives them and quoted, numbers as they are.

    Args:
        header: the names of the columns.
        rows: as many cells each; numbers have to be finite.

    Example:
        >>> print(rows_csv(("file", "share"), [("=1+1.jpg", 0.5)]), end="")
        "file","share"
        "'=1+1.jpg",0.5
    """
    text = io.StringIO(newline="")
    table = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerow(header)
    for row in rows:
        table.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue()


def safe_cell(text: str) -> str:
    r"""A word that no spreadsheet runs as a formula, from which `plain_cell` gives the word again.

    Example:
        >>> safe_cell("=1+1"), safe_cell("'=1+1"), safe_cell("it's")
        ("'=1+1", "''=1+1", "it's")
    """
    safe = well_formed(text)
    return f"'{safe}" if safe.lstrip("'").startswith(_FORMULA_STARTS) else safe


def plain_cell(cell: str) -> str:
    """The word that `safe_cell` made a cell of.

    Example:
        >>> [plain_cell(safe_cell(word)) for word in ("=1+1", "'=1+1", "it's", "'cat'")]
        ['=1+1', "'=1+1", "it's", "'cat'"]
    """
    guarded = cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA_STARTS)
    return cell[1:] if guarded else cell
