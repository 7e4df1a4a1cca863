"""(backbone, a network of another framework) => that network with the same numbers, as the store loads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.adapter import Classes, Origin, assemble
from headstart.backbones.entry import PreprocessingOverride
from headstart.backbones.imagenet import imagenet_classes
from headstart.backbones.intake import PORTED, make_entry
from headstart.backbones.port.carry import carry
from headstart.backbones.port.families import route
from headstart.backbones.registry import adapter
from headstart.backbones.state import seeded, state_tensors
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone
    from headstart.backbones.entry import WeightsEntry
    from headstart.backbones.registry import BackboneName
    from headstart.backbones.spec import BackboneSpec, Preprocessing

_IMAGENET = "imagenet-1k"


@dataclass(frozen=True)
class Carried:
    """A network that has another one's numbers.

    Attributes:
        backbone: the network, loaded.
        entry: what the store would say of its weights.
        data: the weights as safetensors bytes.
    """

    backbone: Backbone
    entry: WeightsEntry
    data: bytes


def carried(source: Backbone, source_name: BackboneName, target: BackboneName) -> Carried:
    """Build a network with the numbers of another framework's, and its way of seeing photos.

    Args:
        source: has the weights.
        source_name: its name.
        target: the network that gets them, with a tag.

    Raises:
        BackboneError: they can't be carried; says why.
        WeightsRefusedError: the source's tensors are not those of its network.

    Example:
        >>> from headstart.backbones.load import load_backbone
        >>> from headstart.backbones.registry import parse_name
        >>> name = parse_name("squeezenet1_1@random")
        >>> carried(load_backbone(str(name)), name, parse_name("keras:VGG16@mine"))
        Traceback (most recent call last):
        headstart.errors.BackboneError: torchvision:squeezenet1_1 can't be carried to keras:VGG16: ...
    """
    from safetensors.torch import save

    spec = source.spec
    way = route(source_name, spec.options, target)
    stated = _override(spec)
    tensors = carry(state_tensors(source.module), way.source, way.target)
    data: bytes = save(tensors)
    facts = {
        "options": dict(way.options),
        "preprocessing": stated,
        "classes": _IMAGENET if spec.classes == imagenet_classes(_IMAGENET).names else None,
        "licence": spec.licence,
        "source": f"{PORTED}{spec.name} (SHA-256 {spec.weights_digest})",
    }
    tag = target.tag or ""
    entry = make_entry(data, target.framework, target.architecture, tag, facts)
    with seeded():
        network = adapter(target.framework).build(
            target.architecture, tag=tag, options=way.options, tensors=tensors
        )
    origin = Origin(str(target), target.framework, target.architecture, tag, entry.sha256)
    classes = Classes(spec.classes, spec.class_ids)
    seen_as = stated.to_preprocessing()
    backbone = assemble(network, origin, weights=lambda: data, preprocessing=seen_as, classes=classes)
    return Carried(backbone, entry, data)


def _override(spec: BackboneSpec) -> PreprocessingOverride:
    """What the weights were trained on, for the other framework's network.

    Raises:
        BackboneError: the store has no words for it.
    """
    seen: Preprocessing = spec.preprocessing
    resize = seen.resize
    found = PreprocessingOverride(
        input_size=resize.height,
        resize=resize.short_side,
        crop="center" if resize.mode == "crop" else resize.mode,
        interpolation=resize.interpolation,
        mean=seen.mean,
        std=seen.std,
    )
    if found.to_preprocessing() != seen:
        raise BackboneError(
            f"{spec.name} can't be carried: it wants photos of {resize.height} x {resize.width} pixels on "
            f"{resize.fill}; expected a square on black"
        )
    return found
