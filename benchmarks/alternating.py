"""({name: job}, rounds) => the median seconds of each job, all of them run in turn."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def alternating(
    jobs: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Time jobs side by side: every round runs each once, so what slows the machine down slows all alike.

    Args:
        jobs: what to time.
        rounds: how many count, at least 1; one before them, in which caches fill, does not.
        clock: gives seconds (for tests).
    """
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds + 1):
        for name, job in jobs.items():
            began = clock()
            job()
            seconds[name].append(clock() - began)
    return {name: median(each[1:]) for name, each in seconds.items()}
