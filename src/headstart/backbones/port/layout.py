"""(a framework's tensor) <=> the tensor as torch lays it out: pure functions.

Convolutions are (out, in, h, w) in torch and (h, w, in, out) in Keras; those for each channel alone
(c, 1, h, w) and (h, w, c, 1); fully connected layers (out, in) and (in, out). Where a map is flattened, its
numbers stand in the order (c, h, w) in torch and (h, w, c) in Keras.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    Turn = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Form:
    """How one framework lays out the weight of a layer.

    Attributes:
        take: from the framework's layout to torch's.
        give: back.
    """

    take: Turn
    give: Turn


TORCH = Form(lambda weight: weight, lambda weight: weight)
"""(out, in, h, w), (out, in), and what has one axis: the layout that all others are turned into."""

KERAS_CONVOLUTION = Form(lambda weight: weight.permute(3, 2, 0, 1), lambda weight: weight.permute(2, 3, 1, 0))
KERAS_DEPTHWISE = Form(lambda weight: weight.permute(2, 3, 0, 1), lambda weight: weight.permute(2, 3, 0, 1))
KERAS_DENSE = Form(lambda weight: weight.T, lambda weight: weight.T)

KERAS_BGR_CONVOLUTION = Form(
    lambda weight: KERAS_CONVOLUTION.take(weight).flip(1),
    lambda weight: KERAS_CONVOLUTION.give(weight.flip(1)),
)
"""The first convolution of a network that takes blue before green before red."""

POINTWISE = Form(lambda weight: weight.flatten(1), lambda weight: weight[:, :, None, None])
"""A fully connected layer written as a convolution of 1 x 1."""


def flattened(height: int, width: int) -> Form:
    """The first fully connected layer after a map of that size, in torch: (out, channels x height x width).

    Its layout between frameworks is (out, channels, height, width), the convolution that it is.

    Example:
        >>> import torch
        >>> flattened(7, 7).take(torch.zeros(10, 98)).shape
        torch.Size([10, 2, 7, 7])
    """
    return Form(
        lambda weight: weight.reshape(len(weight), -1, height, width), lambda weight: weight.flatten(1)
    )


def keras_flattened(height: int, width: int) -> Form:
    """The same in Keras: (height x width x channels, out).

    Example:
        >>> import torch
        >>> keras_flattened(7, 7).take(torch.zeros(98, 10)).shape
        torch.Size([10, 2, 7, 7])
    """
    return Form(
        lambda weight: weight.reshape(height, width, -1, weight.shape[1]).permute(3, 2, 0, 1),
        lambda weight: weight.permute(2, 3, 1, 0).flatten(0, 2),
    )


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's tensors in one framework.

    Attributes:
        names: of the tensors by what they are: "weight", "bias", "mean", "variance".
        form: how the weight lies there.
        epsilon: that batch norm adds to the variance; None: no batch norm.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    form: Form = TORCH
    epsilon: float | None = None


def torch_layer(name: str, form: Form = TORCH, *, bias: bool = True) -> Layer:
    """A convolution or a fully connected layer of torch.

    Example:
        >>> dict(torch_layer("conv1", bias=False).names)
        {'weight': 'conv1.weight'}
    """
    return Layer({"weight": f"{name}.weight"} | ({"bias": f"{name}.bias"} if bias else {}), form)


def torch_norm(name: str, epsilon: float) -> Layer:
    """A batch norm of torch."""
    parts = {"weight": "weight", "bias": "bias", "mean": "running_mean", "variance": "running_var"}
    return Layer({what: f"{name}.{part}" for what, part in parts.items()}, epsilon=epsilon)


def keras_layer(name: str, form: Form, *, bias: bool = True) -> Layer:
    """A convolution or a fully connected layer of Keras."""
    return Layer({"weight": f"{name}.kernel"} | ({"bias": f"{name}.bias"} if bias else {}), form)


def keras_norm(name: str, epsilon: float) -> Layer:
    """A batch norm of Keras."""
    parts = {"weight": "gamma", "bias": "beta", "mean": "moving_mean", "variance": "moving_variance"}
    return Layer({what: f"{name}.{part}" for what, part in parts.items()}, epsilon=epsilon)
