"""({name: job}, rounds) => what each job gave in each round, all of them taking turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from headstart.errors import HeadstartError

Result = TypeVar("Result")


class Turns(Generic[Result]):
    """What came of jobs that took turns.

    Attributes:
        results: of each job that never failed, one for each round.
        failed: why the others gave nothing; a job that failed is not asked again.
    """

    def __init__(self) -> None:
        self.results: dict[str, list[Result]] = {}
        self.failed: dict[str, str] = {}

    def ask(self, name: str, job: Callable[[], Result]) -> None:
        """Give a job its turn."""
        if name in self.failed:
            return
        try:
            self.results.setdefault(name, []).append(job())
        except HeadstartError as error:
            self.failed[name] = str(error)
            self.results.pop(name, None)


def in_turns(
    jobs: Mapping[str, Callable[[], Result]], rounds: int, told: Callable[[str], None] = lambda _: None
) -> Turns[Result]:
    """Let every job have a turn in every round, so that what slows the machine down slows all alike.

    Args:
        jobs: each measures itself.
        rounds: at least 1.
        told: gets a line before each turn.

    Example:
        >>> in_turns({"one": lambda: 1, "two": lambda: 2}, 2).results
        {'one': [1, 1], 'two': [2, 2]}
    """
    turns: Turns[Result] = Turns()
    for number in range(rounds):
        for name, job in jobs.items():
            told(f"round {number + 1} of {rounds}: {name}")
            turns.ask(name, job)
    return turns
