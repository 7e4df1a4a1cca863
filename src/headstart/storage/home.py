"""(flag, environment, platform) => the folder where headstart keeps what lasts."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from headstart.errors import StorageError
from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.faults import storage_error

ENVIRONMENT = "HEADSTART_HOME"
CHOOSE_HOME = f"set {ENVIRONMENT} or give --home DIR"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class Home:
    """The folder of weights, data sets and features; nothing is created before something is written.

    Attributes:
        root: the folder, absolute.

    Example:
        >>> Home(Path("/data/headstart")).weights.as_posix()
        '/data/headstart/weights'
    """

    root: Path

    @classmethod
    def find(cls, explicit: str | Path | None = None) -> Home:
        """The home to use: the one given, else `HEADSTART_HOME`, else the platform's user data folder.

        Args:
            explicit: what `--home` said.

        Raises:
            StorageError: it is no folder, other users may write in it, or none can be found.

        Example:
            >>> Home.find("somewhere").root == Path("somewhere").absolute()
            True
        """
        root = _expand(
            explicit if explicit is not None else os.environ.get(ENVIRONMENT) or _platform_folder()
        )
        if root.exists():
            require_private(root)
        return cls(root)

    @property
    def weights(self) -> Path:
        """Registered weights and their entries."""
        return self.root / "weights"

    @property
    def datasets(self) -> Path:
        """Known data sets that were fetched."""
        return self.root / "datasets"

    @property
    def features(self) -> Path:
        """The feature store."""
        return self.root / "features"

    @property
    def training(self) -> Path:
        """What a training that was ended goes on from."""
        return self.root / "training"

    @property
    def cache(self) -> Path:
        """What can be made again: compiled networks."""
        return self.root / "cache"


def require_private(folder: Path) -> None:
    """Refuse a folder in which other users could plant weights or features.

    Args:
        folder: an existing folder.

    Raises:
        StorageError: it is no folder, or its group or everybody may write in it.
    """
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise storage_error(error, folder, "it can't be used as headstart's home") from error
    if not stat.S_ISDIR(mode):
        raise StorageError(f"{folder} is not a folder, so it can't be headstart's home; {CHOOSE_HOME}")
    if sys.platform != "win32" and mode & _OTHERS_WRITE:
        raise StorageError(
            f"other users may write in {folder}, so what lies there can't be trusted; "
            f"run `chmod go-w {folder}`, or {CHOOSE_HOME}"
        )


def private_folder(folder: Path) -> Path:
    """Create a folder (and its parents) that only its owner may read, unless it is there.

    Args:
        folder: the folder.

    Returns:
        The same path, which now exists.

    Raises:
        StorageError: it can't be created, or other users may write in it.
    """
    try:
        _make(folder)
    except OSError as error:
        raise storage_error(error, folder, f"the folder could not be created ({CHOOSE_HOME})") from error
    require_private(folder)
    return folder


def require_writable(folder: Path, purpose: str, *, choose: str = CHOOSE_HOME) -> None:
    """Find out before any work whether results can be written: write, fsync and rename a probe.

    The folder is created where it is missing; the probe is removed.

    Args:
        folder: where the results will go.
        purpose: what goes there, "features"; it stands in the message.
        choose: how another folder is chosen, for the message.

    Raises:
        StorageError: names the folder, what is wrong, and how to choose another.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     require_writable(Path(folder), "features")
    """
    probe = folder / f".probe-{os.getpid()}"
    try:
        _make(folder)
        atomic_write_bytes(probe, b"headstart")
        probe.unlink()
    except StorageError as error:
        raise StorageError(f"{purpose} can't be written: {error}, or {choose}") from error
    except OSError as error:
        trouble = storage_error(error, folder, "a test file could not be written")
        raise StorageError(f"{purpose} can't be written: {trouble}, or {choose}") from error


def _make(folder: Path) -> None:
    for missing in reversed([folder, *folder.parents]):
        if not missing.exists():
            missing.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _platform_folder() -> str:
    import platformdirs

    return platformdirs.user_data_dir("headstart", appauthor=False)


def _expand(path: str | Path) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:
        raise StorageError(
            f"no home folder is known for this user, so {path} means nothing; {CHOOSE_HOME}"
        ) from error
