"""(gradient) => a step of a fixed length: the optimisers of attacks, as `torch.optim` has them.

Each walks against the gradient, like every optimiser; `optimise` turns the sign of what is to grow. All
lengths are taken picture by picture, so that several at a time go where each goes by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from headstart.pixels.constraints import lengths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor

    from headstart.pixels.constraints import Norm


class FixedSteps(torch.optim.Optimizer):
    """Steps of one length in the direction that changes the loss most.

    In "linf" that is the gradient's sign (Goodfellow et al. 2015), in "l2" the gradient by its length.

    Args:
        parameters: tensors (n, …).
        lr: the length of a step in that norm.
        norm: "linf" or "l2".

    Example:
        >>> pixels = torch.zeros(1, 3, 1, 1, requires_grad=True)
        >>> pixels.grad = torch.tensor([2.0, -0.1, 0.0]).view(1, 3, 1, 1)
        >>> FixedSteps([pixels], lr=0.5, norm="linf").step()
        >>> pixels.flatten().tolist()
        [-0.5, 0.5, 0.0]
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, norm: Norm) -> None:
        super().__init__(parameters, {"lr": lr})
        self._norm = norm

    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """Take one step; `closure` is torch's, and not used."""
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        direction = self._direction(parameter, parameter.grad)
                        parameter.sub_(group["lr"] * steepest(direction, self._norm))

    def _direction(self, _parameter: Tensor, gradient: Tensor) -> Tensor:
        return gradient


class MomentumSteps(FixedSteps):
    """Steps of one length along what the gradients of all steps so far agree on: MI-FGSM, as published.

    Dong et al. 2018, "Boosting adversarial attacks with momentum", equation 6: g <- decay g + gradient /
    ||gradient||_1, then a step along the sign of g (in "l2": along g). What is gathered is the gradient
    itself, not its sign, and each picture's is divided by its own length.

    Args:
        parameters: tensors (n, …).
        lr: the length of a step in that norm.
        norm: "linf" or "l2".
        decay: how much of what was gathered stays, 1.0 as published.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, norm: Norm, decay: float = 1.0) -> None:
        super().__init__(parameters, lr, norm)
        self._decay = decay

    def _direction(self, parameter: Tensor, gradient: Tensor) -> Tensor:
        length = gradient.flatten(1).abs().sum(dim=1).clamp(min=1e-12)
        now = gradient / _beside(length, gradient)
        gathered = self.state[parameter].get("gathered")
        gathered = now if gathered is None else self._decay * gathered + now
        self.state[parameter]["gathered"] = gathered
        return gathered


def steepest(gradient: Tensor, norm: Norm) -> Tensor:
    """The step of length 1 that goes furthest along a gradient; 0 where the gradient is 0."""
    if norm == "linf":
        return gradient.sign()
    return gradient / _beside(lengths(gradient, "l2").clamp(min=1e-12), gradient)


def _beside(numbers: Tensor, tensor: Tensor) -> Tensor:
    """(n,) => (n, 1, …) with as many axes as the tensor."""
    return numbers.view(-1, *[1] * (tensor.ndim - 1))
