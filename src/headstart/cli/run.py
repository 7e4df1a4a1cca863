"""(arguments) => exit code: 0 done, 1 the answer is "no", 2 wrong use or unusable input, 130, 143."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from cyclopts import CycloptsError

from headstart.cli.app import build_app
from headstart.errors import HeadstartError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

_UNUSABLE = 2
_INTERRUPTED = 130
_TERMINATED = 143


class _Terminated(BaseException):
    """SIGTERM or SIGHUP arrived; unwinds like Ctrl-C so that finished work is kept."""


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; errors become one line on standard error."""
    debug = "--debug" in arguments
    try:
        with _termination_unwinds():
            code = build_app()(
                list(arguments), exit_on_error=False, print_error=False, result_action="return_value"
            )
            sys.stdout.flush()
    except (KeyboardInterrupt, _Terminated) as stop:
        return _stopped(stop, arguments)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing to tell, nobody to tell it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            raise
        return _failed(error, as_json="--json" in arguments)
    return code if isinstance(code, int) else 0


def _failed(error: Exception, *, as_json: bool) -> int:
    message = explain(error)
    if as_json:
        from headstart.cli.output import print_json

        print_json({"error": {"kind": type(error).__name__, "message": message}})
    sys.stderr.write(f"headstart: {message}\n")
    return _UNUSABLE


def explain(error: Exception) -> str:
    """One line for people: what was given, what was expected, what to do.

    Example:
        >>> from headstart.errors import UsageError
        >>> explain(UsageError("--seed is -1: expected 0 or more"))
        '--seed is -1: expected 0 or more'
    """
    if isinstance(error, HeadstartError):
        text = str(error)
    elif isinstance(error, CycloptsError):
        text = f"{error} Try --help."
    elif isinstance(error, MemoryError):
        text = "this machine ran out of memory: close other programs, or use a smaller backbone"
    elif isinstance(error, OSError):
        text = f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
    else:
        text = f"an error of headstart itself ({type(error).__name__}: {error}); --debug shows where"
    return _one_line(text)


def _one_line(text: str) -> str:
    printable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return " ".join(printable.replace("│", " ").split())


def _stopped(stop: BaseException, arguments: Sequence[str]) -> int:
    import shlex

    word = "interrupted" if isinstance(stop, KeyboardInterrupt) else "terminated"
    command = _one_line(shlex.join(["headstart", *arguments]))
    sys.stderr.write(f"headstart: {word}; finished work is kept, resume with: {command}\n")
    return _INTERRUPTED if isinstance(stop, KeyboardInterrupt) else _TERMINATED


@contextmanager
def _termination_unwinds() -> Iterator[None]:
    def unwind(signum: int, _frame: FrameType | None) -> NoReturn:
        # A second signal must not break the tidying up that the first one began.
        signal.signal(signum, signal.SIG_IGN)
        raise _Terminated

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), unwind) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
