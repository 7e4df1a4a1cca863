"""(HOME/training, key of a run) => the folder it goes on from: one process at a time, gone in the end."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import shutil
import time
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from headstart.errors import StorageError
from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.home import private_folder
from headstart.storage.locks import locked, locked_if_free

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from headstart.finetune.checkpoints import Checkpoints
    from headstart.finetune.finder import RateTest

KEPT_DAYS = 30
"""What a run left is removed when nobody has touched it for so long."""
_KEY = re.compile(r"[0-9a-f]{32}")
_LOCK = ".lock"
_RATE_TEST = "rate-test.json"
_SECONDS_A_DAY = 86_400.0


class RunFolder:
    """Where one run keeps what the same command goes on from after a kill.

    Args:
        training: the folder of all runs; made when one is held.
        key: of this run, 32 hexadecimal digits.
        writes: whether this process is the one that keeps things; under `torchrun` that is the first.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as place:
        ...     run = RunFolder(Path(place), "0" * 32)
        ...     with run.held():
        ...         print([path.name[-5:] for path in sorted(Path(place).iterdir())])
        ...     run.forget()
        ...     list(Path(place).iterdir())
        ['00000', '.lock']
        []
    """

    def __init__(self, training: Path, key: str, *, writes: bool = True) -> None:
        self.path = training / key
        self._writes = writes

    @contextmanager
    def held(self, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
        """Have the folder alone inside the block; before it, what other runs left long ago is removed.

        Args:
            waiting: as in `locked`, where the same run is under way elsewhere.

        Raises:
            StorageError: the folder or its lock can't be made.
        """
        if not self._writes:
            yield
            return
        training = private_folder(self.path.parent)
        with locked(_lock(self.path), waiting=waiting):
            private_folder(self.path)
            with contextlib.suppress(StorageError):  # tidying up stops no training
                remove_runs(training, untouched_days=KEPT_DAYS, but=self.path.name)
            yield

    def checkpoints(self, name: str) -> Checkpoints:
        """Those of one of the run's trainings."""
        from headstart.finetune.checkpoints import Checkpoints

        return Checkpoints(self.path / name)

    def rate_test(self) -> RateTest | None:
        """The range test that this run began with; None where it had none, or it is damaged."""
        from headstart.finetune.finder import RateTest

        try:
            kept = json.loads((self.path / _RATE_TEST).read_bytes())
            test = RateTest(
                tuple(map(float, kept["rates"])), tuple(map(float, kept["losses"])), float(kept["suggested"])
            )
        except (OSError, ValueError, TypeError, KeyError):
            return None
        sound = len(test.rates) == len(test.losses) and 0 < test.suggested < math.inf
        return test if sound else None

    def keep_rate_test(self, test: RateTest) -> None:
        """Have the run begin with this test from now on.

        Raises:
            StorageError: the disk refuses.
        """
        if self._writes:
            atomic_write_bytes(private_folder(self.path) / _RATE_TEST, json.dumps(asdict(test)).encode())

    def forget(self) -> None:
        """Remove everything: what was trained is saved, or not wanted.

        Where the same run has just begun elsewhere, from these very files, that one is waited for.
        """
        if self._writes and self.path.parent.is_dir():
            with locked(_lock(self.path), waiting=None):
                _remove(self.path)


def remove_runs(training: Path, *, untouched_days: float | None = None, but: str = "") -> int:
    """Remove what runs left that nobody is at work on.

    Args:
        training: the folder of all runs; it need not be there.
        untouched_days: only what was not written for so long; None: all.
        but: the key of a run that stays.

    Returns:
        How many bytes.

    Raises:
        StorageError: a lock can't be created.
    """
    files = os.listdir(training) if training.is_dir() else []  # noqa: PTH208 - names
    removed = 0
    for key in sorted({name.removesuffix(_LOCK) for name in files}):
        run = training / key
        if key == but or not _KEY.fullmatch(key):
            continue
        if untouched_days is not None and _days_untouched(run) < untouched_days:
            continue
        with locked_if_free(_lock(run)) as free:
            if free:
                removed += _remove(run)
    return removed


def _lock(run: Path) -> Path:
    """Beside the folder, which goes while the lock is held."""
    return run.with_name(run.name + _LOCK)


def _remove(run: Path) -> int:
    """Remove a run's folder, and its lock while that is held: who waits for it then makes a new one."""
    size = sum(each.st_size for each in _files(run))
    # Not file by file: a killed write has left a temporary one too.
    shutil.rmtree(run, ignore_errors=True)
    with contextlib.suppress(OSError):
        _lock(run).unlink()
    return size


def _days_untouched(run: Path) -> float:
    newest = max((each.st_mtime for each in _files(run)), default=math.inf)
    return (time.time() - newest) / _SECONDS_A_DAY


def _files(run: Path) -> list[os.stat_result]:
    """A run's folders and files and its lock; those that go at this moment are left out."""
    paths = [str(run), str(_lock(run))]
    for place, folders, names in os.walk(run):
        paths += [os.path.join(place, name) for name in (*folders, *names)]  # noqa: PTH118
    found = []
    for path in paths:
        with contextlib.suppress(OSError):
            found.append(os.lstat(path))
    return found
