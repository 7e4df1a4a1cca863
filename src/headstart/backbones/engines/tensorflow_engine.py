"""(a Keras network on TensorFlow) => rows, each photo by itself: torch's engine, TensorFlow's kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.engines.torch_engine import TorchEngine
from headstart.backbones.keras.runtime import TENSORFLOW, backend
from headstart.backbones.spec import KERAS, KERAS_MODEL
from headstart.errors import UsageError

if TYPE_CHECKING:
    from headstart.backbones.engines.engine import EngineName, Precision
    from headstart.backbones.source import FeatureSource


class TensorFlowEngine(TorchEngine):
    """Runs a Keras network where Keras is on TensorFlow; it takes f32 and the processor."""

    def identity(self) -> dict[str, str]:
        """As `Engine.identity`; the release is part of the network's own line."""
        return {**super().identity(), "engine": TENSORFLOW}


def on_tensorflow(source: FeatureSource) -> bool:
    """Whether TensorFlow computes a network in this process: no other engine can follow its code."""
    return source.spec.framework in (KERAS, KERAS_MODEL) and backend() == TENSORFLOW


def require_suited(source: FeatureSource, engine: EngineName | None, precision: Precision | None) -> None:
    """Refuse an engine that is not the network's, or a precision that TensorFlow's does not have.

    Raises:
        UsageError: says what to leave out.
    """
    if not on_tensorflow(source):
        if engine == TENSORFLOW and source.spec.framework in (KERAS, KERAS_MODEL):
            raise UsageError(
                f"--engine tensorflow runs {source.spec.name} with KERAS_BACKEND=tensorflow alone, and Keras "
                "is on torch here; set KERAS_BACKEND=tensorflow and start again"
            )
        if engine == TENSORFLOW:
            raise UsageError(
                f"--engine tensorflow runs Keras's networks, with KERAS_BACKEND=tensorflow; "
                f"{source.spec.name} is not run by it here"
            )
        return
    if engine not in (None, TENSORFLOW):
        raise UsageError(
            f"--engine {engine} can't run {source.spec.name} here: KERAS_BACKEND is tensorflow, so "
            "TensorFlow computes it; leave one of the two out"
        )
    if precision not in (None, "f32"):
        raise UsageError(
            f"--precision {precision} can't be had of TensorFlow, which runs f32 here; leave it or "
            "KERAS_BACKEND=tensorflow out"
        )
