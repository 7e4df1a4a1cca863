"""() => which code runs Keras's networks in this process: known without loading any of it."""

from __future__ import annotations

from headstart.backbones.keras.runtime import TENSORFLOW, backend
from headstart.backbones.releases import release
from headstart.backbones.spec import KERAS
from headstart.errors import BackboneError

_DISTRIBUTIONS = {TENSORFLOW: (TENSORFLOW, "tensorflow-cpu", "tensorflow_intel", "tensorflow-macos")}
"""Packages that bring a backend, where they are called otherwise than it."""


def keras_code() -> str:
    """The releases of Keras and of the backend that it has, or would have, here.

    The same network under another backend is other code, so its rows and its facts are kept apart.

    Raises:
        BackboneError: the backend is none of ours.

    Example:
        >>> keras_code().split(" on ")[1].split()[0] in ("torch", "tensorflow")
        True
    """
    name = backend()
    found = next(filter(None, map(release, _DISTRIBUTIONS.get(name, (name,)))), "")
    return f"{release(KERAS)} on {name} {found}"


def keras_code_or_fault() -> str:
    """The same for those who only compare it: where there is no such code, what is said of that."""
    try:
        return keras_code()
    except BackboneError as fault:
        return str(fault)
