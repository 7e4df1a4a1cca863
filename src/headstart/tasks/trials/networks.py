"""(recipe, seed) => a network whose first weights and dropout come from that seed alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from headstart.tasks.trials.recipe import Recipe

WEIGHTS = ("normal", "tiny", "xavier", "he")
DEPTH = 10
"""Convolutions of the deep network: enough for gradients to vanish or explode on the way."""

_SMALL = (16, 32, 64)
_HIDDEN = 128
_DEEP = 16
_HALVED = (0, 3, 6)  # convolutions of the deep network that halve height and width
_PERCEPTRON = 512


def make_network(recipe: Recipe, shape: tuple[int, int, int], classes: int, seed: int) -> nn.Module:
    """A network trained from scratch.

    Args:
        recipe: its `network` is "small" (three convolutions, a hidden layer), "deep" (`DEPTH` convolutions
            of equal width, no shortcuts) or "perceptron" (two hidden layers, as in Srivastava et al. 2014).
        shape: channels, height and width of its pictures.
        classes: how many it tells apart.
        seed: of first weights and dropout.

    Returns:
        Pictures (n, *shape) to logits (n, classes).

    Example:
        >>> from headstart.tasks.trials.recipe import Recipe
        >>> network = make_network(Recipe(), (3, 32, 32), 2, seed=0)
        >>> network(torch.zeros(4, 3, 32, 32)).shape
        torch.Size([4, 2])
    """
    dropped = Dropout(recipe.dropout, seed)
    make = {"small": _small, "deep": _deep, "perceptron": _perceptron}[recipe.network]
    network = make(recipe, shape, classes, dropped)
    draw_weights(network, recipe.weights, seed)
    return network


def draw_weights(module: nn.Module, kind: str, seed: int) -> None:
    """Draw the weights of every convolution and linear layer anew; biases become 0.

    Args:
        module: changed in place.
        kind: "normal": N(0, 1); "tiny": N(0, 0.01²), as AlexNet had it; "xavier": variance
            2 / (inputs + outputs) (Glorot and Bengio 2010); "he": 2 / inputs (He et al. 2015).
        seed: of the draw.
    """
    chance = torch.Generator().manual_seed(seed)
    for each in module.modules():
        if isinstance(each, nn.Conv2d | nn.Linear):
            nn.init.normal_(each.weight, 0.0, deviation(each.weight, kind), generator=chance)
            if each.bias is not None:
                nn.init.zeros_(each.bias)


def deviation(weight: Tensor, kind: str) -> float:
    """The standard deviation from which a layer's weights are drawn.

    Example:
        >>> deviation(torch.empty(32, 50), "he")
        0.2
    """
    inputs = weight[0].numel()
    outputs = weight.shape[0] * weight[0, 0].numel()
    return {
        "normal": 1.0,
        "tiny": 0.01,
        "xavier": math.sqrt(2 / (inputs + outputs)),
        "he": math.sqrt(2 / inputs),
    }[kind]


def layer_names(module: nn.Module) -> list[str]:
    """The weights of convolutions and linear layers that are trained, from the first to the last."""
    kinds = (nn.Conv2d, nn.Linear)
    found = ((name, each) for name, each in module.named_modules() if isinstance(each, kinds))
    return [f"{name}.weight" for name, each in found if each.weight.requires_grad]


class Dropout(nn.Module):
    """Drops numbers at random in training, and makes the others larger by as much (Srivastava et al. 2014).

    torch's own draws from one source of chance that all threads share; this one has its own.

    Args:
        share: of the numbers that are dropped, 0 to below 1.
        seed: of the draw.

    Example:
        >>> Dropout(0.5, seed=0)(torch.ones(6)).tolist()
        [0.0, 0.0, 2.0, 0.0, 0.0, 0.0]
    """

    def __init__(self, share: float, seed: int) -> None:
        super().__init__()
        self.share = share
        self._chance = torch.Generator().manual_seed(seed)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        if not self.training or self.share == 0:
            return x
        kept = torch.empty_like(x).bernoulli_(1 - self.share, generator=self._chance)
        return x * kept / (1 - self.share)


def _small(recipe: Recipe, shape: tuple[int, int, int], classes: int, dropped: Dropout) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels, height, width = shape
    for usual in _SMALL:
        outputs = _wide(usual, recipe)
        layers += _unit(channels, outputs, 2, batch_norm=recipe.batch_norm)
        channels, height, width = outputs, -(-height // 2), -(-width // 2)
    hidden = _wide(_HIDDEN, recipe)
    layers += [nn.Flatten(), nn.Linear(channels * height * width, hidden), nn.ReLU()]
    return nn.Sequential(*layers, dropped, nn.Linear(hidden, classes))


def _deep(recipe: Recipe, shape: tuple[int, int, int], classes: int, dropped: Dropout) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = shape[0]
    for number in range(DEPTH):
        outputs = _wide(_DEEP, recipe)
        stride = 2 if number in _HALVED else 1
        layers += _unit(channels, outputs, stride, batch_norm=recipe.batch_norm)
        channels = outputs
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, dropped, nn.Linear(channels, classes))


def _perceptron(recipe: Recipe, shape: tuple[int, int, int], classes: int, dropped: Dropout) -> nn.Sequential:
    hidden = _wide(_PERCEPTRON, recipe)
    first, second = nn.Linear(math.prod(shape), hidden), nn.Linear(hidden, hidden)
    return nn.Sequential(
        nn.Flatten(), first, nn.ReLU(), dropped, second, nn.ReLU(), dropped, nn.Linear(hidden, classes)
    )


def _unit(inputs: int, outputs: int, stride: int, *, batch_norm: bool) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, 1)
    return [convolution, *([nn.BatchNorm2d(outputs)] if batch_norm else []), nn.ReLU()]


def _wide(usual: int, recipe: Recipe) -> int:
    return max(1, round(usual * recipe.width))
