"""(name of a method) => its numbers: how long, how fast, which optimiser, how smooth."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from headstart.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

Make = Callable[[Sequence["Tensor"], float], torch.optim.Optimizer]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an ideal image is made.

    Attributes:
        method: "lesson", "pixel", "fourier" or "maco".
        steps: how many.
        optimiser: a key of `OPTIMISERS`.
        learning_rate: in units of what the method changes: the network's own numbers (lesson), pixels in
            [0, 1] (pixel), coefficients of waves (fourier), radians (maco).
        tv: weight of the total variation: of the network's own numbers, summed (lesson); of values from 0
            to 255, a value (all others).
        views: how many views of the picture a step shows the network.
    """

    method: str
    steps: int
    optimiser: str
    learning_rate: float
    tv: float
    views: int = 1


RECIPES: Mapping[str, Recipe] = {
    "lesson": Recipe("lesson", 1000, "sgd", 1.0, 0.005),
    "pixel": Recipe("pixel", 200, "rmsprop", 1 / 255, 1.0),
    "fourier": Recipe("fourier", 96, "adam", 0.05, 0.0, views=4),
    "maco": Recipe("maco", 128, "nadam", 0.1, 0.0, views=4),
}
"""Where the numbers come from.

lesson: plain descent on 10 x cross-entropy + 0.005 x summed total variation.

pixel: those of tf-keras-vis for VGG16: RMSprop 1.0 on 0-255, total variation 1.0, L1 0.3, jitter 4, 1 degree.
The weight 1.0 lowers the total variation of SqueezeNet's zebra 2.2 and of pocket's Egyptian cat 2.5 times,
4.0 lowers them 5.9 and 5.0 times, each at a probability above 0.99.

fourier: those of lucid (Adam 0.05, its start and turns), but 96 steps of four views instead of 512 of one,
scales of 0.7 to 1.4 and noise of 0.03. Other networks then recognise more, and more steps only add contrast:
MobileNetV2 gives SqueezeNet's Egyptian cat 0.19 after 96 and 0.03 after 128; with one view a step it gives
SqueezeNet's zebra 0.52, with four 0.96; SqueezeNet gives MobileNetV2's zebra 0.02 without the noise and with
narrower scales, 0.16 with them.

maco: Fel et al. 2023, but NAdam 0.1 instead of 1.0 and large parts instead of small ones, which suit a
picture no larger than the network's input: MobileNetV2 ranks pocket's Egyptian cat 81st with rate 1.0 and
parts that shrink to 0.3 of the side, first (0.77) as it is here. It is the weaker one on MobileNetV2, whose
zebra SqueezeNet ranks 13th, 15th and 98th of 1,000 (seeds 0 to 2); fourier's is its first guess.
"""

OPTIMISERS: Mapping[str, Make] = {
    "sgd": lambda parameters, rate: torch.optim.SGD(parameters, lr=rate),
    "momentum": lambda parameters, rate: torch.optim.SGD(parameters, lr=rate, momentum=0.9),
    "rmsprop": lambda parameters, rate: torch.optim.RMSprop(parameters, lr=rate, alpha=0.999),
    "adam": lambda parameters, rate: torch.optim.Adam(parameters, lr=rate),
    "nadam": lambda parameters, rate: torch.optim.NAdam(parameters, lr=rate),
    "adagrad": lambda parameters, rate: torch.optim.Adagrad(parameters, lr=rate),
}

_PLAIN = ("sgd", "momentum")
_OTHER_RATES: Mapping[str, tuple[float, float]] = {
    "lesson": (1.0, 0.05),
    "pixel": (1.0, 4 / 255),
    "fourier": (1.0, 0.05),
    "maco": (1.0, 0.1),
}
"""Learning rates where another optimiser is asked for: of those that follow the gradient's length, and of
those that divide by it."""


def choose_recipe(
    method: str = "fourier",
    *,
    steps: int | None = None,
    optimiser: str | None = None,
    learning_rate: float | None = None,
    tv: float | None = None,
) -> Recipe:
    """A method's recipe, with what is given instead of its own numbers.

    Raises:
        UsageError: an unknown word, or a number that can't be right.

    Example:
        >>> choose_recipe("lesson", tv=0.0)
        Recipe(method='lesson', steps=1000, optimiser='sgd', learning_rate=1.0, tv=0.0, views=1)
        >>> choose_recipe("dream")
        Traceback (most recent call last):
        headstart.errors.UsageError: 'dream' is no method; expected one of lesson, pixel, fourier, maco
    """
    if method not in RECIPES:
        raise UsageError(f"{method!r} is no method; expected one of {', '.join(RECIPES)}")
    base = RECIPES[method]
    if optimiser is not None and optimiser not in OPTIMISERS:
        raise UsageError(f"{optimiser!r} is no optimiser; expected one of {', '.join(OPTIMISERS)}")
    if steps is not None and steps < 0:
        raise UsageError(f"--steps is {steps}; expected 0 or more")
    _check(tv, "--tv", least=0.0)
    _check(learning_rate, "--learning-rate", least=0.0)
    chosen = base.optimiser if optimiser is None else optimiser
    rate = base.learning_rate
    if chosen != base.optimiser:
        rate = _OTHER_RATES[method][chosen not in _PLAIN]
    return replace(
        base,
        steps=base.steps if steps is None else steps,
        optimiser=chosen,
        learning_rate=rate if learning_rate is None else learning_rate,
        tv=base.tv if tv is None else tv,
    )


def _check(number: float | None, name: str, *, least: float) -> None:
    if number is not None and not (math.isfinite(number) and number >= least):
        raise UsageError(f"{name} is {number:g}; expected a number of at least {least:g}")
