"""(what a layer gives) => where its channels, rows and columns are, so that it can be seen as maps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from headstart.backbones.layers import spatial_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

Kind = Literal["map", "map, channels last", "tokens"]

_MOST_EXTRA = 8  # class tokens, distillation tokens, registers: no network is known to have more


@dataclass(frozen=True, slots=True)
class Layout:
    """How a layer's tensor is a stack of maps.

    Attributes:
        kind: channels first (most networks), channels last (Swin), or tokens (vision transformers).
        channels: how many maps.
        height: of a map.
        width: of a map.
        extra: tokens before the first place of the photo (class token, registers), which are no place.
    """

    kind: Kind
    channels: int
    height: int
    width: int
    extra: int = 0

    def maps(self, tensor: Tensor) -> Tensor:
        """What the layer gives => (n, channels, height, width), on the graph.

        Example:
            >>> import torch
            >>> layout_of((1, 5, 8)).maps(torch.zeros(2, 5, 8)).shape
            torch.Size([2, 8, 2, 2])
        """
        if self.kind == "map":
            return tensor
        if self.kind == "map, channels last":
            return tensor.permute(0, 3, 1, 2)
        places = tensor[:, self.extra :]
        return places.transpose(1, 2).reshape(len(tensor), self.channels, self.height, self.width)

    def tensor(self, maps: Tensor, original: Tensor) -> Tensor:
        """The way back: maps => the layer's own shape; tokens that are no place come from the original."""
        if self.kind == "map":
            return maps
        if self.kind == "map, channels last":
            return maps.permute(0, 2, 3, 1)
        import torch

        places = maps.flatten(2).transpose(1, 2)
        return torch.cat([original[:, : self.extra], places], dim=1) if self.extra else places

    def shows_photo(self, aspect: float) -> bool:
        """Whether the maps have the shape of a photo of this height / width, give or take a place."""
        return abs(self.height - aspect * self.width) < 1 or abs(self.height / aspect - self.width) < 1


def layout_of(shape: Sequence[int], aspect: float = 1.0) -> Layout | None:
    """Find the maps in what a layer gives.

    Tokens (n, t, c) are maps if t is a grid of the photo's shape and a few more: a class token, a token for
    distillation, registers. They stand before the grid in every vision transformer of torchvision and timm.

    Args:
        shape: with the batch axis, whose length does not matter.
        aspect: height / width of the network's input.

    Returns:
        None where there are no maps of more than one place: rows, or tokens that are no grid.

    Example:
        >>> layout_of((1, 512, 7, 7))
        Layout(kind='map', channels=512, height=7, width=7, extra=0)
        >>> layout_of((1, 197, 768)).kind, layout_of((1, 197, 768)).extra
        ('tokens', 1)
        >>> layout_of((1, 1000)), layout_of((1, 512, 1, 1))
        (None, None)
    """
    axes = spatial_axes(shape, aspect)
    if axes is not None:
        height, width = shape[axes[0]], shape[axes[1]]
        if height * width < 2:
            return None
        last = axes == (1, 2)
        return Layout("map, channels last" if last else "map", shape[3 if last else 1], height, width)
    return _tokens(shape[1], shape[2], aspect) if len(shape) == 3 else None


def _tokens(tokens: int, channels: int, aspect: float) -> Layout | None:
    for extra in range(min(_MOST_EXTRA, tokens) + 1):
        places = tokens - extra
        if places < 4 or places <= 3 * extra:
            break
        height = round(math.sqrt(places * aspect))
        width = places // max(1, height)
        if height * width == places and abs(height - aspect * width) < 1:
            return Layout("tokens", channels, height, width, extra)
    return None
