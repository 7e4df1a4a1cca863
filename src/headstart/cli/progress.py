"""Progress on standard error: a bar with pace and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import ProgressColumn, Task, TaskID

    from headstart.features.progress import Progress

_SECONDS_BETWEEN_LINES = 5.0


def progress_for_stderr() -> Progress:
    """Choose a bar for a terminal, plain lines for a file or a pipe."""
    return ProgressBar() if sys.stderr.isatty() else ProgressLines()


class ProgressLines:
    """A line every five seconds, and one at the end of work that took longer than that."""

    def __init__(self) -> None:
        self._total, self._what, self._done = 0, "", 0
        self._began = self._spoke = time.monotonic()

    def start(self, total: int, what: str) -> None:
        """Begin `total` steps of `what` ("photos to features")."""
        self._total, self._what, self._done = total, what, 0
        self._began = self._spoke = time.monotonic()

    def advance(self, count: int = 1) -> None:
        """Count `count` more steps as done."""
        self._done += count
        self._total = max(self._total, self._done)  # what others' methods take is an estimate
        now = time.monotonic()
        if now - self._spoke >= _SECONDS_BETWEEN_LINES:
            self._spoke = now
            self._say(now)

    def stop(self) -> None:
        """End this stretch of work."""
        if self._spoke > self._began:
            self._say(time.monotonic())

    def _say(self, now: float) -> None:
        rate = self._done / max(now - self._began, 1e-9)
        left = (self._total - self._done) / rate if rate else 0.0
        sys.stderr.write(
            f"{self._what}: {self._done} of {self._total}, {rate:.0f} a second, {left:.0f} s left\n"
        )
        sys.stderr.flush()


class ProgressBar:
    """A bar that disappears when its work is done."""

    def __init__(self) -> None:
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def start(self, total: int, what: str) -> None:
        """Begin `total` steps of `what` ("photos to features")."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.stop()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            _rate_column(),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task(what, total=total)

    def advance(self, count: int = 1) -> None:
        """Count `count` more steps as done."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, count)

    def stop(self) -> None:
        """End this stretch of work and take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _rate_column() -> ProgressColumn:
    from rich.progress import ProgressColumn
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """Steps a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.0f}/s" if task.speed else "")

    return RateColumn()
