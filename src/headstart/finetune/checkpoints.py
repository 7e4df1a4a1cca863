"""(state of a run) <=> files of which the newest whole one is found again after a kill."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from headstart.finetune.history import Epoch
from headstart.finetune.loop import RunState
from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.home import private_folder

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"epoch-(\d{5})-([0-9a-f]{16})\.safetensors")
"""The number of the epoch, and the start of the file's own SHA-256: a bit that flipped is noticed."""
_KEPT = 2
"""The one before the newest is kept too: a disk may have lost the newest."""


class Checkpoints:
    """A folder with the last epochs of one run; another run, by its photos or settings, has another folder.

    Args:
        folder: of this run alone; made when the first epoch is kept.

    Attributes:
        damaged: the epochs whose files `newest` passed over when it was last asked.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as place:
        ...     checkpoints = Checkpoints(Path(place, "run"))
        ...     checkpoints.save(RunState(1, [Epoch(0, None, 0.7, 0.5), Epoch(1, 0.5, 0.6, 0.75)]))
        ...     checkpoints.newest().epoch
        1
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged: tuple[int, ...] = ()

    def save(self, state: RunState) -> None:
        """Keep an epoch; older ones go once it is on the disk.

        Raises:
            StorageError: the disk refuses; the epochs before it are still there.
        """
        from safetensors.torch import save

        facts = {
            "epoch": state.epoch,
            "stopped": state.stopped,
            "history": [asdict(each) for each in state.history],
        }
        tensors = {name: value.cpu().contiguous() for name, value in state.tensors.items()}
        private_folder(self.folder)
        data = save(tensors, {"run": json.dumps(facts)})
        path = self.folder / f"epoch-{state.epoch:05d}-{_digest(data)}.safetensors"
        atomic_write_bytes(path, data)
        others = [each for each in self._files() if each != path]
        for old in others[_KEPT - 1 :]:
            old.unlink(missing_ok=True)

    def newest(self) -> RunState | None:
        """The newest epoch that is whole; those that are damaged are passed over, and stand in `damaged`."""
        self.damaged = ()
        for path in self._files():
            if (state := _read(path)) is not None:
                return state
            self.damaged += (int(path.name.split("-")[1]),)
        return None

    def _files(self) -> list[Path]:
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted((path for path in found if _NAME.fullmatch(path.name)), reverse=True)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _read(path: Path) -> RunState | None:
    from safetensors import SafetensorError, safe_open

    try:
        if not path.stem.endswith(_digest(path.read_bytes())):
            return None
        with safe_open(path, framework="pt") as file:
            facts: dict[str, Any] = json.loads(file.metadata()["run"])
            # Cloned: the file may go while the tensors are still in use.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - no mapping
        history = [Epoch(**each) for each in facts["history"]]
        return RunState(facts["epoch"], history, tensors, facts["stopped"])
    except (SafetensorError, OSError, ValueError, TypeError, KeyError):
        return None
