"""(hashed photos) => rows in the store, batch by batch, while the reader decodes ahead."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import BackboneError
from headstart.images.photo import Skipped
from headstart.images.pixels import to_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from headstart.backbones.engine import Engine
    from headstart.features.key import FeatureSpace
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.photo import Hashed
    from headstart.images.reader import DecodedPhoto, PhotoReader
    from headstart.images.resize import Resize


@dataclass
class Outcome:
    """What became of the photos of one round.

    Attributes:
        kept: SHA-256 of those whose rows are now in the store.
        skipped: those that could not be used, with the reason.
        notes: what the decoder remarked.
    """

    kept: list[str] = field(default_factory=list)
    skipped: list[tuple[Hashed, Skipped]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Computation:
    """All that turns a hashed photo into a kept row.

    Attributes:
        reader: decodes ahead in its own processes while the engine works.
        engine: runs the backbone on batches of one fixed shape.
        resize: how photos come to the input size.
        store: keeps each batch as soon as it is there.
        space: what the rows depend on.
        progress: is told the pace.
    """

    reader: PhotoReader
    engine: Engine
    resize: Resize
    store: FeatureStore
    space: FeatureSpace
    progress: Progress

    def run(self, photos: Sequence[Hashed]) -> Outcome:
        """Compute and keep a row for each photo.

        Args:
            photos: with distinct contents.

        Raises:
            BackboneError: a row is not finite; the other rows of its batch are kept.
            StorageError: rows can't be kept.
        """
        outcome = Outcome()
        self.progress.start(len(photos), "photos to features")
        try:
            for batch in self._batches(photos, outcome):
                self._compute(batch, outcome)
                self.progress.advance(len(batch))
        finally:
            self.progress.stop()
        return outcome

    def _batches(self, photos: Sequence[Hashed], outcome: Outcome) -> Iterator[list[DecodedPhoto]]:
        batch: list[DecodedPhoto] = []
        for photo, result in zip(photos, self.reader.decode(photos, self.resize), strict=True):
            if isinstance(result, Skipped):
                outcome.skipped.append((photo, result))
                self.progress.advance(1)
                continue
            outcome.notes.extend(f"{photo.photo.name}: {note}" for note in result.notes)
            batch.append(result)
            if len(batch) == self.engine.batch:
                yield batch
                batch = []
        if batch:
            yield batch

    def _compute(self, batch: Sequence[DecodedPhoto], outcome: Outcome) -> None:
        rows = self.engine.run(to_pixels([photo.pixels for photo in batch]))
        finite = [bool(np.isfinite(row).all()) for row in rows]
        kept = {
            photo.hashed.sha256: row for photo, row, good in zip(batch, rows, finite, strict=True) if good
        }
        try:
            self.store.put(self.space, kept)
        except (KeyboardInterrupt, SystemExit):
            self.store.put(self.space, kept)  # the interrupt undid it, and the rows are paid for
            raise
        outcome.kept.extend(kept)
        if not all(finite):
            culprit = batch[finite.index(False)].hashed.photo.name
            raise BackboneError(
                f"{self.space.backbone} gives features that are not finite (NaN or infinity) for {culprit}: "
                "expected finite numbers; choose another layer, or remove that photo"
            )
