"""(network, one photo, a budget) => the smallest epsilons that are enough, by bisection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor, log2
from typing import TYPE_CHECKING

import numpy as np
import torch

from headstart.errors import UsageError
from headstart.pixels.attacks.batch import attack_pixels
from headstart.pixels.attacks.goal import Goal
from headstart.pixels.attacks.methods import find_method
from headstart.pixels.constraints import lengths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.pixels.attacks.settings import AttackSettings, ResolvedSettings
    from headstart.pixels.network import Differentiable

_PRECISION = 0.02  # of the budget
_LEVELS = 255


@dataclass(frozen=True, slots=True)
class Try:
    """One epsilon that was tried.

    Attributes:
        epsilon: the budget; in "l2", if it was enough, the length of the change that was found.
        success: whether the network, in torch, gives the wanted answer.
        pixels: (1, 3, h, w), what was found.
    """

    epsilon: float
    success: bool
    pixels: NDArray[np.float32]


def smallest(
    network: Differentiable,
    pixels: NDArray[np.float32],
    label: int,
    target: int | None,
    settings: AttackSettings,
) -> list[Try]:
    """Search the smallest epsilon with which an attack succeeds, up to the settings' own.

    The largest epsilon is tried first; if it is not enough, nothing else is tried. In "linf" with
    `settings.on_lattice` only whole 255ths are tried, since nothing lies between them; elsewhere the search
    ends at 2 % of the budget. It takes for granted that what is enough stays enough with more.

    Args:
        network: whose answer shall change.
        pixels: float32 (1, 3, h, w) in [0, 1].
        label: what the photo is taken for.
        target: what it shall be taken for; None: anything else.
        settings: of a method with a budget.

    Returns:
        All tries, smallest epsilon first; the first success is the answer.

    Raises:
        UsageError: the method has no budget.

    Example:
        >>> from headstart.pixels.attacks.settings import AttackSettings
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> grey = np.full((1, 3, 32, 32), 0.5, np.float32)
        >>> label = int(network.probabilities(torch.from_numpy(grey)).argmax())
        >>> tries = smallest(network, grey, label, None, AttackSettings(epsilon=0.5, steps=5))
        >>> tries[-1].success, tries[0].success
        (True, False)
    """
    if not find_method(settings.method).budget:
        raise UsageError(f"{settings.method} goes no further than it must: leave --smallest out, or take pgd")
    asked = settings.resolved()
    in_levels = _in_levels(asked)
    unit = 1 / _LEVELS if in_levels else _PRECISION * asked.epsilon
    goal, tries = Goal(label, target), list[Try]()

    def succeeds(epsilon: float) -> bool:
        tries.append(_try(network, pixels, goal, replace(settings, epsilon=epsilon)))
        return tries[-1].success

    most = floor(asked.epsilon * _LEVELS + 1e-6) / _LEVELS if in_levels else asked.epsilon
    if succeeds(most):
        low, high = 0.0, tries[-1].epsilon
        while high - low > 1.001 * unit:
            # Levels are whole numbers: the middle of two of them is rounded down to one
            middle = floor((low + high) / 2 * _LEVELS + 1e-6) / _LEVELS if in_levels else (low + high) / 2
            if succeeds(middle):
                high = tries[-1].epsilon
            else:
                low = middle
    return sorted(tries, key=lambda each: (each.epsilon, each.success))


def most_tries(settings: AttackSettings) -> int:
    """How many tries a search takes at most.

    Example:
        >>> from headstart.pixels.attacks.settings import AttackSettings
        >>> most_tries(AttackSettings(epsilon=8 / 255, on_lattice=True))
        4
    """
    asked = settings.resolved()
    places = floor(asked.epsilon * _LEVELS + 1e-6) if _in_levels(asked) else 1 / _PRECISION
    return 1 + ceil(log2(max(1, places)))


def _in_levels(asked: ResolvedSettings) -> bool:
    return asked.on_lattice and asked.norm == "linf"


def _try(network: Differentiable, pixels: NDArray[np.float32], goal: Goal, settings: AttackSettings) -> Try:
    targets = None if goal.target is None else np.array([goal.target])
    found = attack_pixels(network, pixels, np.array([goal.label]), targets=targets, settings=settings)
    with torch.no_grad():
        success = float(goal.lead(network.logits(torch.from_numpy(found)))) > 0
    asked = settings.resolved()
    epsilon = asked.epsilon
    if success and asked.norm == "l2":
        epsilon = float(lengths(torch.from_numpy(found - pixels).double(), "l2"))
    return Try(epsilon, success, found)
