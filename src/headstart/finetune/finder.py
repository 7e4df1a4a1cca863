"""(network, examples) => the loss at rising learning rates, and one to train with.

The range test of Smith (2017, "Cyclical learning rates for training neural networks", section 3.3): a copy
of the network takes a few dozen steps while the learning rate rises exponentially; where the smoothed loss
is lowest, it is about to break, and a tenth of that rate trains fast and safely.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from headstart.features.progress import NoProgress
from headstart.finetune.inputs import in_batches
from headstart.finetune.loop import drawn_from
from headstart.finetune.loss import BatchLoss
from headstart.finetune.optimisers import make_optimiser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightning_fabric import Fabric
    from torch import nn

    from headstart.features.progress import Progress
    from headstart.finetune.inputs import Batch
    from headstart.finetune.loop import Examples
    from headstart.finetune.settings import Training

LEAST, MOST, STEPS = 1e-6, 1.0, 60
_SMOOTHING = 0.9
_BROKEN = 4.0
"""The test ends where the smoothed loss is this many times its lowest."""
_SAFE = 10.0


@dataclass(frozen=True, slots=True)
class RateTest:
    """What a range test showed.

    Attributes:
        rates: learning rates of the last layer, rising.
        losses: smoothed training loss after the step at each of them.
        suggested: the rate to train with.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggested: float


def find_learning_rate(
    module: nn.Module,
    examples: Examples,
    training: Training,
    fabric: Fabric,
    progress: Progress | None = None,
) -> RateTest:
    """Try rising learning rates on a copy of a network; the network itself stays as it is.

    Args:
        module: inputs to logits.
        examples: whose training photos are used.
        training: optimiser, batch size, smoothing, layer decay; its learning rate does not matter.
        fabric: the devices.
        progress: is told the pace.

    Example:
        >>> import torch
        >>> from headstart.finetune.fabric import make_fabric
        >>> from headstart.finetune.inputs import Kept
        >>> from headstart.finetune.loop import Examples
        >>> from headstart.finetune.settings import Training
        >>> rows = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
        >>> codes, every = (rows[:, 0] > 0).numpy().astype(int), np.arange(64)
        >>> examples = Examples(Kept(rows[None]), codes, every, every, 2)
        >>> training = Training(optimiser="sgd")
        >>> test = find_learning_rate(torch.nn.Linear(2, 2), examples, training, make_fabric(training))
        >>> test.suggested >= 1e-6 and len(test.rates) == len(test.losses)
        True
    """
    show: Progress = NoProgress() if progress is None else progress
    tried = copy.deepcopy(module)
    optimiser = make_optimiser(tried, training)
    moved, optimiser = fabric.setup(tried, optimiser)
    loss_of = BatchLoss(examples.codes, examples.classes, examples.class_weights, training, fabric.device)
    rates: list[float] = []
    losses: list[float] = []
    average = 0.0
    show.start(STEPS, "steps of the learning-rate test")
    moved.train()
    try:
        for step, (batch, rate) in enumerate(zip(_batches(examples, training), _rates(), strict=False)):
            for group in optimiser.param_groups:
                group["lr"] = rate * group.get("lr_scale", 1.0)
            with drawn_from(fabric.device, training.seed, 0, step):
                loss = loss_of(moved, batch)
                fabric.backward(loss)
            average = _SMOOTHING * average + (1 - _SMOOTHING) * float(loss.detach())
            smooth = average / (1 - _SMOOTHING ** (step + 1))
            show.advance(1)
            if not math.isfinite(smooth) or smooth > _BROKEN * min(losses, default=smooth):
                break
            rates.append(rate)
            losses.append(smooth)
            fabric.clip_gradients(
                moved, optimiser, max_norm=training.clip or math.inf, error_if_nonfinite=False
            )
            optimiser.step()
            optimiser.zero_grad()
    finally:
        show.stop()
    if not rates:
        return RateTest((), (), training.learning_rate)
    test = RateTest(tuple(rates), tuple(losses), rates[int(np.argmin(losses))] / _SAFE)
    return fabric.broadcast(test)


def _rates() -> list[float]:
    return [float(rate) for rate in np.geomspace(LEAST, MOST, STEPS)]


def _batches(examples: Examples, training: Training) -> Iterator[Batch]:
    """Batches of one epoch after the other, as long as they are asked for."""
    for epoch in count(1):
        chance = np.random.default_rng([training.seed, 0, epoch])
        batches = in_batches(chance.permutation(examples.train), training.batch_size)
        yield from examples.inputs.train(batches, epoch)
