"""(a photo, a norm, a radius) => where its changed version may be: a ball around it, inside [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor

Norm = Literal["linf", "l2"]
"""How far apart two pictures are: the largest change of one value, or the Euclidean length of all changes."""


@dataclass(frozen=True)
class Ball:
    """All pictures in [0, 1] that are no further than `radius` from a photo.

    Attributes:
        centre: (n, 3, h, w), the photos.
        norm: "linf" or "l2", over all values of one picture.
        radius: in the photos' own units, 0 or more.

    Example:
        >>> ball = Ball(torch.full((1, 3, 2, 2), 0.5), "linf", 0.1)
        >>> ball.nearest(torch.ones(1, 3, 2, 2))[0, 0, 0].tolist()
        [0.6000000238418579, 0.6000000238418579]
    """

    centre: Tensor
    norm: Norm
    radius: float

    def nearest(self, pixels: Tensor) -> Tensor:
        """Bring pictures into the ball, then into [0, 1], which never leads out of the ball again.

        In "linf" that is the nearest picture of all; in "l2" a near one: one projection after the other.
        """
        if self.norm == "linf":
            low = (self.centre - self.radius).clamp(min=0)
            high = (self.centre + self.radius).clamp(max=1)
            return torch.minimum(torch.maximum(pixels, low), high)
        change = pixels - self.centre
        length = lengths(change, "l2").clamp(min=1e-12)
        factor = (self.radius / length).clamp(max=1).view(-1, 1, 1, 1)
        return (self.centre + factor * change).clamp(0, 1)

    def somewhere(self, generator: Generator) -> Tensor:
        """Draw pictures from the ball, each place as likely as any other, then bring them into [0, 1].

        "l2" takes a direction from the normal distribution (Muller 1959) and a length whose d-th power is
        uniform, d being the number of values.
        """
        if self.norm == "linf":
            change = self.radius * (2 * torch.rand(self.centre.shape, generator=generator) - 1)
        else:
            change = torch.randn(self.centre.shape, generator=generator)
            values = self.centre[0].numel()
            length = torch.rand(len(self.centre), generator=generator) ** (1 / values)
            change *= (self.radius * length / lengths(change, "l2")).view(-1, 1, 1, 1)
        return self.nearest(self.centre + change)


def lengths(change: Tensor, norm: Norm) -> Tensor:
    """(n, 3, h, w) => (n,): how large each picture's change is.

    Example:
        >>> lengths(torch.tensor([3.0, -4.0]).view(1, 1, 1, 2), "l2").tolist()
        [5.0]
    """
    order = float("inf") if norm == "linf" else 2
    size: Tensor = torch.linalg.vector_norm(change.flatten(1), ord=order, dim=1)
    return size
