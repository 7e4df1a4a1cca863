"""The command line: parse, call a task, show. Nothing is decided here."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

INTERRUPTED = 130
TERMINATED = 143

_ALLOCATIONS = 50_000
"""Between two searches for garbage. Imports make many objects and no garbage: a tenth of a start."""


def main() -> NoReturn:
    """Run the command line on this process's arguments and exit with its code."""
    gc.set_threshold(_ALLOCATIONS)
    from headstart.cli.signals import TerminatedError, ignore_signals, unwind_on_signals

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us: what we say goes nowhere
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    try:
        unwind_on_signals()
        from headstart.cli.run import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before `run` was there to say more
        code = INTERRUPTED
    except TerminatedError:
        code = TERMINATED
    ignore_signals()
    sys.exit(code)
