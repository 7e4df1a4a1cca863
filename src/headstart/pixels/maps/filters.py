"""(network) => the kernels with which its first layer looks at a photo, as pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import BackboneError
from headstart.pixels.maps.spatial import spatial_layers

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from headstart.backbones.base import Backbone


@dataclass(frozen=True, slots=True)
class Filters:
    """The kernels of one convolution.

    Attributes:
        layer: its name.
        shape: of its weights: (kernels, channels that each one sees, height, width).
        pictures: (kernels, h, w, 3) uint8 where a kernel sees red, green and blue, else (kernels, h, w): each
            kernel by itself, middle grey for 0, its largest weight at 0 or 255.
        strength: (kernels,) the root of the sum of the squared weights, for pixels in [0, 1].
    """

    layer: str
    shape: tuple[int, ...]
    pictures: NDArray[np.uint8]
    strength: NDArray[np.float32]

    def strongest(self) -> list[int]:
        """The numbers of the kernels, strongest first; of equal ones the first comes first."""
        return [int(each) for each in np.argsort(-self.strength, kind="stable")]


def first_filters(backbone: Backbone, layer: str | None = None) -> Filters:
    """The kernels of the first convolution over the photo, or of another one.

    The weights are those for pixels in [0, 1]: divided by the standard deviations that the network divides
    colours by. A kernel that sees neither one channel nor three is shown by the slice with the most weight.

    Args:
        backbone: the network.
        layer: a convolution's name; None: the first that runs.

    Raises:
        BackboneError: there is none, it is no convolution, or its kernels are a single place.

    Example:
        >>> from headstart.testing import tiny_backbone
        >>> found = first_filters(tiny_backbone())
        >>> found.layer, found.pictures.shape
        ('first', (8, 3, 3, 3))
    """
    modules = dict(backbone.module.named_modules())
    name = _first(backbone, modules) if layer is None else layer
    weights = getattr(modules.get(name), "weight", None)
    if weights is None or weights.ndim != 4:
        raise BackboneError(
            f"layer {name!r} is no convolution, so it has no kernels to show; leave --layer out"
        )
    kernels = weights.detach().float().cpu().numpy()
    if kernels.shape[2] * kernels.shape[3] == 1:
        raise BackboneError(f"the kernels of {name!r} are 1 x 1: a single weight has no shape to show")
    colours = kernels.shape[1] == 3
    if colours and layer is None:
        kernels = kernels / np.array(backbone.spec.preprocessing.std, np.float32)[:, None, None]
    strength = np.sqrt(np.square(kernels).sum(axis=(1, 2, 3)))
    shown = kernels.transpose(0, 2, 3, 1) if colours else _heaviest_slice(kernels)
    return Filters(name, tuple(weights.shape), _as_pictures(shown), strength.astype(np.float32))


def _first(backbone: Backbone, modules: dict[str, nn.Module]) -> str:
    for each in spatial_layers(backbone).layers:
        weight = getattr(modules[each.name], "weight", None)
        if weight is not None and weight.ndim == 4:
            return each.name
    raise BackboneError(f"{backbone.spec.name} has no convolution over the photo, so no kernels to show")


def _heaviest_slice(kernels: NDArray[np.float32]) -> NDArray[np.float32]:
    heaviest = np.square(kernels).sum(axis=(2, 3)).argmax(axis=1)
    return np.asarray(kernels[np.arange(len(kernels)), heaviest])


def _as_pictures(kernels: NDArray[np.float32]) -> NDArray[np.uint8]:
    largest = np.abs(kernels).reshape(len(kernels), -1).max(axis=1)
    largest = np.where(largest > 0, largest, 1).reshape(-1, *[1] * (kernels.ndim - 1))
    return np.rint(127.5 + 127.5 * kernels / largest).astype(np.uint8)
