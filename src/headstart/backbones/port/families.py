"""(network here, network there) => how the layers of one lie in the other, or why none can be carried."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.port.member import TIMM, TORCHVISION, Member
from headstart.backbones.port.mobilenet import mobilenet
from headstart.backbones.port.vgg import vgg
from headstart.backbones.spec import KERAS
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from headstart.backbones.port.layout import Layer
    from headstart.backbones.port.member import Options
    from headstart.backbones.registry import BackboneName

_CLASSES = {KERAS: "classes", TIMM: "num_classes", TORCHVISION: "num_classes"}
"""What each framework calls the number of classes among its options."""

_PAIRS = (
    "carried are vgg16 and vgg19 (torchvision, timm, Keras), vgg11 and vgg13 (torchvision, timm), and "
    "timm's mobilenetv2_… with pad_type=same and keras:MobileNetV2"
)
_PADDING = (
    "it pads both sides of a picture where a 3 x 3 convolution strides, TensorFlow's padding only right and "
    "below: they look at other pixels, and no weights can make up for that"
)
_STRIDE = (
    "Keras's ResNet50 strides in the first 1 x 1 convolution of a block, torchvision's and timm's in the "
    "3 x 3: they look at other pixels, and no weights can make up for that"
)
_BATCH_NORM = "one of them has batch norm, and the other has no place for it"


@dataclass(frozen=True, slots=True)
class Route:
    """How weights come from one network to another.

    Attributes:
        source: layers of the network that has the weights.
        target: the same layers of the other.
        options: that build the other.
    """

    source: tuple[Layer, ...]
    target: tuple[Layer, ...]
    options: Options


def route(source: BackboneName, options: Options, target: BackboneName) -> Route:
    """Find out how weights can be carried from one network to another.

    Args:
        source: the network that has the weights.
        options: that it is built with.
        target: the network that shall have them.

    Raises:
        BackboneError: they can't be carried; says why.

    Example:
        >>> from headstart.backbones.registry import parse_name
        >>> route(parse_name("resnet50"), {}, parse_name("timm:vgg16"))
        Traceback (most recent call last):
        headstart.errors.BackboneError: torchvision:resnet50 can't be carried to timm:vgg16: carried are ...
    """
    here = _member(source.framework, source.architecture, options)
    there = _counterpart(here, target)
    alike = (source.framework, source.architecture) == (target.framework, target.architecture)
    if here is None or there is None or here.network != there.network or alike:
        why = "that is the same network" if alike else _reason(source, target, here, there)
        raise BackboneError(f"{_plain(source)} can't be carried to {_plain(target)}: {why}")
    classes = _CLASSES[source.framework]
    if unheard := sorted(set(options) - here.heard - {classes}):
        raise BackboneError(
            f"{_plain(source)} can't be carried with {', '.join(unheard)}: "
            f"{target.framework} has no such option"
        )
    count = {_CLASSES[target.framework]: options[classes]} if classes in options else {}
    return Route(here.layers, there.layers, {**there.options, **count})


def _member(framework: str, architecture: str, options: Options) -> Member | None:
    return vgg(framework, architecture) or mobilenet(framework, architecture, options)


def _counterpart(here: Member | None, target: BackboneName) -> Member | None:
    """The target as it has to be built: as wide as the source, with TensorFlow's padding."""
    wanted: Options = {"pad_type": "same", "alpha": 1.0 if here is None else here.width}
    return _member(target.framework, target.architecture, wanted)


def _reason(source: BackboneName, target: BackboneName, here: Member | None, there: Member | None) -> str:
    if here is not None and there is not None:
        return f"{here.network} is another network than {there.network}"
    names = [each.architecture.lower().replace("_", "") for each in (source, target)]
    if KERAS in (source.framework, target.framework):
        if all(re.fullmatch(r"mobilenetv2(\d{3})?", name) for name in names):
            return _PADDING
        if names == ["resnet50", "resnet50"]:
            return _STRIDE
    if all(name.startswith("vgg") for name in names) and any(name.endswith("bn") for name in names):
        return _BATCH_NORM
    return _PAIRS


def _plain(name: BackboneName) -> str:
    return f"{name.framework}:{name.architecture}"
