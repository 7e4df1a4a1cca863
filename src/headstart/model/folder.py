"""(record, tensor bytes) <=> (model folder): whatever happens, a reader finds the old model or the new one.

Tensor files carry their hash in their name, so a new save never writes into an old file. `model.json`
names them and is written last; only then are the old ones removed.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import ModelError, UsageError
from headstart.model.header import TensorFault
from headstart.model.manifest import MANIFEST, manifest_bytes, read_manifest, read_plain, refusal
from headstart.model.schema import EXTRA_FILE, TENSOR_FILE, ModelRecord, TensorFile
from headstart.model.snapshots import keep_snapshot, tidy
from headstart.model.target import LEFTOVER_FILE, LOCK, absolute, check_place, check_target, folder_names
from headstart.storage.atomic import atomic_write_bytes, replace_durably
from headstart.storage.faults import storage_error
from headstart.storage.locks import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = [
    "ModelFiles",
    "check_extras",
    "check_target",
    "read_folder",
    "read_tensors",
    "replace_files",
    "tensor_file",
    "write_folder",
]

_ATTEMPTS = 5
_ABANDONED_AFTER_SECONDS = 60


@dataclass(frozen=True)
class ModelFiles:
    """A model folder in memory: its record, and the bytes of each tensor file by part."""

    record: ModelRecord
    tensors: Mapping[str, bytes]


def tensor_file(part: str, data: bytes) -> TensorFile:
    """How a tensor file will be named and checked.

    Args:
        part: "head", "rows" or "backbone".
        data: its content.

    Example:
        >>> tensor_file("head", b"").file
        'head-e3b0c44298fc1c14.safetensors'
    """
    digest = hashlib.sha256(data).hexdigest()
    return TensorFile(file=f"{part}-{digest[:16]}.safetensors", sha256=digest, bytes=len(data))


def write_folder(
    path: str | Path,
    files: ModelFiles,
    extras: Mapping[str, bytes],
    *,
    waiting: Callable[[str], None] | None = None,
) -> Path:
    """Save a model folder, or replace the one that is there.

    Two processes that save to the same folder do so one after the other. A model there that learned from
    corrections is kept as `learn` keeps it, and `history.undo` brings it back.

    Args:
        path: the folder; missing parents are created.
        files: what to save; the record's tensor files and extras must describe it.
        extras: files for people, by name.
        waiting: gets a line every few seconds while another process saves there.

    Returns:
        The folder, absolute.

    Raises:
        UsageError: something other than a headstart model lies there.
        StorageError: the disk refuses; an old model that was there still loads.
    """
    folder = check_place(absolute(path))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mode = folder.stat().st_mode & 0o664  # a model is for sharing: as readable as its folder
    except OSError as error:
        raise storage_error(error, folder, "the model was not saved") from error
    with locked(folder / LOCK, waiting=waiting):
        check_place(folder)  # another process may have saved something meanwhile
        old, manifest = read_manifest(folder) if (folder / MANIFEST).exists() else (None, b"")
        if old is not None and old.before is not None:
            files = ModelFiles(_after(folder, old, manifest, files.record), files.tensors)
        replace_files(folder, files, extras, mode=mode, old=old)
    return folder


def _after(folder: Path, old: ModelRecord, manifest: bytes, new: ModelRecord) -> ModelRecord:
    """The record of a model that takes the place of a corrected one, which can be brought back.

    A model that lacks a file can't be brought back: then the history ends here.
    """
    tidy(folder, old.before)
    if not all((folder / file.file).is_file() for file in old.tensor_files().values()):
        return new
    before = keep_snapshot(folder, old, manifest, weights=old.weights != new.weights)
    return new.model_copy(update={"before": before})


def replace_files(
    folder: Path,
    files: ModelFiles,
    extras: Mapping[str, bytes],
    *,
    mode: int,
    old: ModelRecord | None,
    manifest: bytes | None = None,
) -> None:
    """Put a model in the place of the one that is there; whoever calls this holds the folder's lock.

    Args:
        folder: of a model, or empty.
        files: what to save. Tensor files that the record names and that are not given lie there already.
        extras: files for people, by name.
        mode: permissions of new files.
        old: of the model that is there; None: there is none.
        manifest: the bytes of `model.json`, where it has to be those to the last bit; None: made here.

    Raises:
        StorageError: the disk refuses; the old model, or the new one, is there whole.
    """
    named = files.record.tensor_files()
    for part, data in files.tensors.items():
        atomic_write_bytes(folder / named[part].file, data, mode=mode)
    # A report must not stand beside another model: it waits until nothing is left to be written.
    for name, data in sorted(extras.items()):
        atomic_write_bytes(folder / f".next-{name}", data, mode=mode)
    atomic_write_bytes(folder / MANIFEST, manifest or manifest_bytes(files.record), mode=mode)
    for name in sorted(extras):
        _take_place(folder / f".next-{name}", folder / name)
    _remove_old(folder, files.record, set() if old is None else set(old.extras))
    tidy(folder, files.record.before)


def _take_place(waiting: Path, final: Path) -> None:
    try:
        replace_durably(waiting, final)
    except OSError as error:
        raise storage_error(
            error, final.parent, f"the model is saved, but {final.name} is the old one"
        ) from error


def check_extras(extras: Mapping[str, bytes]) -> None:
    """Refuse names that would not stay in the folder or stand for something else in it.

    Raises:
        UsageError: with the name.
    """
    for name in extras:
        if not EXTRA_FILE.fullmatch(name):
            raise UsageError(f"{name!r} can't be a file beside a model; use a plain name such as report.html")


def _remove_old(folder: Path, record: ModelRecord, old_extras: set[str]) -> None:
    """Remove what the replaced model, or killed saves, left; other files are not ours to touch."""
    kept = {file.file for file in record.tensor_files().values()} | set(record.extras)
    for name in folder_names(folder) or []:
        replaced = (TENSOR_FILE.fullmatch(name) or name in old_extras) and name not in kept
        try:
            if replaced or (LEFTOVER_FILE.fullmatch(name) and _is_abandoned(folder / name)):
                (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(error, folder, f"the model is saved, but {name} was not removed") from error


def _is_abandoned(path: Path) -> bool:
    """Whether a temporary file is nobody's: ours is the only save, and a probe takes no minute."""
    try:
        return time.time() - path.stat().st_mtime > _ABANDONED_AFTER_SECONDS
    except FileNotFoundError:
        return False


