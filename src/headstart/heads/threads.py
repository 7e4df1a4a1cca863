"""Linear algebra on one thread, while a head is fitted."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep BLAS to one thread in this block.

    numpy and scipy each bring a BLAS with threads of its own, which wait for work by spinning. A fit goes
    back and forth between the two in calls of microseconds, so the threads of one take the cores from the
    other: measured on two cores, 370 rows of 1,280 in 37 classes took 240 s with two threads and 2 s with
    one. One thread also gives the same bits however many cores there are.

    Example:
        >>> import numpy as np
        >>> with one_thread():
        ...     product = np.eye(2) @ np.eye(2)
        >>> product.tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    import scipy.linalg  # noqa: F401 - a library that is not loaded yet can't be kept to one thread
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
