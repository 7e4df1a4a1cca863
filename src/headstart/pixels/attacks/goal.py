"""(label, target) => what an attack makes grow, and whether some logits mean that it has succeeded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from headstart.pixels.objectives import Objective, ahead, log_probability, margin

if TYPE_CHECKING:
    from torch import Tensor

    from headstart.pixels.attacks.settings import Loss
    from headstart.pixels.optimise import Step


@dataclass(frozen=True)
class Goal:
    """Towards a class, or away from one.

    Attributes:
        label: what the photo is taken for, or is.
        target: what it shall be taken for; None: anything else.

    Example:
        >>> Goal(0).lead(torch.tensor([[3.0, 1.0, 2.0]])).tolist()
        [-1.0]
        >>> Goal(0, target=1).lead(torch.tensor([[3.0, 1.0, 2.0]])).tolist()
        [-2.0]
    """

    label: int
    target: int | None = None

    def objective(self, loss: Loss) -> Objective:
        """What grows."""
        wanted = log_probability if loss == "log_probability" else margin
        return -wanted(self.label) if self.target is None else wanted(self.target)

    def lead(self, logits: Tensor) -> Tensor:
        """(n, classes) => (n,): by how much the goal's logit leads; above 0 where the attack succeeds."""
        index = self.label if self.target is None else self.target
        lead = ahead(logits.detach(), index)
        return -lead if self.target is None else lead


CLEAR = 0.05
"""A lead that other engines and rounded rows leave a lead: they change a probability's third digit."""


class Best:
    """The picture of the largest lead among those that a walk came through.

    Args:
        goal: what leads.
    """

    def __init__(self, goal: Goal) -> None:
        self._goal = goal
        self.lead = -float("inf")
        self.pixels: Tensor | None = None

    def watch(self, step: Step) -> None:
        """Look at a step of one picture."""
        self.see(step.pixels, step.logits)

    def see(self, pixels: Tensor, logits: Tensor) -> None:
        """Look at one picture (1, 3, h, w) and what the network says of it."""
        lead = float(self._goal.lead(logits))
        if lead > self.lead:
            self.lead, self.pixels = lead, pixels.detach().clone()


def chance(seed: int, pixels: Tensor) -> torch.Generator:
    """A generator that depends on the seed and the photo, not on what is attacked beside it."""
    import hashlib

    digest = hashlib.sha256(b"%d " % seed + pixels.detach().contiguous().numpy().tobytes()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