def read_folder(folder: Path) -> ModelFiles:
    """A model folder, read whole into memory and checked against its own digests.

    A save that happens meanwhile removes files: then the new `model.json` is read instead.

    Args:
        folder: the model folder.

    Raises:
        ModelError: with one line that says what is wrong and what to do.
    """
    for _ in range(_ATTEMPTS):
        record, manifest = read_manifest(folder)
        try:
            return ModelFiles(record, read_tensors(folder, record))
        except FileNotFoundError as error:
            if read_manifest(folder)[1] == manifest:
                raise refusal(folder, error.filename, "is missing") from None
    raise ModelError(f"the model {folder} is being replaced again and again; wait for that and try again")


def read_tensors(folder: Path, record: ModelRecord, leave: Collection[str] = ()) -> dict[str, bytes]:
    """The tensor files that a record names, each checked against its digest, by part.

    Args:
        folder: where they lie.
        record: of the model.
        leave: those that are not read ("backbone").

    Raises:
        ModelError: one is damaged.
        FileNotFoundError: one is not there.
    """
    return {part: _tensors(folder, file) for part, file in record.tensor_files().items() if part not in leave}


def _tensors(folder: Path, file: TensorFile) -> bytes:
    try:
        data = read_plain(folder / file.file, file.bytes)
        if len(data) != file.bytes:
            raise TensorFault(f"is cut short: {len(data)} of {file.bytes} bytes")
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise TensorFault("is damaged: its SHA-256 is not the one that model.json states")
    except TensorFault as fault:
        raise refusal(folder, file.file, fault) from None
    except FileNotFoundError as error:
        raise FileNotFoundError(error.errno, error.strerror, file.file) from None
    return data
