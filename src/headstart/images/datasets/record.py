"""(dataset.json in a data set's folder) <=> what was fetched, from where, and how its files are split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from headstart.errors import PhotosError

if TYPE_CHECKING:
    from pathlib import Path

RECORD_FILE = "dataset.json"
DIGESTS_FILE = "files.sha256"


class Source(BaseModel):
    """One file that was fetched.

    Attributes:
        file: its name.
        url: where it came from.
        bytes: its size.
        sha256: of its content; later fetches are held to it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: str
    url: str
    bytes: int
    sha256: str


class Odd(BaseModel):
    """A file that is broken or not what its name says, left as it was published.

    Attributes:
        file: part/class/name.
        what: is odd about it.
        reason: why training skips it, one of the closed list; None where it is used.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: str
    what: str
    reason: str | None = None


class Kept(BaseModel):
    """A data set on this disk.

    Attributes:
        format: of this record.
        name: as people write it.
        title: of its makers.
        parts: photos of each part, the training part first.
        test: the part to measure on, if any.
        classes: how many there are.
        licence: as published.
        citation: the paper.
        page: where people read about it.
        files: that were fetched.
        digests: SHA-256 of the list of its files' digests.
        odd: files that are broken or not what their names say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: int = 1
    name: str
    title: str
    parts: dict[str, int]
    test: str | None
    classes: int
    licence: str
    citation: str
    page: str
    files: tuple[Source, ...]
    digests: str
    odd: tuple[Odd, ...] = ()

    @property
    def photos(self) -> int:
        """How many files there are in all parts."""
        return sum(self.parts.values())


def read_record(folder: Path) -> Kept:
    """Read what a folder holds.

    Raises:
        PhotosError: the record can't be understood.
        FileNotFoundError: there is none.
    """
    data = (folder / RECORD_FILE).read_bytes()
    try:
        kept = Kept.model_validate_json(data)
    except ValidationError:
        kept = None
    if kept is None or kept.format != 1 or kept.name != folder.name or not kept.parts:
        again = f"run `headstart datasets fetch {folder.name}`"
        raise PhotosError(f"{folder / RECORD_FILE} is damaged or from another version; {again}")
    return kept
