"""(hashed photos, store, reader) => their looks, each decoded for it once, ever, and near duplicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.spec import Preprocessing
from headstart.features.compute import KEPT_AT_ONCE, Outcome
from headstart.features.filling import Filling
from headstart.features.key import FeatureSpace
from headstart.features.progress import NoProgress
from headstart.images.look import LOOK_FORMAT, LOOK_RESIZE, LOOK_WIDTH, Look, look_row
from headstart.images.near import NearPair, near_duplicates, near_pairs
from headstart.images.photo import Skipped
from headstart.images.recipe import DECODE_RECIPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader

__all__ = ["LookTable", "NearPair", "look_at", "looks", "near_duplicates", "near_pairs"]


@dataclass(frozen=True)
class LookTable:
    """Looks as the store gives them back, and what became of every photo.

    Attributes:
        looks: by the SHA-256 of the photo's bytes.
        skipped: photos that could not be decoded.
        notes: what people should know of single photos and of the store.
        computed: how many contents were decoded now.
    """

    looks: dict[str, Look]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    computed: int


def looks(
    hashed: Sequence[Hashed], store: FeatureStore, reader: PhotoReader, progress: Progress | None = None
) -> dict[str, Look]:
    """Give the look of each photo that can be decoded, by the SHA-256 of its bytes; see `look_at`."""
    return look_at(hashed, store, reader, progress).looks


def look_at(
    hashed: Sequence[Hashed], store: FeatureStore, reader: PhotoReader, progress: Progress | None = None
) -> LookTable:
    """Measure the look of each photo whose look is not kept yet, and keep it.

    They are kept a few at a time: after a kill the same call goes on where it stopped.

    Args:
        hashed: photos with the SHA-256 of their content.
        store: where looks are kept, beside features.
        reader: decodes.
        progress: is told the pace.

    Raises:
        StorageError: looks are missing and the store can't be written.

    Example:
        >>> from headstart.features.store import FeatureStore
        >>> from headstart.images.reader import PhotoReader
        >>> with FeatureStore(None) as store, PhotoReader(workers=1) as reader:
        ...     look_at([], store, reader).looks
        {}
    """
    work = _Looking(reader, store, look_space(), NoProgress() if progress is None else progress)
    filling = Filling(hashed, LOOK_WIDTH, work)
    filling.fill()
    rows, used = filling.result()
    return LookTable(
        looks={each.sha256: Look.read(row) for each, row in zip(used, rows, strict=True)},
        skipped=tuple(filling.skipped),
        notes=(*filling.notes, *store.take_notes()),
        computed=len(filling.computed),
    )


def look_space() -> FeatureSpace:
    """What a look depends on beside its photo: the decoder, the measure, numpy."""
    return FeatureSpace(
        backbone="look",
        options=(),
        weights_digest="",
        preprocessing=Preprocessing(LOOK_RESIZE, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
        decode_recipe=DECODE_RECIPE,
        layer="look",
        engine=(("engine", "numpy"), ("look", str(LOOK_FORMAT)), ("version", np.__version__)),
    )


@dataclass(frozen=True)
class _Looking:
    """Turns hashed photos into kept looks, as `Computation` does it for features."""

    reader: PhotoReader
    store: FeatureStore
    space: FeatureSpace
    progress: Progress

    def run(self, photos: Sequence[Hashed]) -> Outcome:
        outcome = Outcome()
        self.progress.start(len(photos), "looking at photos")
        rows: dict[str, NDArray[np.float32]] = {}
        try:
            for photo, result in zip(photos, self.reader.decode(photos, LOOK_RESIZE), strict=True):
                self.progress.advance(1)
                if isinstance(result, Skipped):
                    outcome.skipped.append((photo, result))
                    continue
                outcome.notes.extend(f"{photo.photo.name}: {note}" for note in result.notes)
                rows[photo.sha256] = look_row(result.pixels, result.size)
                if len(rows) == KEPT_AT_ONCE:
                    self._keep(rows, outcome)
            self._keep(rows, outcome)
        finally:
            self.progress.stop()
        return outcome

    def _keep(self, rows: dict[str, NDArray[np.float32]], outcome: Outcome) -> None:
        self.store.put(self.space, rows)
        outcome.kept.extend(rows)
        rows.clear()
