"""(photos, pretrained network) => its last part, to be trained on from activations that are computed once."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from headstart.backbones.engines.one_thread import threads_left_alone, use_one_thread
from headstart.finetune.inputs import Kept
from headstart.finetune.parts import find_part
from headstart.finetune.settings import BATCH_NORM, Tuning
from headstart.finetune.tuned import Tuned
from headstart.heads.linear import LinearClassifier
from headstart.tasks.trials.networks import Dropout, draw_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from headstart.backbones.base import Backbone
    from headstart.features.progress import Progress
    from headstart.heads.fitted import LinearHead
    from headstart.tasks.trials.ground import Parts
    from headstart.tasks.trials.recipe import Recipe

_SOFTNESS = {"probe": 1.0, "soft probe": Tuning().soft_start}
_BATCH = 16
"""Photos of a pass: rows change in their last bits with it, so it is always the same."""


class LastPart:
    """A pretrained network of which the last part and a new linear layer are trained.

    Activations at the cut are computed once for each photo, on one thread; a network so small that its last
    part is all of it is trained from the photos themselves.

    Args:
        backbone: the network.
        pixels: (n, 3, h, w) in [0, 1], of its own size.
        parts: who is learned from.
        progress: told of each photo.
    """

    def __init__(
        self, backbone: Backbone, pixels: NDArray[np.float32], parts: Parts, progress: Progress | None = None
    ) -> None:
        self.name = backbone.spec.name
        self.parts = parts
        self.part = find_part(backbone)
        self._backbone = backbone
        if progress is not None:
            progress.start(2 * len(pixels), f"photos to activations of {self.name}")
        try:
            kinds = ("normalised", "unit")
            found = {kind: self._activations(pixels, kind, progress) for kind in kinds}
        finally:
            if progress is not None:
                progress.stop()
        self._inputs = {kind: Kept(kept[None]) for kind, (kept, _) in found.items()}
        self._heads = {kind: self._linear_head(rows) for kind, (_, rows) in found.items()}
        # Made once and copied: making one runs the backbone itself, which several threads must not at once.
        self._start = {
            norm: Tuned(backbone, self.part, classes=len(parts.classes), batch_norm=norm)
            for norm in BATCH_NORM
        }

    @property
    def has_batch_norm(self) -> bool:
        """Whether what is trained keeps statistics of batches."""
        modules = dict(self._backbone.module.named_modules())
        names = [name for stage in self.part.stages for name in stage.modules]
        return any(isinstance(each, _BatchNorm) for name in names for each in modules[name].modules())

    def inputs(self, recipe: Recipe) -> Kept:
        """Activations at the cut, of photos as the recipe wants their numbers."""
        return self._inputs[recipe.pixels]

    def build(self, recipe: Recipe, seed: int) -> nn.Module:
        """A copy of the last part with its new linear layer: of chance, or fitted to the frozen rows."""
        tuned = copy.deepcopy(self._start[recipe.training.batch_norm])
        tuned.dropout = Dropout(recipe.dropout, seed)  # type: ignore[assignment]
        if recipe.weights in _SOFTNESS:
            tuned.start_from(self._heads[recipe.pixels], _SOFTNESS[recipe.weights])
        else:
            draw_weights(tuned.head, recipe.weights, seed)
        if not recipe.body:
            tuned.body.requires_grad_(requires_grad=False)
        return tuned

    def _activations(
        self, pixels: NDArray[np.float32], kind: str, progress: Progress | None
    ) -> tuple[Tensor, Tensor]:
        layer, taken = self._backbone.spec.feature_layer, self.part.cut
        cut, rows = [], []
        with torch.no_grad(), threads_left_alone():
            use_one_thread()
            for start in range(0, len(pixels), _BATCH):
                batch = torch.from_numpy(pixels[start : start + _BATCH])
                if kind == "unit":
                    batch = self._undone(batch)
                found = self._backbone.activations(batch, [layer, *([taken] if taken else [])])
                cut.append(found[taken].clone() if taken else batch)
                rows.append(found[layer].flatten(1))
                if progress is not None:
                    progress.advance(len(batch))
        return torch.cat(cut), torch.cat(rows)

    def _undone(self, pixels: Tensor) -> Tensor:
        """Pixels that the backbone's own normalisation turns back into what was given."""
        seen = self._backbone.spec.preprocessing
        return pixels * pixels.new_tensor(seen.std).view(1, 3, 1, 1) + pixels.new_tensor(seen.mean).view(
            1, 3, 1, 1
        )

    def _linear_head(self, rows: Tensor) -> LinearHead:
        """A linear head on the frozen rows of the training part, in which every class has a photo."""
        train = self.parts.train
        fitted = LinearClassifier(class_weight=None, min_photos=1).fit(
            rows[torch.from_numpy(train)].numpy(), self.parts.codes[train]
        )
        return fitted.head_
