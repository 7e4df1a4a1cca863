"""(a user's Keras model or file) => a copy as a torch module without its softmax, and its config."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbones.keras.archive import parse_config, read_archive
from headstart.backbones.keras.logits import without_softmax
from headstart.backbones.keras.network import KerasNetwork, Program, is_graph
from headstart.backbones.keras.packed import pack
from headstart.backbones.keras.plain import config_of, model_of
from headstart.backbones.keras.runtime import keras, to_numpy
from headstart.errors import BackboneError
from headstart.storage.atomic import atomic_write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headstart.backbones.spec import OptionValue

_FULL = "float32"


@dataclass(frozen=True)
class Prepared:
    """A copy of a model that is ready to be a backbone.

    Attributes:
        model: the Keras model, whose weights nobody reads.
        module: it as a torch module, with the weights.
        config: what builds it again, as JSON; None where code of the user's would be needed for that.
        bgr: it takes blue first.
        had_softmax: a softmax or a sigmoid was left out.
    """

    model: Any
    module: KerasNetwork
    config: str | None
    bgr: bool
    had_softmax: bool

    def options(self) -> dict[str, OptionValue]:
        """What builds the network again, for its spec."""
        return {} if self.config is None else {"config": pack(self.config), "bgr": self.bgr}


def from_file(path: Path, *, bgr: bool) -> Prepared:
    """Read a `.keras` file; its config is checked before Keras sees it.

    Raises:
        BackboneError: no such file, or it holds what is not allowed.
        WeightsRefusedError: weights that do not fit.
    """
    archive = read_archive(path)
    model = filled(archive.config, archive.weights, path.name)
    require_one_photo(model, path.name)
    return _copied(model, path.name, bgr=bgr)


def filled(config: Any, weights: bytes, what: str) -> Any:
    """Build a model from a config and the bytes of its `.weights.h5`; nobody has checked either."""
    from headstart.backbones.keras.h5 import load_checked
    from headstart.backbones.keras.hdf5 import list_arrays

    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        path = Path(folder, "model.weights.h5")
        atomic_write_bytes(path, weights)
        _, stored = list_arrays(path, what)
        model = model_of(config, what, numbers=[each.shape for each in stored])
        load_checked(model, path, stored, what)
    return model


def from_model(model: Any, name: str, *, bgr: bool) -> Prepared:
    """Copy a model of the user's, which stays as it is.

    Raises:
        BackboneError: not a model with a graph, one photo for input and one output.
    """
    require_one_photo(model, name)
    try:
        copied = model_of(parse_config(config_of(model), name), name)
    except (BackboneError, NotImplementedError, TypeError, ValueError):
        return _as_it_is(model, name, bgr=bgr)
    copied.set_weights([to_numpy(each.value) for each in model.weights])
    return _copied(copied, name, bgr=bgr)


def _copied(model: Any, name: str, *, bgr: bool) -> Prepared:
    """Of a copy that is ours: what is adapted becomes part of the config, the softmax is left out."""
    for layer in _inside(model):
        _settle(layer)
    logits, had_softmax = without_softmax(model)
    numbers = KerasNetwork(logits, bgr=bgr).state_dict()
    config = config_of(logits)
    built = model_of(parse_config(config, name), name)
    module = KerasNetwork(built, bgr=bgr)
    module.load_state_dict({key: numbers[key] for key in module.state_dict()})
    return Prepared(built, module, config, bgr, had_softmax)


def _as_it_is(model: Any, name: str, *, bgr: bool) -> Prepared:
    """Of a model with code of the user's: its layers are its code, its weights are copied."""
    for layer in _inside(model):
        if getattr(layer, "compute_dtype", _FULL) != _FULL:
            raise BackboneError(
                f"{name} computes in {layer.compute_dtype} in {layer.name!r}, and has code of its own that "
                "can't be built again in float32; build it with keras.config.set_dtype_policy('float32')"
            )
    with _left_alone(model):
        logits, had_softmax = without_softmax(model)
        return Prepared(model, KerasNetwork(logits, bgr=bgr), None, bgr, had_softmax)


@contextmanager
def _left_alone(model: Any) -> Iterator[None]:
    """Keras notes at a layer who takes what it gives: our graph's notes at the user's layers are removed."""
    before = {id(each): (each, len(each._outbound_nodes)) for each in _operations(model)}  # noqa: SLF001
    try:
        yield
    finally:
        for operation, count in before.values():
            del operation._outbound_nodes[count:]  # noqa: SLF001


def _operations(model: Any) -> Iterator[Any]:
    program = Program(model)
    yield from (each._keras_history.operation for each in program.inputs)  # noqa: SLF001
    for _, node in program.steps:
        yield node.operation
        if is_graph(node.operation):
            yield from _operations(node.operation)


def _inside(model: Any) -> Iterator[Any]:
    yield from model._flatten_layers(include_self=False)  # noqa: SLF001  (Keras shows nested ones nowhere else)


def _settle(layer: Any) -> None:
    """What a Normalization layer was adapted to is no weight when it runs: it becomes one of its settings."""
    if type(layer) is keras().layers.Normalization and layer.input_mean is None and layer.built:
        layer.input_mean = to_numpy(layer.adapt_mean.value)
        layer.input_variance = to_numpy(layer.adapt_variance.value)


def require_one_photo(model: Any, name: str) -> None:
    """Refuse what is not a Keras model with a graph from one photo to one output.

    Raises:
        BackboneError: says what to give instead.
    """
    package = keras()
    if not isinstance(model, package.Model):
        raise BackboneError(f"{name} is a {type(model).__name__}; expected a keras.Model or a .keras file")
    if not is_graph(model):
        if isinstance(model, package.Sequential):
            raise BackboneError(f"{name} has no input yet; put keras.Input((height, width, 3)) first")
        raise BackboneError(
            f"{name} is a model of your own class, whose layers nobody can see; wrap it: inputs = "
            "keras.Input((height, width, 3)), keras.Model(inputs, model(inputs)), with feature_layer='output'"
        )
    for what, tensors in (("inputs", model.inputs), ("outputs", model.outputs)):
        if len(tensors) != 1:
            raise BackboneError(
                f"{name} has {len(tensors)} {what}; a backbone takes one photo and gives one tensor: "
                "keras.Model(inputs, outputs) makes a model of a part"
            )
    shape = tuple(model.inputs[0].shape)
    if _is_channels_first(model, shape):
        raise BackboneError(f"{name} takes channels first; build it with data_format='channels_last'")
    if len(shape) != 4 or shape[3] != 3:
        raise BackboneError(f"{name} takes {shape[1:]}; expected photos (height, width, 3)")


def _is_channels_first(model: Any, shape: tuple[int | None, ...]) -> bool:
    formats = {getattr(layer, "data_format", None) for layer in _inside(model)}
    return "channels_first" in formats or (len(shape) == 4 and shape[1] == 3 and shape[3] not in (3, None))
