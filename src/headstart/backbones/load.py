"""(a backbone's name) => the backbone with its weights: random, at hand, or fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.registry import adapter, parse_name
from headstart.backbones.spec import KERAS_MODEL, POCKET, RANDOM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.backbones.base import Backbone
    from headstart.backbones.spec import OptionValue
    from headstart.storage.home import Home


def load_backbone(
    name: str,
    *,
    home: Home | None = None,
    options: Mapping[str, OptionValue] | None = None,
    offline: bool | None = None,
    trust_first: bool = False,
) -> Backbone:
    """Build a backbone and load its weights, which are fetched if they are published and not at hand.

    Args:
        name: as this module's first lines say.
        home: where weights are kept; None: the usual place.
        options: more keyword arguments for the framework's constructor; they win over those of the weights.
        offline: True: fetch nothing; None: as the environment's HEADSTART_OFFLINE says.
        trust_first: accept weights for which no digest is published, pinning what comes.

    Raises:
        BackboneError: unknown name (with close matches) or tag (with those that are published), or options
            that do not fit.
        WeightsMissingError: not at hand; names the file, its address and the command that would add it.
        WeightsRefusedError: wrong digest, or tensors that do not fit.
        DownloadError: fetching failed.

    Example:
        >>> backbone = load_backbone("resnet18@random")
        >>> backbone.spec.name, backbone.spec.feature_layer, backbone.spec.feature_width
        ('torchvision:resnet18@random', 'layer4:mean', 512)
    """
    wanted = parse_name(name)
    if wanted.tag == RANDOM:
        from headstart.backbones.restore import random_backbone

        return random_backbone(wanted, adapter(wanted.framework), options or {})
    if wanted.framework == POCKET:
        from headstart.backbones.pocket.load import pocket_backbone

        return pocket_backbone(wanted.tag, options or {})
    if wanted.framework == KERAS_MODEL:
        from headstart.backbones.keras.own import keras_backbone

        return keras_backbone(wanted.architecture)
    from headstart.backbones.stored import stored_backbone

    return stored_backbone(
        wanted,
        adapter(wanted.framework),
        home=home,
        options=options or {},
        offline=offline,
        trust_first=trust_first,
    )
