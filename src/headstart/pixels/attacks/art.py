"""(module, one picture) => the picture after adversarial-robustness-toolbox's composition of attacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from headstart.pixels.attacks.settings import ResolvedSettings

_QUERIES_A_STEP = 10  # Square looks without gradients, which costs less and finds less
_LEAST_CLASSES = 3  # the difference-of-logits ratio divides by what lies between the first and the third


def attack(
    module: torch.nn.Module,
    pixels: Tensor,
    label: int,
    target: int | None,
    settings: ResolvedSettings,
) -> Tensor:
    """Attack one picture, (1, 3, h, w) in [0, 1] => the same; the first attack that succeeds is the last."""
    import numpy as np
    import torch
    from art.attacks.evasion import AutoAttack
    from art.estimators.classification import PyTorchClassifier

    del target  # refused before
    with torch.no_grad():
        classes = int(module(pixels).shape[1])
    classifier = PyTorchClassifier(
        model=module,
        loss=torch.nn.CrossEntropyLoss(),
        input_shape=tuple(pixels.shape[1:]),
        nb_classes=classes,
        clip_values=(0.0, 1.0),
        device_type="cpu",
    )
    norm = np.inf if settings.norm == "linf" else 2
    whole = AutoAttack(
        classifier,
        norm=norm,
        eps=settings.epsilon,
        eps_step=settings.step_size,
        attacks=_attacks(classifier, norm, classes, settings),
        batch_size=1,
    )
    found = whole.generate(pixels.numpy(), np.array([label]))
    return torch.from_numpy(np.asarray(found, dtype=np.float32))


def _attacks(classifier: Any, norm: float, classes: int, settings: ResolvedSettings) -> list[Any]:
    from art.attacks.evasion import AutoProjectedGradientDescent, DeepFool, SquareAttack

    losses = ["cross_entropy", *(["difference_logits_ratio"] if classes >= _LEAST_CLASSES else [])]
    descents = [
        AutoProjectedGradientDescent(
            classifier,
            norm=norm,
            eps=settings.epsilon,
            eps_step=settings.step_size,
            max_iter=settings.steps,
            nb_random_init=settings.restarts,
            batch_size=1,
            loss_type=loss,
            verbose=False,
        )
        for loss in losses
    ]
    fool = DeepFool(
        classifier, max_iter=settings.steps, nb_grads=min(10, classes), batch_size=1, verbose=False
    )
    square = SquareAttack(
        classifier,
        norm=norm,
        eps=settings.epsilon,
        max_iter=_QUERIES_A_STEP * settings.steps,
        p_init=0.8,
        nb_restarts=settings.restarts,
        batch_size=1,
        verbose=False,
    )
    return [*descents, fool, square]
