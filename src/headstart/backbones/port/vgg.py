"""VGG without batch norm (Simonyan and Zisserman 2014) in torchvision, timm and Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.port import layout
from headstart.backbones.port.member import TIMM, TORCHVISION, Member
from headstart.backbones.spec import KERAS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headstart.backbones.port.layout import Layer

_CONVOLUTIONS = {"11": (1, 1, 2, 2, 2), "13": (2, 2, 2, 2, 2), "16": (2, 2, 3, 3, 3), "19": (2, 2, 4, 4, 4)}
"""In each of the five blocks."""

_MAP = (7, 7)  # what the last block leaves of 224 x 224 pixels


def vgg(framework: str, architecture: str) -> Member | None:
    """Describe a VGG; None for every other network.

    Example:
        >>> len(vgg("torchvision", "vgg16").layers), vgg("torchvision", "vgg16_bn")
        (16, None)
    """
    blocks = _CONVOLUTIONS.get(architecture[3:])
    start = "VGG" if framework == KERAS else "vgg"
    if blocks is None or not architecture.startswith(start) or framework not in _ENDS:
        return None
    layers = (*(_keras if framework == KERAS else _torch)(blocks), *_ENDS[framework])
    return Member(f"VGG-{architecture[3:]}", layers)


def _torch(blocks: tuple[int, ...]) -> Iterator[Layer]:
    place = 0
    for convolutions in blocks:
        for _ in range(convolutions):
            yield layout.torch_layer(f"features.{place}")
            place += 2  # a ReLU follows
        place += 1  # and, after the last, the pooling


def _keras(blocks: tuple[int, ...]) -> Iterator[Layer]:
    form = layout.KERAS_BGR_CONVOLUTION
    for block, convolutions in enumerate(blocks, 1):
        for number in range(1, convolutions + 1):
            yield layout.keras_layer(f"block{block}_conv{number}", form)
            form = layout.KERAS_CONVOLUTION


_ENDS = {
    TORCHVISION: (
        layout.torch_layer("classifier.0", layout.flattened(*_MAP)),
        layout.torch_layer("classifier.3"),
        layout.torch_layer("classifier.6"),
    ),
    TIMM: (
        layout.torch_layer("pre_logits.fc1"),  # a convolution of 7 x 7
        layout.torch_layer("pre_logits.fc2", layout.POINTWISE),
        layout.torch_layer("head.fc"),
    ),
    KERAS: (
        layout.keras_layer("fc1", layout.keras_flattened(*_MAP)),
        layout.keras_layer("fc2", layout.KERAS_DENSE),
        layout.keras_layer("predictions", layout.KERAS_DENSE),
    ),
}
