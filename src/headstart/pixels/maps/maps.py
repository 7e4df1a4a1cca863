"""(network, photo, layer) => the layer's activations as one map for each channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from headstart.backbones.engines.one_thread import each_alone
from headstart.errors import BackboneError
from headstart.pixels.maps.layout import layout_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.backbones.base import Backbone
    from headstart.pixels.maps.layout import Kind


@dataclass(frozen=True, slots=True)
class FeatureMaps:
    """What a layer made of a photo.

    Attributes:
        layer: its reference.
        shape: what it gives for one photo, in the network's own order of axes.
        kind: "map", "map, channels last", "tokens", or "row": numbers without a place.
        maps: (channels, height, width) float32, as the network computed them; (channels, 1, 1) for a row.
        extra: tokens that are no place and are left out.
        strength: (channels,) the mean of the absolute values of each map; of a row its values, signs and all.
    """

    layer: str
    shape: tuple[int, ...]
    kind: Kind | Literal["row"]
    maps: NDArray[np.float32]
    extra: int
    strength: NDArray[np.float32]

    def strongest(self) -> list[int]:
        """The numbers of the channels, strongest first; of equal ones the first comes first."""
        return [int(each) for each in np.argsort(-self.strength, kind="stable")]


def feature_maps(backbone: Backbone, pixels: Tensor, layer: str) -> FeatureMaps:
    """One pass of one photo; the same bits whatever else this process does.

    Args:
        backbone: the network.
        pixels: (1, 3, h, w) float32 in [0, 1].
        layer: a layer reference; with `:mean` the row of averages.

    Raises:
        BackboneError: an unknown layer, or one that gives neither maps, a grid of tokens nor a row.

    Example:
        >>> from headstart.testing import tiny_backbone
        >>> found = feature_maps(tiny_backbone(), torch.zeros(1, 3, 32, 32), "last")
        >>> found.maps.shape, found.kind
        ((16, 7, 7), 'map')
    """

    def look(photo: Tensor) -> Tensor:
        with torch.no_grad():
            return backbone.activations(photo, [layer])[layer].float()

    [given] = each_alone(look, [pixels], workers=1)
    shape = tuple(int(each) for each in given.shape[1:])
    layout = layout_of(given.shape, pixels.shape[2] / pixels.shape[3])
    kind: Kind | Literal["row"]
    if layout is not None:
        maps, kind, extra = layout.maps(given)[0], layout.kind, layout.extra
    elif max(shape) == given[0].numel():  # all but one axis has a single place
        maps, kind, extra = given.reshape(-1, 1, 1), "row", 0
    else:
        raise BackboneError(
            f"layer {layer!r} gives {' x '.join(map(str, shape))} for a photo, which is neither maps, a "
            f"grid of tokens nor a row; name the layer before or around it, or {layer}:mean"
        )
    values = np.ascontiguousarray(maps.numpy())
    strength = values[:, 0, 0] if kind == "row" else np.abs(values).mean(axis=(1, 2))
    return FeatureMaps(layer, shape, kind, values, extra, strength)
