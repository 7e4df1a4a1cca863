"""(network, one photo) => the photo walked along the gradient until the answer changes: the lesson's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from headstart.pixels.attacks.goal import CLEAR, Goal
from headstart.pixels.lattice import on_lattice
from headstart.pixels.optimise import Pixels, optimise
from headstart.pixels.steps import FixedSteps

if TYPE_CHECKING:
    from torch import Tensor

    from headstart.pixels.attacks.settings import ResolvedSettings
    from headstart.pixels.network import Differentiable
    from headstart.pixels.optimise import Step


def descend(
    network: Differentiable, pixels: Tensor, label: int, target: int | None, settings: ResolvedSettings
) -> Tensor:
    """Walk until the network's answer is another one (or the target); as `methods.Attack`.

    In fact a little further, until the new answer leads by `CLEAR`. Steps have one length and stay in [0, 1];
    nothing else bounds them. With `on_lattice`, the walk goes on until the rounded picture has the new answer
    too.
    """
    goal, image = Goal(label, target), Pixels(pixels)

    def finished(pictures: Tensor) -> Tensor:
        return on_lattice(pictures, pixels) if settings.on_lattice else pictures

    def there(step: Step) -> bool:
        if float(goal.lead(step.logits)) <= CLEAR:
            return False
        with torch.no_grad():
            return not settings.on_lattice or float(goal.lead(network.logits(finished(step.pixels)))) > CLEAR

    def constrain() -> None:
        image.values.clamp_(0, 1)

    found = optimise(
        network,
        image,
        goal.objective(settings.loss),
        optimiser=FixedSteps(image.parameters(), settings.step_size, settings.norm),
        steps=settings.steps,
        constrain=constrain,
        watch=there,
    )
    return finished(found)
