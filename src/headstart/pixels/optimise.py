"""(a picture, what is wanted, what it must survive, where it may go) => the picture that has more of it.

The one loop of everything that walks along the gradient of a network to its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Generator, Tensor

    from headstart.pixels.network import Differentiable
    from headstart.pixels.objectives import Objective


class Image(Protocol):
    """How a picture is written down."""

    def parameters(self) -> Sequence[Tensor]:
        """The tensors that are changed, leaves that want gradients."""

    def pixels(self) -> Tensor:
        """The picture that they mean, float32 (n, 3, h, w)."""


class Pixels:
    """A picture written down as its pixels.

    Args:
        start: (n, 3, h, w); copied.

    Example:
        >>> image = Pixels(torch.zeros(1, 3, 8, 8))
        >>> image.pixels().requires_grad
        True
    """

    def __init__(self, start: Tensor) -> None:
        self.values = start.detach().clone()
        self.values.requires_grad = True

    def parameters(self) -> Sequence[Tensor]:
        """The pixels themselves."""
        return [self.values]

    def pixels(self) -> Tensor:
        """The pixels themselves."""
        return self.values


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the walk, before anything is changed in it.

    Attributes:
        number: from 0.
        pixels: (n, 3, h, w), what is there now.
        logits: of what the network was shown, (m, classes): transforms may show several versions.
        value: (m,) or (n,), what the objective gives.
    """

    number: int
    pixels: Tensor
    logits: Tensor
    value: Tensor


def optimise(
    network: Differentiable,
    image: Image,
    objective: Objective,
    *,
    optimiser: torch.optim.Optimizer,
    steps: int,
    transform: Callable[[Tensor, Generator], Tensor] | None = None,
    penalty: Callable[[Tensor], Tensor] | None = None,
    constrain: Callable[[], None] | None = None,
    generator: Generator | None = None,
    watch: Callable[[Step], bool | None] | None = None,
) -> Tensor:
    """Walk: each step shows the network the picture and changes it so that the objective grows.

    Args:
        network: what is asked; it stays as it is.
        image: how the picture is written down; changed in place.
        objective: what is to grow.
        optimiser: over `image.parameters()`, any of `torch.optim` or of `headstart.pixels.steps`.
        steps: how many, 0 or more; 0 gives the picture as it is.
        transform: what the picture must survive: (n, 3, h, w) and the generator => (m, 3, h, w).
        penalty: of the picture itself, not of what the network is shown: (n, 3, h, w) => (n,), made smaller.
        constrain: after each step, brings the image back to where it may be.
        generator: of the transform's chance.
        watch: sees each step before it is taken; True ends the walk there.

    Returns:
        (n, 3, h, w) pixels without gradients, after the last step.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.pixels.objectives import logit
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> image = Pixels(torch.full((1, 3, 32, 32), 0.5))
        >>> sgd = torch.optim.SGD(image.parameters(), lr=1.0)
        >>> better = optimise(network, image, logit(0), optimiser=sgd, steps=5)
        >>> bool(network.logits(better)[0, 0] > network.logits(torch.full((1, 3, 32, 32), 0.5))[0, 0])
        True
    """
    chance = torch.Generator().manual_seed(0) if generator is None else generator
    for number in range(steps):
        optimiser.zero_grad(set_to_none=True)
        with torch.enable_grad():
            pixels = image.pixels()
            shown = pixels if transform is None else transform(pixels, chance)
            seen = network.see(shown, objective.layers)
            value = objective.value(seen)
            loss = -value.sum() if penalty is None else penalty(pixels).sum() - value.sum()
        if watch is not None and watch(Step(number, pixels.detach(), seen.logits.detach(), value.detach())):
            break
        gradients = torch.autograd.grad(loss, list(image.parameters()))
        for parameter, gradient in zip(image.parameters(), gradients, strict=True):
            parameter.grad = gradient
        optimiser.step()
        if constrain is not None:
            with torch.no_grad():
                constrain()
    with torch.no_grad():
        return image.pixels().detach().clone()
