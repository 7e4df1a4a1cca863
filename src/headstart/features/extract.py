"""(photos, backbone, store) => one row for each usable photo; only what the store lacks is computed."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.features.compute import Computation
from headstart.features.filling import Filling
from headstart.features.hashing import hash_photos
from headstart.features.key import FeatureSpace
from headstart.features.progress import NoProgress
from headstart.images.photo import Photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from headstart.backbones.base import Backbone
    from headstart.backbones.engine import Engine
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.photo import Hashed, Skipped
    from headstart.images.reader import PhotoReader


@dataclass(frozen=True)
class FeatureTable:
    """Rows of features as the store gives them back, and what became of every photo.

    Attributes:
        rows: (n, width) float32.
        photos: the n photos that the rows belong to, in the order in which they were given.
        sha256: of their bytes, hex.
        skipped: photos that could not be used.
        notes: what people should know of single photos and of the store.
        computed: photos whose rows were computed now; of several identical photos only one.
        reused: photos whose rows were there already; `computed + reused` is n.
        seconds: wall time, reading and decoding included.
        space: what the rows depend on.
    """

    rows: NDArray[np.float32]
    photos: tuple[Photo, ...]
    sha256: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    computed: int
    reused: int
    seconds: float
    space: FeatureSpace


def extract(
    photos: Sequence[Photo] | Sequence[Hashed],
    backbone: Backbone,
    *,
    store: FeatureStore,
    layer: str | None = None,
    reader: PhotoReader | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> FeatureTable:
    """Turn photos into rows of features, computing each content that the store lacks exactly once.

    What is computed is kept batch by batch: after a kill or Ctrl-C the same call goes on where it
    stopped and gives the same rows. Where the store has everything, nothing is decoded or written.

    Args:
        photos: photos, or the first result of `hash_photos` where they have been read already.
        backbone: computes the features.
        store: where rows are kept; all rows returned come from it.
        layer: a layer reference; None: the backbone's default.
        reader: reads and decodes; None: one of its own for this call.
        engine: runs the backbone; None: torch.
        progress: is told the pace.

    Returns:
        A row for each usable photo, and what became of the others.

    Raises:
        StorageError: rows are missing and the store can't be written, or its disk is full.
        BackboneError: no such layer, or a photo for which the backbone gives NaN or infinity.
    """
    began = time.perf_counter()
    show: Progress = NoProgress() if progress is None else progress
    spec, width = backbone.spec, backbone.width(layer)
    engine = _torch_engine(backbone, layer) if engine is None else engine
    space = FeatureSpace.of(spec, engine=engine.identity(), decode_recipe=_decode_recipe(), layer=layer)
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(_own_reader()) if reader is None else reader
        hashed, skipped = _hashed(photos, reader, show)
        work = Computation(reader, engine, spec.preprocessing.resize, store, space, show)
        filling = Filling(hashed, width, work)
        filling.fill()
    rows, used = filling.result()
    return FeatureTable(
        rows=rows,
        photos=tuple(each.photo for each in used),
        sha256=tuple(each.sha256 for each in used),
        skipped=(*skipped, *filling.skipped),
        notes=(*filling.notes, *store.take_notes()),
        computed=len(filling.computed),
        reused=len(used) - len(filling.computed),
        seconds=time.perf_counter() - began,
        space=space,
    )


def _hashed(
    photos: Sequence[Photo] | Sequence[Hashed], reader: PhotoReader, show: Progress
) -> tuple[tuple[Hashed, ...], tuple[Skipped, ...]]:
    known = tuple(each for each in photos if not isinstance(each, Photo))
    if len(known) == len(photos):
        return known, ()
    return hash_photos([each for each in photos if isinstance(each, Photo)], reader, progress=show)


def _own_reader() -> PhotoReader:
    from headstart.images.reader import PhotoReader

    return PhotoReader()


def _torch_engine(backbone: Backbone, layer: str | None) -> Engine:
    from headstart.backbones.engine import TorchEngine

    return TorchEngine(backbone, layer)


def _decode_recipe() -> str:
    from headstart.images.decode import DECODE_RECIPE

    return DECODE_RECIPE
