"""(package) => the release that is installed, known without loading it."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache  # identities ask for the same ones several times in a start
def release(package: str) -> str:
    """The installed release; "" where there is none.

    Example:
        >>> release("headstart") != "", release("no-such-package")
        (True, '')
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
