"""(a peer, a request) => its figures, from a process of the peers' own interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.errors import HeadstartError

if TYPE_CHECKING:
    from peers.steady import Request

HERE = Path(__file__).parent
PEERS_HOME = HERE.parent / ".venv-peers"
MODULES = {
    "lesson": "peers.lesson",
    "loader": "peers.loader",
    "timm": "peers.by_timm",
    "keras": "peers.by_keras",
    "fastai": "peers.by_fastai",
    "onnxruntime": "peers.by_onnxruntime",
}
_MINUTES = 30


class PeerFailedError(HeadstartError):
    """A peer gave no figures; the message is the last thing it said."""


def peers_python(home: Path = PEERS_HOME) -> Path | None:
    """The interpreter of the peers' environment, None where there is none."""
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    return python if python.exists() else None


def ask(python: Path, side: str, request: Request) -> dict[str, Any]:
    """Let a peer do its work once.

    Args:
        python: the interpreter.
        side: a key of `MODULES`.
        request: what to do.

    Returns:
        `photos`, `seconds` of its steady loop, `width` of a row, and in `with` what ran.

    Raises:
        PeerFailedError: it failed, or computed fewer rows than it was given photos.
    """
    finished = run_module(python, MODULES[side], input=request.to_json())
    last = finished.splitlines()[-1]
    try:
        figures: dict[str, Any] = json.loads(last)
    except json.JSONDecodeError as error:
        raise PeerFailedError(f"its last line should be figures as JSON; it was {last!r}") from error
    if figures["photos"] != len(request.photos):
        raise PeerFailedError(f"it computed {figures['photos']} rows of {len(request.photos)} photos")
    return figures


def run_module(python: Path, module: str, *arguments: str, input: str = "") -> str:  # noqa: A002
    """Run a peer's script and give what it printed.

    Raises:
        PeerFailedError: it failed or took half an hour.
    """
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}  # no peer may fetch anything
    try:
        finished = subprocess.run(
            [str(python), "-m", module, *arguments],
            cwd=HERE,
            env=environment,
            input=input,
            capture_output=True,
            text=True,
            timeout=60 * _MINUTES,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PeerFailedError(f"it took more than {_MINUTES} minutes") from error
    if finished.returncode or not finished.stdout.strip():
        said = finished.stderr.strip().splitlines() or [f"exit code {finished.returncode}"]
        raise PeerFailedError(said[-1])
    return finished.stdout
