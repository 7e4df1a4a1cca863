"""(network, one photo, settings) => the photo attacked by another library, whose ways stay outside.

The libraries belong to the extra `attacks` and are loaded only when one of their methods is asked for. They
draw from the global generators of random numbers, warn, log, and count on a `torch.nn.Module`: all of that
ends here. The methods themselves are listed with our own, in `headstart.pixels.attacks.methods`.
"""

from __future__ import annotations

import importlib
import logging
import random
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from headstart.errors import UsageError
from headstart.pixels.attacks.goal import CLEAR, Goal, chance
from headstart.pixels.constraints import Ball
from headstart.pixels.lattice import on_lattice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch
    from torch import Tensor

    from headstart.pixels.attacks.settings import ResolvedSettings
    from headstart.pixels.network import Differentiable

    Adapter = Callable[[torch.nn.Module, Tensor, int, "int | None", ResolvedSettings], Tensor]

_NOISY = ("art", "secmlt", "foolbox", "numba")
_TO_ANY_CLASS_ONLY = ("deepfool", "autoattack")
_FURTHER = 1.05  # times as far, again and again
_ONE_AT_A_TIME = threading.RLock()  # the libraries share generators of random numbers


def by_secml(
    network: Differentiable, pixels: Tensor, label: int, target: int | None, settings: ResolvedSettings
) -> Tensor:
    """The smallest change that a method of secml-torch finds; as `methods.Attack`.

    The photo as it was, where it finds none.
    """
    return _attacked("headstart.pixels.attacks.secml", network, pixels, Goal(label, target), settings)


def by_art(
    network: Differentiable, pixels: Tensor, label: int, target: int | None, settings: ResolvedSettings
) -> Tensor:
    """What adversarial-robustness-toolbox makes of a photo within its ball; as `methods.Attack`."""
    if settings.steps == 0 or settings.epsilon == 0:
        return pixels.clone()
    return _attacked("headstart.pixels.attacks.art", network, pixels, Goal(label, target), settings)


def _attacked(
    module: str, network: Differentiable, pixels: Tensor, goal: Goal, settings: ResolvedSettings
) -> Tensor:
    import torch

    if goal.target is not None and settings.method in _TO_ANY_CLASS_ONLY:
        raise UsageError(
            f"{settings.method} can't walk to a chosen class; take --untargeted, or another method"
        )
    seed = chance(settings.seed, pixels).initial_seed()
    with _ONE_AT_A_TIME, own_chance(seed), quiet(), torch.enable_grad():
        attack: Adapter = importlib.import_module(module).attack
        found = attack(as_module(network), pixels.detach().clone(), goal.label, goal.target, settings)
    found = found.detach().to(torch.float32).clamp(0, 1)
    if not bool(torch.isfinite(found).all()):
        return pixels.clone()
    if settings.epsilon == float("inf"):
        return _rounded(network, found, pixels, goal) if settings.on_lattice else found
    found = Ball(pixels, settings.norm, settings.epsilon).nearest(found)
    return on_lattice(found, pixels, settings.norm, settings.epsilon) if settings.on_lattice else found


def _rounded(network: Differentiable, found: Tensor, pixels: Tensor, goal: Goal) -> Tensor:
    """The smallest change is so small that rounding may undo it: go on in its direction until it does not."""
    import torch

    change = found - pixels
    rounded, share = on_lattice(found, pixels), 1.0
    with torch.no_grad():
        if float(goal.lead(network.logits(found))) <= 0:
            return rounded  # nothing was found
        while float(goal.lead(network.logits(rounded))) <= CLEAR and share * float(change.abs().max()) < 1:
            share *= _FURTHER
            rounded = on_lattice((pixels + share * change).clamp(0, 1), pixels)
    return rounded


def as_module(network: Differentiable) -> torch.nn.Module:
    """The network as the libraries want it: a module in evaluation mode that gives logits.

    What they do to the module (modes, gradients of parameters) does not reach the network.

    Example:
        >>> import torch
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> as_module(of_backbone(tiny_backbone(classes=("cat", "dog"))))(torch.rand(1, 3, 32, 32)).shape
        torch.Size([1, 2])
    """
    import torch

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            # they look here for the device; nothing is learned
            self.place = torch.nn.Parameter(torch.zeros(()), requires_grad=False)

        def forward(self, pixels: Tensor) -> Tensor:
            return network.logits(pixels)

    return Logits().eval()


@contextmanager
def own_chance(seed: int) -> Iterator[None]:
    """Seed every global generator, and set them back as they were.

    Example:
        >>> before = random.getstate()
        >>> with own_chance(3):
        ...     _ = random.random()
        >>> random.getstate() == before
        True
    """
    import numpy as np
    import torch

    before, numbers = random.getstate(), np.random.get_state()  # noqa: NPY002 - what the libraries draw from
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(before)
            np.random.set_state(numbers)  # noqa: NPY002


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' warnings and log lines to themselves."""
    loggers = [logging.getLogger(name) for name in _NOISY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
