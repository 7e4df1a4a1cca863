"""(network, photos, attacks) => whether its gradients can be trusted, check by check, in sentences.

A network whose gradients lead nowhere looks robust and is not (Athalye, Carlini and Wagner 2018; the checks
follow their list, Carlini and others 2019, and the flags of auto-attack, Croce and Hein 2020).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.engines.one_thread import each_alone
from headstart.pixels.attacks.batch import attack_pixels
from headstart.pixels.robustness.answers import answers_of, logits_of
from headstart.pixels.robustness.masking_checks import (
    FEW,
    MORE_STEPS,
    QUERIES,
    Check,
    check_blind,
    check_large,
    check_method,
    check_one_step,
    check_steps,
    of_photos,
)
from headstart.pixels.robustness.masking_search import search_blindly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.pixels.attacks.batch import Progress
    from headstart.pixels.attacks.settings import AttackSettings
    from headstart.pixels.network import Differentiable

    Pixels = NDArray[np.float32]
    Labels = NDArray[np.integer[Any]]

PASSES = 5
_SAME = 1e-4  # logits further apart than this, for the same picture, are two answers
_SUM = 1e-4
LARGE = {"linf": 0.5, "l2": 0.5}  # a share of the way to any picture: nothing survives it


def check_answers(network: Differentiable, pixels: Pixels) -> list[Check]:
    """Whether answers are the same each time, and come before the softmax.

    Args:
        network: what is checked.
        pixels: (n, 3, h, w) in [0, 1], n at least 1.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> [check.raised for check in check_answers(network, np.zeros((1, 3, 32, 32), np.float32))]
        [False, False]
    """
    passes = np.stack([logits_of(network, pixels) for _ in range(PASSES)])
    apart = float((passes.max(axis=0) - passes.min(axis=0)).max())
    sums = passes.sum(axis=2)
    chances = bool((passes >= 0).all() and (abs(sums - 1) < _SUM).all())
    return [
        Check(
            "randomised",
            apart > _SAME,
            f"The answers are random: the same picture's logits differ by {apart:.2g} over {PASSES} passes. "
            "One gradient says little then; average over many."
            if apart > _SAME
            else f"The answers are the same in each of {PASSES} passes.",
        ),
        Check(
            "probabilities",
            chances,
            "What should be logits are probabilities: each row is 0 or more and sums to 1. A softmax over a "
            "softmax flattens the gradients."
            if chances
            else "Logits come before the softmax.",
        ),
    ]


def check_gradients(network: Differentiable, pixels: Pixels, labels: Labels) -> Check:
    """Whether the gradient of the cross-entropy reaches the pixels of every photo."""
    sizes = np.array(
        list(each_alone(lambda place: _gradient(network, pixels, labels, place), range(len(pixels))))
    )
    lost = int((~(sizes > 0)).sum())
    return Check(
        "zero gradients",
        lost > max(1, FEW * len(pixels)),
        f"The gradient is 0 everywhere on {of_photos(lost, len(pixels))}: attacks that follow it can't move."
        if lost
        else f"The gradient reaches the pixels of all {len(pixels)} photos.",
    )


def check_masking(
    network: Differentiable,
    pixels: Pixels,
    labels: Labels,
    settings: AttackSettings,
    progress: Progress | None = None,
    *,
    method: str = "pgd",
    claimed: int | None = None,
) -> list[Check]:
    """Run every check that needs attacks of its own.

    Args:
        network: what is checked.
        pixels: (n, 3, h, w) in [0, 1], photos that the network names right; n at least 1.
        labels: (n,) their classes.
        settings: PGD at an epsilon that breaks some photos, not all.
        progress: told of each photo that is attacked.
        method: whose figures are shown.
        claimed: how many of the photos stay right by them, at that epsilon; None: nothing is claimed.
    """
    resolved = settings.resolved()
    photos, norm = len(pixels), resolved.norm

    def right(changed: AttackSettings, which: NDArray[np.bool_]) -> NDArray[np.bool_]:
        found = attack_pixels(network, pixels[which], labels[which], settings=changed, progress=progress)
        kept = np.zeros(photos, bool)
        kept[which] = answers_of(network, found) == labels[which]
        return kept

    every = np.ones(photos, bool)
    walked = right(settings, every)
    leapt = right(replace(settings, method="fgsm", steps=None, step_size=None, restarts=1), every)
    further = walked & right(replace(settings, steps=MORE_STEPS * resolved.steps), walked)
    large = LARGE["linf"] if norm == "linf" else LARGE["l2"] * float(np.sqrt(pixels[0].size))
    lost = right(replace(settings, epsilon=large, step_size=None), every)
    blind = search_blindly(
        network, pixels[walked], labels[walked], norm=norm, epsilon=resolved.epsilon, queries=QUERIES
    )
    return [
        *check_answers(network, pixels),
        check_gradients(network, pixels, labels),
        *(
            []
            if claimed is None or method == "pgd"
            else [check_method(method, claimed, int(walked.sum()), photos)]
        ),
        check_one_step(int(leapt.sum()), int(walked.sum()), photos),
        check_steps(int(walked.sum()), int(further.sum()), photos, resolved.steps),
        check_large(int(lost.sum()), photos, f"{large:.3g}"),
        check_blind(int(blind.sum()), int(walked.sum())),
    ]


def _gradient(network: Differentiable, pixels: Pixels, labels: Labels, place: int) -> float:
    import torch
    from torch.nn import functional

    with torch.enable_grad():
        photo = torch.from_numpy(np.array(pixels[place : place + 1], order="C")).requires_grad_()
        loss = functional.cross_entropy(network.logits(photo), torch.tensor([int(labels[place])]))
        [gradient] = torch.autograd.grad(loss, [photo], allow_unused=True) if loss.requires_grad else [None]
    return 0.0 if gradient is None else float(gradient.abs().max())
