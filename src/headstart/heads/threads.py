"""Linear algebra while a head is fitted: BLAS on one thread, and whole pieces of work side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor

_Piece = TypeVar("_Piece")
_Result = TypeVar("_Result")


class Team:
    """Does pieces of work side by side, and hands back their results in order.

    numpy lets go of the interpreter in products and exponentials, so that threads of Python are enough. Who
    cuts the work cuts it by its size and not by the size of the team: results are then the same bits however
    many threads there are.

    Args:
        pool: the threads; None does one piece after the other.

    Example:
        >>> Team().map(abs, [-1, 2])
        [1, 2]
    """

    def __init__(self, pool: Executor | None = None) -> None:
        self._pool = pool

    def map(self, work: Callable[[_Piece], _Result], pieces: Iterable[_Piece]) -> list[_Result]:
        """The result of each piece; a piece must not hand pieces to this team itself."""
        several = list(pieces)
        if self._pool is None or len(several) < 2:
            return [work(piece) for piece in several]
        return list(self._pool.map(work, several))


ALONE = Team()
"""One piece after the other, in the caller's own thread."""


@contextmanager
def team() -> Iterator[Team]:
    """As many threads as BLAS would use; in this block BLAS itself keeps to the one that calls it.

    numpy and scipy each bring a BLAS with threads of its own, which wait for work by spinning. A fit goes
    back and forth between the two in calls of microseconds, so the threads of one take the cores from the
    other: measured on two cores, 370 rows of 1,280 in 37 classes took 240 s with two threads and 2 s with
    one. Threads that each do a piece with a BLAS of one thread wait for each other without spinning.
    `OMP_NUM_THREADS`, and the CPUs that the process may use, count as they do for BLAS.

    Example:
        >>> import numpy as np
        >>> with team() as hands:
        ...     [product] = hands.map(lambda each: each @ each, [np.eye(2)])
        >>> product.tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    import scipy.linalg  # noqa: F401 - a library that is not loaded yet can't be kept to one thread
    from threadpoolctl import ThreadpoolController

    blas = ThreadpoolController().select(user_api="blas")
    count = max((int(library["num_threads"]) for library in blas.info()), default=1)
    with blas.limit(limits=1):
        if count < 2:
            yield ALONE
            return
        with ThreadPoolExecutor(count, thread_name_prefix="headstart-head") as pool:
            yield Team(pool)
