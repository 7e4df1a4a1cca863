"""(a Keras model) <=> (its config as JSON): built again in float32, only from what the lists allow."""

from __future__ import annotations

import copy
import json
import math
from typing import TYPE_CHECKING, Any

from headstart.backbones.keras.allowed import require_allowed
from headstart.backbones.keras.network import Program, is_graph
from headstart.backbones.keras.publication import no_memory_for_weights
from headstart.backbones.keras.runtime import keras_for_files, usual_settings
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DROPPED = ("compile_config",)
_FULL = "float32"
_SHORTER = ("float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")
_MOST_NUMBERS = 1 << 28
"""The largest activation for one photo: a GiB."""


def config_of(model: Any) -> str:
    """A model's config as JSON text, without how it was trained.

    Args:
        model: of Keras, functional or sequential.
    """
    keras_for_files()
    return json.dumps(_in_full(json.loads(model.to_json())), separators=(",", ":"), sort_keys=True)


def model_of(config: Any, what: str, *, numbers: Sequence[tuple[int, ...]] | None = None) -> Any:
    """Build a model from a config; its weights mean nothing yet.

    Args:
        config: JSON values; they may come from anywhere, and stay as they are.
        what: what the user calls it, for messages.
        numbers: the shapes of the arrays in the file that has its weights: nothing larger is built.
            None: it is a model that was in memory already.

    Returns:
        A Keras model that computes in float32.

    Raises:
        BackboneError: the config names what is not allowed, can't be built, or needs other weights.

    Example:
        >>> import json, keras
        >>> small = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="first")])
        >>> model_of(json.loads(config_of(small)), "mine").get_layer("first").filters
        4
    """
    values = _in_full(config)
    require_allowed(values, what)
    keras_for_files()
    try:
        if numbers is not None:
            _require_size(_shapes(values), what, numbers)
        # A block of its own: what was built to be measured has used up names.
        with usual_settings() as keras:
            model = keras.saving.deserialize_keras_object(values, safe_mode=True)
    except BackboneError:
        raise
    # Keras raises anything for a config that does not fit together.
    except Exception as fault:
        said = " ".join(str(fault).split())[:200]
        raise BackboneError(f"{what} can't be built: {type(fault).__name__}: {said}") from fault
    return model


def _shapes(values: dict[str, Any]) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """The shapes of all weights and of all activations of a model, of which nothing is allocated."""
    with usual_settings() as keras, no_memory_for_weights():
        # Keras changes the config that it builds from.
        model = keras.saving.deserialize_keras_object(copy.deepcopy(values), safe_mode=True)
        weights = [tuple(each.shape) for each in model.weights]
        return weights, [tuple(each.shape) for each in _activations(model)]


def _activations(model: Any) -> Iterator[Any]:
    for _, node in Program(model).steps:
        yield from node.outputs
        if is_graph(node.operation):
            yield from _activations(node.operation)


def _require_size(
    shapes: tuple[list[tuple[int, ...]], list[tuple[int, ...]]],
    what: str,
    numbers: Sequence[tuple[int, ...]],
) -> None:
    weights, activations = shapes
    if any(_count(shape) > _MOST_NUMBERS for shape in activations):
        raise BackboneError(
            f"{what} would need more than {_MOST_NUMBERS:,} numbers for one layer of one photo"
        )
    needed = sum(map(_count, weights))
    if needed != (stored := sum(map(_count, numbers))):
        raise BackboneError(f"{what} describes a model of {needed:,} numbers, and its weights are {stored:,}")


def _count(shape: tuple[int | None, ...]) -> int:
    # A photo's own sides may be open.
    return math.prod(1 if side is None else side for side in shape)


def _in_full(value: Any) -> Any:
    """A config that computes in float32 everywhere, without the parts about training."""
    if isinstance(value, list):
        return [_in_full(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") in ("DTypePolicy", "FloatDTypePolicy"):
        return {**value, "config": {"name": _FULL}}
    return {key: _settled(key, each) for key, each in value.items() if key not in _DROPPED}


def _settled(key: str, value: Any) -> Any:
    if key == "trainable":
        return True  # what is trained is decided later, and must not change which weights there are
    return _FULL if key == "dtype" and value in _SHORTER else _in_full(value)
