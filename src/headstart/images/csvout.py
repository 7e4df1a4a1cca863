"""(skipped files) => (CSV text): safe to open in a spreadsheet, whatever the files are called."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from headstart.images.names import well_formed

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    text = io.StringIO(newline="")
    table = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerow(("file", "reason", "detail", "stage", "bytes", "label"))
    for entry in skipped:
        words = [_cell(word) for word in (entry.name, entry.reason.value, entry.detail, entry.stage)]
        size = "" if entry.bytes is None else entry.bytes
        table.writerow((*words, size, "" if entry.label is None else _cell(entry.label)))
    return text.getvalue()


def _cell(text: str) -> str:
    safe = well_formed(text)
    return f"'{safe}" if safe.startswith(_FORMULA_STARTS) else safe
