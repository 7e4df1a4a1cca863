"""What a backbone says of itself, as data: nothing here runs a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.images.resize import Resize

OptionValue = str | int | float | bool

OWN = "module"
"""The framework of a user's own `torch.nn.Module`."""

KERAS = "keras"
"""The framework of the networks of `keras.applications`."""

KERAS_MODEL = "keras_model"
"""The framework of a user's own `keras.Model` that is built again from its config."""

POCKET = "pocket"
"""The framework, and the name, of the network that headstart carries with it."""

RANDOM = "random"
"""The tag of seeded random weights, which have learned nothing."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """From a photo to a network's own numbers.

    Attributes:
        resize: how the picture comes to the input size (done while decoding).
        mean: subtracted per RGB channel, for pixels in [0, 1].
        std: divided by per RGB channel, for pixels in [0, 1].
    """

    resize: Resize
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """The facts of one backbone with one set of weights.

    Attributes:
        name: full name with its tag: "torchvision:squeezenet1_1@zoo"; loads the same backbone again, but for
            the user's own networks ("module:mine", "keras_model:mine"), which are given again as they were.
        framework: "pocket", "torchvision", "timm", "keras" (`keras.applications`), "module" (a user's own
            `torch.nn.Module`) or "keras_model" (a user's own `keras.Model`, of which the options hold all).
        architecture: the framework's name for it, "squeezenet1_1".
        tag: which weights; "random" means seeded random weights that have learned nothing.
        options: keyword arguments for the framework's constructor ({"pad_type": "same"}).
        preprocessing: from photo to the network's numbers.
        feature_layer: the layer reference that `features` uses by default.
        feature_width: numbers in a row of that layer.
        classes: the backbone's own class names, unique, in the order of its logits; () if none.
        class_ids: an identifier for each class where one exists (WordNet ids for ImageNet); () if none.
        weights_digest: SHA-256 (hex) of the weights as safetensors bytes.
        parameters: how many numbers the whole network has, its own classifier included.
        licence: of the weights, as far as it is published; "unknown" otherwise.
        source: where the weights came from (address or file name, never a path of this machine).
    """

    name: str
    framework: str
    architecture: str
    tag: str
    preprocessing: Preprocessing
    feature_layer: str
    feature_width: int
    weights_digest: str
    parameters: int
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    class_ids: tuple[str, ...] = ()
    licence: str = "unknown"
    source: str = "unknown"

    @property
    def evaluates_only(self) -> bool:
        """Whether its batch norm keeps to what it knows even while it is trained: Keras's networks do."""
        return self.framework in (KERAS, KERAS_MODEL)
