"""({name: network}, photos) => photos a second, the networks taking turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alternating import alternating
from headstart.backbones.source import FeatureSource
from headstart.features.extract import extract
from headstart.features.store import FeatureStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from headstart.backbones.base import Backbone
    from headstart.backbones.engines.engine import Engine
    from headstart.features.choosing import Choosing
    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader

PHOTOS = 32


def photos_per_second(
    backbones: Mapping[str, Backbone],
    photos: Sequence[Hashed],
    reader: PhotoReader,
    choosing: Choosing,
    *,
    rounds: int,
) -> dict[str, dict[str, float]]:
    """Measure each network twice: from pixels to rows, and from files to rows, decoding included.

    Args:
        backbones: by name.
        photos: files; at most `PHOTOS` of them are taken.
        reader: decodes.
        choosing: finds the engine of each.
        rounds: of which the median counts.
    """
    files = photos[:PHOTOS]
    sources = {name: FeatureSource.of(each) for name, each in backbones.items()}
    engines = {name: choosing.choose(each, files, reader).engine for name, each in sources.items()}
    engine = alternating({name: _pictures_job(sources[name], engines[name]) for name in backbones}, rounds)
    decoding = alternating(
        {name: _files_job(sources[name], engines[name], files, reader) for name in backbones}, rounds
    )
    return {
        name: {"engine": PHOTOS / engine[name], "with_decoding": len(files) / decoding[name]}
        for name in backbones
    }


def _pictures_job(source: FeatureSource, engine: Engine) -> Callable[[], object]:
    size = source.spec.preprocessing.resize
    noise = np.random.default_rng(0)  # what a photo shows makes no difference to a network's speed
    pictures = list(noise.integers(0, 256, (PHOTOS, size.height, size.width, 3), dtype=np.uint8))

    def job() -> None:
        for _ in engine.rows(pictures):
            pass

    return job


def _files_job(
    source: FeatureSource, engine: Engine, photos: Sequence[Hashed], reader: PhotoReader
) -> Callable[[], object]:
    def job() -> None:
        with FeatureStore(None) as knows_nothing:
            extract(photos, source, store=knows_nothing, reader=reader, engine=engine)

    return job
