"""(network, one photo, settings) => the photo changed within its ball: fgsm, pgd and momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from headstart.pixels.attacks.goal import Best, Goal, chance
from headstart.pixels.constraints import Ball
from headstart.pixels.lattice import on_lattice
from headstart.pixels.optimise import Pixels, optimise
from headstart.pixels.steps import FixedSteps, MomentumSteps

if TYPE_CHECKING:
    from torch import Tensor

    from headstart.pixels.attacks.settings import ResolvedSettings
    from headstart.pixels.network import Differentiable


def walk(
    network: Differentiable, pixels: Tensor, label: int, target: int | None, settings: ResolvedSettings
) -> Tensor:
    """Take steps along the gradient, each brought back into the ball; as `methods.Attack`.

    Later restarts begin at random places, and only while the attack has not succeeded, so more restarts never
    succeed less often.
    """
    if settings.steps == 0 or settings.epsilon == 0:
        return pixels.clone()
    goal, generator = Goal(label, target), chance(settings.seed, pixels)
    ball = Ball(pixels, settings.norm, settings.epsilon)
    best = Best(goal)
    for number in range(settings.restarts):
        begins = ball.somewhere(generator) if settings.random_start or number else pixels
        found = _once(network, begins, goal, ball, settings)
        if settings.on_lattice:
            found = on_lattice(found, pixels, ball.norm, ball.radius)
        with torch.no_grad():
            best.see(found, network.logits(found))
        if best.lead > 0:
            break
    return pixels.clone() if best.pixels is None else best.pixels


def _once(
    network: Differentiable, begins: Tensor, goal: Goal, ball: Ball, settings: ResolvedSettings
) -> Tensor:
    image = Pixels(begins)
    kind = MomentumSteps if settings.method == "momentum" else FixedSteps
    best = Best(goal)

    def constrain() -> None:
        image.values.copy_(ball.nearest(image.values))

    last = optimise(
        network,
        image,
        goal.objective(settings.loss),
        optimiser=kind(image.parameters(), settings.step_size, ball.norm),
        steps=settings.steps,
        constrain=constrain,
        watch=best.watch if settings.keep == "best" else None,
    )
    with torch.no_grad():
        best.see(last, network.logits(last))
    return last if best.pixels is None else best.pixels
