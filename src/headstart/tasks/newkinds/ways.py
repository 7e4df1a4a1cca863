"""(a network) => the ways to turn photos into rows: its layers by depth, random weights, raw pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.source import FeatureSource
from headstart.backbones.spec import KERAS_MODEL, OWN, RANDOM
from headstart.errors import BackboneError, WeightsMissingError
from headstart.tasks.baselines import raw_pixels

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone
    from headstart.backbones.spec import BackboneSpec

PIXELS, UNLEARNED, LATE, SCRATCH = "pixels", "random", "late", "scratch"
EARLIER = ("early", "early middle", "middle")
TITLES = {
    PIXELS: "raw pixels",
    UNLEARNED: "random weights",
    "early": "early layers",
    "early middle": "early middle layers",
    "middle": "middle layers",
    LATE: "late layers",
    SCRATCH: "from scratch",
}


@dataclass(frozen=True)
class Way:
    """Something that turns a photo into a row, so that a linear head can learn from it.

    Attributes:
        key: one of `TITLES`.
        source: gives the rows.
    """

    key: str
    source: FeatureSource

    @property
    def title(self) -> str:
        """For people."""
        return TITLES[self.key]

    @property
    def layer(self) -> str:
        """Where in the network; "" for raw pixels."""
        return "" if self.key == PIXELS else self.source.layer


def the_floor() -> Way:
    """The photo's own colours, which any layer must clear."""
    return Way(PIXELS, FeatureSource.of(raw_pixels()))


def find_ways(network: FeatureSource) -> tuple[list[Way], dict[str, str]]:
    """The network's layers from the photo to the features, and the same features from random weights.

    The depths are those where maps have a half, a quarter and an eighth of the photo's side (in networks of
    one size: the first, a third on, the middle block), and the layer that every head is trained on.

    Args:
        network: at its usual layer.

    Returns:
        The ways, and why one is not there, by its key.

    Example:
        >>> from headstart.testing import tiny_backbone
        >>> ways, absent = find_ways(FeatureSource.of(tiny_backbone()))
        >>> [(way.key, way.layer) for way in ways], sorted(absent)
        ([('early', 'relu:mean'), ('late', 'last:mean')], ['random'])
    """
    found: list[Way] = []
    absent: dict[str, str] = {}
    unlearned, why = random_twin(network.spec)
    if unlearned is None:
        absent[UNLEARNED] = why
    else:
        found.append(Way(UNLEARNED, FeatureSource.of(unlearned)))
    try:
        found += _earlier(network)
    except BackboneError as error:
        absent["early"] = f"the network's earlier layers can't be asked here: {error}"
    return [*found, Way(LATE, network)], absent


def _earlier(network: FeatureSource) -> list[Way]:
    from headstart.pixels.maps.spatial import spatial_layers

    known = spatial_layers(network.backbone)
    stages, quarter = known.stages(), known.early_middle()
    if stages is None or quarter is None:
        raise BackboneError("no layer of it knows places")
    late = network.layer.partition(":")[0]
    depths = sorted(
        {each.left: each for each in (stages[0], quarter, stages[1])}.values(), key=lambda each: each.left
    )
    depths = [each for each in depths if each.name != late]
    names = {1: ("early",), 2: ("early", "middle"), 3: EARLIER}.get(len(depths), ())
    return [
        Way(key, FeatureSource.of(network.backbone, f"{each.name}:mean"))
        for key, each in zip(names, depths, strict=True)
    ]


def random_twin(spec: BackboneSpec) -> tuple[Backbone | None, str]:
    """The same network with seeded random weights; None where it can't be built, and why.

    Args:
        spec: of the pretrained network.
    """
    from headstart.backbones.load import load_backbone

    if spec.framework in (OWN, KERAS_MODEL):
        return None, f"{spec.name} is a network of your own: only you can build it again with random weights"
    if spec.tag == RANDOM:
        return None, f"{spec.name} has random weights itself"
    try:
        name = f"{spec.framework}:{spec.architecture}@{RANDOM}"
        return load_backbone(name, options=dict(spec.options), offline=True), ""
    except (BackboneError, WeightsMissingError) as error:
        return None, f"the network can't be built again with random weights: {error}"
