"""(catalogue) => (CSV text): a line for each photo, safe to open in a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.images.csvout import rows_csv

if TYPE_CHECKING:
    from headstart.report.catalogue_facts import Catalogue, PhotoEntry

_HEADER = (
    *("file", "label", "probability", "state", "second", "second_probability", "third", "third_probability"),
    *("one_of", "strangeness", "nearest", "nearest_label", "nearest_distance", "copies", "near_duplicates"),
    *("was", "trained_as", "path", "sha256"),
)


def catalogue_csv(catalogue: Catalogue) -> str:
    """Write the photos as a table.

    `copies` and `near_duplicates` number the groups of photos with the same bytes, or almost the same look.

    Args:
        catalogue: its photos, in their order.

    Example:
        >>> from headstart.report.catalogue_facts import Catalogue
        >>> empty = Catalogue(key="k", title="t", intro="", model="m", classes=[], photos=[], learn="")
        >>> catalogue_csv(empty)[:30]
        '"file","label","probability","'
    """
    return rows_csv(_HEADER, (_row(each) for each in catalogue.photos))


def _row(each: PhotoEntry) -> list[str | float]:
    shares: list[str | float] = []
    for place in range(1, 3):
        best = each.shares[place] if place < len(each.shares) else None
        shares += ["", ""] if best is None else [best.label, round(best.share, 6)]
    first = each.shares[0].share if each.shares else None
    near = each.nearest[0] if each.nearest else None
    return [
        *(each.name, each.label, _rounded(first), each.state, *shares),
        *(" | ".join(each.one_of), _rounded(each.strangeness)),
        *(["", "", ""] if near is None else [near.file, near.label, _rounded(near.distance)]),
        *("" if each.copies is None else each.copies + 1, "" if each.alike is None else each.alike + 1),
        *(each.was or "", each.trained or "", each.path, each.sha256),
    ]


def _rounded(value: float | None) -> str | float:
    return "" if value is None else round(value, 6)
