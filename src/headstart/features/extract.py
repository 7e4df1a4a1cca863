"""(photos, backbone, store) => one row for each usable photo; only what the store lacks is computed."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.engines.choose import Chosen
from headstart.backbones.engines.plan import EnginePlan
from headstart.backbones.source import FeatureSource
from headstart.features.choosing import Choosing
from headstart.features.compute import Computation
from headstart.features.filling import Filling
from headstart.features.hashing import forget_changed, hash_photos
from headstart.features.key import FeatureSpace
from headstart.features.progress import NoProgress
from headstart.images.photo import Photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from headstart.backbones.base import Backbone
    from headstart.backbones.engines.engine import Engine
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.photo import Hashed, Skipped
    from headstart.images.reader import PhotoReader
    from headstart.images.view import View


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
        plan: why this engine; None for one that was given.
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
    plan: EnginePlan | None = None


def extract(
    photos: Sequence[Photo] | Sequence[Hashed],
    source: FeatureSource | Backbone,
    *,
    store: FeatureStore,
    layer: str | None = None,
    reader: PhotoReader | None = None,
    engine: Engine | Choosing | None = None,
    view: View | None = None,
    rehash: bool = False,
    progress: Progress | None = None,
) -> FeatureTable:
    """Turn photos into rows of features, computing each content that the store lacks exactly once.

    What is computed is kept batch by batch: after a kill or Ctrl-C the same call goes on where it
    stopped and gives the same rows. Where the store has everything, nothing is decoded or written.

    Args:
        photos: photos, or the first result of `hash_photos` where they have been read already.
        source: what computes the features: a backbone, or one of its layers as a `FeatureSource`.
        store: where rows are kept; all rows returned come from it.
        layer: a layer reference of a backbone; None: its default.
        reader: reads and decodes; None: one of its own for this call.
        engine: runs the backbone, or finds the engine that does (`choosing`); None: torch.
        view: which augmented view of each photo becomes its row; None: the photo as it is measured.
        rehash: read every photo again, also those that the store knows by their size and dates.
        progress: is told the pace.

    Returns:
        A row for each usable photo, and what became of the others.

    Raises:
        StorageError: rows are missing and the store can't be written, or its disk is full.
        BackboneError: no such layer, or a photo for which the backbone gives NaN or infinity.
    """
    began = time.perf_counter()
    show: Progress = NoProgress() if progress is None else progress
    source = source if isinstance(source, FeatureSource) else FeatureSource.of(source, layer)
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(_own_reader()) if reader is None else reader
        hashed, skipped = _hashed(photos, reader, store, show, rehash=rehash)
        chosen = _chosen(engine, source, hashed, reader)
        space = _space(source, chosen.engine, view)
        work = Computation(reader, chosen.engine, source.spec.preprocessing.resize, store, space, show, view)
        filling = Filling(hashed, source.width, work)
        filling.fill()
        forget_changed(hashed, filling.skipped, store.files)
    rows, used = filling.result()
    return FeatureTable(
        rows=rows,
        photos=tuple(each.photo for each in used),
        sha256=tuple(each.sha256 for each in used),
        skipped=(*skipped, *filling.skipped),
        notes=(*chosen.notes, *filling.notes, *store.take_notes()),
        computed=len(filling.computed),
        reused=len(used) - len(filling.computed),
        seconds=time.perf_counter() - began,
        space=space,
        plan=chosen.plan,
    )


def _hashed(
    photos: Sequence[Photo] | Sequence[Hashed],
    reader: PhotoReader,
    store: FeatureStore,
    show: Progress,
    *,
    rehash: bool,
) -> tuple[tuple[Hashed, ...], tuple[Skipped, ...]]:
    known = tuple(each for each in photos if not isinstance(each, Photo))
    if len(known) == len(photos):
        return known, ()
    unread = [each for each in photos if isinstance(each, Photo)]
    return hash_photos(unread, reader, files=store.files, rehash=rehash, progress=show)


def _own_reader() -> PhotoReader:
    from headstart.images.reader import PhotoReader

    return PhotoReader()


def _chosen(
    engine: Engine | Choosing | None, source: FeatureSource, photos: Sequence[Hashed], reader: PhotoReader
) -> Chosen:
    if engine is None:
        from headstart.backbones.engines.torch_engine import TorchEngine

        return Chosen(TorchEngine(source), EnginePlan("torch", "f32"))
    if isinstance(engine, Choosing):
        return engine.choose(source, photos, reader)
    return Chosen(engine, None)


def _space(source: FeatureSource, engine: Engine, view: View | None) -> FeatureSpace:
    from headstart.images.recipe import DECODE_RECIPE

    decode = DECODE_RECIPE if view is None else f"{DECODE_RECIPE}, {view.words()}"
    return FeatureSpace.of(source.spec, engine=engine.identity(), decode_recipe=decode, layer=source.layer)
