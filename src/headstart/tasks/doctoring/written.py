"""(findings, material) => the tables and the JSON of a check-up, and the folder that they go to."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.errors import UsageError
from headstart.images.csvout import rows_csv
from headstart.storage.atomic import atomic_write_text
from headstart.storage.faults import storage_error
from headstart.storage.home import require_writable
from headstart.tasks.doctoring.finding import KIND
from headstart.tasks.paths import given_path, refuse_among_photos

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from headstart.images.photo import Hashed
    from headstart.tasks.doctoring.finding import Finding

JSON_FILE, CSV_FILE, CORRECTIONS_FILE, PAGE_FILE = (
    "findings.json",
    "findings.csv",
    "corrections.csv",
    "index.html",
)
OTHER_FILES = (CSV_FILE, CORRECTIONS_FILE, PAGE_FILE)
KIND_OF_FILE, FORMAT = "headstart check-up", 1
_HEADER = (
    "kind",
    "severity",
    "group",
    "file",
    "part",
    "label",
    "suggested",
    "finding",
    "suggestion",
    "sha256",
)


def check_folder(output: str | Path, *photos: str | None) -> Path:
    """Give the folder to write to, refused before any work where that can't be.

    Args:
        output: as it was given.
        photos: folders and tables that it may not lie among.

    Raises:
        UsageError: a file, a folder with other things in it, a check-up whose files were changed since, or
            a place among the photos.
        StorageError: it can't be written.
    """
    path = Path(given_path(output, "output"))
    refuse_among_photos(path, "output", *photos)
    if path.exists() and not path.is_dir():
        raise UsageError(f"output {str(output)!r} is a file; expected a folder")
    if path.is_dir():
        _refuse_to_replace(path, str(output))
    above = path if path.is_dir() else path.absolute().parent
    if not above.is_dir():
        raise UsageError(f"output {str(output)!r} lies in a folder that is not there; make it first")
    require_writable(above, "the findings", choose="choose another output")
    return path


def _refuse_to_replace(folder: Path, output: str) -> None:
    """Refuse a folder in which something of the user's would be lost."""
    known = _written_before(folder)
    if known is None:
        if any(folder.iterdir()):
            raise UsageError(
                f"output {output!r} is there already and holds no check-up of this headstart; choose another "
                "name, so that nothing of yours is replaced"
            )
        return
    for name in OTHER_FILES:
        if (folder / name).exists() and _digest((folder / name).read_bytes()) not in known.get(name, ()):
            raise UsageError(
                f"{name} in {output!r} was changed since headstart wrote it; choose another output, or move "
                "it elsewhere first, so that nothing of yours is replaced"
            )


def _written_before(folder: Path) -> dict[str, list[str]] | None:
    """The SHA-256 that each file may have, as an earlier check-up noted it; None where there was none."""
    try:
        facts = json.loads((folder / JSON_FILE).read_bytes())
        if facts["kind"] == KIND_OF_FILE and facts["format"] == FORMAT:
            return {str(name): [str(sha) for sha in shas] for name, shas in facts["written"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):  # somebody else's findings.json
        pass
    return None


def write_files(folder: Path, facts: Mapping[str, Any], files: Mapping[str, str]) -> None:
    """Write a check-up, unless something of the user's would be lost; killed at any time, the next one can.

    The JSON goes first, with the SHA-256 of the old and the new files, and once more at the end.

    Args:
        folder: made if it is not there.
        facts: for the JSON.
        files: the texts of all other files, by name; the last one is written last.

    Raises:
        UsageError: a file was changed since an earlier check-up wrote it.
        StorageError: the disk stands in the way.
    """
    try:
        folder.mkdir(exist_ok=True)
        _refuse_to_replace(folder, str(folder))  # much may have happened since the check-up began
        mode = folder.stat().st_mode & 0o664  # a check-up is for sharing: as readable as its folder
        known = _written_before(folder) or {}
    except OSError as error:
        raise storage_error(error, folder, "the findings were not saved") from error
    new = {name: [_digest(text.encode("utf-8", "surrogateescape"))] for name, text in files.items()}
    both = {name: sorted({*shas, *known.get(name, [])}) for name, shas in new.items()}
    about = {"kind": KIND_OF_FILE, "format": FORMAT}
    atomic_write_text(folder / JSON_FILE, json_text({**about, **facts, "written": both}), mode=mode)
    for name, text in files.items():
        atomic_write_text(folder / name, text, mode=mode)
    atomic_write_text(folder / JSON_FILE, json_text({**about, **facts, "written": new}), mode=mode)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def findings_csv(
    findings: Sequence[Finding],
    paths: Mapping[str, Path],
    part_of: Mapping[str, str],
    known: Mapping[str, Hashed],
) -> str:
    """One line for each file of each finding; files of one finding share the number of a group."""
    return rows_csv(_HEADER, _rows(findings, paths, part_of, known))


def _rows(
    findings: Sequence[Finding],
    paths: Mapping[str, Path],
    part_of: Mapping[str, str],
    known: Mapping[str, Hashed],
) -> Iterator[tuple[str | int, ...]]:
    for number, each in enumerate(findings, start=1):
        suggestion = KIND[each.kind].suggestion
        about = (each.kind, each.severity, number)
        if not each.files:
            yield (*about, "", "", each.label or "", "", each.sentence, suggestion, "")
        for name in each.files:
            photo = known.get(name)
            label = each.label or "" if photo is None else photo.photo.label or ""
            sha = "" if photo is None else photo.sha256
            place = str(paths[name]), part_of.get(name, "")
            yield (*about, *place, label, each.suggested or "", each.sentence, suggestion, sha)


def corrections_csv(
    findings: Iterable[Finding], paths: Mapping[str, Path], known: Mapping[str, Hashed]
) -> str:
    """The suggested class of each photo whose label is likely wrong, as `headstart learn` takes it."""
    rows = (
        (str(paths[name]), each.suggested, known[name].sha256)
        for each in findings
        if each.kind == "wrong_label" and each.suggested is not None
        for name in each.files
    )
    return rows_csv(("path", "label", "sha256"), rows)


def json_text(facts: Mapping[str, Any]) -> str:
    """The facts as JSON, ASCII only: names that are no UTF-8 stay whole."""
    return json.dumps(facts, ensure_ascii=True, allow_nan=False, indent=1) + "\n"
