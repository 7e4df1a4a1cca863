"""(network, photo, class) => where on the photo the network saw what speaks for the class: Grad-CAM.

Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization".
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from headstart.backbones.engines.one_thread import each_alone
from headstart.errors import BackboneError
from headstart.pixels.maps.spatial import spatial_layers
from headstart.pixels.maps.window import window

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.pixels.maps.spatial import SpatialLayer
    from headstart.pixels.network import Network


@dataclass(frozen=True, slots=True)
class HeatMap:
    """How much each place of a photo speaks for a class.

    Attributes:
        method: "gradcam" or "occlusion".
        layer: whose maps it comes from; None for occlusion, which asks only for answers.
        values: (h, w) float32 of the photo's size; of Grad-CAM 0 or more, of occlusion any sign.
        grid: (rows, columns) float32, the values as they were computed, before they were enlarged.
    """

    method: str
    layer: str | None
    values: NDArray[np.float32]
    grid: NDArray[np.float32]

    @property
    def empty(self) -> bool:
        """Whether no place is hotter than another."""
        return bool(np.ptp(self.values) == 0)


def grad_cam(network: Network, pixels: Tensor, index: int, layer: str | None = None) -> HeatMap:
    """Grad-CAM, by captum: the layer's maps, each weighted by the mean gradient of the class's logit.

    Args:
        network: with classes.
        pixels: (1, 3, h, w) float32 in [0, 1].
        index: of the class.
        layer: the name of a layer that gives maps or a grid of tokens; None: the last one that the class's
            logit has a gradient for at every place (the last block of a vision transformer hands on only its
            class token).

    Raises:
        BackboneError: an unknown layer, one without maps, or no layer at all that fits; the message says
            that occlusion does without.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> found = grad_cam(of_backbone(tiny_backbone(classes=("cat", "dog"))), torch.rand(1, 3, 32, 32), 0)
        >>> found.layer, found.values.shape, found.grid.shape
        ('last', (32, 32), (7, 7))
    """

    def attribute(photo: Tensor) -> HeatMap:
        return _grad_cam(network, photo, index, layer)

    [found] = each_alone(attribute, [pixels], workers=1)
    return found


def _grad_cam(network: Network, pixels: Tensor, index: int, layer: str | None) -> HeatMap:
    known = spatial_layers(network.backbone, network.layer)
    if layer is not None:
        chosen = _named(network, known.layers, layer)
        signed, gradient = _signed(network, pixels, index, chosen)
        if not gradient:
            raise BackboneError(
                f"the class has no gradient at the places of layer {layer!r}: what they see no longer "
                "reaches the answer; name an earlier layer, or leave --layer out"
            )
        return _heat(signed, chosen, pixels)
    last = None
    for each in known.for_heat():
        signed, gradient = _signed(network, pixels, index, each)
        if gradient:
            return _heat(signed, each, pixels)
        last = last or (signed, each)
    if last is None:
        raise BackboneError(
            f"{network.name} has no layer that knows places before its head, so Grad-CAM can't be computed; "
            "take --method occlusion"
        )
    return _heat(*last, pixels)


def _named(network: Network, layers: tuple[SpatialLayer, ...], layer: str) -> SpatialLayer:
    found = next((each for each in layers if each.name == layer), None)
    if found is not None:
        return found
    network.backbone.activations(_smallest(network), [layer])  # says what is wrong with an unknown one
    raise BackboneError(
        f"layer {layer!r} has no maps of the photo, which Grad-CAM needs; name one before it, such as "
        f"{layers[-1].name!r}, or take --method occlusion"
        if layers
        else f"layer {layer!r} has no maps of the photo, and no other has; take --method occlusion"
    )


def _smallest(network: Network) -> Tensor:
    resize = network.resize
    return torch.zeros(1, 3, resize.height, resize.width)


def _signed(network: Network, pixels: Tensor, index: int, layer: SpatialLayer) -> tuple[Tensor, bool]:
    """The weighted sum before its ReLU, (rows, columns), and whether its places have any gradient."""
    cam = _captum_grad_cam()
    # The parameters are frozen, so that nothing has a gradient unless the photo itself asks for one.
    photo = pixels.detach().clone().requires_grad_()
    with window(network.backbone.module, layer.name, layer.layout) as glass, torch.enable_grad():
        try:
            signed = cam(network.logits, glass).attribute(photo, target=index).detach()[0, 0]
        except RuntimeError as fault:
            if "to not have been used" not in str(fault):
                raise
            return torch.zeros(layer.layout.height, layer.layout.width), False
    return signed, bool(signed.any())


def _captum_grad_cam() -> Callable[..., Any]:
    logger = logging.getLogger("matplotlib")  # captum loads it, and it may grumble
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        from captum.attr import LayerGradCam
    finally:
        logger.setLevel(before)
    found: Callable[..., Any] = LayerGradCam
    return found


def _heat(signed: Tensor, layer: SpatialLayer, pixels: Tensor) -> HeatMap:
    grid = signed.float().clamp(min=0)
    values = enlarged(grid, pixels.shape[2], pixels.shape[3])
    return HeatMap("gradcam", layer.name, values, grid.numpy())


def enlarged(grid: Tensor, height: int, width: int) -> NDArray[np.float32]:
    """(rows, columns) => (height, width), bilinear.

    Example:
        >>> enlarged(torch.eye(2), 4, 4).shape
        (4, 4)
    """
    wide = functional.interpolate(grid[None, None], (height, width), mode="bilinear", align_corners=False)
    return np.ascontiguousarray(wide[0, 0].numpy(), dtype=np.float32)
