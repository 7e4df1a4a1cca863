"""Signals of a process that is the command line: the first one unwinds, later ones are ignored.

Nothing heavy is imported here: this must be in place before anything else is loaded.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

_STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")


class TerminatedError(BaseException):
    """SIGTERM or SIGHUP arrived; unwinds like Ctrl-C, so that finished work is kept."""


def unwind_on_signals() -> None:
    """Make SIGINT, SIGTERM and SIGHUP unwind; one that is ignored (by `nohup`, say) stays ignored."""
    for name in _STOPPING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _unwind)


def ignore_signals() -> None:
    """From now on the process is ending: nothing must break that off."""
    for name in _STOPPING:
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, signal.SIG_IGN)


def _unwind(number: int, _frame: FrameType | None) -> NoReturn:
    ignore_signals()
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise TerminatedError
