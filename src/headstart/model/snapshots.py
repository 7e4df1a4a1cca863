"""(model folder) <=> (the models that stood there before it, below `before`), file by file.

    MODEL/before/0001/   the model that `train` made: model.json, head, rows, report.html, …
    MODEL/before/0002/   the model after the first correction

Each model.json names the one before it with its digest. What no chain of names leads to, because a kill came
between two steps, is nobody's and is removed. A backbone's weights stay where they are, for a correction does
not change them; where `train` puts other ones in their place, they are kept with the model that needs them.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from headstart.errors import StorageError
from headstart.model.header import TensorFault
from headstart.model.manifest import MANIFEST, MAX_MANIFEST_BYTES, read_plain
from headstart.model.schema import TENSOR_FILE, BeforeRecord, ModelRecord
from headstart.model.target import LEFTOVER_FILE
from headstart.storage.atomic import atomic_write_bytes, sync_folder
from headstart.storage.faults import storage_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BEFORE = "before"
LEVELS = 20
"""How many models are kept before the one that stands; the oldest is dropped for a new one."""

_NUMBERED = re.compile(r"[0-9]{4,9}")
_LIST = "kept.sha256"
_LISTED = re.compile(r"([0-9a-f]{64})  (.+)")
_EARLIER = re.compile(r"\.\./([0-9]{4,9})/model\.json")


def levels(folder: Path, before: BeforeRecord | None) -> int:
    """How many models can be brought back, one after the other: those that lie there.

    Args:
        folder: the model folder.
        before: what its `model.json` states.

    Example:
        >>> from pathlib import Path
        >>> levels(Path("model"), None), levels(Path("gone"), BeforeRecord(folder="0003", sha256="0" * 64))
        (0, 0)
    """
    return len(_chain(folder, before))


def dropped_by_next(folder: Path, before: BeforeRecord | None) -> int:
    """How many of these the next step drops, because only `LEVELS` are kept.

    Args:
        folder: the model folder.
        before: what its `model.json` states.
    """
    last = _next_number(folder, before) - LEVELS
    return sum(number <= last for number in _chain(folder, before))


def _chain(folder: Path, before: BeforeRecord | None) -> list[int]:
    """The numbers of the snapshots that lead from one to the next, the newest first."""
    newest = number = _number(before)
    found: list[int] = []
    while number > max(newest - LEVELS, 0) and _is_snapshot(place := _place(folder, number)):
        found.append(number)
        lines = (_LISTED.fullmatch(line) for line in _list_of(place))
        earlier = (match and _EARLIER.fullmatch(match[2]) for match in lines)
        number = min((int(match[1]) for match in earlier if match and int(match[1]) < number), default=0)
    return found


def _number(before: BeforeRecord | None) -> int:
    return 0 if before is None else int(before.folder)


def _place(folder: Path, number: int) -> Path:
    return folder / BEFORE / f"{number:04d}"


def _next_number(folder: Path, before: BeforeRecord | None) -> int:
    number = _number(before) + 1
    while os.path.lexists(_place(folder, number)):  # what `tidy` left is not ours
        number += 1
    return number


def _is_snapshot(place: Path) -> bool:
    return not place.is_symlink() and (place / MANIFEST).is_file()


def snapshot_files(record: ModelRecord) -> list[str]:
    """The files that make a model of its record, but for the weights."""
    tensors = [file.file for part, file in record.tensor_files().items() if part != "backbone"]
    return [*tensors, *sorted(record.extras), MANIFEST]


def keep_snapshot(
    folder: Path, record: ModelRecord, manifest: bytes, *, weights: bool = False
) -> BeforeRecord:
    """Keep the model that stands in a folder below `before`; whoever calls this holds the folder's lock.

    Tensor files are linked, which takes no time and no space, and copied where the file system has no links:
    no file with a digest in its name is ever written into. Files for people are copied with their digests:
    an editor may write into those.

    Args:
        folder: the model folder, tidied.
        record: of the model in it.
        manifest: the bytes of its `model.json`.
        weights: keep its weights too, because the next model has others.

    Returns:
        What the next model has to state.

    Raises:
        StorageError: the disk refuses; the model is as it was.
    """
    kept = _place(folder, _next_number(folder, record.before))
    try:
        mode = (folder / MANIFEST).stat().st_mode & 0o777
        # People may delete a report, or write into it: what they left is what is kept.
        extras = {
            name: (folder / name).read_bytes() for name in sorted(record.extras) if _plain(folder / name)
        }
        kept.mkdir(parents=True, mode=folder.stat().st_mode & 0o777)
        atomic_write_bytes(kept / _LIST, _listed(extras, record.before), mode=mode)
        for part, file in record.tensor_files().items():
            if weights or part != "backbone":
                link_or_copy(folder / file.file, kept / file.file)
        for name, data in extras.items():
            atomic_write_bytes(kept / name, data, mode=mode)
        link_or_copy(folder / MANIFEST, kept / MANIFEST)
        for each in (kept, kept.parent, folder):
            sync_folder(each)
    except StorageError:
        raise
    except OSError as error:
        raise storage_error(error, folder, "the model was not changed, for it could not be kept") from error
    return BeforeRecord(folder=kept.name, sha256=hashlib.sha256(manifest).hexdigest())


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _listed(extras: Mapping[str, bytes], before: BeforeRecord | None) -> bytes:
    """Digests as `sha256sum` writes them; that of the model before it too, so that the chain can be seen."""
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in extras.items()]
    if before is not None:
        lines.append(f"{before.sha256}  ../{before.folder}/{MANIFEST}")
    return "".join(f"{line}\n" for line in lines).encode()


def _list_of(kept: Path) -> list[str]:
    try:
        return read_plain(kept / _LIST, MAX_MANIFEST_BYTES).decode("ascii", "replace").splitlines()
    except (FileNotFoundError, TensorFault):
        return []


def kept_extras(kept: Path, record: ModelRecord) -> dict[str, str]:
    """The files for people that a snapshot holds, by name, each with the SHA-256 that it was kept with.

    Args:
        kept: the snapshot's folder.
        record: of the model in it.

    Raises:
        FileNotFoundError: the list of them is not there.
        TensorFault: it is damaged.
    """
    lines = read_plain(kept / _LIST, MAX_MANIFEST_BYTES).decode("ascii", "replace").splitlines()
    found = [_LISTED.fullmatch(line) for line in lines]
    named = {match[2]: match[1] for match in found if match}
    own = {name: digest for name, digest in named.items() if name in record.extras}
    rest = [] if record.before is None else [(f"../{record.before.folder}/{MANIFEST}", record.before.sha256)]
    if len(named) != len(lines) or sorted(named.items()) != sorted([*own.items(), *rest]):
        raise TensorFault("is damaged: it does not list the files that belong to this model")
    return own


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name; where that can't be, a copy.

    Raises:
        OSError: as the operating system says it.
        StorageError: no space for a copy.
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        return  # its name carries its digest, or it was linked a moment ago
    except FileNotFoundError:
        raise
    except OSError:
        atomic_write_bytes(target, source.read_bytes(), mode=source.stat().st_mode & 0o777)


def tidy(folder: Path, before: BeforeRecord | None) -> None:
    """Remove the snapshots that the model in a folder does not lead to, and those beyond `LEVELS`.

    Links, and whatever else a person has put there, stay as they are.

    Args:
        folder: the model folder.
        before: what its `model.json` states.

    Raises:
        StorageError: the disk refuses; what is left is removed the next time.
    """
    newest = _number(before)
    history = folder / BEFORE
    if history.is_symlink() or not history.is_dir():
        return
    try:
        for each in list(history.iterdir()):
            stays = not _NUMBERED.fullmatch(each.name) or newest - LEVELS < int(each.name) <= newest
            if not stays and _is_ours(each):
                _remove(each)
        if before is None and not any(history.iterdir()):
            history.rmdir()
    except OSError as error:
        raise storage_error(error, history, "an older model was not removed") from error


def _is_ours(place: Path) -> bool:
    """Whether a snapshot was made here, whole or begun, and nothing else was put into it."""
    if place.is_symlink() or not place.is_dir():
        return False
    try:
        entries = list(os.scandir(place))
    except OSError:  # a folder that may not be looked into was not made here
        return False
    names = {line[66:] for line in _list_of(place)} | {_LIST, MANIFEST}
    own = all(
        each.is_file(follow_symlinks=False)
        and (each.name in names or TENSOR_FILE.fullmatch(each.name) or LEFTOVER_FILE.fullmatch(each.name))
        for each in entries
    )
    begun = all(LEFTOVER_FILE.fullmatch(each.name) for each in entries)
    return own and (begun or _plain(place / _LIST))


def _remove(kept: Path) -> None:
    """Its `model.json` first, so that half of it is never taken for a model; the list of it last."""
    names = sorted((each.name for each in kept.iterdir()), key=lambda name: (name == _LIST, name != MANIFEST))
    for name in names:
        (kept / name).unlink(missing_ok=True)
    kept.rmdir()
