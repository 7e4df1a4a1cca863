"""() => the numbers and weights of VGG-16, counted from torchvision's architecture; no weights are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.tasks.lessons.measured import Measured

if TYPE_CHECKING:
    from torch import nn

    from headstart.tasks.lessons.desk import Desk
    from headstart.tasks.lessons.figures import Figure

_OUTPUTS = {"count-torch": 2, "count-keras": 1, "count-last": 1}
_SIDE = 224
_LAST_CONVOLUTIONS = 3
"""Keras's last four layers of VGG-16 are three convolutions and the pooling after them."""
_SAME = "counted in torchvision's VGG-16, whose convolutions are those of Keras's"


def features(figure: Figure, desk: Desk) -> Measured:
    """How many numbers VGG-16's `features` give of one photo.

    Example:
        >>> import tempfile
        >>> from headstart.tasks.lessons.desk import Desk
        >>> from headstart.tasks.lessons.figures import FIGURES
        >>> with tempfile.TemporaryDirectory() as home, Desk.of(home) as desk:
        ...     int(features(FIGURES[1], desk).value)
        25088
    """
    import torch

    del figure, desk
    with torch.device("meta"):
        found = _vgg()(torch.empty(1, 3, _SIDE, _SIDE))
    shape = " x ".join(map(str, found.shape[1:]))
    return Measured(value=found[0].numel(), also=(f"{shape}, of a photo of {_SIDE} x {_SIDE} px",))


def weights(figure: Figure, desk: Desk) -> Measured:
    """How many weights are trained, and of how many."""
    import torch
    from torch import nn

    del desk
    with torch.device("meta"):
        network = _vgg()
        new = nn.Linear(network(torch.empty(1, 3, _SIDE, _SIDE))[0].numel(), _OUTPUTS[figure.key])
    trained = _count(new)
    if figure.key == "count-last":
        convolutions = [each for each in network.modules() if isinstance(each, nn.Conv2d)]
        trained += sum(_count(each) for each in convolutions[-_LAST_CONVOLUTIONS:])
    also = () if figure.key == "count-torch" else (_SAME,)
    return Measured(value=trained, of=_count(network) + _count(new), also=also)


def _vgg() -> nn.Module:
    from torchvision.models import vgg16

    network: nn.Module = vgg16(weights=None, init_weights=False).features
    return network


def _count(module: nn.Module) -> int:
    return sum(each.numel() for each in module.parameters())
