"""The networks to start from: which there are, and what is inside one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from headstart.backbones.load import load_backbone
from headstart.backbones.published import published
from headstart.backbones.registry import BackboneName, parse_name
from headstart.backbones.registry import list_backbones as list_names
from headstart.backbones.spec import RANDOM
from headstart.errors import BackboneError, UsageError, WeightsMissingError
from headstart.storage.home import Home
from headstart.tasks.weights import list_weights

if TYPE_CHECKING:
    from pathlib import Path

    from headstart.backbones.base import Backbone
    from headstart.backbones.layers import LayerInfo
    from headstart.tasks.weights import WeightsFacts


@dataclass(frozen=True, slots=True)
class BackboneListed:
    """A network, and its weights that are at hand."""

    name: str
    weights: tuple[WeightsFacts, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        told = ("tag", "sha256", "licence", "source")
        return {
            "name": self.name,
            "weights": [{key: getattr(each, key) for key in told} for each in self.weights],
        }


@dataclass(frozen=True, slots=True)
class BackboneShown:
    """What is inside a network.

    Attributes:
        backbone: the network.
        layers: every named module, in order.
        layer: what a head would learn from.
        classes: of that head.
        name: as it loads.
        weights: SHA-256 of its weights; None where they are not at hand, and it was built with random
            ones for its shapes.
        licence: of its weights.
        source: where they came from, or are published.
    """

    backbone: Backbone
    layers: tuple[LayerInfo, ...]
    layer: str
    classes: int
    name: str
    weights: str | None
    licence: str
    source: str

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        spec = self.backbone.spec
        resize = spec.preprocessing.resize
        return {
            "name": self.name,
            "framework": spec.framework,
            "input": [resize.height, resize.width],
            "preprocessing": asdict(spec.preprocessing),
            "parameters": spec.parameters,
            "own_classes": len(spec.classes),
            "features": {"layer": spec.feature_layer, "width": spec.feature_width},
            "head": {
                "layer": self.layer,
                "width": self.backbone.width(self.layer),
                "classes": self.classes,
                "frozen": self.backbone.parameters_until(self.layer),
                "trained": self.backbone.head_parameters(self.classes, self.layer),
            },
            "layers": [{**asdict(each), "shape": list(each.shape)} for each in self.layers],
            "weights": self.weights,
            "licence": self.licence,
            "source": self.source,
        }


def list_backbones(pattern: str = "*", *, home: str | Path | None = None) -> list[BackboneListed]:
    """List the networks to start from.

    Args:
        pattern: names to list, with * and ?; a part of a name is enough.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.

    Raises:
        UsageError: no network has such a name.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [each.name for each in list_backbones("torchvision:vgg1?", home=folder)]
        ['torchvision:vgg11', 'torchvision:vgg13', 'torchvision:vgg16', 'torchvision:vgg19']
    """
    weights: defaultdict[str, list[WeightsFacts]] = defaultdict(list)
    for each in list_weights(home=home):
        weights[each.network].append(each)
    names = list_names(pattern) or list_names(f"*{pattern}*")
    if not names:
        raise UsageError(f'no network is called like {pattern!r}; "headstart backbones" lists all')
    return [BackboneListed(name, tuple(weights[name])) for name in names]


def show_backbone(
    name: str, *, layer: str | None = None, classes: int = 2, home: str | Path | None = None
) -> BackboneShown:
    """Show what is inside a network; without its weights, its shapes are shown all the same.

    Args:
        name: the network.
        layer: count a head's parameters on this layer; None: the default.
        classes: count them for this many classes, at least 2.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.

    Raises:
        BackboneError: unknown network or layer.
        UsageError: fewer than two classes.

    Example:
        >>> shown = show_backbone("squeezenet1_1@random").to_json()
        >>> shown["features"], shown["head"]["trained"]
        ({'layer': 'features:mean', 'width': 512}, 1026)
    """
    if classes < 2:
        raise UsageError(f"classes is {classes}; a head tells apart at least 2")
    wanted = parse_name(name)
    try:
        backbone = load_backbone(str(wanted), home=Home.find(home), offline=True)
        spec = backbone.spec
        shown, weights, licence, source = spec.name, spec.weights_digest, spec.licence, spec.source
    except WeightsMissingError:
        backbone = load_backbone(str(BackboneName(wanted.framework, wanted.architecture, RANDOM)))
        shown, weights, (licence, source) = str(wanted), None, _published(wanted)
    chosen = backbone.spec.feature_layer if layer is None else layer
    backbone.width(chosen)
    return BackboneShown(backbone, backbone.layers(), chosen, classes, shown, weights, licence, source)


def _published(wanted: BackboneName) -> tuple[str, str]:
    """The licence and the address of weights that are not at hand."""
    try:
        known = published(wanted.framework, wanted.architecture, wanted.tag)
    except BackboneError:
        return "unknown", "nothing is published"
    return known.licence, known.url
