"""(what the student says, what the teacher sees, labels) => the number that training makes smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

    from training.pocket.settings import Settings
    from training.pocket.student import Said
    from training.pocket.teacher import Teacher


def losses(
    said: Said, seen: Tensor, labels: Tensor, teacher: Teacher, settings: Settings
) -> dict[str, Tensor]:
    """Give each loss with its weight applied; their sum is what training makes smaller.

    Args:
        said: of n views.
        seen: (n, 1,280) the teacher's features of the same views.
        labels: (m,) classes of the first m views; the others have none of the 200.
        teacher: gives its answers to features: the student's features are asked as if they were its own.
        settings: the weights.
    """
    imitated = said.features.float()
    return {
        "features": settings.feature_weight
        * functional.mse_loss(imitated, (seen - teacher.mean) / teacher.spread),
        "answers": settings.answer_weight
        * _distillation(
            teacher.answers(imitated * teacher.spread + teacher.mean),
            teacher.answers(seen),
            settings.temperature,
        ),
        "labels": settings.label_weight
        * functional.cross_entropy(
            said.labels[: len(labels)].float(), labels, label_smoothing=settings.smoothing
        ),
    }


def _distillation(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Compare softened answers (Hinton et al. 2015, arXiv:1503.02531)."""
    divergence = functional.kl_div(
        functional.log_softmax(student / temperature, 1),
        functional.softmax(teacher / temperature, 1),
        reduction="batchmean",
    )
    return divergence * temperature
