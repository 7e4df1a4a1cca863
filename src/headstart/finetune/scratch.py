"""(a network's spec) => the same network with random weights, all of them trained; small pictures for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from headstart.backbones.base import normalised
from headstart.backbones.layers import LayerRef, as_rows, listening, taken
from headstart.backbones.registry import adapter
from headstart.backbones.spec import OWN, RANDOM
from headstart.errors import BackboneError
from headstart.finetune.loop import drawn_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.backbones.spec import BackboneSpec
    from headstart.finetune.inputs import Batch
    from headstart.images.resize import Resize

_LEAST_AREA = 0.35
_ASPECT = 4 / 3


class FromScratch(nn.Module):
    """A network of a known kind that has learned nothing, with a linear layer for new classes.

    Pixels (n, 3, h, w) in [0, 1] => logits (n, classes). Nothing is frozen, and batch norm goes by the
    batch while it trains.

    Args:
        spec: of the pretrained network; its architecture and options are built again.
        classes: how many, at least 2.
        seed: of the random weights; torch's own random state stays as it was.

    Raises:
        BackboneError: a user's own network, which only the user can build again.

    Example:
        >>> from headstart.backbones.load import load_backbone
        >>> network = FromScratch(load_backbone("squeezenet1_1@random").spec, 3)
        >>> network.eval()(torch.rand(2, 3, 64, 64)).shape
        torch.Size([2, 3])
        >>> all(each.requires_grad for each in network.parameters())
        True
    """

    def __init__(self, spec: BackboneSpec, classes: int, seed: int = 0) -> None:
        super().__init__()
        if spec.framework == OWN:
            raise BackboneError(f"{spec.name} is a network of your own: only you can build it again")
        with drawn_from(torch.device("cpu"), seed, classes):
            built = adapter(spec.framework).build(
                spec.architecture, tag=RANDOM, options=spec.options, tensors=None
            )
            self.network = built.module.to(memory_format=torch.channels_last)
            self.classifier = nn.Linear(spec.feature_width, classes)
        self.network.requires_grad_(requires_grad=True)
        self._preprocessing = spec.preprocessing
        self._layer = spec.feature_layer
        self._reference = LayerRef.parse(self._layer, [name for name, _ in self.network.named_modules()])

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits, not calibrated."""
        with listening(self.network, {self._layer: self._reference}) as taps:
            self.network(normalised(pixels, self._preprocessing))
        tensor = taken(self._layer, taps[self._layer], pixels.shape[0])
        rows = as_rows(tensor, self._reference, pixels.shape[2] / pixels.shape[3])
        logits: Tensor = self.classifier(rows.flatten(1).float())
        return logits

    def takes(self, side: int) -> bool:
        """Whether it can be given photos of so many pixels a side: some networks have one size only."""
        was_training = self.training
        self.eval()
        try:
            with torch.no_grad():
                self(torch.zeros(1, 3, side, side))
        except (AssertionError, RuntimeError, ValueError):
            return False
        finally:
            self.train(was_training)
        return True


def smaller(resize: Resize, side: int) -> Resize:
    """How a photo is decoded to be cut to `side` later: what lies around the centre is kept, as it is seen.

    Example:
        >>> from headstart.images.resize import Resize
        >>> smaller(Resize(224, 224, 256), 112).height
        128
    """
    whole = max(side, round(side * resize.short_side / min(resize.height, resize.width)))
    return replace(resize, height=whole, width=whole, short_side=whole)


class Pictures:
    """`Inputs`: pictures in memory; a view is a part of one, at least 35 % of its area, maybe mirrored.

    Args:
        pictures: (n, s, s, 3) uint8.
        side: of what the network is given, at most s.
        seed: of the views.

    Example:
        >>> pictures = Pictures(np.zeros((4, 40, 40, 3), np.uint8), 32)
        >>> [tuple(views.shape) for views, _ in pictures.train([np.array([0, 3, 3])], epoch=1)]
        [(3, 3, 32, 32)]
    """

    def __init__(self, pictures: NDArray[np.uint8], side: int, seed: int = 0) -> None:
        self._pictures, self._side, self._seed = pictures, side, seed

    def train(self, batches: Sequence[NDArray[np.intp]], epoch: int) -> Iterator[Batch]:
        """As `Inputs.train`; a photo that stands twice in a batch is seen in two ways."""
        for number, at in enumerate(batches):
            chance = np.random.default_rng([self._seed, epoch, number])
            yield _views(self._pixels(at), self._side, chance), at

    def plain(self, batches: Sequence[NDArray[np.intp]]) -> Iterator[Batch]:
        """As `Inputs.plain`: the centre."""
        for at in batches:
            edge = (self._pictures.shape[1] - self._side) // 2
            yield self._pixels(at)[:, :, edge : edge + self._side, edge : edge + self._side], at

    def _pixels(self, at: NDArray[np.intp]) -> Tensor:
        return torch.from_numpy(self._pictures[at]).permute(0, 3, 1, 2).float() / 255


def _views(pixels: Tensor, side: int, chance: np.random.Generator) -> Tensor:
    """A random part of each picture (random resized crop, Szegedy et al. 2015), half of them mirrored."""
    count = len(pixels)
    area = chance.uniform(_LEAST_AREA, 1, count)
    stretch = np.exp(chance.uniform(-np.log(_ASPECT), np.log(_ASPECT), count) / 2)
    wide, high = np.minimum(1, np.sqrt(area) * stretch), np.minimum(1, np.sqrt(area) / stretch)
    across, down = (chance.uniform(-1, 1, count) * (1 - share) for share in (wide, high))
    mirror = np.where(chance.random(count) < 0.5, -1.0, 1.0)
    none = np.zeros(count)
    rows = np.stack([np.stack([wide * mirror, none, across], 1), np.stack([none, high, down], 1)], 1)
    grid = functional.affine_grid(
        torch.from_numpy(rows.astype(np.float32)), [count, 3, side, side], align_corners=False
    )
    return functional.grid_sample(pixels, grid, align_corners=False)
