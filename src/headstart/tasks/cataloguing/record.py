"""(folder of a catalogue) <=> what it holds, checked; damaged and foreign ones are refused in one line."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pydantic import ValidationError

from headstart.errors import UsageError
from headstart.model.facts import Record, Text
from headstart.report.catalogue_facts import Catalogue, Digest
from headstart.tasks.paths import given_path

if TYPE_CHECKING:
    from typing import Any

PAGE, RECORD, TABLE, PICTURES = "index.html", "catalogue.json", "catalogue.csv", "thumbnails"
NEXT_RECORD = f".next-{RECORD}"
KIND: Final = "headstart catalogue"


class CatalogueRecord(Record):
    """What `catalogue.json` holds.

    Attributes:
        kind: says what this file is.
        format: of this file.
        made_by: the headstart that wrote it.
        page: SHA-256 of the `index.html` that it belongs to.
        catalogue: what the page shows.
    """

    kind: Literal["headstart catalogue"]
    format: Literal[1]
    made_by: Text
    page: Digest
    catalogue: Catalogue

    def to_bytes(self) -> bytes:
        """The file's content."""
        return (json.dumps(self.model_dump(), ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")


def read_catalogue(folder: str | Path) -> Catalogue:
    """Read a catalogue that `headstart catalogue` wrote.

    Args:
        folder: the folder with `index.html` and `catalogue.json`.

    Raises:
        UsageError: no catalogue, a damaged one, or one whose page is another one's.

    Example:
        >>> read_catalogue("no-such-folder")
        Traceback (most recent call last):
        headstart.errors.UsageError: 'no-such-folder' is no catalogue: it has no catalogue.json; ...
    """
    place = Path(given_path(folder, "the catalogue"))
    if not (place / RECORD).is_file() and not (place / NEXT_RECORD).is_file():
        raise UsageError(
            f"{str(folder)!r} is no catalogue: it has no {RECORD}; "
            "name a folder that 'headstart catalogue' wrote"
        )
    return _of_page(place).catalogue


def last_catalogue(place: Path) -> Catalogue | None:
    """What was last shown in a folder that is about to be brought up to date; None: nothing yet.

    Raises:
        UsageError: it is damaged.
    """
    if not (place / RECORD).is_file() and not (place / NEXT_RECORD).is_file():
        return None
    return _of_page(place).catalogue


def _of_page(place: Path) -> CatalogueRecord:
    """The record of the page that is there: a kill between the two leaves the record under its next name."""
    page = _page_digest(place)
    for name in (RECORD, NEXT_RECORD):
        if (place / name).is_file() and (record := _read(place / name)).page == page:
            return record
    if page is None and (place / RECORD).is_file():
        raise _refusal(place / PAGE, "is missing")
    if page is None:
        raise _refusal(place / RECORD, "is missing")
    raise _refusal(place / PAGE, f"is not the page that {RECORD} describes")


def _page_digest(place: Path) -> str | None:
    try:
        return hashlib.sha256((place / PAGE).read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refusal(place / PAGE, f"can't be read ({error.strerror})") from None


def _read(path: Path) -> CatalogueRecord:
    try:
        value: Any = json.loads(path.read_bytes())
    except OSError as error:
        raise _refusal(path, f"can't be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise _refusal(path, "is no JSON") from None
    if not isinstance(value, dict) or value.get("kind") != KIND:
        raise _refusal(path, "is not a headstart catalogue's")
    if value.get("format") != 1:
        raise _refusal(path, f"has the format {value.get('format')!a}; this headstart reads format 1")
    try:
        return CatalogueRecord.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _refusal(path, f"is damaged ({where!a}: {first['msg']})") from None


def _refusal(path: Path, what: str) -> UsageError:
    return UsageError(
        f"the catalogue {str(path.parent)!r}: {path.name} {what}; write the catalogue again into a new folder"
    )
