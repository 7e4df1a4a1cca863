"""(a Python module and its arguments, a folder, a home) => what it prints, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_END = 2000  # characters of a traceback that are told


def output_of(words: Sequence[str], folder: Path, home: Path, **environment: str) -> str:
    """Run a module as `python -m` does, offline.

    Args:
        words: the module's name, and its arguments.
        folder: where it runs.
        home: of weights and features.
        environment: variables beside those of this process.

    Raises:
        RuntimeError: it failed; with the end of what it said.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     output_of(["platform", "terse"], Path(folder), Path(folder)).count(chr(10))
        1
    """
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, "HEADSTART_HOME": str(home), "HEADSTART_OFFLINE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr[-_END:]}")
    return done.stdout
