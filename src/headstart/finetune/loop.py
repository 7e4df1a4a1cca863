"""(network, inputs, classes) => the network trained, and how each epoch went: the one loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from headstart.backbones.state import seeded
from headstart.features.progress import NoProgress
from headstart.finetune.fabric import make_fabric
from headstart.finetune.history import Epoch, best_of
from headstart.finetune.inputs import in_batches, own_share
from headstart.finetune.loss import BatchLoss
from headstart.finetune.optimisers import MIDDLE, make_optimiser, make_schedule
from headstart.finetune.score import score_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightning_fabric import Fabric
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from headstart.features.progress import Progress
    from headstart.finetune.checkpoints import Checkpoints
    from headstart.finetune.inputs import Inputs
    from headstart.finetune.settings import Training


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Photos with their classes, and which of them are learned from.

    Attributes:
        inputs: what the network takes of them.
        codes: (n,) the class of each, 0 to `classes` - 1.
        train: positions that are learned from.
        validation: positions that decide which epoch is best, none of them in `train`.
        classes: how many there are.
        class_weights: (classes,) how much a photo of each class counts; None: all alike.
    """

    inputs: Inputs
    codes: NDArray[np.intp]
    train: NDArray[np.intp]
    validation: NDArray[np.intp]
    classes: int
    class_weights: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One step, seen after its gradients were computed and before anything changed.

    Attributes:
        epoch: from 1 on.
        step: over all epochs, from 0 on.
        loss: of this batch.
        learning_rate: of the last layer.
        module: the network, its parameters' `.grad` not clipped yet.
    """

    epoch: int
    step: int
    loss: float
    learning_rate: float
    module: nn.Module


Watch = Callable[[Moment], None]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What a training leaves; the module that was given has the weights of the kept epoch.

    Attributes:
        history: epoch 0, the network as it was given, then one entry for each epoch that ran.
        best: the epoch whose weights were kept; 0 where none was finished.
        stopped: why it ended before its last epoch, in words; "" where it did not.
        notes: what people should know of it.
    """

    history: tuple[Epoch, ...]
    best: Epoch
    stopped: str = ""
    notes: tuple[str, ...] = ()


def fit(
    module: nn.Module,
    examples: Examples,
    training: Training,
    *,
    checkpoints: Checkpoints | None = None,
    watch: Watch | None = None,
    progress: Progress | None = None,
    fabric: Fabric | None = None,
    keep_last: bool = False,
    until: int | None = None,
) -> Fitted:
    """Train a network in place; afterwards it has the weights of its last epoch, or of its best one.

    With `training.patience` the best epoch on the validation photos is kept, without it the last.

    All chance comes from (seed, epoch, step): with the same number of threads the result is the same bit
    for bit on a CPU, also where a killed run goes on from its checkpoints. A loss that is not finite ends
    it; what was best before is kept.

    Args:
        module: inputs (n, …) to logits (n, classes); what needs gradients is trained.
        examples: photos and classes.
        training: the settings.
        checkpoints: where each epoch is kept until the end; None: a killed run begins again.
        watch: sees each step.
        progress: is told the pace.
        fabric: the devices; None: those that are there.
        keep_last: leave the module with the weights of its last step instead, good or bad: where two
            trainings of equal length are compared.
        until: end after this epoch of the schedule; None: as the settings have it.

    Example:
        >>> import torch
        >>> from headstart.finetune.inputs import Kept
        >>> from headstart.finetune.settings import Training
        >>> rows = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
        >>> examples = Examples(
        ...     Kept(rows[None]), (rows[:, 0] > 0).numpy().astype(int), np.arange(48), np.arange(48, 64), 2
        ... )
        >>> layer = torch.nn.Linear(2, 2)
        >>> _ = torch.nn.init.zeros_(layer.weight)
        >>> fitted = fit(layer, examples, Training(epochs=8, learning_rate=0.1))
        >>> fitted.best.loss < fitted.history[0].loss
        True
    """
    show: Progress = NoProgress() if progress is None else progress
    run = _Run(module, examples, training, watch, fabric or make_fabric(training), until)
    run.restore(checkpoints)
    show.start(run.last * len(run.batches(1)), "steps of training")
    show.advance(run.epoch * len(run.batches(1)))
    try:
        while not run.ended:
            run.one_epoch(show)
            if checkpoints is not None and run.fabric.is_global_zero:
                checkpoints.save(run.state())
    finally:
        show.stop()
    run.finish(keep_last=keep_last)
    return Fitted(tuple(run.history), run.best, run.stopped, run.notes)


