"""() => what needs no pretrained network, in the shape of one: the floor that every network must clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.spec import OWN

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone

RAW_PIXELS = "raw pixels"
"""How people know it; what is kept of it is called "module:raw-pixels"."""

GRID = 16
"""Cells on a side. Measured with `train` at 4, 8, 16, 24 and 32 cells (out-of-fold accuracy, seed 0): aerial
0.488, 0.464, 0.486, 0.474, 0.479; ants-bees 0.575, 0.633, 0.642, 0.642, 0.592; pets-37 0.084, 0.068, 0.065,
0.065, 0.078; cats-vs-dogs 0.552, 0.535, 0.545, 0.540, 0.517. The intervals are wider than all of these
differences; 16 is the best or within 0.02 of it on each of the four."""


def raw_pixels(side: int = GRID) -> Backbone:
    """Give a photo's own colours as its row: shrunk to a small grid, nothing learned, nothing computed.

    Args:
        side: of the grid, in cells, at least 1; a row has 3 * side * side numbers.

    Raises:
        BackboneError: a side below 1.

    Example:
        >>> import torch
        >>> pixels = raw_pixels()
        >>> pixels.spec.name, pixels.spec.feature_width, pixels.spec.parameters
        ('module:raw-pixels', 768, 0)
        >>> float(pixels.features(torch.full((1, 3, 16, 16), 0.75))[0, 0])
        1.0
    """
    from torch import nn

    from headstart.backbones.module import module_backbone

    network = nn.Sequential()
    network.add_module("grid", nn.Flatten())
    return module_backbone(
        network,
        name="raw-pixels",
        input_size=side,
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        feature_layer="grid",
        licence="none needed",
        source="the photo itself",
    )


def is_raw_pixels(name: str) -> bool:
    """Whether a backbone's name is that of the raw pixels, as people or as the store write it.

    Example:
        >>> is_raw_pixels("module:raw-pixels"), is_raw_pixels("raw pixels"), is_raw_pixels("pocket")
        (True, True, False)
    """
    return name in (RAW_PIXELS, f"{OWN}:raw-pixels")
