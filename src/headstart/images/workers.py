"""Worker processes seen from the parent: start, ask, bound the time, replace, end."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from headstart.errors import StorageError
from headstart.images.wire import pack_paths, receive, send

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from headstart.images.wire import Frame

_START_SECONDS = 60.0
_PIPE_BYTES = 2**20
# glibc gives the memory of each picture back to the system and asks for it anew: a sixth of the time
# that decoding takes. These are the largest values that it would come to by itself.
_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20)}
_OWN_END_SECONDS, _END_SECONDS = 1.0, 5.0


class WorkerDiedError(Exception):
    """The process ended before it answered.

    Attributes:
        timed_out: True if we ended it because it took too long.
        how: "signal 11", "exit code 1".
    """

    def __init__(self, how: str, *, timed_out: bool) -> None:
        super().__init__(how)
        self.how = how
        self.timed_out = timed_out


def worker_command(memory_bytes: int, timeout: float) -> list[str]:
    """The command line of our own worker, whatever folder we are in (-P: it imports nothing from there)."""
    program = "from headstart.images.worker import main; main()"  # -m would load twice as much of Python
    return [sys.executable, "-P", "-c", program, str(memory_bytes), str(timeout)]


class Worker:
    """One process at a time, started when it is first needed and replaced when it died.

    A worker serves one thread at a time; only `end_if_late` and `kill` may be called from others.
    """

    def __init__(self, command: Sequence[str], timeout: float) -> None:
        self._command = list(command)
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._deadline = float("inf")
        self._late = False
        self._ready = False
        self._closed = False
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Start the process, if there is none, without waiting until it is ready.

        Raises:
            StorageError: if no process could be started.
        """
        if self._process is None:
            self._start()

    def ask(self, request: dict[str, Any], path: bytes) -> Frame:
        """Send one request and wait for its answer.

        Raises:
            WorkerDiedError: if the process crashed or was ended because it took too long.
            StorageError: if no process could be started.
        """
        [answer] = self.ask_each(request, [path])
        return answer

    def ask_each(self, request: dict[str, Any], paths: Sequence[bytes]) -> Iterator[Frame]:
        """Ask the same of several files in one message; the answers come one by one, in their order.

        Fewer answers than paths means that the process ended after the last of them: ask again.

        Raises:
            WorkerDiedError: if the process crashed, or was ended because it took too long, over the
                first path that has no answer.
            StorageError: if no process could be started.
        """
        process = self._running()
        message: Frame | tuple[()] = pack_paths(request, paths)
        for _ in paths:
            answer = self._exchange(process, self._timeout, *message)
            message = ()
            if answer is None or self._late:
                how = self._drop(process)
                if answer is None:
                    raise WorkerDiedError(how, timed_out=self._late)
                yield answer
                return
            yield answer

    def end_if_late(self, now: float) -> None:
        """End the process if its answer is overdue."""
        with self._lock:
            if now > self._deadline and self._process is not None:
                self._late = True
                self._process.kill()

    def kill(self) -> None:
        """End the process now and start no other."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """Wait for the end of a killed process; no thread may be asking any more."""
        self.kill()
        if self._process is not None:
            self._drop(self._process)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._drop(self._process)  # it died while it had nothing to do: no photo's fault
        process = self._process if self._process is not None else self._start()
        if not self._ready:
            self._await_ready(process)
        return process

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise WorkerDiedError("closed", timed_out=False)
            self._late = self._ready = False
            self._process = _spawn(self._command)
            return self._process

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        if self._exchange(process, _START_SECONDS) is None:
            self._drop(process)
            if self._closed:
                raise WorkerDiedError("closed", timed_out=False)
            raise StorageError(f"the process that decodes photos could not start: {_why(self._command)}")
        self._ready = True

    def _exchange(self, process: subprocess.Popen[bytes], seconds: float, *message: Any) -> Frame | None:
        self._set_deadline(time.monotonic() + seconds)
        try:
            if message:
                send(cast("IO[bytes]", process.stdin), *message)
            return receive(cast("IO[bytes]", process.stdout))
        except (OSError, ValueError):  # it has gone, or what it wrote is no frame
            return None
        finally:
            self._set_deadline(float("inf"))

    def _set_deadline(self, deadline: float) -> None:
        with self._lock:
            self._deadline = deadline

    def _drop(self, process: subprocess.Popen[bytes]) -> str:
        """Let go of a process that ended or must end; returns how it ended."""
        with self._lock:
            self._process = None
        code = _reap(process)
        return f"signal {-code}" if code < 0 else f"exit code {code}"


def _spawn(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,  # Ctrl-C reaches the parent only, which ends its workers in order
        )
    except OSError as error:
        raise StorageError(
            f"the process that decodes photos could not start: {error.strerror}; "
            "end other programs, or allow more processes and open files (ulimit -u, ulimit -n)"
        ) from error
    _widen(cast("IO[bytes]", process.stdout))
    return process


def _widen(pipe: IO[bytes]) -> None:
    """Let a whole picture lie in the pipe, so that the worker can go on; Linux only, and it may refuse."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _environment() -> dict[str, str]:
    """The modules that this process finds, but none in the folder it is in; no threads of its own."""
    folders = [folder for folder in sys.path if folder] + [str(Path(__file__).parents[2])]
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return {**_MEMORY, **os.environ, **threads, "PYTHONPATH": os.pathsep.join(folders)}


def _reap(process: subprocess.Popen[bytes]) -> int:
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):  # bytes that it will never read
            cast("IO[bytes]", pipe).close()
    with contextlib.suppress(subprocess.TimeoutExpired):  # most ended already: hear how
        return process.wait(_OWN_END_SECONDS)
    process.kill()
    try:
        return process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:  # stuck in the kernel, on a dead network drive
        return 0


def _why(command: list[str]) -> str:
    """Start it once more, to read what it says before it ends."""
    try:
        run = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=_environment(),
            timeout=_START_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = run.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"it ended with code {run.returncode} and said nothing"
