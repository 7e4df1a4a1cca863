"""(network, photos, steps) => the same walk along the gradient, by us, by libraries, by a loop of torch.

Attacks: PGD in the largest change of a value, from the photo itself, all sides with one step size. Ideal
images: the lesson's recipe. Every side gets the same network, with mean and deviation inside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from headstart.pixels.attacks import AttackSettings, attack_pixels
from headstart.pixels.attacks.outside import quiet
from headstart.pixels.ideal.draw import Wanted, draw
from headstart.pixels.ideal.recipes import RECIPES
from headstart.pixels.network import Network, of_backbone

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from headstart.backbones.base import Backbone

EPSILON = 8 / 255
_SEED = 0


@dataclass(frozen=True)
class Problem:
    """What every side is given.

    Attributes:
        network: for our side.
        module: for the others: pixels (n, 3, h, w) in [0, 1] => logits.
        photos: (n, 3, h, w) noise; which pixels they are does not change what a step costs.
        labels: (n,) what the network says of them.
        steps: of each walk.
    """

    network: Network
    module: nn.Module
    photos: NDArray[np.float32]
    labels: NDArray[np.intp]
    steps: int

    @property
    def step_size(self) -> float:
        """A quarter of the budget."""
        return EPSILON / 4

    def loss(self, found: Tensor) -> float:
        """The mean cross-entropy: whether the sides came equally far."""
        with torch.no_grad():
            return float(functional.cross_entropy(self.module(found), torch.from_numpy(self.labels)))


def problem(backbone: Backbone, photos: int, steps: int) -> Problem:
    """Noise of the network's size, and what it says of it."""
    network = of_backbone(backbone)
    size = network.resize
    noise = np.random.default_rng(_SEED).random((photos, 3, size.height, size.width), dtype=np.float32)
    with torch.no_grad():
        labels = network.logits(torch.from_numpy(noise)).argmax(dim=1).numpy()
    return Problem(network, backbone.to_module("output"), noise, labels, steps)


def headstart(asked: Problem) -> Tensor:
    """Attack photo by photo, one thread each, several at a time."""
    settings = AttackSettings(
        epsilon=EPSILON, steps=asked.steps, step_size=asked.step_size, random_start=False
    )
    return torch.from_numpy(attack_pixels(asked.network, asked.photos, asked.labels, settings=settings))


def secml_torch(asked: Problem) -> Tensor:
    """Attack as one batch, in secml-torch's own code."""
    with quiet():
        from secmlt.adv.evasion.pgd import PGD
        from secmlt.models.pytorch.base_pytorch_nn import BasePyTorchClassifier
    attack = PGD("linf", EPSILON, asked.steps, asked.step_size, random_start=False, backend="native")
    data = torch.utils.data.TensorDataset(torch.from_numpy(asked.photos), torch.from_numpy(asked.labels))
    batch = torch.utils.data.DataLoader(data, batch_size=len(asked.photos))
    found: Tensor = next(iter(attack(BasePyTorchClassifier(asked.module), batch)))[0]
    return found.detach()


def foolbox(asked: Problem) -> Tensor:
    """Attack as one batch, in Foolbox."""
    with quiet():
        from foolbox.attacks import LinfPGD
        from foolbox.models.pytorch import PyTorchModel
    attack = LinfPGD(abs_stepsize=asked.step_size, steps=asked.steps, random_start=False)
    model = PyTorchModel(asked.module, bounds=(0, 1))
    photos, labels = torch.from_numpy(asked.photos), torch.from_numpy(asked.labels)
    _, found, _ = attack(model, photos, labels, epsilons=EPSILON)
    clipped: Tensor = found
    return clipped.detach()


def torch_loop(asked: Problem) -> Tensor:
    """Attack as one batch, in a loop of torch."""
    photos, labels = torch.from_numpy(asked.photos), torch.from_numpy(asked.labels)
    found = photos.clone()
    for _ in range(asked.steps):
        found.requires_grad_()
        loss = functional.cross_entropy(asked.module(found), labels, reduction="sum")
        [gradient] = torch.autograd.grad(loss, [found])
        with torch.no_grad():
            found = found + asked.step_size * gradient.sign()
            found = (photos + (found - photos).clamp(-EPSILON, EPSILON)).clamp(0, 1)
    return found


def headstart_ideal(asked: Problem) -> Tensor:
    """Make the lesson's picture with `draw`."""
    recipe = replace(RECIPES["lesson"], steps=asked.steps)
    return draw(asked.network, Wanted(index=0), recipe, seed=_SEED)


def torch_ideal(asked: Problem) -> Tensor:
    """Make the lesson's picture in a loop of torch."""
    size, prepared = asked.network.resize, asked.network.backbone.spec.preprocessing
    mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in (prepared.mean, prepared.std))
    image = torch.randn((1, 3, size.height, size.width), generator=torch.Generator().manual_seed(_SEED))
    image.requires_grad_()
    optimiser = torch.optim.SGD([image], lr=RECIPES["lesson"].learning_rate)
    wanted = torch.tensor([0])
    for _ in range(asked.steps):
        optimiser.zero_grad()
        rough = (image[:, :, 1:] - image[:, :, :-1]).abs().sum()
        rough = rough + (image[:, :, :, 1:] - image[:, :, :, :-1]).abs().sum()
        loss = 10 * functional.cross_entropy(asked.module(image * std + mean), wanted)
        (loss + RECIPES["lesson"].tv * rough).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return (image.detach() * std + mean).clamp(0, 1)


ATTACKS: dict[str, Callable[[Problem], Tensor]] = {
    "headstart": headstart,
    "secml-torch": secml_torch,
    "foolbox": foolbox,
    "torch": torch_loop,
}
"""PGD by each side."""

IDEALS: dict[str, Callable[[Problem], Tensor]] = {"headstart": headstart_ideal, "torch": torch_ideal}
"""The lesson's ideal image by each side."""
