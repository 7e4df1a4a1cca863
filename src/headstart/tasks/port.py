"""(a network with weights, the same network in another framework) => its weights there, measured, at hand."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from headstart.backbones.intake import named
from headstart.backbones.port.agreement import agreement
from headstart.backbones.port.build import carried
from headstart.backbones.port.families import route
from headstart.backbones.registry import BackboneName, adapter, parse_name
from headstart.backbones.spec import RANDOM
from headstart.backbones.weights import WeightsStore
from headstart.errors import UsageError
from headstart.storage.home import Home
from headstart.tasks.paths import photos_path
from headstart.tasks.port_pictures import pictures
from headstart.tasks.rows import open_backbone

if TYPE_CHECKING:
    from pathlib import Path

    from headstart.backbones.port.agreement import Agreement
    from headstart.features.progress import Progress


@dataclass(frozen=True, slots=True)
class Ported:
    """What became of weights that were carried to another framework.

    Attributes:
        source: the name of the network that had them.
        target: the name that loads them in the other framework.
        agreement: how far both networks agree.
        pictures: what they were compared on.
        registered: whether `target` loads now: not if they disagree, nor for random weights.
        sha256: of the weights as they are registered.
        options: that build the target.
        seconds: wall time.
    """

    source: str
    target: str
    agreement: Agreement
    pictures: str
    registered: bool
    sha256: str
    options: dict[str, Any]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "from": self.source,
            "to": self.target,
            "registered": self.registered,
            "sha256": self.sha256,
            "options": self.options,
            "pictures": self.pictures,
            "agreement": self.agreement.to_json(),
            "seconds": round(self.seconds, 3),
        }


def port(
    source: str,
    target: str,
    *,
    tag: str | None = None,
    photos: str | Path | None = None,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> Ported:
    """Carry a network's weights to the same network of another framework, and measure that both agree.

    They are registered only if they do; what preprocesses photos, classes and licence come with them.
    Random weights are carried and measured, but never registered.

    Args:
        source: the network that has the weights, "timm:mobilenetv2_100@slim".
        target: the network that shall have them, "keras:MobileNetV2@ported".
        tag: a name for the weights there, where `target` has none.
        photos: a folder of photos, one photo, or the name of a data set, to compare the networks on; None:
            pictures that other packages carry, and noise.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.
        progress: told of what is fetched.

    Raises:
        UsageError: no tag, or one that says something else.
        BackboneError: an unknown network, or two between which nothing can be carried; says why.
        WeightsMissingError: the source's weights are not at hand.
        WeightsRefusedError: other weights have the target's name already.
        PhotosError: none of the photos can be used.

    Example:
        >>> port("torchvision:resnet50@random", "keras:ResNet50@mine")
        Traceback (most recent call last):
        headstart.errors.BackboneError: torchvision:resnet50 can't be carried to keras:ResNet50: ...
    """
    began = time.monotonic()
    store = WeightsStore(Home.find(home))
    here, there = parse_name(source), _target(target, tag)
    _require_route(here, there, store)
    shown = None if photos is None else photos_path(photos, "photos", home)
    backbone = open_backbone(source, store.home, progress)
    found = carried(backbone, here, there)
    store.require_free(found.entry)
    seen = pictures(shown, backbone.spec.preprocessing.resize)
    measured = agreement(backbone, found.backbone, torch.from_numpy(seen.pixels))
    registered = measured.same and backbone.spec.tag != RANDOM
    if registered:
        store.keep(found.entry, found.data)
    return Ported(
        source=backbone.spec.name,
        target=str(there),
        agreement=measured,
        pictures=seen.words,
        registered=registered,
        sha256=found.entry.sha256,
        options=dict(found.entry.options),
        seconds=time.monotonic() - began,
    )


def _target(target: str, tag: str | None) -> BackboneName:
    """The name of the weights to be made; one that the framework uses itself would pass for its own."""
    framework, architecture, chosen = named(target, tag)
    if chosen in adapter(framework).tags(architecture):
        raise UsageError(
            f"{chosen!r} is the tag of weights that {framework} publishes for {architecture}; choose another"
        )
    return BackboneName(framework, architecture, chosen)


def _require_route(here: BackboneName, there: BackboneName, store: WeightsStore) -> None:
    """Refuse what can't be carried before anything is fetched or built."""
    entry = store.find(here.framework, here.architecture, here.tag)
    route(here, {} if entry is None else entry.options, there)
