"""torch on one thread for each piece of work: no bit of a result depends on how many run beside it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from headstart.backbones.engines.engine import in_order
from headstart.images.reader import available_cpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Result = TypeVar("Result")


def each_alone(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int | None = None
) -> Iterator[Result]:
    """Apply a function that computes in torch to items, each by itself on one thread, several at a time.

    Args:
        function: must not change what it shares with other threads.
        items: taken a few ahead of the results.
        workers: how many at a time; None: as many as there are processors.

    Returns:
        Results in the order of the items, the same whatever `workers` is.

    Example:
        >>> import torch
        >>> list(each_alone(lambda number: int(torch.arange(number).sum()), [2, 3, 4]))
        [1, 3, 6]
    """

    def alone(item: Item) -> Result:
        use_one_thread()
        return function(item)

    with threads_left_alone():
        yield from in_order(alone, items, available_cpus() if workers is None else workers)


def use_one_thread() -> None:
    """Let torch compute on this thread alone; within `threads_left_alone`."""
    import torch

    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)


@contextmanager
def threads_left_alone() -> Iterator[None]:
    """What a worker sets for itself is also what threads that start later begin with: set it back."""
    import torch

    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)
