"""(model, backbone) => in which facts the backbone is not the one that made the model's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.engines.torch_engine import TorchEngine
from headstart.backbones.source import FeatureSource
from headstart.backbones.spec import OWN
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone
    from headstart.model.model import Model

_LONGEST = 200
_NETWORK, _TORCH = "network", "torch"


def differences(model: Model, backbone: Backbone) -> list[str]:
    """What differs, in words; [] where the backbone gives the rows that the model was trained on.

    A network of the user's own can be other code with the same weights. That shows in what it computes of one
    photo, whose bits can be compared where torch and the processor are those of the training.

    Args:
        model: with its spec, layer, width and recipe.
        backbone: with the model's own weights.
    """
    theirs, ours = backbone.spec, model.backbone_spec
    found = [
        f"its {fact} is {_shown(other)}, not {_shown(own)}"
        for fact, other, own in (
            ("framework", theirs.framework, ours.framework),
            ("architecture", theirs.architecture, ours.architecture),
            ("options", dict(theirs.options), dict(ours.options)),
            ("resize", theirs.preprocessing.resize, ours.preprocessing.resize),
            ("mean", theirs.preprocessing.mean, ours.preprocessing.mean),
            ("std", theirs.preprocessing.std, ours.preprocessing.std),
        )
        if other != own
    ]
    return found or _layer(model, backbone) or _code(model, backbone)


def _shown(value: object) -> str:
    text = repr(value)  # options of a Keras model hold all of its config
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _layer(model: Model, backbone: Backbone) -> list[str]:
    try:
        width = backbone.width(model.layer)
    except BackboneError as fault:
        return [str(fault)]
    if width == model.width:
        return []
    return [f"its layer {model.layer!r} gives {width} numbers, not {model.width}"]


def _code(model: Model, backbone: Backbone) -> list[str]:
    if backbone.spec.framework != OWN or _NETWORK not in model.recipe:
        return []
    now = TorchEngine(FeatureSource.of(backbone, model.layer)).identity()
    usual = "f32, highest"  # of products in torch: others give the photo of noise another row
    comparable = now["precision"] == usual and all(
        model.recipe.get(key) == now[key] for key in ("cpu", _TORCH)
    )
    if not comparable or model.recipe[_NETWORK] == now[_NETWORK]:
        return []
    return ["with the same weights it computes other features, so its code has changed"]
