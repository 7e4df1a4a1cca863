"""(path) => whether a model may be saved there, found out before any work."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from headstart.errors import ModelError, UsageError
from headstart.model.manifest import MANIFEST, read_manifest
from headstart.model.schema import EXTRA_FILE, TENSOR_FILE
from headstart.storage.faults import storage_error
from headstart.storage.home import require_writable

LOCK = ".headstart-lock"
CHOOSE_TARGET = "choose another place for the model"
# What a killed save leaves: the lock (first of all), hash-named temporary files, a probe, files for people.
LEFTOVER_FILE = re.compile(r"\.[0-9a-f]{16}\.[0-9a-f]+\.tmp|\.probe-\d+|\.next-[a-z0-9_-]+\.[a-z]+")


def check_target(path: str | Path) -> Path:
    """Whether a model may be saved here: call it before the work whose result goes there.

    A missing path is fine (its parents are created when saving), so is an empty folder; a headstart
    model, or what a killed save left of one, will be replaced. Anything else is refused, because
    somebody's files would end up among those of a model. Nothing is left behind by the check.

    Args:
        path: the model folder to be.

    Returns:
        The path, absolute.

    Raises:
        UsageError: something else lies there.
        StorageError: it can't be written there.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = Path(folder) / "cats.jpg"
        ...     _ = photos.write_bytes(b"")
        ...     check_target(Path(folder) / "model").name
        ...     check_target(folder)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        headstart.errors.UsageError: ... holds other files (cats.jpg); name a new or empty folder ...
    """
    target = check_place(absolute(path))
    require_writable(_nearest(target), "the model", choose=CHOOSE_TARGET)
    return target


def absolute(path: str | Path) -> Path:
    """The path of a model folder, absolute, with `~` spelt out.

    Raises:
        UsageError: `~` means nothing here.
    """
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:
        raise UsageError(f"{path} names nobody's home folder; write the path in full") from error


def check_place(target: Path) -> Path:
    """Refuse a place where something other than a headstart model lies, by looking only.

    Args:
        target: absolute.

    Returns:
        The same path.

    Raises:
        UsageError: something else lies there.
        StorageError: it can't be looked into.
    """
    try:
        names = folder_names(target)
    except OSError as error:
        raise storage_error(error, target, f"it can't hold a model; {CHOOSE_TARGET}") from error
    if names is not None:
        _check_replaceable(target, names)
    return target


def folder_names(target: Path) -> list[str] | None:
    """What lies in the target, sorted; None where nothing is there.

    Raises:
        UsageError: it is not a folder.
    """
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        if target.is_symlink():
            raise UsageError(f"{target} is a link to nothing; name a new or empty folder") from None
        return None
    if not stat.S_ISDIR(mode):
        raise UsageError(f"{target} is not a folder, so it can't hold a model; name a new or empty folder")
    return sorted(entry.name for entry in target.iterdir())


def _check_replaceable(target: Path, names: list[str]) -> None:
    if MANIFEST in names:
        _check_own_manifest(target)
    elif others := [name for name in names if not _is_leftover(name, saving=LOCK in names)]:
        raise UsageError(
            f"{target} holds other files ({_some(others)}); name a new or empty folder for the model"
        )


def _check_own_manifest(target: Path) -> None:
    try:
        read_manifest(target)
    except ModelError as error:
        raise UsageError(f"{target} can't be replaced: {error}; or name another folder") from error


def _is_leftover(name: str, *, saving: bool) -> bool:
    patterns = (LEFTOVER_FILE, TENSOR_FILE, EXTRA_FILE) if saving else (LEFTOVER_FILE,)
    return name.startswith(LOCK) or any(pattern.fullmatch(name) for pattern in patterns)


def _some(names: list[str]) -> str:
    shown = ", ".join(ascii(name)[1:-1] for name in names[:3])
    return shown if len(names) <= 3 else f"{shown}, …"


def _nearest(target: Path) -> Path:
    return next(folder for folder in (target, *target.parents) if folder.is_dir())
