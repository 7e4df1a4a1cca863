"""(two networks, photos) => how far they agree: features, logits, gradients of the pixels, answers.

Of each, the worst photo counts. Features and logits: the largest absolute difference, divided by the
reference's largest absolute value. Gradients: the length of the difference, divided by the length of the
reference's. They can't be held to as much: where a ReLU's input is nearly 0, rounding decides whether it
passes a gradient on. MobileNetV2's own gradients change by up to 0.0026 of their length when the pixels
change by one part in ten million; two such networks with random weights differed by 0.026.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from headstart.errors import BackboneError

if TYPE_CHECKING:
    from torch import Tensor

    from headstart.backbones.base import Backbone

LARGEST = {"features": 1e-4, "logits": 1e-4, "gradients": 5e-2}
"""Differences up to which two networks are the same but for float32's rounding and what ReLUs make of it."""

_AT_ONCE = 4  # photos: the gradients of a VGG take some 100 MB each


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a network agrees with another, its reference; differences as this module's first lines say.

    Attributes:
        photos: how many were looked at.
        features: relative difference of a photo's row.
        logits: of its scores for the classes.
        gradients: of its pixels, for the score of the class that the reference answers.
        answers: share of photos for which both answer the same class.
    """

    photos: int
    features: float
    logits: float
    gradients: float
    answers: float

    @property
    def same(self) -> bool:
        """Whether nothing differs by more than `LARGEST` and all answers are equal."""
        return self.answers == 1 and all(getattr(self, what) <= most for what, most in LARGEST.items())

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        differences = {what: getattr(self, what) for what in LARGEST}
        # A network whose numbers overflow differs by no number that JSON could hold.
        figures = {what: value if math.isfinite(value) else None for what, value in differences.items()}
        fixed = {"photos": self.photos, "answers": self.answers}
        return {**fixed, **figures, "largest": dict(LARGEST), "same": self.same}


def agreement(reference: Backbone, other: Backbone, pixels: Tensor) -> Agreement:
    """Measure how far a network agrees with another on the same pixels.

    Args:
        reference: what the differences are divided by.
        other: a network with as many classes and features as wide.
        pixels: float32 (n, 3, h, w) in [0, 1], n at least 1.

    Raises:
        BackboneError: they have other numbers of classes or features, or none.

    Example:
        >>> from headstart.backbones.load import load_backbone
        >>> network = load_backbone("squeezenet1_1@random")
        >>> found = agreement(network, network, torch.rand(2, 3, 64, 64))
        >>> found.features, found.gradients, found.answers, found.same
        (0.0, 0.0, 1.0, True)
    """
    unequal = [
        f"{mine:,} and {yours:,} {what}"
        for what, mine, yours in (
            ("classes", len(reference.spec.classes), len(other.spec.classes)),
            ("features", reference.spec.feature_width, other.spec.feature_width),
        )
        if mine != yours or not mine
    ]
    if unequal:
        names = f"{reference.spec.name} and {other.spec.name}"
        raise BackboneError(f"{names} have {' and '.join(unequal)}: there is nothing to compare")
    parts = [_differences(reference, other, part) for part in torch.split(pixels, _AT_ONCE)]
    differences = torch.cat(parts, 1)
    features, logits, gradients = differences[:3].amax(1).tolist()
    return Agreement(len(pixels), features, logits, gradients, answers=float(differences[3].mean()))


def relative(found: Tensor, reference: Tensor) -> Tensor:
    """Largest absolute difference of each row, divided by the largest absolute value of the reference's row.

    Args:
        found: (n, …).
        reference: of the same shape.

    Returns:
        (n,) float64.

    Example:
        >>> relative(torch.tensor([[1.0, 4.0]]), torch.tensor([[2.0, 4.0]])).tolist()
        [0.25]
    """
    rows = reference.flatten(1).double()
    largest = rows.abs().amax(1).clamp_min(torch.finfo(torch.float32).tiny)
    return (found.flatten(1).double() - rows).abs().amax(1) / largest


def apart(found: Tensor, reference: Tensor) -> Tensor:
    """Length of each row's difference, divided by the length of the reference's row.

    Args:
        found: (n, …).
        reference: of the same shape.

    Returns:
        (n,) float64.

    Example:
        >>> apart(torch.tensor([[3.0, 0.0]]), torch.tensor([[3.0, 4.0]])).tolist()
        [0.8]
    """
    rows = reference.flatten(1).double()
    length = rows.norm(dim=1).clamp_min(torch.finfo(torch.float32).tiny)
    ratio: Tensor = (found.flatten(1).double() - rows).norm(dim=1) / length
    return ratio


def _differences(reference: Backbone, other: Backbone, pixels: Tensor) -> Tensor:
    """(4, n): of features, logits and gradients, and 1 where the answers are equal."""
    answers, *rows, gradients = _seen(reference, pixels, None)
    answered, *found, climbed = _seen(other, pixels, answers)
    differences = [relative(mine, yours) for mine, yours in zip(found, rows, strict=True)]
    return torch.stack([*differences, apart(climbed, gradients), (answers == answered).double()])


def _seen(backbone: Backbone, pixels: Tensor, classes: Tensor | None) -> tuple[Tensor, ...]:
    """Answers, features, logits, and the gradients for the score of these classes, or of the answers."""
    given = pixels.detach().clone().requires_grad_()
    logits = backbone.logits(given)
    answers = logits.detach().argmax(1)
    chosen = answers if classes is None else classes
    [gradients] = torch.autograd.grad(logits.gather(1, chosen[:, None]).sum(), given)
    with torch.no_grad():
        features = backbone.features(pixels)
    return answers, features, logits.detach(), gradients
