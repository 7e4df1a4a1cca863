"""(network, batch) => the loss that is trained on: classes weighted, targets smoothed, photos mixed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from headstart.backbones.layers import spatial_axes
from headstart.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from headstart.finetune.inputs import Batch
    from headstart.finetune.settings import Training

Mixing = Callable[["Tensor", "Tensor"], "tuple[Tensor, Tensor]"]


class BatchLoss:
    """Cross-entropy of a batch as the settings want it.

    Args:
        codes: (n,) the class of each photo.
        classes: how many there are.
        class_weights: (classes,) how much a photo of each class counts; None: all alike.
        training: smoothing and mixing.
        device: where the network is.
    """

    def __init__(
        self,
        codes: NDArray[np.intp],
        classes: int,
        class_weights: NDArray[np.float32] | None,
        training: Training,
        device: torch.device,
    ) -> None:
        self._codes = codes
        self._device = device
        self._smoothing = training.label_smoothing
        self._weights = None if class_weights is None else torch.from_numpy(class_weights).to(device)
        self._mix = _mixing(training, classes)

    def __call__(self, module: nn.Module, batch: Batch) -> Tensor:
        """Run the network on a batch; its chance is torch's own at this moment."""
        inputs, target = batch[0].to(self._device), torch.from_numpy(self._codes[batch[1]]).to(self._device)
        if self._mix is not None:
            inputs, target = self._mix(inputs, target)
        each = functional.cross_entropy(
            module(inputs), target, weight=self._weights, label_smoothing=self._smoothing, reduction="none"
        )
        # torch's own mean divides by the weights of the batch where targets are classes, by its photos where
        # they are mixed: in the first case weights would mean nothing to a batch of one class.
        return each.mean()


def _mixing(training: Training, classes: int) -> Mixing | None:
    from torchvision.transforms import v2

    wanted: list[Mixing] = []
    if training.mixup:
        wanted.append(_of_any_shape(v2.MixUp(alpha=training.mixup, num_classes=classes)))
    if training.cutmix:
        wanted.append(_of_maps(v2.CutMix(alpha=training.cutmix, num_classes=classes)))
    if not wanted:
        return None
    mixing: Mixing = v2.RandomChoice(wanted)
    return mixing


def _of_any_shape(mixup: Mixing) -> Mixing:
    """What mixes numbers one by one does so in tokens and rows too: torchvision's takes only pictures."""

    def mix(inputs: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        mixed, targets = mixup(inputs.reshape(len(inputs), 1, 1, -1), target)
        return mixed.reshape(inputs.shape), targets

    return mix


def _of_maps(cutmix: Mixing) -> Mixing:
    """A part of a map is pasted over another's, whether its channels come first or last."""

    def mix(inputs: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        axes = spatial_axes(inputs.shape)
        if axes is None:
            raise UsageError(
                f"--cutmix pastes a part of one photo over another; what is trained here takes "
                f"{tuple(inputs.shape[1:])} numbers, which have no height and width: "
                "use --mixup, or --part whole"
            )
        channels = 1 if axes == (2, 3) else 3
        mixed, targets = cutmix(inputs.movedim(channels, 1), target)
        return mixed.movedim(1, channels), targets

    return mix
