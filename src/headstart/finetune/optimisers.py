"""(module, settings) => optimiser and schedule, those of timm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headstart.finetune.tuned import Tuned

if TYPE_CHECKING:
    from timm.scheduler.scheduler import Scheduler
    from torch import nn
    from torch.optim import Optimizer

    from headstart.finetune.settings import Training

_WITHOUT_MOMENTUM = {"sgd": {"momentum": 0.0, "nesterov": False}, "rmsprop": {"momentum": 0.0}}
"""Where timm's word brings a momentum that the textbook's does not."""

MIDDLE = 0.5
"""A step has the learning rate of its middle: the first and the last, which may be the same, have one too."""


def make_optimiser(module: nn.Module, training: Training) -> Optimizer:
    """The optimiser of a module's parameters that need gradients.

    Args:
        module: of a `Tuned` one the last stage has `body_rate` of the linear layer's learning rate, and each
            stage before it `layer_decay` of the one after it.
        training: which, and how fast.

    Example:
        >>> import torch
        >>> from headstart.finetune.settings import Training
        >>> make_optimiser(torch.nn.Linear(2, 1), Training(optimiser="sgd")).defaults["momentum"]
        0.0
    """
    from timm.optim import create_optimizer_v2

    options: dict[str, Any] = {"momentum": training.momentum, **_WITHOUT_MOMENTUM.get(training.optimiser, {})}
    optimiser: Optimizer = create_optimizer_v2(
        _layered(module, training) if isinstance(module, Tuned) else module,
        opt=training.optimiser,
        lr=training.learning_rate,
        weight_decay=training.weight_decay,
        **options,
    )
    return optimiser


def _layered(module: Tuned, training: Training) -> list[dict[str, Any]]:
    from timm.optim import param_groups_layer_decay

    last = {id(parameter) for parameter in module.head.parameters()}
    groups: list[dict[str, Any]] = param_groups_layer_decay(
        module, weight_decay=training.weight_decay, layer_decay=training.layer_decay
    )
    for group in groups:
        if id(group["params"][0]) not in last:
            group["lr_scale"] *= training.body_rate / training.layer_decay
    return groups


def make_schedule(optimiser: Optimizer, training: Training, steps_an_epoch: int) -> Scheduler:
    """The learning rate of each step, by `step_update(number + MIDDLE)`: it keeps no state of its own.

    Args:
        optimiser: whose groups' learning rates it sets.
        training: the schedule and its length.
        steps_an_epoch: how many steps an epoch has.
    """
    from timm.scheduler import CosineLRScheduler, StepLRScheduler

    steps = training.epochs * steps_an_epoch
    warmup = min(round(training.warmup * steps), steps - 1)
    if training.schedule == "cosine":
        # There is one cycle only, so no decay of cycles; but at 1 timm complains of a run of one step.
        return CosineLRScheduler(
            optimiser, t_initial=steps, warmup_t=warmup, t_in_epochs=False, cycle_decay=0.5
        )
    rate = training.decay_rate if training.schedule == "decay" else 1.0
    return StepLRScheduler(
        optimiser, decay_t=steps_an_epoch, decay_rate=rate, warmup_t=warmup, t_in_epochs=False
    )
