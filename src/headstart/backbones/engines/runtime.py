"""() => the OpenVINO package, without its habit of reporting home."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from headstart.backbones.engines.processor import cpu_flags

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

_CONVERTER, _REPORTER = "openvino.tools.ovc", "openvino_telemetry"


@cache
def openvino() -> Any:
    """The package without its converter, which takes half of the time to load and reports home.

    Raises:
        ImportError: it is not installed, or there is none for this machine.

    Example:
        >>> openvino().__name__
        'openvino'
    """
    with _kept_out(_CONVERTER), _kept_out(_REPORTER):
        import openvino as package
    return package


@cache
def converter() -> Any:
    """Its `convert_model`, without the part that writes a file in the user's home and looks up a name."""
    openvino()
    with _kept_out(_REPORTER):
        from openvino.tools.ovc import convert_model
    return convert_model


@contextmanager
def _kept_out(module: str) -> Iterator[None]:
    """Have an import of it fail, for which OpenVINO is prepared, unless it is loaded already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = cast("ModuleType", None)
    try:
        yield
    finally:
        del sys.modules[module]


@cache
def core() -> Any:
    """OpenVINO's list of devices, made once: it takes a while."""
    return openvino().Core()


def has_openvino() -> bool:
    """Whether the package is installed; it is not loaded for that."""
    return find_spec("openvino") is not None


def has_bf16() -> bool:
    """Whether the processor computes in bfloat16 itself: elsewhere that would be slower, not faster.

    Example:
        >>> has_bf16() in (True, False)
        True
    """
    known = cpu_flags()
    if known:  # Linux says it without loading anything
        return bool(known & {"amx_bf16", "avx512_bf16", "bf16"})
    try:
        return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except (ImportError, RuntimeError):
        return False
