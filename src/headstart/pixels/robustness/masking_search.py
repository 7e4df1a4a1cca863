"""(network, photos) => which of them a search without any gradient breaks: random squares of one colour.

The moves are those of Square Attack (Andriushchenko, Croce, Flammarion and Hein 2020), in its simplest form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from headstart.backbones.engines.one_thread import each_alone
from headstart.pixels.attacks.goal import Goal, chance
from headstart.pixels.constraints import Ball
from headstart.pixels.lattice import on_lattice

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Generator, Tensor

    from headstart.pixels.constraints import Norm
    from headstart.pixels.network import Differentiable

_LARGEST = 0.8  # of the picture's area, at the start: the paper's choice for few queries
_SMALLEST = 0.01


def search_blindly(
    network: Differentiable,
    pixels: NDArray[np.float32],
    labels: NDArray[np.integer[Any]],
    *,
    norm: Norm,
    epsilon: float,
    queries: int,
    seed: int = 0,
) -> NDArray[np.bool_]:
    """Try random squares of colour, and keep what brings the photo nearer to another class.

    Args:
        network: asked for its answers only.
        pixels: (n, 3, h, w) in [0, 1], whole 255ths.
        labels: (n,) the classes that the photos have.
        norm: of the ball.
        epsilon: its radius.
        queries: answers that are asked for, for each photo.
        seed: of all chance, together with the photo's pixels.

    Returns:
        (n,) whether the network's answer was changed.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> photo = np.full((1, 3, 32, 32), 128 / 255, np.float32)
        >>> search_blindly(network, photo, np.array([0]), norm="linf", epsilon=0.0, queries=2).shape
        (1,)
    """

    def one(place: int) -> bool:
        photo = torch.from_numpy(np.array(pixels[place : place + 1], order="C"))
        ball, generator = Ball(photo, norm, epsilon), chance(seed, photo)
        return _found(network, Goal(int(labels[place])), ball, queries, generator)

    return np.array(list(each_alone(one, range(len(pixels)))), dtype=bool)


def _found(network: Differentiable, goal: Goal, ball: Ball, queries: int, generator: Generator) -> bool:
    best, most = ball.centre, -float("inf")
    with torch.no_grad():
        for number in range(queries):
            tried = (
                _stripes(ball, generator) if number == 0 else _square(best, ball, number / queries, generator)
            )
            # Held to what the attack is held to: whole 255ths.
            tried = on_lattice(tried, ball.centre, ball.norm, ball.radius)
            lead = float(goal.lead(network.logits(tried)))
            if lead > 0:
                return True
            if lead > most:
                best, most = tried, lead
    return False


def _stripes(ball: Ball, generator: Generator) -> Tensor:
    """Begin with upright stripes, each at one end of what is allowed."""
    width = ball.centre.shape[3]
    signs = _signs((1, 3, 1, width), generator)
    return ball.nearest(ball.centre + _height(ball) * signs.expand_as(ball.centre))


def _square(best: Tensor, ball: Ball, done: float, generator: Generator) -> Tensor:
    """Set a square, the smaller the later, to one end of what is allowed, colour by colour."""
    height, width = best.shape[2:]
    share = _LARGEST * (_SMALLEST / _LARGEST) ** done
    side = max(1, min(height, width, round((share * height * width) ** 0.5)))
    top, left = (int(torch.randint(size - side + 1, (1,), generator=generator)) for size in (height, width))
    tried = best.clone()
    part = (slice(None), slice(None), slice(top, top + side), slice(left, left + side))
    tried[part] = ball.centre[part] + _height(ball) * _signs((1, 3, 1, 1), generator)
    return ball.nearest(tried)


def _height(ball: Ball) -> float:
    """How far each value may go if all of them go equally far."""
    return ball.radius if ball.norm == "linf" else ball.radius / ball.centre[0].numel() ** 0.5


def _signs(shape: tuple[int, ...], generator: Generator) -> Tensor:
    return 2.0 * torch.randint(2, shape, generator=generator) - 1.0
