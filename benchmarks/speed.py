"""({name: network}, photos) => photos a second, the networks taking turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alternating import alternating
from headstart.backbones.engine import TorchEngine
from headstart.features.extract import extract
from headstart.features.store import FeatureStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from headstart.backbones.base import Backbone
    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader

PHOTOS = 32


def photos_per_second(
    backbones: Mapping[str, Backbone], photos: Sequence[Hashed], reader: PhotoReader, *, rounds: int
) -> dict[str, dict[str, float]]:
    """Measure each network twice: from pixels to rows, and from files to rows, decoding included.

    Args:
        backbones: by name.
        photos: files; at most `PHOTOS` of them are taken.
        reader: decodes.
        rounds: of which the median counts.
    """
    files = photos[:PHOTOS]
    engine = alternating({name: _pixels_job(each) for name, each in backbones.items()}, rounds)
    decoding = alternating(
        {name: _files_job(each, files, reader) for name, each in backbones.items()}, rounds
    )
    return {
        name: {"engine": PHOTOS / engine[name], "with_decoding": len(files) / decoding[name]}
        for name in backbones
    }


def _pixels_job(backbone: Backbone) -> Callable[[], object]:
    engine, size = TorchEngine(backbone), backbone.spec.preprocessing.resize
    noise = np.random.default_rng(0)  # what a photo shows makes no difference to a network's speed
    pixels = noise.random((PHOTOS, 3, size.height, size.width), dtype=np.float32)

    def job() -> None:
        for start in range(0, PHOTOS, engine.batch):
            engine.run(pixels[start : start + engine.batch])

    return job


def _files_job(backbone: Backbone, photos: Sequence[Hashed], reader: PhotoReader) -> Callable[[], object]:
    def job() -> None:
        with FeatureStore(None) as knows_nothing:
            extract(photos, backbone, store=knows_nothing, reader=reader)

    return job
