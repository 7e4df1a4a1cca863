"""A model that is changed and brought back: every step is kept, and undone to the last byte.

`changing` holds the folder's lock from reading to writing, so that of two corrections at once the second
builds on the first. A change happens in the moment in which the new `model.json` takes its place: killed
before it, the old model stands; killed after it, the new one, and the next change tidies up.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.errors import ModelError, UsageError
from headstart.model.folder import ModelFiles, check_extras, read_tensors, replace_files
from headstart.model.header import TensorFault
from headstart.model.manifest import MANIFEST, MAX_MANIFEST_BYTES, read_manifest, read_plain, refusal
from headstart.model.snapshots import (
    BEFORE,
    LEVELS,
    keep_snapshot,
    kept_extras,
    link_or_copy,
    snapshot_files,
    tidy,
)
from headstart.model.target import LOCK, absolute
from headstart.storage.atomic import replace_durably
from headstart.storage.faults import storage_error
from headstart.storage.home import require_writable
from headstart.storage.locks import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from headstart.model.schema import ModelRecord

_ADVICE = "copy the model to a folder that you may write in, and name that"
_NEXT = ".next-"
_WEIGHTS = ("backbone",)


@dataclass(frozen=True)
class Changing:
    """A model folder whose lock is held.

    Attributes:
        folder: absolute.
        files: what is in it, but for the backbone's weights.
        manifest: the bytes of its `model.json`.
    """

    folder: Path
    files: ModelFiles
    manifest: bytes

    def replace(
        self, record: ModelRecord, tensors: Mapping[str, bytes], extras: Mapping[str, bytes]
    ) -> ModelRecord:
        """Keep the model that stands below `before`, and put another in its place.

        Args:
            record: of the new model; its `before` and `extras` are filled in here.
            tensors: its files by part, but for the weights, which stay.
            extras: files for people, by name.

        Returns:
            The record as it was written.

        Raises:
            StorageError: the disk refuses; the old model stands, or the new one is there whole.
        """
        check_extras(extras)
        before = keep_snapshot(self.folder, self.files.record, self.manifest)
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(extras.items())}
        whole = record.model_copy(update={"before": before, "extras": digests})
        files = ModelFiles(whole, tensors)
        replace_files(self.folder, files, extras, mode=_mode(self.folder), old=self.files.record)
        return whole


@contextmanager
def changing(path: str | Path, *, waiting: Callable[[str], None] | None = None) -> Iterator[Changing]:
    """Hold a model folder for a change; what a kill left behind is put right first.

    Args:
        path: the model folder.
        waiting: gets a line every few seconds while another process holds it.

    Raises:
        ModelError: no model, or a damaged one.
        StorageError: it can't be written.
    """
    folder = absolute(path)
    if not (folder / MANIFEST).is_file():
        read_manifest(folder)  # says what is wrong, and no lock is left where no model is
    with locked(folder / LOCK, waiting=waiting):
        require_writable(folder, "the model", choose=_ADVICE)
        record, manifest = read_manifest(folder)
        _finish(folder, record)
        tidy(folder, record.before)
        yield Changing(folder, ModelFiles(record, _checked(folder, record)), manifest)


def undo(
    path: str | Path, *, waiting: Callable[[str], None] | None = None
) -> tuple[ModelRecord, ModelRecord]:
    """Bring back the model that stood before the last change: every file of it, byte for byte.

    Args:
        path: the model folder.
        waiting: gets a line while another process holds it.

    Returns:
        The record of the model that is gone, and of the one that is there again.

    Raises:
        UsageError: there is nothing to undo.
        ModelError: no model, or what was kept is damaged; nothing is changed.
        StorageError: the disk refuses.

    Example:
        >>> undo("no-such-model")
        Traceback (most recent call last):
        headstart.errors.ModelError: ...no-such-model does not exist; ...
    """
    with changing(path, waiting=waiting) as held:
        folder, gone = held.folder, held.files.record
        kept = _kept(folder, gone)
        old, manifest = read_manifest(kept)
        if gone.before is None or hashlib.sha256(manifest).hexdigest() != gone.before.sha256:
            raise refusal(kept, MANIFEST, "is not the one that was kept", advice="nothing was changed")
        _checked(kept, old)
        if old.weights is not None and not any((at / old.weights.file).exists() for at in (kept, folder)):
            raise refusal(folder, old.weights.file, "is missing", advice="nothing was changed")
        extras = _extras(kept, old)
        _bring_back(folder, kept, old)
        mode = (kept / MANIFEST).stat().st_mode & 0o777
        replace_files(folder, ModelFiles(old, {}), extras, mode=mode, old=gone, manifest=manifest)
    return gone, old


def _checked(folder: Path, record: ModelRecord) -> dict[str, bytes]:
    """The tensor files but for the weights, refused where one is damaged or missing."""
    try:
        return read_tensors(folder, record, _WEIGHTS)
    except FileNotFoundError as error:
        raise refusal(folder, error.filename, "is missing", advice="nothing was changed") from None


def _kept(folder: Path, record: ModelRecord) -> Path:
    if record.before is None:
        raise UsageError(f"{folder} was not changed since it was trained: there is nothing to undo")
    kept = folder / BEFORE / record.before.folder
    if not (kept / MANIFEST).exists():
        raise UsageError(
            f"the model before {folder} is not there any more: the last {LEVELS} are kept, in its folder "
            f"{BEFORE!r}"
        )
    return kept


def _extras(kept: Path, old: ModelRecord) -> dict[str, bytes]:
    """The files for people as they were kept, refused where one is damaged or missing."""
    found, name = {}, "kept.sha256"
    try:
        for name, digest in kept_extras(kept, old).items():
            found[name] = read_plain(kept / name, MAX_MANIFEST_BYTES)
            if hashlib.sha256(found[name]).hexdigest() != digest:
                raise TensorFault("is damaged: it is not the one that was kept")
    except FileNotFoundError:
        raise refusal(kept, name, "is missing", advice="nothing was changed") from None
    except TensorFault as fault:
        raise refusal(kept, name, fault, advice="nothing was changed") from None
    return found


def _bring_back(folder: Path, kept: Path, old: ModelRecord) -> None:
    weights = [] if old.weights is None else [old.weights.file]
    try:
        for name in (*snapshot_files(old), *weights):
            if name != MANIFEST and name not in old.extras and (kept / name).exists():
                link_or_copy(kept / name, folder / name)
    except OSError as error:
        raise storage_error(error, folder, "nothing was undone") from error


def _finish(folder: Path, record: ModelRecord) -> None:
    """A kill may have come between a model and its report: what waits for its name gets it."""
    for name, digest in record.extras.items():
        waiting = folder / f"{_NEXT}{name}"
        if not waiting.exists() or hashlib.sha256(_plain(folder, waiting.name)).hexdigest() != digest:
            continue
        try:
            replace_durably(waiting, folder / name)
        except OSError as error:
            raise storage_error(error, folder, f"{name} was not put in its place") from error


def _plain(folder: Path, name: str) -> bytes:
    try:
        return read_plain(folder / name, MAX_MANIFEST_BYTES)
    except (TensorFault, FileNotFoundError) as fault:
        raise ModelError(f"{folder / name} can't be read: {fault}; nothing was changed") from None


def _mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o664
