"""(a model on a network of torch) => what its script says of the network, and how its weights are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headstart.backbones.base import dummy_photo, normalised
from headstart.backbones.layers import LayerRef
from headstart.backbones.spec import POCKET
from headstart.errors import ModelError
from headstart.tasks.ejecting.facts import rows_of
from headstart.tasks.ejecting.script import arguments, literal

if TYPE_CHECKING:
    from torch import Tensor

    from headstart.backbones.base import Backbone
    from headstart.model.model import Model

FRAMEWORKS = (POCKET, "torchvision", "timm")
PACKAGES = {POCKET: (), "torchvision": (), "timm": ("timm",)}


def torch_facts(model: Model, *, from_file: bool) -> dict[str, Any]:
    """What the template of torch asks for beside the common facts.

    Args:
        model: on a network of torchvision or timm, or on pocket.
        from_file: the weights lie in a file; otherwise the framework fetches its own.

    Raises:
        ModelError: the layer gives no tensor that a plain hook can take.
    """
    spec, backbone = model.backbone_spec, model.backbone()
    names = [name for name, _ in backbone.module.named_modules()]
    layer = LayerRef.parse(model.layer, names)
    resize = spec.preprocessing.resize
    shape = _shape(backbone, layer)
    code, words = rows_of(shape, mean=layer.mean, aspect=resize.height / resize.width)
    loading = _loading(backbone) if from_file else ""
    architecture = spec.architecture
    if spec.framework == "timm" and loading == "timm":
        architecture = f"{architecture}.{spec.tag}"
    maker = "headstart" if spec.framework == POCKET else spec.framework
    return {
        "framework": spec.framework,
        "network": f"{maker}'s {architecture}, weights {spec.tag}",
        "network_literal": None if spec.framework == POCKET else literal(architecture),
        "layer": layer.name,  # "" is the whole network
        "options": arguments(spec.options),
        "entering": layer.entering,
        "rows": code,
        "rows_words": words,
        "loading": loading,
        "from_file": from_file,
        "needs": ("torch", "torchvision", *PACKAGES[spec.framework], "Pillow", *_reader(from_file=from_file)),
    }


def _reader(*, from_file: bool) -> tuple[str, ...]:
    return ("safetensors",) if from_file else ()


def _shape(backbone: Backbone, layer: LayerRef) -> tuple[int, ...]:
    """The shape of what the script's hook will see."""
    import torch

    seen: list[Any] = []
    module = backbone.module.get_submodule(layer.name)
    if layer.entering:
        hook = module.register_forward_pre_hook(lambda _module, given: seen.extend(given[:1]))
    else:
        hook = module.register_forward_hook(lambda _module, _given, result: seen.append(result))
    photo: Tensor = dummy_photo(backbone.spec.preprocessing)
    try:
        with torch.no_grad():
            backbone.module(normalised(photo, backbone.spec.preprocessing))
    finally:
        hook.remove()
    if len(seen) != 1 or not isinstance(seen[0], torch.Tensor):
        raise ModelError(
            f"the layer {layer.name!a} of {backbone.spec.name} gives no single tensor, which a plain script "
            "could take: train with another --layer"
        )
    return tuple(seen[0].shape)


def _loading(backbone: Backbone) -> str:
    """How the file's tensors come into the network: as they are, one by one, or renamed."""
    from safetensors.torch import load

    from headstart.backbones.torchvision import new_keys

    own, stored = set(backbone.module.state_dict()), set(load(backbone.weights()))
    if stored == own and not backbone.spec.architecture.startswith("mnasnet"):
        return "plain"
    if stored <= own:
        return "one by one"
    renamed = set(new_keys(dict.fromkeys(stored)))  # type: ignore[arg-type]  # names alone
    if backbone.spec.framework == "torchvision" and renamed <= own:
        return "densenet"
    return "timm"
