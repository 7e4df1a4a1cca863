"""(home) => networks that could be fetched: their size and address, and nothing about how good they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from headstart.backbones.published import published
from headstart.tasks.choosing.candidates import architectures_at_hand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.storage.home import Home

SUGGESTED = (
    "mobilenet_v3_small",
    "mobilenet_v2",
    "efficientnet_b0",
    "mobilenet_v3_large",
    "resnet18",
    "efficientnet_v2_s",
    "resnet50",
    "convnext_tiny",
    "vit_b_16",
    "vgg16",
)
"""From a phone's size to a lesson's; each has a digest that its makers publish."""


@dataclass(frozen=True, slots=True)
class Fetchable:
    """Weights that are not at hand.

    Attributes:
        backbone: the full name, which `weights fetch` and every `--backbone` take.
        megabytes: of the file, as its makers say.
        address: where it is published.
        licence: of the weights, "unknown" where the makers do not say.
    """

    backbone: str
    megabytes: float
    address: str
    licence: str

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)


def could_be_fetched(home: Home, names: Sequence[str] = SUGGESTED) -> list[Fetchable]:
    """List what could be fetched, the smallest first; opens no connection.

    Args:
        home: whose weights are at hand already.
        names: torchvision's names of networks.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.storage.home import Home
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found = could_be_fetched(Home(Path(folder)), ["resnet50", "resnet18"])
        >>> [(each.backbone, round(each.megabytes)) for each in found]
        [('torchvision:resnet18@IMAGENET1K_V1', 47), ('torchvision:resnet50@IMAGENET1K_V2', 103)]
    """
    here = architectures_at_hand(home)
    known = [published("torchvision", name) for name in names if ("torchvision", name) not in here]
    listed = [
        Fetchable(each.backbone, each.about / 1e6, each.url, each.licence)
        for each in known
        if each.about is not None and each.sha256_prefix
    ]
    return sorted(listed, key=lambda each: (each.megabytes, each.backbone))
