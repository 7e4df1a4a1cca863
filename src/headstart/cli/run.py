"""(arguments) => exit code: 0 done, 1 the answer is "no", 2 wrong use or unusable input, 130, 143."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from cyclopts import CycloptsError

from headstart.cli import INTERRUPTED, TERMINATED
from headstart.cli.app import build_app
from headstart.cli.output import UNUSABLE, print_json
from headstart.cli.signals import TerminatedError
from headstart.errors import HeadstartError
from headstart.finetune.fabric import is_first_process

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; errors become one line on standard error."""
    try:
        code = build_app()(
            list(arguments), exit_on_error=False, print_error=False, result_action="return_value"
        )
        sys.stdout.flush()
    except (KeyboardInterrupt, TerminatedError) as stop:
        return _stopped(stop, arguments)
    except (BrokenPipeError, SystemExit):  # the second is how rich, which prints --help, says the first
        return _nobody_reads()
    except Exception as error:
        if "--debug" in arguments:
            raise
        return _failed(error, as_json=any(word.partition("=")[0] == "--json" for word in arguments))
    return code if isinstance(code, int) else 0


def _nobody_reads() -> int:
    """The reader of our output went away (`| head`): nothing to tell, nobody to tell it to."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _failed(error: Exception, *, as_json: bool) -> int:
    if not is_first_process():  # the first one says it for all of them
        return UNUSABLE
    message = explain(error)
    with contextlib.suppress(OSError):
        sys.stderr.write(f"headstart: {message}\n")
    if as_json:
        try:
            print_json({"error": {"kind": type(error).__name__, "message": message}})
            sys.stdout.flush()
        except OSError:
            _nobody_reads()
    return UNUSABLE


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
    elif type(error).__name__ == "OutOfMemoryError":  # torch's, which is not loaded for this
        text = (
            "the GPU ran out of memory: give a smaller --batch-size; "
            "with finetune a later --part or --bf16 helps too"
        )
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

    code = INTERRUPTED if isinstance(stop, KeyboardInterrupt) else TERMINATED
    if not is_first_process():  # the first one says it for all of them
        return code
    word = "interrupted" if isinstance(stop, KeyboardInterrupt) else "terminated"
    command = _one_line(shlex.join(["headstart", *arguments]))
    with contextlib.suppress(OSError):
        sys.stderr.write(f"headstart: {word}; {_kept(arguments)}: {command}\n")
    return code


def _kept(arguments: Sequence[str]) -> str:
    """What a verb that was stopped leaves, and what the command after it does.

    Example:
        >>> _kept(["train", "photos"]), _kept(["lesson"])
        ('finished work is kept, resume with', 'computed features are kept, rows are not; begin again with')
    """
    if "lesson" in arguments[:1]:
        return "computed features are kept, rows are not; begin again with"
    return "finished work is kept, resume with"
