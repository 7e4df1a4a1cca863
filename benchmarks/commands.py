"""(a command line of Python) => how long the whole process takes, and which heavy packages it loads."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import HeadstartError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HEAVY = ("torch", "torchvision", "timm", "sklearn", "scipy", "skimage", "openvino")
"""Packages that take a tenth of a second or more to load."""
_MARK = "import time:"


class CommandFailedError(HeadstartError):
    """A command ended with another exit code than 0; the message is the last thing it said."""


@dataclass(frozen=True)
class Command:
    """A command line of Python.

    Attributes:
        words: after the interpreter.
        python: the interpreter.
        folder: where it runs; None: here.
        before: done each time ahead of it, and not timed; None: nothing.
    """

    words: tuple[str, ...]
    python: Path = Path(sys.executable)
    folder: Path | None = None
    before: Callable[[], None] | None = None

    def prepare(self) -> None:
        """Do what comes ahead of it."""
        if self.before is not None:
            self.before()

    def run(self) -> str:
        """Run it to its end and give what it wrote on standard error.

        Raises:
            CommandFailedError: its exit code is not 0.
        """
        line = [str(self.python), *self.words]
        finished = subprocess.run(line, cwd=self.folder, capture_output=True, text=True, check=False)
        if finished.returncode:
            said = finished.stderr.strip().splitlines() or [f"exit code {finished.returncode}"]
            raise CommandFailedError(said[-1])
        return finished.stderr


def timed(command: Command) -> Callable[[], float]:
    """A job that runs a command and gives its seconds of wall time."""

    def job() -> float:
        command.prepare()
        began = time.perf_counter()
        command.run()
        return time.perf_counter() - began

    return job


def heavy_modules(command: Command) -> list[str]:
    """Which of `HEAVY` a command loads in its own process, in that order; it is run once.

    Raises:
        CommandFailedError: its exit code is not 0.
    """
    command.prepare()
    told = replace(command, words=("-X", "importtime", *command.words)).run()
    loaded = packages(told.splitlines())
    return [name for name in HEAVY if name in loaded]


def packages(lines: Iterable[str]) -> set[str]:
    """The packages that `-X importtime` names.

    Example:
        >>> told = ["import time:  12 | 34 |   torch._C", "reading photos", "import time: 1 | 1 | re"]
        >>> sorted(packages(told))
        ['re', 'torch']
    """
    modules = (line.rpartition("|")[2].strip() for line in lines if line.startswith(_MARK))
    return {module.partition(".")[0] for module in modules}
