"""(network) => its layers that still know where on the photo they look, in the order in which they run.

Nothing here knows a network by its name: one pass over a photo of noise shows what every layer gives.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.base import dummy_photo
from headstart.backbones.layers import LayerRef
from headstart.backbones.trace import trace
from headstart.pixels.maps.layout import Layout, layout_of

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone
    from headstart.backbones.trace import Trace, Visit


@dataclass(frozen=True, slots=True)
class SpatialLayer:
    """A layer that gives maps of the photo's shape.

    Attributes:
        name: its name; as a layer reference it gives the maps themselves.
        kind: its class, "Conv2d".
        layout: how its tensor is maps.
        left: when it was done: larger is later.
        rectified: no channel's mean is below 0: what comes out of a ReLU, where silence is 0.
    """

    name: str
    kind: str
    layout: Layout
    left: int
    rectified: bool = False

    @property
    def depth(self) -> int:
        """How deep it lies inside other modules, 0: directly in the network."""
        return self.name.count(".")

    @property
    def side(self) -> float:
        """Height and width in one number: their geometric mean."""
        return math.sqrt(self.layout.height * self.layout.width)


@dataclass(frozen=True, slots=True)
class SpatialLayers:
    """All of them.

    Attributes:
        layers: in the order in which they are done.
        photo: the side of the network's input, as `SpatialLayer.side`.
        features: the layer where features end, if it is one of them.
        until: when the features are done: what comes later no longer knows places.
    """

    layers: tuple[SpatialLayer, ...]
    photo: float
    features: SpatialLayer | None
    until: int

    def for_heat(self) -> tuple[SpatialLayer, ...]:
        """The layers to ask for a heat map, the best guess first: where features end, then backwards."""
        before = [each for each in reversed(self.layers) if each.left <= self.until]
        first = [] if self.features is None else [self.features]
        return (*first, *(each for each in before if each != self.features))

    def stages(self) -> tuple[SpatialLayer, SpatialLayer, SpatialLayer] | None:
        """An early, a middle and a late layer: strokes, textures, parts of things.

        Where the maps become smaller, these are the layers at the end of half the photo's side, of an eighth,
        and of all; in networks of one size (vision transformers) the first, the middle and the last block.
        """
        if not self.layers:
            return None
        if self._of_one_size():
            blocks = self._blocks()
            return blocks[0], blocks[len(blocks) // 2], blocks[-1]
        return self._at(1 / 2), self._at(1 / 8), (*self.for_heat(), self.layers[-1])[0]

    def early_middle(self) -> SpatialLayer | None:
        """The layer to look at first: the last one with maps of a quarter of the photo's side."""
        if not self.layers:
            return None
        if self._of_one_size():
            blocks = self._blocks()
            return blocks[len(blocks) // 3]
        return self._at(1 / 4)

    def _at(self, share: float) -> SpatialLayer:
        """The last of the outermost layers whose maps' side is nearest to that share of the photo's.

        After a ReLU, where there are such: the narrow sums between MobileNet's blocks show little to the eye.
        """
        before = [each for each in self.layers if each.left <= self.until] or list(self.layers)
        wanted = max(1.0, share * self.photo)
        nearest = min(before, key=lambda each: abs(math.log(each.side / wanted))).side
        level = [each for each in before if each.side == nearest]
        level = [each for each in level if each.rectified] or level
        outermost = min(each.depth for each in level)
        return [each for each in level if each.depth == outermost][-1]

    def _of_one_size(self) -> bool:
        sides = [each.side for each in self.layers]
        return max(sides) < 1.9 * min(sides)

    def _blocks(self) -> list[SpatialLayer]:
        """The largest family of equal modules beside each other: a transformer's blocks."""
        families = Counter((each.name.rpartition(".")[0], each.kind) for each in self.layers)
        outermost_first = sorted(families, key=lambda each: (-families[each], each[0].count(".")))
        chosen = outermost_first[0]
        return [each for each in self.layers if (each.name.rpartition(".")[0], each.kind) == chosen]


def spatial_layers(backbone: Backbone, reference: str | None = None) -> SpatialLayers:
    """Run the network once and see which of its layers give maps of the photo.

    Args:
        backbone: the network.
        reference: the layer reference where features end; None: the network's own.

    Raises:
        BackboneError: no layer has the name in `reference`.

    Example:
        >>> from headstart.backbones.load import load_backbone
        >>> found = spatial_layers(load_backbone("pocket"))
        >>> found.features.name, found.early_middle().name, [each.name for each in found.stages()]
        ('top', 'stem', ['stem.0', 'stages.1', 'top'])
    """
    backbone.module.eval()
    device = next((each.device for each in backbone.module.parameters()), None)
    seen = trace(backbone.module, backbone.normalise(dummy_photo(backbone.spec.preprocessing).to(device)))
    reference = backbone.spec.feature_layer if reference is None else reference
    named = LayerRef.parse(reference, list(seen.visits))
    end = seen.visits[named.name]
    resize = backbone.spec.preprocessing.resize
    photo = math.sqrt(resize.height * resize.width)
    layers = _maps_of_the_photo(seen, photo)
    features = next((each for each in layers if each.name == named.name and not named.entering), None)
    return SpatialLayers(layers, photo, features, end.entered if named.entering else end.left)


def _maps_of_the_photo(seen: Trace, photo: float) -> tuple[SpatialLayer, ...]:
    found: list[SpatialLayer] = []
    for visit in seen.ran():
        layer = _spatial(visit, seen.aspect)
        # Maps only become smaller on the way: what is larger than one before (the square of tokens by
        # tokens inside an attention) is not a map of the photo.
        if layer is not None and layer.side <= min((each.side for each in found), default=photo):
            found.append(layer)
    return tuple(found)


def _spatial(visit: Visit, aspect: float) -> SpatialLayer | None:
    if visit.calls != 1 or not visit.name or not visit.given or visit.given[0] != 1:
        return None
    layout = layout_of(visit.given, aspect)
    if layout is None or not layout.shows_photo(aspect):
        return None
    if layout.height * layout.width < 4:
        return None
    means = visit.given_mean
    rectified = means is not None and bool((means >= 0).all())
    return SpatialLayer(visit.name, visit.kind, layout, visit.left, rectified)
