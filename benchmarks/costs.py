"""(stage, its arguments) => seconds and memory that it takes in a process of its own."""

from __future__ import annotations

import gc
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS_BETWEEN_LOOKS = 0.002
_PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Cost:
    """What a stage takes.

    Attributes:
        seconds: wall time.
        processor: of it, seconds of this process on a processor: what a busy machine does not change.
        bytes: how far memory grew above what the process held before; None where the system does not tell.
    """

    seconds: float
    processor: float
    bytes: int | None


class Stretch:
    """Measures what happens between `with` and its end."""

    cost: Cost

    def __enter__(self) -> Self:
        gc.collect()
        self._before = self._most = _memory()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        self._began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        seconds, processor = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        self._over.set()
        self._thread.join()
        known = self._before is not None and self._most is not None
        self.cost = Cost(seconds, processor, (self._most or 0) - (self._before or 0) if known else None)

    def _watch(self) -> None:
        more = True
        while more:
            more = not self._over.wait(_SECONDS_BETWEEN_LOOKS)
            now = _memory()
            if now is not None:
                self._most = max(now, self._most or 0)


def apart(stage: Callable[..., Cost], *arguments: object) -> Cost:
    """Run a stage in a fresh process, where nothing that was freed before hides what it takes."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(stage, *arguments).result()


def _memory() -> int | None:
    """Bytes of this process that lie in memory."""
    try:
        pages = Path("/proc/self/statm").read_bytes().split()[1]
    except OSError:
        return None
    return int(pages) * _PAGE_BYTES
