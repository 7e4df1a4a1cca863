"""Keras with torch as its backend: an application without its top, pooled, `predict` over a PyDataset."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from peers.steady import BATCH, serve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from peers.steady import Request, Rows

MODULES = {"MobileNetV2": "mobilenet_v2", "ResNet50": "resnet50", "VGG16": "vgg16"}
SIDE, CROP = 256, 224
BORDER = (SIDE - CROP) // 2


def prepare(request: Request) -> Rows:
    """Build the network and give the loop."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    import numpy as np

    # Keras' own advice for torch; in its default, channels last, every convolution turns its input around.
    keras.config.set_image_data_format("channels_first")
    network = getattr(keras.applications, request.network)(
        include_top=False, pooling="avg", weights=None, input_shape=(3, CROP, CROP)
    )
    preprocess = getattr(keras.applications, MODULES[request.network]).preprocess_input

    def photo(path: str) -> Any:
        # Keras has no "short side": it cuts out the largest centre of the wanted shape, then resizes.
        picture = keras.utils.load_img(
            path, target_size=(SIDE, SIDE), keep_aspect_ratio=True, interpolation="bilinear"
        )
        pixels = keras.utils.img_to_array(picture, data_format="channels_first")
        return pixels[:, BORDER : BORDER + CROP, BORDER : BORDER + CROP]

    class Files(keras.utils.PyDataset):  # type: ignore[misc]
        """Photos, batch by batch."""

        def __init__(self, paths: Sequence[str]) -> None:
            super().__init__(workers=request.workers)
            self.paths = paths

        def __len__(self) -> int:
            return (len(self.paths) + BATCH - 1) // BATCH

        def __getitem__(self, index: int) -> tuple[Any]:
            paths = self.paths[index * BATCH : (index + 1) * BATCH]
            return (preprocess(np.stack([photo(path) for path in paths])),)

    def rows(paths: Sequence[str]) -> tuple[int, int]:
        count, width = network.predict(Files(paths), verbose=0).shape
        return count, width

    return rows


if __name__ == "__main__":
    serve(prepare, ("keras", "torch"))
