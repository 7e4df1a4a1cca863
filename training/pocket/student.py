"""PocketNet with what only training needs: normalisation, and a way from its features to the teacher's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from headstart.backbones.pocket.network import FEATURES, PocketNet

if TYPE_CHECKING:
    from torch import Tensor

MEAN = (0.5, 0.5, 0.5)
SPREAD = (0.25, 0.25, 0.25)


@dataclass(frozen=True)
class Said:
    """What the student says of n views.

    Attributes:
        features: (n, 1,280) the teacher's features, in its standard deviations from its mean.
        labels: (n, 200) logits.
    """

    features: Tensor
    labels: Tensor


class Student(nn.Module):
    """The network that is trained.

    Example:
        >>> said = Student().eval()(torch.zeros(1, 3, 64, 64))
        >>> said.features.shape, said.labels.shape
        (torch.Size([1, 1280]), torch.Size([1, 200]))
    """

    def __init__(self) -> None:
        super().__init__()
        self.network = PocketNet(normalised=True)
        self.to_teacher = nn.Linear(FEATURES, 1280)

    def forward(self, pixels: Tensor) -> Said:
        """(n, 3, h, w) in [0, 1] => what it says."""
        features = self.network.maps(prepared(pixels)).mean((2, 3))
        return Said(self.to_teacher(features), self.network.classifier(features))


def prepared(pixels: Tensor) -> Tensor:
    """Pixels in [0, 1] => the network's own numbers."""
    mean, spread = (torch.tensor(each, device=pixels.device)[:, None, None] for each in (MEAN, SPREAD))
    return ((pixels - mean) / spread).contiguous(memory_format=torch.channels_last)
