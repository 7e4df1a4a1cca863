"""A network whose nearest decision boundary is known in closed form: logits = weights (pixels - 0.5)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from headstart.images.resize import Resize
from headstart.pixels.network import Seen


@dataclass(frozen=True)
class LinearNetwork:
    weights: Tensor  # (classes, 3 h w)
    size: tuple[int, int]

    name = "linear"
    ids = ()

    @property
    def classes(self):
        return tuple(f"class {number}" for number in range(len(self.weights)))

    @property
    def resize(self):
        return Resize(*self.size, min(self.size))

    def see(self, pixels, layers=()):
        return Seen(pixels, (pixels - 0.5).flatten(1) @ self.weights.T, {})

    def logits(self, pixels):
        return self.see(pixels).logits

    def probabilities(self, pixels):
        with torch.no_grad():
            return torch.softmax(self.logits(pixels), dim=1)

    def distances(self, pixels, labels, norm):
        """(n, classes): how far the boundary between the label and each class is; 0 for the label itself."""
        logits = (pixels.double() - 0.5).flatten(1) @ self.weights.double().T
        apart = self.weights.double()[labels][:, None] - self.weights.double()[None]  # (n, classes, values)
        dual = apart.abs().sum(dim=2) if norm == "linf" else apart.norm(dim=2)
        gaps = logits.gather(1, labels[:, None]) - logits
        return gaps / dual.clamp(min=1e-12)


def linear_world(size=(4, 6), photos=8, classes=5, seed=0):
    """Photos near grey and a random linear network: (network, pixels, labels)."""
    chance = torch.Generator().manual_seed(seed)
    values = 3 * size[0] * size[1]
    network = LinearNetwork(torch.randn(classes, values, generator=chance), size)
    pixels = 0.4 + 0.2 * torch.rand(photos, 3, *size, generator=chance)
    return network, pixels, network.logits(pixels).argmax(dim=1)
