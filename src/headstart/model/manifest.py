"""(model folder) => its `model.json`, checked; the only file that says what the others are."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from headstart.errors import ModelError
from headstart.model.header import TensorFault, parse_json
from headstart.model.schema import FORMAT, ModelRecord

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MANIFEST = "model.json"
MAX_MANIFEST_BYTES = 1 << 28
_CHECKSUM = "checksum"
_READ_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)
_NEW_COPY = "copy the folder again, or train it again"


def manifest_bytes(record: ModelRecord) -> bytes:
    """A record as the bytes of `model.json`: indented for people, the same for the same record."""
    values = record.model_dump(mode="python")
    values[_CHECKSUM] = _checksum(values)
    photos, values["photos"] = values["photos"], []
    text = json.dumps(values, indent=1, allow_nan=False) + "\n"
    if photos:  # a line each: thousands of them, indented, take longer to write than all else
        lines = ",\n  ".join(map(json.dumps, photos))
        text = text.replace('\n "photos": []', f'\n "photos": [\n  {lines}\n ]', 1)
    return text.encode("ascii")


def _checksum(values: dict[str, Any]) -> str:
    """SHA-256 over the values, not over how they are laid out."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def read_manifest(folder: Path) -> tuple[ModelRecord, bytes]:
    """The checked `model.json` of a model folder, and its bytes.

    Args:
        folder: the model folder.

    Raises:
        ModelError: no model lies there, or it is damaged, from a newer version, or says more than a
            model may say.
    """
    try:
        data = read_plain(folder / MANIFEST, MAX_MANIFEST_BYTES)
    except FileNotFoundError:
        raise ModelError(_nothing_there(folder)) from None
    except TensorFault as fault:
        if not _is_folder(folder):
            raise ModelError(_nothing_there(folder)) from None
        raise refusal(folder, MANIFEST, fault) from None
    return _checked(folder, data), data


def read_plain(path: Path, limit: int) -> bytes:
    """A regular file, read whole into memory: no link, no device, no file that grows while being read.

    Args:
        path: the file.
        limit: the most bytes that are accepted.

    Raises:
        FileNotFoundError: there is none.
        TensorFault: it is something else, too large, or can't be read.
    """
    try:
        if path.is_symlink():
            raise TensorFault("is a link; a model holds plain files only")
        fd = os.open(path, _READ_FLAGS)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise TensorFault(f"can't be read ({error.strerror})") from None
    try:
        return _read_all(fd, limit)
    except OSError as error:
        raise TensorFault(f"can't be read ({error.strerror})") from None
    finally:
        os.close(fd)


def _read_all(fd: int, limit: int) -> bytes:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise TensorFault("is not a plain file")
    if status.st_size > limit:
        raise TensorFault(f"has {status.st_size} bytes where at most {limit} belong")
    with os.fdopen(fd, "rb", closefd=False) as file:
        data = file.read(status.st_size + 1)
    if len(data) != status.st_size:
        raise TensorFault("changed while it was read")
    return data


def refusal(folder: Path, file: str, fault: object, *, advice: str = _NEW_COPY) -> ModelError:
    """The one line for a model folder that must not be used."""
    return ModelError(f"the model {folder} can't be used: {file} {fault}; {advice}")


def _nothing_there(folder: Path) -> str:
    if _is_folder(folder):
        return f"{folder} is not a model: it has no {MANIFEST}; name a folder that `headstart train -o` wrote"
    what = "does not exist" if _is_absent(folder) else "is not a model folder"
    return f"{folder} {what}; name a folder that `headstart train -o` wrote"


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, a folder that may not be looked into
        return False


def _is_absent(path: Path) -> bool:
    try:
        return not path.exists()
    except OSError:
        return False


def _checked(folder: Path, data: bytes) -> ModelRecord:
    try:
        values = parse_json(data)
    except TensorFault as fault:
        raise refusal(folder, MANIFEST, fault) from None
    if not isinstance(values, dict):
        raise refusal(folder, MANIFEST, "is not a JSON object")
    _check_format(folder, values)
    stated = values.pop(_CHECKSUM, None)
    try:
        record = ModelRecord.model_validate(values)
    except ValidationError as error:
        raise refusal(folder, MANIFEST, _first_fault(error.errors(include_url=False)[0])) from None
    if stated != _checksum(values):
        raise refusal(folder, MANIFEST, "was changed after it was saved: its checksum is another")
    return record


def _check_format(folder: Path, values: dict[str, Any]) -> None:
    found = values.get("format")
    if type(found) is not int or found < 1:
        raise refusal(folder, MANIFEST, f"is no model's: its format is {found!a}")
    if found > FORMAT:
        raise ModelError(
            f"the model {folder} was made by {values.get('made_by')!a} (format {found}), and this "
            f"version reads up to format {FORMAT}: upgrade headstart"
        )


def _first_fault(fault: ErrorDetails) -> str:
    place = ".".join(str(step) for step in fault["loc"])
    return ascii(f"is not as it should be at {place or 'its top'}: {fault['msg']}")[1:-1]
