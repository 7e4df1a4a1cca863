"""The command line: parse, call a task, show. Nothing is decided here."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line on this process's arguments and exit with its code."""
    from headstart.cli.run import run

    sys.exit(run(sys.argv[1:]))
