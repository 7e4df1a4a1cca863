"""(table or folder of corrected photos) => which content gets which class, and the rows that are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import PhotosError
from headstart.features.hashing import hash_photos
from headstart.images.conflicts import resolve_duplicates
from headstart.images.folder import scan_photos
from headstart.images.names import by_bytes, counted, label_from
from headstart.images.photo import Hashed, Photo, Reason, Skipped
from headstart.images.probe import what_is_wrong
from headstart.images.table import as_on_disk, table_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.features.known import KnownFiles
    from headstart.features.progress import Progress
    from headstart.images.reader import PhotoReader
    from headstart.images.table import TableRow

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Corrections:
    """What a person says of photos.

    Attributes:
        source: as the user wrote it.
        photos: each content once, in the order of its SHA-256, with its class; `bytes` is 0 where the file is
            gone and only its SHA-256 is known.
        refused: rows and files that are not used, each with its reason.
        notes: what people should know.
    """

    source: str
    photos: tuple[Hashed, ...]
    refused: tuple[Skipped, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Given:
    """What the rows of a table say of one file."""

    name: str
    path: Path | None
    labels: dict[str, int] = field(default_factory=dict)
    stated: set[str] = field(default_factory=set)


def read_corrections(
    source: str,
    reader: PhotoReader,
    *,
    files: KnownFiles | None = None,
    follow_links: bool = False,
    progress: Progress | None = None,
) -> Corrections:
    """Read corrections; every photo that is there is checked against the SHA-256 that its row states.

    Args:
        source: a CSV with the columns path and label, sha256 if it is known; or a folder with a folder for
            each class.
        reader: reads the photos.
        files: knows photos that were read before.
        follow_links: follow links that lead to other folders.
        progress: told of the pace.

    Raises:
        PhotosError: no such table or folder, or nothing in it can be used.
    """
    if Path(source).is_dir():
        found = scan_photos(source, follow_links=follow_links, least_classes=1)
        here, refused, notes = list(found.photos), list(found.skipped), found.notes
        gone: list[Hashed] = []
        stated: dict[str, str] = {}
    else:
        here, gone, refused, stated, notes = _from_table(source)
    hashed, unread = hash_photos(here, reader, files=files, progress=progress)
    same, others = _as_stated(hashed, stated)
    return _settled(source, [*same, *gone], [*refused, *unread, *others], notes)


def _from_table(
    source: str,
) -> tuple[list[Photo], list[Hashed], list[Skipped], dict[str, str], tuple[str, ...]]:
    given: dict[str, _Given] = {}
    refused: list[Skipped] = []
    repeated = 0
    for row in table_rows(source):
        fault = _fault(row)
        if fault is not None:
            refused.append(fault)
            continue
        name = row.path or row.sha256
        path = Path(source).parent / row.path if row.path else None
        each = given.setdefault(name, _Given(name, path))
        label = label_from(row.label.strip())
        repeated += label in each.labels
        each.labels.setdefault(label, row.line)
        each.stated.update({row.sha256} - {""})
    here: list[Photo] = []
    gone: list[Hashed] = []
    stated: dict[str, str] = {}
    for each in given.values():
        outcome = _outcome(each)
        if isinstance(outcome, Photo):
            here.append(outcome)
            if each.stated:
                [stated[each.name]] = each.stated
        elif isinstance(outcome, Hashed):
            gone.append(outcome)
        else:
            refused.append(outcome)
    rows = f"{counted(repeated, 'row repeats', 'rows repeat')} an earlier row of the table"
    return here, gone, refused, stated, (rows,) if repeated else ()


def _fault(row: TableRow) -> Skipped | None:
    """Why a row says nothing that could be used."""
    name = row.path or f"line {row.line}"
    if not row.path and not row.sha256:
        return Skipped(name, Reason.MISSING, "this row names no file", "scan")
    if not row.label.strip():
        return Skipped(name, Reason.NO_LABEL, f"line {row.line} of the table gives it no label", "scan")
    if row.sha256 and not _SHA256.fullmatch(row.sha256):
        detail = f"line {row.line} states {row.sha256[:20]!r}, which is no SHA-256 (64 digits from 0 to f)"
        return Skipped(name, Reason.OTHER_CONTENT, detail, "scan")
    return None


def _outcome(each: _Given) -> Photo | Hashed | Skipped:
    if len(each.labels) > 1:
        lines = " and ".join(f"{label!r} in line {line}" for label, line in sorted(each.labels.items()))
        return Skipped(each.name, Reason.IN_TWO_CLASSES, f"the table calls it {lines}", "scan")
    if len(each.stated) > 1:
        detail = "the table states two SHA-256 for it"
        return Skipped(each.name, Reason.OTHER_CONTENT, detail, "scan")
    [label] = each.labels
    path = None if each.path is None else as_on_disk(each.path)
    finding = None if path is None else what_is_wrong(path)
    if path is not None and finding is None:
        return Photo(path, each.name, label)
    if each.stated and (finding is None or finding.reason is Reason.MISSING):
        [sha256] = each.stated
        return Hashed(Photo(path or Path(each.name), each.name, label), sha256, 0)
    reason, detail = (Reason.MISSING, "") if finding is None else (finding.reason, finding.detail)
    return Skipped(each.name, reason, detail, "scan", label=label)


def _as_stated(hashed: Sequence[Hashed], stated: dict[str, str]) -> tuple[list[Hashed], list[Skipped]]:
    """Part the photos that are what their rows mean from those that were replaced meanwhile."""
    same, others = [], []
    for each in hashed:
        wanted = stated.get(each.photo.name, each.sha256)
        if wanted == each.sha256:
            same.append(each)
            continue
        detail = f"its content is {each.sha256[:16]}…, the table means {wanted[:16]}…"
        others.append(
            Skipped(each.photo.name, Reason.OTHER_CONTENT, detail, "read", each.bytes, each.photo.label)
        )
    return same, others


def _settled(
    source: str, hashed: Sequence[Hashed], refused: Sequence[Skipped], notes: Sequence[str]
) -> Corrections:
    """Each content once: what is said twice of it is kept where both say the same, and refused otherwise."""
    ordered = sorted(hashed, key=lambda each: (each.sha256, by_bytes(each.photo.name)))
    duplicates = resolve_duplicates(ordered)
    first: dict[str, Hashed] = {}
    for each in duplicates.used:  # a file that is there can be read again; one that is gone can't
        if each.sha256 not in first or (each.bytes and not first[each.sha256].bytes):
            first[each.sha256] = each
    every = sorted((*refused, *duplicates.skipped), key=lambda each: (by_bytes(each.name), each.detail))
    if not first:
        raise PhotosError(_nothing(source, every))
    return Corrections(source, tuple(first.values()), tuple(every), (*notes, *duplicates.notes))


def _nothing(source: str, refused: Sequence[Skipped]) -> str:
    if not refused:
        return f"{source} holds no correction: expected a row for each photo, with its path and its label"
    return (
        f"{source}: none of {counted(len(refused), 'correction')} can be used; the first: {refused[0].name} "
        f"({refused[0].reason.value}: {refused[0].detail})"
    )
