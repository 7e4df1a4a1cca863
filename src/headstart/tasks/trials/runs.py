"""(ground, recipe, seed) => how that training went; many of them, several at a time."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from headstart.backbones.engines.one_thread import each_alone
from headstart.features.progress import NoProgress
from headstart.finetune.fabric import make_fabric
from headstart.finetune.loop import Examples, fit, logits_of
from headstart.heads.softmax import softmax
from headstart.tasks.trials.networks import layer_names
from headstart.tasks.trials.recipe import CONSTANT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lightning_fabric import Fabric
    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.finetune.history import Epoch
    from headstart.finetune.loop import Moment
    from headstart.tasks.trials.ground import Ground
    from headstart.tasks.trials.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Job:
    """One training.

    Attributes:
        ground: what it is tried on.
        recipe: the network and its training.
        seed: of first weights, order of photos, dropout.
        search: measured on the validation part, to choose a learning rate; never reported.
    """

    ground: Ground
    recipe: Recipe
    seed: int
    search: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """How a training went.

    Attributes:
        right: (m,) whether each photo that judges was named right in the end.
        probabilities: (m, classes) of them.
        curve: accuracy before any step and after each epoch, on the photos that judge; where a training
            may stop early, of the validation part.
        losses: mean training loss of each epoch.
        kept: number of the epoch that would be kept, after each epoch: the best one so far.
        log_loss: of the last epoch, in nats; infinite where it is not finite.
        diverged: why it ended with a loss that is not finite; "" where it did not.
        norms: length of the loss's gradient for the weights of each layer, first to last: the median over
            the steps of the first epoch; of those steps only where it was finite.
        parameters: how many numbers were trained.
    """

    right: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
    curve: tuple[float, ...]
    losses: tuple[float, ...]
    kept: tuple[int, ...]
    log_loss: float
    diverged: str
    norms: tuple[float, ...]
    parameters: int


@dataclass(frozen=True, slots=True)
class Norms:
    """Watches the gradient of each layer in the first epoch."""

    names: Sequence[str]
    seen: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def __call__(self, moment: Moment) -> None:
        """Note the lengths; called before anything is clipped."""
        if moment.epoch > 1:
            return
        gradients = {name: each.grad for name, each in moment.module.named_parameters()}
        for name in self.names:
            gradient = gradients[name]
            length = math.nan if gradient is None else float(gradient.double().norm())
            if math.isfinite(length):
                self.seen[name].append(length)

    def medians(self) -> tuple[float, ...]:
        """Of each layer; nan where no step had a finite one."""
        return tuple(
            float(np.median(self.seen[name])) if self.seen[name] else math.nan for name in self.names
        )


def run_all(
    jobs: Iterable[Job], progress: Progress | None = None, workers: int | None = None
) -> dict[Job, Outcome]:
    """Train everything once, each on one thread, as many at a time as there are processors.

    The results are the same bit for bit whatever `workers` is, and torch's own source of chance is
    afterwards as it was.

    Args:
        jobs: those that are equal run once.
        progress: told of each epoch.
        workers: how many at a time; None: as many as there are processors.
    """
    distinct = list(dict.fromkeys(jobs))
    show = NoProgress() if progress is None else progress
    fabric = make_fabric(CONSTANT, "cpu")
    results: dict[Job, Outcome] = {}
    show.start(sum(job.recipe.training.epochs for job in distinct), "epochs of training")
    try:
        # Networks are built with torch's own chance before ours overwrites it; what is taken is put back.
        with torch.random.fork_rng(devices=[]):
            outcomes = each_alone(lambda job: run(job, fabric), distinct, workers)
            for job, outcome in zip(distinct, outcomes, strict=True):
                results[job] = outcome
                show.advance(job.recipe.training.epochs)
    finally:
        show.stop()
    return results


def run(job: Job, fabric: Fabric) -> Outcome:
    """One training, from first weights to the answers for the photos that judge it."""
    parts, recipe = job.ground.parts, job.recipe
    judged = parts.validation if job.search else parts.held_out
    module, inputs = job.ground.build(recipe, job.seed), job.ground.inputs(recipe)
    examples = Examples(
        inputs, parts.codes, parts.train, parts.validation if recipe.stops else judged, len(parts.classes)
    )
    training = recipe.with_seed(job.seed)
    norms = Norms(layer_names(module))
    fitted = fit(module, examples, training, watch=norms, fabric=fabric, keep_last=not recipe.stops)
    diverged = "" if "finite" not in fitted.stopped else fitted.stopped
    logits = logits_of(module, inputs, judged, training.batch_size, fabric)
    last = fitted.history[-1]
    codes = parts.codes[judged]
    probabilities = _answers(logits, parts.codes[parts.train], diverged=bool(diverged))
    return Outcome(
        right=probabilities.argmax(axis=1) == codes,
        probabilities=probabilities,
        curve=tuple(epoch.accuracy for epoch in fitted.history),
        losses=tuple(epoch.train_loss for epoch in fitted.history if epoch.train_loss is not None),
        kept=kept_epochs(fitted.history),
        log_loss=math.inf if diverged or not math.isfinite(last.loss) else last.loss,
        diverged=diverged,
        norms=norms.medians(),
        parameters=sum(each.numel() for each in module.parameters() if each.requires_grad),
    )


def kept_epochs(history: Sequence[Epoch]) -> tuple[int, ...]:
    """The epoch that early stopping would keep, after each epoch but the start.

    Example:
        >>> from headstart.finetune.history import Epoch
        >>> history = [Epoch(number, 1.0, loss, 0.5) for number, loss in enumerate((0.9, 0.5, 0.7, 0.4))]
        >>> kept_epochs(history)
        (1, 1, 3)
    """
    kept: list[int] = []
    best: Epoch | None = None
    for epoch in history[1:]:
        best = epoch if best is None or epoch.better_than(best) else best
        kept.append(best.number)
    return tuple(kept)


def _answers(
    logits: NDArray[np.float64], trained: NDArray[np.intp], *, diverged: bool
) -> NDArray[np.float64]:
    """Probabilities; a network whose loss is no number says nothing better than the most frequent class."""
    if not diverged and np.isfinite(logits).all():
        return softmax(logits)
    share = np.bincount(trained, minlength=logits.shape[1]) / len(trained)
    return np.tile(share, (len(logits), 1))
