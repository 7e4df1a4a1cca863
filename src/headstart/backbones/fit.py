"""(network's name, options, tensors) => nothing, or the refusal of weights that do not fit the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.registry import adapter
from headstart.backbones.state import seeded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from headstart.backbones.spec import OptionValue


def require_fit(
    framework: str,
    architecture: str,
    tag: str,
    options: Mapping[str, OptionValue],
    tensors: Mapping[str, Tensor],
) -> None:
    """Build the network once with these tensors, as loading it later would.

    Args:
        framework: "torchvision", "timm", ….
        architecture: the framework's name of the network.
        tag: of the weights.
        options: arguments for the framework's constructor.
        tensors: by name.

    Raises:
        BackboneError: options that the constructor does not take.
        WeightsRefusedError: names the first few tensors that do not fit.

    Example:
        >>> require_fit("torchvision", "resnet18", "mine", {}, {})
        Traceback (most recent call last):
        headstart.errors.WeightsRefusedError: these weights do not fit torchvision:resnet18@mine: missing ...
    """
    with seeded():
        adapter(framework).build(architecture, tag=tag, options=options, tensors=tensors)
