"""(a seed) => refused before any work where no generator takes it."""

from __future__ import annotations

from headstart.errors import UsageError

_MOST = 2**63
_MOST_OF_SCIKIT = 2**32


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


def check_seed_option(seed: int) -> None:
    """Refuse a `--seed` that scikit-learn would not take.

    Raises:
        UsageError: below 0, or more than 32 bits.

    Example:
        >>> check_seed_option(-1)
        Traceback (most recent call last):
        headstart.errors.UsageError: --seed is -1; expected a number from 0 to 4294967295
    """
    if not 0 <= seed < _MOST_OF_SCIKIT:
        raise UsageError(f"--seed is {seed}; expected a number from 0 to {_MOST_OF_SCIKIT - 1}")
