"""(a spec, or a name and a seed) => backbone, without a weights store: what saved models and tests need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.adapter import Origin, assemble
from headstart.backbones.registry import adapter as adapter_of
from headstart.backbones.spec import RANDOM
from headstart.backbones.state import digest, seeded, state_bytes
from headstart.errors import BackboneError, WeightsRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.backbones.adapter import Adapter
    from headstart.backbones.base import Backbone
    from headstart.backbones.registry import BackboneName
    from headstart.backbones.spec import BackboneSpec, OptionValue


def random_backbone(wanted: BackboneName, adapter: Adapter, options: Mapping[str, OptionValue]) -> Backbone:
    """Build a network with random weights from a fixed seed; torch's own random state stays as it was."""
    with seeded():
        network = adapter.build(wanted.architecture, tag=RANDOM, options=options, tensors=None)
    origin = Origin(
        name=str(wanted),
        framework=wanted.framework,
        architecture=wanted.architecture,
        tag=RANDOM,
        weights_digest=digest(state_bytes(network.module)),
        licence="none needed",
        source="random numbers from a fixed seed",
    )
    return assemble(network, origin, weights=None)


def restore_backbone(spec: BackboneSpec, weights: bytes) -> Backbone:
    """Build the backbone that a spec describes, from its weights' safetensors bytes.

    Nothing is derived anew: layer, width and classes are those of the spec.

    Args:
        spec: of a registered framework.
        weights: what `Backbone.weights` gave.

    Raises:
        BackboneError: a user's own module, which only the user can build again; an unknown network.
        WeightsRefusedError: bytes with another digest than the spec's, or tensors that do not fit.

    Example:
        >>> from headstart.backbones.load import load_backbone
        >>> backbone = load_backbone("squeezenet1_1@random")
        >>> restore_backbone(backbone.spec, backbone.weights()).spec == backbone.spec
        True
    """
    from safetensors.torch import load

    from headstart.backbones.base import Backbone
    from headstart.backbones.module import FRAMEWORK

    if spec.framework == FRAMEWORK:
        raise BackboneError(f"{spec.name} is a network of your own: build it again with module_backbone")
    if digest(weights) != spec.weights_digest:
        raise WeightsRefusedError(f"these weights have another SHA-256 than those of {spec.name}")
    adapter = adapter_of(spec.framework)
    if spec.architecture not in adapter.architectures():
        raise BackboneError(f"{spec.framework} has no network called {spec.architecture!r} in this version")
    with seeded():
        network = adapter.build(spec.architecture, tag=spec.tag, options=spec.options, tensors=load(weights))
    return Backbone(network.module, spec, weights=lambda: weights)
