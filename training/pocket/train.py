"""(pictures, teacher, settings) => a trained student: AdamW, a cosine schedule, averaged weights."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from training.pocket.checkpoint import load_checkpoint, save_checkpoint
from training.pocket.losses import losses
from training.pocket.student import Student
from training.pocket.views import cut, draw_boxes, jitter, seen_by_teacher

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from training.pocket.photos import Pictures
    from training.pocket.settings import Settings
    from training.pocket.teacher import Teacher

_SAY_EVERY = 100
_SAVE_EVERY = 500
_LONGEST_GRADIENT = 5.0


@dataclass(frozen=True)
class Batch:
    """What one step learns from.

    Attributes:
        views: (batch, 3, side, side) in [0, 1]; those of small photos first.
        seen: (batch, 1,280) the teacher's features of these parts of the photos.
        labels: of the small photos' views.
    """

    views: Tensor
    seen: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        return Batch(self.views.to(device), self.seen.to(device), self.labels.to(device))


def train(pictures: Pictures, teacher: Teacher, folder: Path, settings: Settings) -> Student:
    """Train, going on from the folder's checkpoint if it is one of the same settings.

    Args:
        pictures: to learn from.
        teacher: its maps in the order small, sample.
        folder: for the checkpoint.
        settings: the recipe.

    Returns:
        The student with averaged weights, in evaluation mode, on the CPU.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(settings.seed)
    student = Student().to(memory_format=torch.channels_last).to(device)
    optimiser = _optimiser(student, settings)
    average = {name: tensor.detach().clone() for name, tensor in student.state_dict().items()}
    file, recipe = folder / "checkpoint.safetensors", repr(sorted(asdict(settings).items()))
    steps = steps_of(settings, len(pictures.small))
    step = began_at = load_checkpoint(file, student, average, optimiser, recipe=recipe)
    teacher = _moved(teacher, device)
    began = time.perf_counter()
    while step < steps:
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * schedule(step / steps, settings.warm_up)
        batch = draw_batch(pictures, teacher, step, steps, settings).to(device)
        parts = _step(student, optimiser, batch, teacher, settings)
        step += 1
        _blend(average, student, min(settings.average, (1 + step) / (10 + step)))
        if step % _SAY_EVERY == 0 or step == steps:
            pace = (step - began_at) * settings.batch / (time.perf_counter() - began)
            told = "  ".join(f"{name} {float(loss.detach()):.3f}" for name, loss in parts.items())
            print(f"step {step:,} of {steps:,}  {pace:.0f} views/s  {told}", flush=True)
        if step % _SAVE_EVERY == 0 or step == steps:
            save_checkpoint(file, student, average, optimiser, step=step, recipe=recipe)
    student.load_state_dict(average)
    student.cpu().eval()
    return student


def steps_of(settings: Settings, photos: int) -> int:
    """How many steps the recipe makes.

    Example:
        >>> from training.pocket.settings import Settings
        >>> steps_of(Settings(epochs=2, batch=128, sample=8), 30_000)
        500
    """
    return settings.epochs * (photos // (settings.batch - settings.sample))


def schedule(share: float, warm_up: float) -> float:
    """The learning rate as part of its highest: up in a line, down in a half cosine.

    Example:
        >>> [round(schedule(share, 0.1), 3) for share in (0.0, 0.05, 0.1, 0.55, 1.0)]
        [0.01, 0.5, 1.0, 0.5, 0.0]
    """
    if share < warm_up:
        return max(share / warm_up, 0.01)
    return 0.5 * (1 + math.cos(math.pi * (share - warm_up) / (1 - warm_up)))


def side_at(share: float, settings: Settings) -> int:
    """The side of the views after a share of all steps, pixels."""
    return [side for start, side in settings.sides if share >= start][-1]


def draw_batch(pictures: Pictures, teacher: Teacher, step: int, steps: int, settings: Settings) -> Batch:
    """Draw the views of one step; they depend on the seed and on the step's number alone."""
    small = settings.batch - settings.sample
    a_pass = len(pictures.small) // small
    order = np.random.default_rng([settings.seed, step // a_pass]).permutation(len(pictures.small))
    chosen = np.sort(order[step % a_pass * small : (step % a_pass + 1) * small])
    random = np.random.default_rng([settings.seed, step, 1])
    others = np.sort(random.integers(0, len(pictures.sample), settings.sample))
    boxes = draw_boxes(settings.batch, random, smallest=settings.smallest)
    side = side_at(step / steps, settings)
    views = torch.cat(
        [
            cut(pictures.small[chosen], boxes.part(0, small), side),
            cut(pictures.sample[others], boxes.part(small, settings.batch), side),
        ]
    )
    rows = np.concatenate([chosen, len(pictures.small) + others])
    return Batch(
        jitter(views, random, most=settings.jitter),
        seen_by_teacher(teacher.maps[rows], boxes),
        torch.from_numpy(pictures.labels[chosen]),
    )


def _optimiser(student: Student, settings: Settings) -> torch.optim.Optimizer:
    """Decay holds for kernels alone: biases and normalisation are few and have to be free."""
    kernels = [each for each in student.parameters() if each.ndim > 1]
    others = [each for each in student.parameters() if each.ndim <= 1]
    groups = [
        {"params": kernels, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)


def _step(
    student: Student, optimiser: torch.optim.Optimizer, batch: Batch, teacher: Teacher, settings: Settings
) -> dict[str, Tensor]:
    with torch.autocast(batch.views.device.type, dtype=torch.bfloat16):
        said = student(batch.views)
    parts = losses(said, batch.seen, batch.labels, teacher, settings)
    optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(torch.stack(list(parts.values())).sum())
    nn.utils.clip_grad_norm_(student.parameters(), _LONGEST_GRADIENT)
    optimiser.step()
    return parts


@torch.no_grad()
def _blend(average: dict[str, Tensor], student: Student, keep: float) -> None:
    """Averaged weights are better than the last ones (Polyak and Juditsky 1992)."""
    for name, tensor in student.state_dict().items():
        if tensor.is_floating_point():
            average[name].lerp_(tensor, 1 - keep)
        else:
            average[name].copy_(tensor)


def _moved(teacher: Teacher, device: torch.device) -> Teacher:
    named = ("mean", "spread", "weight", "bias")
    return replace(teacher, **{name: getattr(teacher, name).to(device) for name in named})
