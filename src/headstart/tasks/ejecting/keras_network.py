"""(a model on a network of Keras) => what its script says of the network, and its file where it needs one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbones.keras.layer import KerasLayer
from headstart.backbones.keras.network import KerasNetwork
from headstart.backbones.keras.runtime import backend
from headstart.backbones.layers import LayerRef
from headstart.backbones.spec import KERAS, KERAS_MODEL
from headstart.errors import ModelError
from headstart.tasks.ejecting.script import arguments

if TYPE_CHECKING:
    from headstart.model.model import Model

FRAMEWORKS = (KERAS, KERAS_MODEL)


def keras_facts(model: Model, *, from_file: bool) -> dict[str, Any]:
    """What the template of Keras asks for beside the common facts.

    Args:
        model: on a network of Keras.
        from_file: the model folder has the network's weights.
    """
    spec, network = model.backbone_spec, model.backbone().module
    if not isinstance(network, KerasNetwork):
        raise ModelError(f"{spec.name} is no network of Keras that can be built again: take --to torch")
    layer = LayerRef.parse(model.layer, [name for name, _ in network.named_modules()])
    application = from_file and spec.framework == KERAS and _is_plain(network, layer)
    pooling, words = _pooling(model, layer)
    return {
        "application": application,
        "network": f"keras's {spec.architecture}" if spec.framework == KERAS else "a Keras model of your own",
        "network_literal": None,
        "layer": layer.name if application else None,
        "options": arguments(spec.options),
        "entering": layer.entering,
        "pooling": pooling,
        "rows_words": words,
        "bgr": network.bgr,
        "backend": backend(),
        "from_file": True,
        "needs": ("keras", backend(), "numpy", "Pillow", *(("safetensors",) if application else ())),
    }


def _is_plain(network: KerasNetwork, layer: LayerRef) -> bool:
    """Whether a loop over the layers of `keras.applications` finds every weight under the names there."""
    children = dict(network.named_children())
    own: set[str] = set()
    for name, node in network.program.steps:
        child, operation = children[name], node.operation
        if not isinstance(child, KerasLayer) or name != operation.name:
            return False
        if hasattr(operation, "adapt_mean"):  # Normalization computes with copies of its weights
            return False
        if name == layer.name and layer.entering and len(node.input_tensors) != 1:
            return False
        own |= {f"{name}.{variable.name}" for variable in getattr(operation, "weights", ())}
    return layer.name in children and own == set(network.state_dict())


def _pooling(model: Model, layer: LayerRef) -> tuple[str, str]:
    found = model.backbone().activations(_photo(model), [_without_mean(model.layer)])
    axes = next(iter(found.values())).ndim
    if layer.mean and axes == 4:
        return "GlobalAveragePooling2D", "each map's average over height and width"
    if layer.mean and axes == 3:
        return "GlobalAveragePooling1D", "the average over all patches of the photo"
    return "", "all numbers, one after the other"


def _photo(model: Model) -> Any:
    from headstart.backbones.base import dummy_photo

    return dummy_photo(model.backbone_spec.preprocessing)


def _without_mean(layer: str) -> str:
    return layer.removesuffix(":mean")


def network_file(model: Model) -> bytes:
    """The network up to its feature layer as a `.keras` file.

    Raises:
        ModelError: as `Model.to_keras`.
    """
    body = model.to_keras().get_layer("backbone")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.keras")
        body.save(path)
        return path.read_bytes()
