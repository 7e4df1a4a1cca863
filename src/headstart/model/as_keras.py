"""(a trained model on a Keras network) => one plain Keras model: photos from 0 to 255 to probabilities.

It is made of Keras's own layers alone, so it is saved, loaded in safe mode and trained on without headstart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.keras.network import KerasNetwork, as_module, is_graph
from headstart.backbones.keras.runtime import keras_for_files, to_numpy, usual_settings
from headstart.backbones.layers import LayerRef
from headstart.errors import ModelError
from headstart.heads.fitted import LinearHead, PrototypesHead

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone
    from headstart.backbones.spec import Preprocessing
    from headstart.heads.fitted import Head
    from headstart.model.model import Model

_FARTHEST = 1e-3
"""Between the two ways to a photo's probabilities: what float32 in another order may come to."""


def to_keras(model: Model) -> Any:
    """The whole of a trained model as one `keras.Model`; see `Model.to_keras`.

    Raises:
        ModelError: its network is none of Keras's, or its head has no layers there.
    """
    network = model.backbone().module
    if not isinstance(network, KerasNetwork):
        raise ModelError(
            f"{model.backbone_spec.name} is no network of Keras: train on one (keras:MobileNetV2), carry "
            "this one over with headstart port where that is possible, or take to_torch()"
        )
    keras_for_files()
    with usual_settings() as keras:
        made = _assembled(keras, model, network)
    _require_same(model, made)
    return made


def _assembled(keras: Any, model: Model, network: KerasNetwork) -> Any:
    inputs, outputs = network.program.inputs, network.program.outputs
    copied = keras.models.clone_model(keras.Model(inputs, outputs))
    layer = LayerRef.parse(model.layer, [name for name, _ in network.named_modules()])
    body = keras.Model(copied.inputs, _tensor(keras, as_module(copied), layer), name="backbone")
    _fill(as_module(copied), network)
    body.trainable = False
    resize = model.backbone_spec.preprocessing.resize
    photos = keras.Input((resize.height, resize.width, 3), name="photos")
    numbers = _prepared(keras, photos, model.backbone_spec.preprocessing, bgr=network.bgr)
    rows = _rows(keras, body(numbers, training=False), mean=layer.mean)
    probabilities = _answer(keras, rows, model.head)
    return keras.Model(photos, probabilities, name="headstart")


def _tensor(keras: Any, network: Any, layer: LayerRef) -> Any:
    """The symbolic tensor of a layer; where that lies in a nested model, this is cut open on the way."""
    if not layer.name:
        return network.program.inputs[0] if layer.entering else network.program.outputs[0]
    first, _, rest = layer.name.partition(".")
    node = next(node for name, node in network.program.steps if name == first)
    if not rest:
        return node.input_tensors[0] if layer.entering else node.outputs[0]
    inner = network.get_submodule(first)
    if not is_graph(node.operation):
        raise ModelError(f"the layer {layer.name!r} lies inside one of Keras's layers; name one around it")
    part = keras.Model(
        inner.program.inputs, _tensor(keras, inner, LayerRef(rest, layer.entering)), name=first
    )
    return part(*node.arguments.args, **node.arguments.kwargs)


def _fill(copied: Any, network: KerasNetwork) -> None:
    """The numbers of the model's own network, which may be tuned, into the copy of its layers."""
    numbers = network.state_dict()
    for place, module in copied.named_modules():
        for name, variable in getattr(getattr(module, "code", None), "variables", {}).items():
            variable.assign(numbers[f"{place}.{name}"].detach().cpu().numpy())
        finish = getattr(getattr(getattr(module, "code", None), "operation", None), "finalize_state", None)
        if finish is not None:
            finish()  # a Normalization layer computes with copies of what it was adapted to


def _prepared(keras: Any, photos: Any, preprocessing: Preprocessing, *, bgr: bool) -> Any:
    """(x / 255 - mean) / std, as one factor and one shift for each colour."""
    mean, std = (np.asarray(each, np.float64) for each in (preprocessing.mean, preprocessing.std))
    factor, shift = 1 / (255 * std), -mean / std
    if not (np.allclose(factor, 1, rtol=1e-12, atol=0) and np.allclose(shift, 0, atol=0)):
        photos = keras.layers.Rescaling(factor.tolist(), shift.tolist(), name="colours")(photos)
    return keras.ops.flip(photos, axis=-1) if bgr else photos


def _rows(keras: Any, found: Any, *, mean: bool) -> Any:
    """A row for each photo, its numbers in the order in which headstart has them: channels first."""
    axes = len(found.shape)
    if mean and axes in (3, 4):
        pooling = keras.layers.GlobalAveragePooling2D if axes == 4 else keras.layers.GlobalAveragePooling1D
        return pooling(name="features")(found)
    if axes == 4:
        found = keras.layers.Permute((3, 1, 2), name="channels_first")(found)
    return keras.layers.Flatten(name="features")(found) if axes > 2 else found


def _answer(keras: Any, rows: Any, head: Head) -> Any:
    if isinstance(head, LinearHead):
        numbers = [head.weight.T / head.temperature, head.bias / head.temperature]
    elif isinstance(head, PrototypesHead):
        means = head.means / np.linalg.norm(head.means, axis=1, keepdims=True)
        rows = keras.layers.UnitNormalization(name="direction")(rows)
        numbers = [means.T / head.temperature, np.zeros(len(head.classes))]
    else:
        raise ModelError(
            f"a {head.kind} head has no layers in Keras; train with the linear head, or take to_torch()"
        )
    layer = keras.layers.Dense(len(head.classes), activation="softmax", name="head")
    probabilities = layer(rows)
    layer.set_weights([np.asarray(each, np.float32) for each in numbers])
    return probabilities


def _require_same(model: Model, made: Any) -> None:
    """Refuse a copy that answers otherwise for a photo of noise."""
    import torch

    from headstart.backbones.base import dummy_photo

    backbone: Backbone = model.backbone()
    photo = dummy_photo(backbone.spec.preprocessing)
    with torch.no_grad():
        expected = model.head.to_torch()(backbone.features(photo, model.layer)).numpy()
    found = to_numpy(made(255 * photo.permute(0, 2, 3, 1).numpy(), training=False))
    if not np.abs(found - expected).max() <= _FARTHEST:
        raise ModelError(
            f"in Keras, {backbone.spec.name} would give other probabilities "
            f"(by {np.abs(found - expected).max():.2g}); take to_torch()"
        )
