"""(photos that are asked about) => (CSV text) with an empty column for their class, that `learn` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.images.csvout import rows_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.report.catalogue_facts import PhotoEntry

TABLE = "asked.csv"
_HEADER = ("path", "label", "sha256", "file", "guess", "probability", "why")


def asked_csv(photos: Sequence[PhotoEntry]) -> str:
    """Write the photos in their order; whoever fills in `label` in a spreadsheet needs no page.

    Args:
        photos: entries with a `why`.

    Example:
        >>> print(asked_csv([]), end="")
        "path","label","sha256","file","guess","probability","why"
    """
    return rows_csv(_HEADER, (_row(each) for each in photos))


def _row(each: PhotoEntry) -> tuple[str | float, ...]:
    share = round(each.shares[0].share, 6) if each.shares else ""
    return (each.path, "", each.sha256, each.name, each.label, share, each.why)
