"""(CSV table with the columns path,label) => (labelled photos); nothing is opened but the table."""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from headstart.errors import PhotosError
from headstart.images.csvout import plain_cell
from headstart.images.layout import NEEDED, labelled_set
from headstart.images.names import by_bytes, counted, label_from
from headstart.images.photo import Photo, PhotoSet, Reason, Skipped
from headstart.images.probe import from_os_error, what_is_wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import TextIOWrapper

_DELIMITERS = ",;\t"  # spreadsheets write ";" in countries with decimal commas
_HEAD_BYTES = 4096


class TableRow(NamedTuple):
    """A row as it is meant; `sha256` is "" where there is no such column.

    Tables with that column are headstart's own: `safe_cell`'s guards are taken off their words again, and
    bytes that are no UTF-8 are file names as they are.
    """

    line: int
    path: str
    label: str
    sha256: str = ""
    ours: bool = False


@dataclass(slots=True)
class _Table:
    """What the rows say, each file once: its name as written, and the line of each label it was given."""

    names: dict[Path, str] = field(default_factory=dict)
    labels: dict[Path, dict[str, int]] = field(default_factory=dict)
    nameless: list[Skipped] = field(default_factory=list)
    repeated: int = 0
    not_utf8: list[int] = field(default_factory=list)

    def add(self, folder: Path, row: TableRow) -> None:
        label = label_from(row.label.strip())
        if not row.ours and not _is_utf8(row.path + row.label):
            self.not_utf8.append(row.line)
        if not row.path:
            self.nameless.append(
                Skipped(
                    f"line {row.line}", Reason.MISSING, "this row names no file", "scan", label=label or None
                )
            )
            return
        path = folder / row.path
        self.names.setdefault(path, row.path)
        given = self.labels.setdefault(path, {})
        self.repeated += label in given
        given.setdefault(label, row.line)

    def notes(self) -> Iterator[str]:
        if self.repeated:
            yield f"{counted(self.repeated, 'row repeats', 'rows repeat')} an earlier row of the table"
        if self.not_utf8:
            rows = counted(len(self.not_utf8), "row")
            yield f"the table is not UTF-8 in {rows}, first in line {self.not_utf8[0]}; save it as UTF-8"


def read_table(source: str | Path, *, least_classes: int = 2) -> PhotoSet:
    r"""Read a table of photos.

    Relative paths start at the table's folder. UTF-8 with or without a byte order mark; cells separated
    by commas, semicolons or tabs; other columns are passed over, but for sha256, with which headstart saves
    tables of its own (see `TableRow`). A file that comes twice with one label
    is used once; with two labels it is skipped. A file that the table names may be a link to anywhere.

    Args:
        source: path of the table.
        least_classes: how many classes there must be.

    Raises:
        PhotosError: the file can't be read or is no such table (the message names the line), or there are
            too few classes, or a class without a photo.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("1.jpg", "2.jpg"):
        ...         _ = Path(folder, name).write_bytes(b"...")
        ...     table = Path(folder, "photos.csv")
        ...     _ = table.write_text("path,label\n1.jpg,cat\n2.jpg,dog\n3.jpg,dog\n")
        ...     found = read_table(table)
        >>> found.classes, [entry.name for entry in found.skipped]
        (('cat', 'dog'), ['3.jpg'])
    """
    table = _Table()
    for row in table_rows(source):
        table.add(Path(source).parent, row)
    outcomes = [_outcome(path, table.names[path], labels) for path, labels in table.labels.items()]
    photos = [outcome for outcome in outcomes if isinstance(outcome, Photo)]
    skipped = table.nameless + [outcome for outcome in outcomes if isinstance(outcome, Skipped)]
    photos.sort(key=lambda photo: by_bytes(photo.name))
    skipped.sort(key=lambda entry: by_bytes(entry.name))
    _refuse_all_missing(source, photos, skipped)
    return labelled_set(
        str(source),
        photos,
        skipped,
        classes={label for labels in table.labels.values() for label in labels if label},
        least_classes=least_classes,
        notes=table.notes(),
    )


