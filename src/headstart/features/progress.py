"""What long work tells whoever shows it; the bar itself lives with the command line."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the pace of one stretch of work after the other."""

    def start(self, total: int, what: str) -> None:
        """Begin `total` steps of `what` ("photos to features")."""

    def advance(self, count: int = 1) -> None:
        """Count `count` more steps as done."""

    def stop(self) -> None:
        """End this stretch of work; called also when it failed."""


class NoProgress:
    """Shows nothing."""

    def start(self, total: int, what: str) -> None:
        """Begin, silently."""

    def advance(self, count: int = 1) -> None:
        """Count, silently."""

    def stop(self) -> None:
        """End, silently."""
