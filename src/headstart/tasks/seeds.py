"""(a seed) => refused before any work where no generator takes it."""

from __future__ import annotations

from headstart.errors import UsageError

_MOST = 2**63


def check_seed(seed: int) -> None:
    """Refuse a seed that torch or numpy would not take.

    Raises:
        UsageError: below 0, or more than 63 bits.

    Example:
        >>> check_seed(-1)
        Traceback (most recent call last):
        headstart.errors.UsageError: the seed is -1; expected 0 to 2**63 - 1
    """
    if not 0 <= seed < _MOST:
        raise UsageError(f"the seed is {seed}; expected 0 to 2**63 - 1")
