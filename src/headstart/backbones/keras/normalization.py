"""(Keras's Normalization layer) => the same computation on its weights, of which the layer keeps copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headstart.backbones.keras.runtime import keras

if TYPE_CHECKING:
    from collections.abc import Callable


def on_its_weights(layer: Any) -> Callable[[Any], Any] | None:
    """What a `Normalization` layer computes, from the weights that are in force when it runs.

    Keras's own `call` reads plain tensors that it made of them when they were loaded into the layer.

    Args:
        layer: any operation.

    Returns:
        A function of the layer's input; None where the layer is another one, or has fixed numbers.
    """
    package = keras()
    if type(layer) is not package.layers.Normalization or not hasattr(layer, "adapt_mean"):
        return None
    ops = package.ops
    shape = tuple(layer._broadcast_shape)  # noqa: SLF001  (the layer shows it nowhere else)

    def call(inputs: Any) -> Any:
        mean = ops.reshape(layer.adapt_mean, shape)
        spread = ops.maximum(ops.sqrt(ops.reshape(layer.adapt_variance, shape)), package.config.epsilon())
        return inputs * spread + mean if layer.invert else (inputs - mean) / spread

    return call
