"""(a Keras model that ends in a softmax) => the same model without it: what comes out are logits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.keras.network import is_graph
from headstart.backbones.keras.runtime import keras, to_numpy
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from torch import Tensor

_CLOSE = 1e-3


def without_softmax(model: Any) -> tuple[Any, bool]:
    """Leave out the softmax at the end of a model; one number through a sigmoid becomes two logits.

    Args:
        model: functional or sequential, with one output. Its layers are used again, and not changed.

    Returns:
        The model that gives logits, and whether there was anything to leave out.

    Example:
        >>> import keras
        >>> inputs = keras.Input((4,))
        >>> model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="answer")(inputs))
        >>> logits, found = without_softmax(model)
        >>> found, logits.get_layer("answer").activation.__name__
        (True, 'linear')
    """
    logits = _before(*_made_by(model.outputs[0]))
    if logits is None:
        return model, False
    return keras().Model(model.inputs, logits, name=model.name), True


def _before(operation: Any, node: Any) -> Any:
    """The symbolic logits that a last step makes probabilities of; None where it does not."""
    if is_graph(operation):
        inner, found = without_softmax(operation)
        return inner(*node.arguments.args, **node.arguments.kwargs) if found else None
    if _is_activation(operation, "softmax"):
        return node.input_tensors[0]
    if _is_activation(operation, "sigmoid"):
        return _of_one_number(*_made_by(node.input_tensors[0]))
    if type(operation) is not keras().layers.Dense:
        return None
    name = getattr(operation.activation, "__name__", "")
    numbers = [to_numpy(each.value) for each in operation.weights]
    if name == "softmax":
        return _twin(operation, operation.units, numbers, node)
    return _two_of_one(operation, node) if name == "sigmoid" and operation.units == 1 else None


def _of_one_number(operation: Any, node: Any) -> Any:
    """The two logits where a layer before a sigmoid gives one number, and is nothing but linear."""
    is_linear = type(operation) is keras().layers.Dense and operation.units == 1
    if not is_linear or getattr(operation.activation, "__name__", "") != "linear":
        return None
    return _two_of_one(operation, node)


def _two_of_one(dense: Any, node: Any) -> Any:
    return _twin(dense, 2, [_beside_zero(to_numpy(each.value)) for each in dense.weights], node)


def _made_by(tensor: Any) -> tuple[Any, Any]:
    """The operation that made a symbolic tensor, and its node in the graph."""
    history = tensor._keras_history  # noqa: SLF001  (how Keras notes what made a tensor)
    return history.operation, history.operation._inbound_nodes[history.node_index]  # noqa: SLF001


def _is_activation(operation: Any, name: str) -> bool:
    """A layer or an operation of its own that does nothing else; a softmax over the last axis."""
    if isinstance(operation, keras().layers.Activation):
        return getattr(operation.activation, "__name__", "") == name
    return type(operation).__name__ == name.title() and getattr(operation, "axis", -1) == -1


def require_one_answer(model: Any, name: str) -> None:
    """Refuse classes for a model that gives several of them at once: each through a sigmoid of its own.

    Args:
        model: after `without_softmax`.
        name: of the model, for the message.

    Raises:
        BackboneError: it ends in a sigmoid.

    Example:
        >>> import keras
        >>> inputs = keras.Input((4,))
        >>> tags = keras.Model(inputs, keras.layers.Dense(3, activation="sigmoid")(inputs))
        >>> require_one_answer(tags, "mine")
        Traceback (most recent call last):
        headstart.errors.BackboneError: mine ends in a sigmoid for each of its outputs, so a photo may be ...
    """
    operation, _ = _made_by(model.outputs[0])
    if is_graph(operation):
        require_one_answer(operation, name)
    elif "sigmoid" in (getattr(getattr(operation, "activation", None), "__name__", ""), _kind(operation)):
        raise BackboneError(
            f"{name} ends in a sigmoid for each of its outputs, so a photo may be several of its classes at "
            "once; headstart's classes exclude each other: leave out classes, then its features are used"
        )


def _kind(operation: Any) -> str:
    return type(operation).__name__.lower()


def _twin(dense: Any, units: int, weights: list[Any], node: Any) -> Any:
    config = {**dense.get_config(), "activation": "linear", "units": units}
    twin = type(dense).from_config(config)
    logits = twin(node.input_tensors[0])
    twin.set_weights(weights)
    return logits


def _beside_zero(array: Any) -> Any:
    """A kernel (d, 1) or a bias (1,) with a column of zeros before it: softmax(0, z) = (1 - s(z), s(z))."""
    return np.concatenate([np.zeros_like(array), array], axis=-1)


def require_logits(outputs: Tensor, name: str) -> None:
    """Refuse what gives probabilities where logits are meant.

    Args:
        outputs: (n, classes) of some photos.
        name: of the model, for the message.

    Raises:
        BackboneError: no number is below zero, and each photo's add up to one.

    Example:
        >>> import torch
        >>> require_logits(torch.tensor([[0.25, 0.75]]), "mine")
        Traceback (most recent call last):
        headstart.errors.BackboneError: mine still gives probabilities where its softmax was looked for; ...
    """
    sums = outputs.flatten(1).sum(1)
    if bool((outputs >= 0).all()) and bool(((sums - 1).abs() < _CLOSE).all()):
        raise BackboneError(
            f"{name} still gives probabilities where its softmax was looked for; give the model up to its "
            "logits, keras.Model(model.input, THE_LOGITS), or leave out classes: then only its features "
            "are used"
        )
