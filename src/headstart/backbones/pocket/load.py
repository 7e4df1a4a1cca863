"""(tag) => the backbone "pocket", from the file in this package: no network, no home folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.adapter import Origin, assemble
from headstart.backbones.pocket.adapter import ADAPTER
from headstart.backbones.pocket.card import carried_weights, read_card
from headstart.backbones.spec import POCKET
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.backbones.base import Backbone
    from headstart.backbones.spec import OptionValue


def pocket_backbone(tag: str | None, options: Mapping[str, OptionValue]) -> Backbone:
    """Build the network that headstart carries, with its weights.

    Args:
        tag: None or the tag on its card.
        options: must be empty.

    Raises:
        BackboneError: another tag, or options.
        WeightsRefusedError: the file in the package is missing or not what it was.

    Example:
        >>> backbone = pocket_backbone(None, {})
        >>> backbone.spec.name, len(backbone.spec.classes), "zebra" in backbone.spec.classes
        ('pocket', 200, False)
    """
    from safetensors.torch import load

    card = read_card()
    if tag not in (None, card.tag):
        raise BackboneError(f"pocket has no weights tagged {tag!r}; this headstart carries {card.tag!r}")
    weights = carried_weights()
    network = ADAPTER.build(POCKET, tag=card.tag, options=options, tensors=load(weights))
    origin = Origin(
        name=POCKET,
        framework=POCKET,
        architecture=POCKET,
        tag=card.tag,
        weights_digest=card.sha256,
        licence=card.licence,
        source=card.source,
    )
    return assemble(network, origin, weights=lambda: weights)
