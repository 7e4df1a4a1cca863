"""The networks whose speed is compared, and what each side calls them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.weights import WeightsStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.backbones.entry import WeightsEntry
    from headstart.storage.home import Home

PEERS = ("lesson", "loader", "timm", "keras", "fastai")


@dataclass(frozen=True)
class Network:
    """One network under its several names.

    Attributes:
        name: in tables and for `--networks`.
        ours: headstart's names, the first whose weights are at hand is taken.
        names: what each peer calls it; a peer without it is left out.
        share: of the photos that the lightest network gets, so that heavy ones do not take the day.
    """

    name: str
    ours: tuple[str, ...]
    names: Mapping[str, str]
    share: float = 1.0

    def photos(self, most: int) -> int:
        """How many of at most `most` photos this network is measured on.

        Example:
            >>> NETWORKS["vgg16"].photos(300)
            60
        """
        return max(1, round(most * self.share))

    def chosen(self, home: Home) -> tuple[str, WeightsEntry | None]:
        """Headstart's name of it, and its weights where real ones are at hand."""
        entries = {entry.backbone: entry for entry in WeightsStore(home).readable_entries()}
        name = next((each for each in self.ours if each in entries), self.ours[-1])
        return name, entries.get(name)


def _torchvision(name: str) -> dict[str, str]:
    return dict.fromkeys(("lesson", "loader", "fastai"), name)


NETWORKS = {
    each.name: each
    for each in (
        Network(
            "mobilenet_v2",
            ("timm:mobilenetv2_100@slim", "timm:mobilenetv2_100@random"),
            {
                **_torchvision("mobilenet_v2"),
                "timm": "mobilenetv2_100",
                "keras": "MobileNetV2",
                "onnxruntime": "mobilenet_v2",
            },
        ),
        Network(
            "squeezenet1_1",
            ("torchvision:squeezenet1_1@zoo", "torchvision:squeezenet1_1@random"),
            _torchvision("squeezenet1_1"),
        ),
        Network(
            "resnet50",
            ("torchvision:resnet50@random",),
            {**_torchvision("resnet50"), "timm": "resnet50", "keras": "ResNet50"},
            share=1 / 3,
        ),
        Network(
            "vgg16",
            ("torchvision:vgg16@random",),
            {**_torchvision("vgg16"), "timm": "vgg16", "keras": "VGG16"},
            share=1 / 5,
        ),
    )
}
