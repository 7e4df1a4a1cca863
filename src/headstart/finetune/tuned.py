"""body + dropout + linear layer: the network that is trained, and the backbone that comes of it."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from headstart.backbones.base import Backbone, dummy_photo
from headstart.backbones.state import digest, seeded, state_bytes
from headstart.finetune.resumed import resumed
from headstart.heads.fitted import LinearHead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.finetune.parts import Part

_LAST_GROUP = 10_000


class Tuned(nn.Module):
    """A network's part, and a linear layer on its rows: inputs (n, …) => logits (n, classes).

    It takes pixels in [0, 1] where the whole network is trained, activations of `part.cut` otherwise.

    Attributes:
        body: inputs => rows (n, width); its `network` has the parameters under the network's own names.
        head: rows => logits.
        part: what of the network it is.
    """

    def __init__(
        self,
        backbone: Backbone,
        part: Part,
        *,
        classes: int,
        layer: str | None = None,
        dropout: float = 0.0,
        batch_norm: str = "frozen",
        seed: int = 0,
    ) -> None:
        """Copy a part of a network, with a linear layer of small random weights.

        Args:
            backbone: it stays as it is.
            part: from `find_part`.
            classes: how many there are.
            layer: the layer reference whose rows the head takes; None: the backbone's default.
            dropout: share of a row's numbers that are left out in each step, 0 to below 1.
            batch_norm: "frozen": statistics of the pretraining; "trained": of each batch.
            seed: of the linear layer's first weights.
        """
        super().__init__()
        self.part = part
        whole = part.cut is None
        self.body = backbone.to_module(layer) if whole else resumed(backbone, str(part.cut), layer)
        self.dropout = nn.Dropout(dropout)
        self.head = _linear(backbone.width(layer), classes, seed)
        self.batch_norm = batch_norm
        self._groups = {
            module: number for number, stage in enumerate(part.stages) for module in stage.modules
        }
        self._train_what_counts(backbone)
        self.eval()

    def forward(self, inputs: Tensor) -> Tensor:
        """Give the logits."""
        if inputs.ndim == 4:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        logits: Tensor = self.head(self.dropout(self.body(inputs).float()))
        return logits

    def train(self, mode: bool = True) -> Tuned:  # noqa: FBT001, FBT002  (torch's own signature)
        """Change the mode; frozen batch norm stays in evaluation mode."""
        super().train(mode)
        self.body.network.train(mode)  # type: ignore[union-attr]
        if self.batch_norm == "frozen":
            for module in self.body.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def start_from(self, head: LinearHead, softness: float = 1.0) -> None:
        """Give the linear layer the weights of a fitted head, its temperature folded in (LP-FT).

        Args:
            head: of the same width and classes.
            softness: what its logits are multiplied by, above 0: below 1, no answer changes and all of them
                are less sure.
        """
        scale = softness / head.temperature
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(np.asarray(head.weight * scale)))
            self.head.bias.copy_(torch.from_numpy(np.asarray(head.bias * scale)))

    def group_matcher(self, coarse: bool = False) -> object:  # noqa: ARG002, FBT001, FBT002  (timm's own)
        """Which layer group a parameter belongs to: learning rates fall from the last to the first."""
        return self._group

    def linear_head(self, classes: Sequence[str], temperature: float) -> LinearHead:
        """The linear layer as a head that predicts in numpy.

        Args:
            classes: names, in the order of the logits.
            temperature: above 0; what logits are divided by.
        """
        weight, bias = (each.detach().double().cpu().numpy() for each in (self.head.weight, self.head.bias))
        return LinearHead(classes, weight, bias, temperature)

    def backbone(self, start: Backbone) -> Backbone:
        """The whole network with what was trained in its place.

        Args:
            start: the network that this part was taken from; it stays as it is.

        Returns:
            A backbone with another digest, and without classes of its own.
        """
        module = copy.deepcopy(start.module)
        trained = {name: each.detach().cpu() for name, each in self.body.network.state_dict().items()}  # type: ignore[union-attr]
        module.load_state_dict(trained, strict=False)
        data = state_bytes(module)
        spec, made = start.spec, digest(data)
        tag = f"tuned-{made[:12]}"
        return Backbone(
            module,
            replace(
                spec,
                name=f"{spec.name.partition('@')[0]}@{tag}",
                tag=tag,
                classes=(),
                class_ids=(),
                weights_digest=made,
                source=f"fine-tuned from {spec.name} (SHA-256 {spec.weights_digest[:16]}…)",
            ),
            weights=lambda: data,
        )

    def _group(self, name: str) -> int:
        """The number of the stage whose module holds a parameter; the linear layer comes last."""
        inside = name.removeprefix("body.network.")
        if inside == name:
            return _LAST_GROUP
        parts = inside.split(".")
        prefixes = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        return next((self._groups[each] for each in prefixes if each in self._groups), 0)

    def _train_what_counts(self, backbone: Backbone) -> None:
        """Have gradients for what leads to the rows alone: a network's own classifier is not trained."""
        network: nn.Module = self.body.network  # type: ignore[assignment]
        network.requires_grad_(requires_grad=True)
        photo = dummy_photo(backbone.spec.preprocessing)
        if self.part.cut is not None:
            photo = backbone.activations(photo, [self.part.cut])[self.part.cut].clone()
        self.eval()
        self.body(photo).sum().backward()
        for parameter in network.parameters():
            parameter.requires_grad_(parameter.grad is not None)
            parameter.grad = None


def _linear(width: int, classes: int, seed: int) -> nn.Linear:
    """A linear layer with torch's own first weights and no bias; torch's random state stays as it was."""
    with seeded(seed):
        layer = nn.Linear(width, classes)
    nn.init.zeros_(layer.bias)
    return layer
