"""(a user's own Keras model or .keras file, its preprocessing) => backbone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbones.adapter import Network, Origin, assemble
from headstart.backbones.base import dummy_photo
from headstart.backbones.keras.adapter import observe_graph
from headstart.backbones.keras.logits import require_logits, require_one_answer
from headstart.backbones.keras.prepared import Prepared, from_file, from_model
from headstart.backbones.keras.scale import largest_pixel
from headstart.backbones.module import checked_classes, checked_preprocessing
from headstart.backbones.own import require_steady, tried
from headstart.backbones.spec import KERAS_MODEL, OWN
from headstart.backbones.state import digest, not_finite, seeded, state_bytes
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.backbones.base import Backbone
    from headstart.backbones.spec import Preprocessing
    from headstart.images.resize import Resize

ARCHITECTURE = "graph"
"""The only one: which graph it is stands in the options."""

TAG = "own"
_BLACK_AT_ZERO = (0.0, 0.0, 0.0)


def keras_backbone(
    model_or_path: Any,
    *,
    name: str | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    bgr: bool = False,
    input_size: int | tuple[int, int] | None = None,
    resize: Resize | None = None,
    feature_layer: str | None = None,
    classes: Sequence[str] = (),
    class_ids: Sequence[str] = (),
    licence: str = "unknown",
    source: str | None = None,
) -> Backbone:
    """Make a backbone of a Keras model of your own; it is copied, yours stays as it is.

    A softmax at its end is left out, one number through a sigmoid becomes two logits, and everything computes
    in float32. A model made of Keras's own layers is kept whole with what is trained on it, and needs nothing
    of yours when that is loaded again. One with layers of your own, or a Lambda, has to be given again then:
    `load_model(path, backbone=keras_backbone(...))`.

    Args:
        model_or_path: a functional or sequential `keras.Model` with one photo for input and one output, or
            the path of a `.keras` file, which is read without running anything that it holds.
        name: what to call it; None: the file's or the model's own name.
        mean: three numbers, subtracted per RGB channel from pixels in [0, 1]. None: for a model that begins
            with Rescaling or Normalization; then pixels come as its layers expect them, 0 to 255 or 0 to 1.
        std: three numbers above 0, divided by per RGB channel; None: as `mean`. A model that takes pixels
            from 0 to 255 has mean 0 and std 1/255.
        bgr: the model takes blue before green before red; mean and std stay in the order RGB.
        input_size: side, or (height, width), in pixels; None: the size that the model states.
        resize: instead of `input_size`, where the photo's way there is another.
        feature_layer: a layer reference; layers of a nested model are named "base.block1_conv1". None: the
            last map, averaged, where only rows follow it, else what enters the last layer.
        classes: its own classes in the order of its outputs, unique; not for a sigmoid for each output.
        class_ids: an identifier for each class, or ().
        licence: of its weights.
        source: where its weights came from; None: the file's name.

    Raises:
        BackboneError: not such a model or file, a part that is not allowed in a file, preprocessing that is
            missing or can't be, classes that do not fit, features that are not finite or others each time.
        WeightsRefusedError: weights in the file that do not fit the model.

    Example:
        >>> import keras
        >>> model = keras.Sequential([
        ...     keras.Input((32, 32, 3)),
        ...     keras.layers.Rescaling(1 / 255),
        ...     keras.layers.Conv2D(4, 3, activation="relu", name="eyes"),
        ...     keras.layers.GlobalAveragePooling2D(),
        ...     keras.layers.Dense(2, activation="softmax"),
        ... ])
        >>> backbone = keras_backbone(model, name="mine", classes=("cat", "dog"))
        >>> backbone.spec.name, backbone.spec.feature_layer, backbone.spec.feature_width
        ('keras_model:mine', 'eyes:mean', 4)
    """
    is_file = isinstance(model_or_path, str | Path)
    called = name or (Path(model_or_path).stem if is_file else str(getattr(model_or_path, "name", "model")))
    with tried(called, "can't be read" if is_file else "can't be copied"):
        found = (
            from_file(Path(model_or_path), bgr=bgr) if is_file else from_model(model_or_path, called, bgr=bgr)
        )
    if strange := not_finite(found.module.state_dict()):
        raise BackboneError(f"{called} has numbers in {strange!r} that are not finite")
    network = _network(
        found,
        preprocessing=_preprocessing(
            found.model, called, _scale(found.model, called, mean, std), input_size, resize
        ),
        layer=feature_layer,
        classes=classes,
        class_ids=class_ids,
    )
    framework, architecture = (OWN, called) if found.config is None else (KERAS_MODEL, ARCHITECTURE)
    origin = Origin(
        name=f"{framework}:{called}",
        framework=framework,
        architecture=architecture,
        tag=TAG,
        weights_digest=digest(state_bytes(found.module)),
        licence=licence,
        source=source or (Path(model_or_path).name if is_file else "unknown"),
    )
    with tried(called, "can't be run on a photo"), seeded():
        backbone = assemble(network, origin, weights=None)
        if classes:
            require_one_answer(found.model, called)
            require_logits(backbone.logits(dummy_photo(backbone.spec.preprocessing)), called)
        require_steady(backbone)
    return backbone


def _network(
    found: Prepared,
    *,
    preprocessing: Preprocessing,
    layer: str | None,
    classes: Sequence[str],
    class_ids: Sequence[str],
) -> Network:
    has_logits = bool(classes) or found.had_softmax
    return Network(
        module=found.module,
        preprocessing=preprocessing,
        has_logits=has_logits,
        classes=checked_classes(classes, class_ids),
        options=found.options(),
        observe=lambda pixels: observe_graph(found.module, pixels, has_classifier=has_logits, layer=layer),
    )


def _scale(
    model: Any, name: str, mean: Sequence[float] | None, std: Sequence[float] | None
) -> tuple[Sequence[float], Sequence[float]]:
    if (mean is None) != (std is None):
        raise BackboneError("mean and std belong together: give both, or neither")
    if mean is not None and std is not None:
        return mean, std
    white = largest_pixel(model)
    if white is None:
        raise BackboneError(
            f"{name} does not say which pixels it takes: no Rescaling or Normalization at its beginning "
            "tells 0 to 255 from 0 to 1; in Python, keras_backbone(FILE, mean=(0,) * 3, std=(1 / 255,) * 3) "
            "is for 0 to 255, and mean 0 with std 1 is for 0 to 1"
        )
    return _BLACK_AT_ZERO, (1 / white,) * 3


def _preprocessing(
    model: Any,
    name: str,
    scale: tuple[Sequence[float], Sequence[float]],
    input_size: int | tuple[int, int] | None,
    resize: Resize | None,
) -> Preprocessing:
    size = _side(model, name) if input_size is None and resize is None else input_size
    return checked_preprocessing(*scale, size, resize)


def _side(model: Any, name: str) -> tuple[int, int]:
    height, width = model.inputs[0].shape[1:3]
    if height is None or width is None:
        raise BackboneError(
            f"{name} takes photos of any size; say which: keras_backbone(..., input_size=224)"
        )
    return int(height), int(width)
