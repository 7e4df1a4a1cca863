"""(photos, a cut) => activations at the cut, once for each photo and view: an epoch costs the rest only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.source import FeatureSource
from headstart.errors import PhotosError, UsageError
from headstart.finetune.inputs import Kept
from headstart.images.names import counted
from headstart.images.view import Augmentation, View
from headstart.tasks.rows import Extraction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.backbones.base import Backbone
    from headstart.features.store import FeatureStore
    from headstart.finetune.settings import Tuning
    from headstart.images.photo import Hashed
    from headstart.tasks.gather import Gathered

MOST_BYTES = 6 * 1024**3
"""Activations are held in memory while the last part is trained."""


@dataclass(frozen=True)
class AtCut:
    """How photos become activations at a cut.

    Attributes:
        extraction: how they become features; its reader, engine and home are used.
        backbone: the network.
        cut: the name of its layer.
        store: where activations are kept, as rows in half precision.
        tuning: views, and how much they differ.
    """

    extraction: Extraction
    backbone: Backbone
    cut: str
    store: FeatureStore
    tuning: Tuning

    def inputs(self, given: Gathered, photos: Sequence[Hashed], train: int) -> Kept:
        """Compute what the store does not have yet.

        Args:
            given: all photos, for messages.
            photos: the wanted ones, in the order of the examples.
            train: how many of them, from the first on, are trained on: only these have views.

        Raises:
            UsageError: activations that memory can't hold.
            PhotosError: a photo that can't be read any more.
        """
        self._require_memory(len(photos), train)
        augmentation = augmentation_of(self.tuning)
        plain = self._tensor(given, photos, None)
        # In one piece from the start: a list of views and their copy would take twice the memory.
        views = plain.new_empty((self.tuning.views + 1, train, *plain.shape[1:]))
        # As it is measured a photo is a view too: what is trained on is then never of another kind only.
        views[0] = plain[:train]
        for number in range(1, self.tuning.views + 1):
            view = self._tensor(given, photos[:train], View(augmentation, self.tuning.seed, number))
            if view.dtype != views.dtype:  # a number that half precision can't hold
                plain, views = plain.float(), views.float()
            views[number] = view
        return Kept(views, plain)

    def _tensor(self, given: Gathered, photos: Sequence[Hashed], view: View | None) -> Tensor:
        import torch

        source = FeatureSource.of(self.backbone, self.cut)
        table = replace(self.extraction, source=source).rows(
            replace(given, hashed=tuple(photos), skipped=()), self.store, view
        )
        found = {sha256: at for at, sha256 in enumerate(table.sha256)}
        lost = next((each.photo.name for each in photos if each.sha256 not in found), None)
        if lost is not None:
            raise PhotosError(
                f"{lost} can't be read any more; run the same command again: it begins anew without it"
            )
        rows = _compact(table.rows)[[found[each.sha256] for each in photos]]
        return torch.from_numpy(rows).reshape(len(photos), *self._shape())

    def _shape(self) -> tuple[int, ...]:
        return self.backbone.trace().visits[self.cut].given[1:]

    def _require_memory(self, photos: int, train: int) -> None:
        each = 2 * int(np.prod(self._shape()))
        needed = each * (photos + train * self.tuning.views)
        if needed > MOST_BYTES:
            raise UsageError(
                f"the activations of {counted(photos, 'photo')} at {self.cut!r} need {needed / 1e9:.0f} GB "
                f"of memory with --views {self.tuning.views}; expected at most {MOST_BYTES / 1e9:.0f}: "
                "take fewer views, a later --part, or --part whole"
            )


def _compact(rows: NDArray[np.float32]) -> NDArray[np.float16] | NDArray[np.float32]:
    """In half precision, unless a number is too large for it."""
    with np.errstate(over="ignore"):
        half = rows.astype(np.float16)
    return half if np.isfinite(half).all() else rows


def augmentation_of(tuning: Tuning) -> Augmentation:
    """How much the views of a training differ from their photos."""
    return Augmentation(tuning.least_area, tuning.mirror, tuning.colour)