def _outcome(path: Path, name: str, labels: dict[str, int]) -> Photo | Skipped:
    given = {label: line for label, line in labels.items() if label}
    if not given:
        detail = f"line {labels['']} of the table gives it no label"
        return Skipped(name, Reason.NO_LABEL, detail, "scan")
    if len(given) > 1:
        lines = " and ".join(f"{label!r} in line {line}" for label, line in given.items())
        return Skipped(name, Reason.IN_TWO_CLASSES, f"the table calls it {lines}", "scan")
    (label,) = given
    path = as_on_disk(path)
    if finding := what_is_wrong(path):
        return Skipped(name, finding.reason, finding.detail, "scan", label=label)
    return Photo(path, name, label)


def as_on_disk(path: Path) -> Path:
    """The path in the Unicode form that exists: tables often come from a machine that writes another one.

    Example:
        >>> as_on_disk(Path("no-such-photo.jpg")).name
        'no-such-photo.jpg'
    """
    text = str(path)
    forms = (
        path,
        *(Path(unicodedata.normalize(form, text)) for form in ("NFC", "NFD") if not text.isascii()),
    )
    for candidate in forms:
        finding = what_is_wrong(candidate)
        if finding is None or finding.reason != Reason.MISSING:
            return candidate
    return path


def _refuse_all_missing(source: str | Path, photos: Sequence[Photo], skipped: Sequence[Skipped]) -> None:
    if photos or not skipped or any(entry.reason != Reason.MISSING for entry in skipped):
        return
    raise PhotosError(
        f"no file that the table {str(source)!r} names is there, such as {skipped[0].name!r}; "
        f"relative paths start at {str(Path(source).parent)!r}"
    )


def table_rows(source: str | Path) -> Iterator[TableRow]:
    """The rows of a table, one after the other, in any number.

    Args:
        source: path of the table.

    Raises:
        PhotosError: the file can't be read or is no such table; the message names the line.
    """
    try:
        with Path(source).open("rb") as binary:
            _refuse_other_files(source, binary.read(_HEAD_BYTES))
        with Path(source).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield from _parsed(source, file)
    except OSError as error:
        raise PhotosError(f"the table {str(source)!r} can't be read: {from_os_error(error).detail}") from None


def _refuse_other_files(source: str | Path, head: bytes) -> None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PhotosError(f"the table {str(source)!r} is UTF-16; save it as CSV in UTF-8")
    if b"\0" in head:
        raise PhotosError(f"{str(source)!r} is a file but no CSV table; needed: {NEEDED}")


def _parsed(source: str | Path, file: TextIOWrapper) -> Iterator[TableRow]:
    delimiter, header = _header(source, file.readline(_HEAD_BYTES))
    path_at, label_at = header.index("path"), header.index("label")
    hash_at = header.index("sha256") if header.count("sha256") == 1 else None
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) != len(header):
                raise PhotosError(
                    f"line {reader.line_num + 1} of {str(source)!r} has {counted(len(cells), 'cell')}, its "
                    f"header {len(header)}; a name that contains {delimiter!r} has to stand in double quotes"
                )
            yield _row(reader.line_num + 1, cells[path_at], cells[label_at], cells, hash_at)
    except csv.Error as error:
        raise PhotosError(f"{str(source)!r} is damaged at line {reader.line_num + 1}: {error}") from None


def _row(line: int, path: str, label: str, cells: Sequence[str], hash_at: int | None) -> TableRow:
    if hash_at is None:
        return TableRow(line, path, label)
    sha256 = cells[hash_at].strip().lower()
    return TableRow(line, plain_cell(path), plain_cell(label.strip()), sha256, ours=True)


def _header(source: str | Path, first: str) -> tuple[str, list[str]]:
    """The delimiter under which the first line has the two columns, and its column names."""
    for delimiter in _DELIMITERS:
        names = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=delimiter), [])]
        if names.count("path") == 1 and names.count("label") == 1:
            return delimiter, names
    found = repr(first.strip()[:80]) if first.strip() else "nothing"
    raise PhotosError(
        f"the first line of {str(source)!r} has to name one column path and one column label, but it says "
        f"{found}; needed: {NEEDED}"
    )


def _is_utf8(text: str) -> bool:
    return not any("\udc80" <= character <= "\udcff" for character in text)
