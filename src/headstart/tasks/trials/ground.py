"""(pictures, or activations of a pretrained network) => what tricks are tried on: inputs, and networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch

from headstart.finetune.inputs import Kept
from headstart.tasks.trials.networks import make_network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from headstart.tasks.trials.recipe import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Who is learned from and who judges; the same for every trick.

    Attributes:
        codes: (n,) the class of each photo.
        classes: their names.
        train: positions that are learned from.
        validation: positions that early stopping and the choice of a learning rate look at.
        held_out: positions that every figure rests on.
    """

    codes: NDArray[np.intp]
    classes: tuple[str, ...]
    train: NDArray[np.intp]
    validation: NDArray[np.intp]
    held_out: NDArray[np.intp]


class Ground(Protocol):
    """What tricks are tried on."""

    name: str
    parts: Parts

    def inputs(self, recipe: Recipe) -> Kept:
        """What the recipe's network takes of each photo."""

    def build(self, recipe: Recipe, seed: int) -> nn.Module:
        """The recipe's network before any training."""


class Scratch:
    """Small pictures, and networks that know nothing yet.

    Args:
        pixels: (n, c, h, w) in [0, 1].
        parts: who is learned from.
        name: how the page calls it.
    """

    def __init__(self, pixels: NDArray[np.float32], parts: Parts, name: str) -> None:
        self.name = name
        self.parts = parts
        unit = torch.from_numpy(pixels)
        seen = unit[torch.from_numpy(parts.train)]
        mean = seen.mean(dim=(0, 2, 3), keepdim=True)
        # A border that is black in every picture has no spread of its own: the channel's is taken.
        spread = seen.std(dim=(0, 2, 3), keepdim=True).clamp(min=1 / 255)
        self._inputs = {
            "normalised": Kept(((unit - mean) / spread)[None]),
            "unit": Kept(unit[None]),
            "bytes": Kept((255 * unit)[None]),
        }
        self._shape = (pixels.shape[1], pixels.shape[2], pixels.shape[3])

    def inputs(self, recipe: Recipe) -> Kept:
        """Pictures, as the recipe wants their numbers."""
        return self._inputs[recipe.pixels]

    def build(self, recipe: Recipe, seed: int) -> nn.Module:
        """A network with the first weights of this seed."""
        return make_network(recipe, self._shape, len(self.parts.classes), seed)
