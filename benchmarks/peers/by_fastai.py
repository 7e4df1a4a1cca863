"""fastai: ImageDataLoaders, a Learner of the network without its top, and `get_preds`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from peers.steady import BATCH, serve
from peers.vision import body_of, network_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from peers.steady import Request, Rows


def prepare(request: Request) -> Rows:
    """Build the network and give the loop."""
    from fastai.vision.all import (  # type: ignore[import-not-found]
        CropPad,
        CrossEntropyLossFlat,
        ImageDataLoaders,
        Learner,
        Normalize,
        Resize,
        imagenet_stats,
        noop,
    )
    from torch import nn

    files = [Path(path) for path in request.photos]
    loaders = ImageDataLoaders.from_path_func(
        files[0].parent,
        files,
        label_func=lambda path: path.parent.name,
        valid_pct=0.5,
        item_tfms=[Resize(256), CropPad(224)],
        batch_tfms=[Normalize.from_stats(*imagenet_stats)],
        bs=BATCH,
        num_workers=request.workers,
    )
    # Not vision_learner: it finds no place to cut in torchvision's MobileNetV2.
    network = nn.Sequential(body_of(network_of(request.network)), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    learner = Learner(loaders, network, loss_func=CrossEntropyLossFlat())

    def rows(paths: Sequence[str]) -> tuple[int, int]:
        with learner.no_bar(), learner.no_logging():
            found, _ = learner.get_preds(dl=loaders.test_dl(list(map(Path, paths)), bs=BATCH), act=noop)
        count, width = found.shape
        return count, width

    return rows


if __name__ == "__main__":
    serve(prepare, ("fastai", "torch"))
