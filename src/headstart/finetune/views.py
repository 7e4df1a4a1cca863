"""(photos) => batches of pixels, decoded while the network trains: a new view of each photo in each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import PhotosError
from headstart.images.photo import Skipped
from headstart.images.pixels import to_pixels
from headstart.images.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from headstart.finetune.inputs import Batch
    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader
    from headstart.images.resize import Resize
    from headstart.images.view import Augmentation


class PhotoViews:
    """Photos as a whole network takes them; as `Inputs`.

    Args:
        photos: in the order of the labels.
        reader: decodes ahead, in its own processes.
        resize: the network's.
        augmentation: how much views differ from their photo.
        seed: of the views.
    """

    def __init__(
        self,
        photos: Sequence[Hashed],
        reader: PhotoReader,
        resize: Resize,
        augmentation: Augmentation,
        seed: int,
    ) -> None:
        self._photos = photos
        self._reader = reader
        self._resize = resize
        self._augmentation = augmentation
        self._seed = seed

    def train(self, batches: Sequence[NDArray[np.intp]], epoch: int) -> Iterator[Batch]:
        """As `Inputs.train`.

        Raises:
            PhotosError: a photo was changed or removed since it was first read.
        """
        return self._decoded(batches, View(self._augmentation, self._seed, epoch))

    def plain(self, batches: Sequence[NDArray[np.intp]]) -> Iterator[Batch]:
        """As `Inputs.plain`.

        Raises:
            PhotosError: as `train`.
        """
        return self._decoded(batches, None)

    def _decoded(self, batches: Sequence[NDArray[np.intp]], view: View | None) -> Iterator[Batch]:
        import torch

        order = (self._photos[at] for batch in batches for at in batch)
        stream = self._reader.decode(order, self._resize, view)
        for batch in batches:
            pictures: list[NDArray[np.uint8]] = []
            for _ in batch:
                outcome = next(stream)
                if isinstance(outcome, Skipped):
                    raise PhotosError(
                        f"{outcome.name} can't be read any more ({outcome.detail}); "
                        "run the same command again: it begins anew without it"
                    )
                pictures.append(outcome.pixels)
            yield torch.from_numpy(to_pixels(pictures)), batch
