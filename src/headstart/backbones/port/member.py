"""What one framework's form of a network is, for networks that several frameworks have alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.backbones.port.layout import Layer
    from headstart.backbones.spec import OptionValue

    Options = Mapping[str, OptionValue]

TIMM, TORCHVISION = "timm", "torchvision"


@dataclass(frozen=True, slots=True)
class Member:
    """One framework's form of a network that others have too.

    Attributes:
        network: what it is in every framework: "VGG-16", "MobileNetV2 of width 1".
        layers: those that hold numbers, in an order that all frameworks share.
        width: its channels, as a multiple of the usual ones.
        options: that build it, beside the number of classes.
        heard: names of the options that `layers` already heeds; others would change what it computes.
    """

    network: str
    layers: tuple[Layer, ...]
    width: float = 1.0
    options: Options = field(default_factory=dict)
    heard: frozenset[str] = frozenset()