@dataclass
class RunState:
    """Everything that a run needs to go on, as tensors and plain values.

    Attributes:
        epoch: how many are done.
        history: of them.
        tensors: by name: "now.*", "best.*", "average.*", "optimiser.NUMBER.*".
        stopped: why it ended early; "" where it did not.
    """

    epoch: int
    history: list[Epoch]
    tensors: dict[str, Tensor] = field(default_factory=dict)
    stopped: str = ""


class _Run:
    def __init__(  # noqa: PLR0917
        self,
        module: nn.Module,
        examples: Examples,
        training: Training,
        watch: Watch | None,
        fabric: Fabric,
        until: int | None,
    ) -> None:
        from timm.utils import ModelEmaV3

        self.given, self.examples, self.training, self.watch, self.fabric = (
            module, examples, training, watch, fabric
        )  # fmt: skip
        optimiser = make_optimiser(module, training)
        self.module, self.optimiser = fabric.setup(module, optimiser)
        self.schedule = make_schedule(optimiser, training, len(self.batches(1)))
        self.average = (
            None if training.average is None else ModelEmaV3(module, decay=training.average, use_warmup=True)
        )
        self.loss = BatchLoss(
            examples.codes, examples.classes, examples.class_weights, training, fabric.device
        )
        self.until, self.last = until, training.epochs if until is None else until
        self.epoch, self.stopped = 0, ""
        self.notes: tuple[str, ...] = ()
        self.history = [self._validated(0)]
        self.best_state = _copied(self._kept().state_dict())

    @property
    def best(self) -> Epoch:
        """The epoch to keep, of those in which something was learned; the start, where none was finished."""
        learned = tuple(self.history[1:] or self.history)
        return learned[-1] if self.training.patience is None else best_of(learned)

    @property
    def ended(self) -> bool:
        patience = None if self.until else self.training.patience
        waited = self.epoch - self.best.number
        if patience is not None and self.epoch and waited >= patience and not self.stopped:
            self.stopped = f"no better epoch for {waited}"
        return bool(self.stopped) or self.epoch >= self.last

    def batches(self, epoch: int) -> list[NDArray[np.intp]]:
        """The positions of each step, in the order of chance of this epoch."""
        chance = np.random.default_rng([self.training.seed, epoch])
        return in_batches(chance.permutation(self.examples.train), self.training.batch_size)

    def one_epoch(self, show: Progress) -> None:
        epoch = self.epoch + 1
        batches = self.batches(epoch)
        mine = [own_share(batch, self.fabric.global_rank, self.fabric.world_size) for batch in batches]
        losses, gradients, rate = [], [0.0], 0.0
        self.module.train()
        for at, batch in enumerate(self.examples.inputs.train(mine, epoch)):
            step = self.epoch * len(batches) + at
            self.schedule.step_update(step + MIDDLE)
            rate = max(group["lr"] for group in self.optimiser.param_groups)
            with drawn_from(self.fabric.device, self.training.seed, epoch, step, self.fabric.global_rank):
                loss = self.loss(self.module, batch)
                self.fabric.backward(loss)
            losses.append(float(self.fabric.all_reduce(loss.detach())))  # type: ignore[arg-type]
            if self.watch is not None:
                self.watch(Moment(epoch, step, losses[-1], rate, self.given))
            gradients.append(self._step(step))
            show.advance(1)
            if not math.isfinite(losses[-1]) or not math.isfinite(gradients[-1]):
                self.stopped = f"the loss was not finite in epoch {epoch}, at a learning rate of {rate:.3g}"
                return
        self.epoch = epoch
        record = self._validated(epoch, float(np.mean(losses)), rate, max(gradients))
        if not math.isfinite(record.loss):
            self.stopped = f"the loss was not finite after epoch {epoch}, at a learning rate of {rate:.3g}"
            return
        self.history.append(record)
        if self.best is record:
            self.best_state = _copied(self._kept().state_dict())

    def _step(self, step: int) -> float:
        """Change the weights; the norm of the gradient before it was clipped."""
        norm = self.fabric.clip_gradients(
            self.module, self.optimiser, max_norm=self.training.clip or math.inf, error_if_nonfinite=False
        )
        length = float(norm) if norm is not None else math.nan
        if math.isfinite(length):
            self.optimiser.step()
        self.optimiser.zero_grad()
        if self.average is not None:
            self.average.update(self.given, step + 1)
        return length

    def _kept(self) -> nn.Module:
        return self.given if self.average is None else self.average.module

    def _validated(
        self,
        number: int,
        train_loss: float | None = None,
        learning_rate: float | None = None,
        gradient: float | None = None,
    ) -> Epoch:
        examples = self.examples
        logits = logits_of(
            self._kept(), examples.inputs, examples.validation, self.training.batch_size, self.fabric
        )
        score = score_of(logits, examples.codes[examples.validation])
        record = Epoch(number, train_loss, score.loss, score.accuracy, learning_rate, gradient)
        # All processes end after the same epoch, whatever the last bits of what each has measured.
        return self.fabric.broadcast(record)

    def finish(self, *, keep_last: bool) -> None:
        self.given.load_state_dict(self._kept().state_dict() if keep_last else self.best_state)
        self.given.eval()

    def state(self) -> RunState:
        """What the next start goes on from."""
        tensors = {f"now.{name}": value for name, value in self.given.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best_state.items()}
        if self.average is not None:
            tensors |= {f"average.{name}": value for name, value in self.average.module.state_dict().items()}
        for number, slots in self.optimiser.state_dict()["state"].items():
            for name, value in slots.items():
                if value is not None:
                    tensors[f"optimiser.{number}.{name}"] = torch.as_tensor(value)
        return RunState(self.epoch, self.history, _copied(tensors), self.stopped)

    def restore(self, checkpoints: Checkpoints | None) -> None:
        found = None
        if checkpoints is not None and self.fabric.is_global_zero:
            found = checkpoints.newest()
            self.notes = _losses(checkpoints.damaged, 0 if found is None else found.epoch)
        found = self.fabric.broadcast(found)
        if found is None:
            return
        self.epoch, self.history, self.stopped = found.epoch, found.history, found.stopped
        self.given.load_state_dict(_under("now", found.tensors))
        self.best_state = _under("best", found.tensors)
        if self.average is not None:
            self.average.module.load_state_dict(_under("average", found.tensors))
        slots: dict[int, dict[str, Tensor]] = {}
        for name, value in _under("optimiser", found.tensors).items():
            number, slot = name.split(".", 1)
            slots.setdefault(int(number), {})[slot] = value
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": slots, "param_groups": groups})


def _losses(damaged: Sequence[int], epoch: int) -> tuple[str, ...]:
    went_on = f"went on after epoch {epoch}" if epoch else "began again"
    return tuple(f"the checkpoint of epoch {each} was damaged, so training {went_on}" for each in damaged)


def logits_of(
    module: nn.Module, inputs: Inputs, index: NDArray[np.intp], batch_size: int, fabric: Fabric
) -> NDArray[np.float64]:
    """What a network says of photos as they are measured, without chance; its mode is as it was afterwards.

    Returns:
        (len(index), classes) float64; not finite where the network is not.
    """
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad():
            parts = [
                module(taken.to(fabric.device)).cpu().double().numpy()
                for taken, _ in inputs.plain(in_batches(index, batch_size))
            ]
    finally:
        module.train(was_training)
    return np.concatenate(parts)


@contextmanager
def drawn_from(device: torch.device, *key: int) -> Iterator[None]:
    """Draw torch's random numbers from a seed made of whole numbers; the state outside stays as it was."""
    seed = int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0])
    with seeded(seed, device):
        yield


def _copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in tensors.items()}


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}
