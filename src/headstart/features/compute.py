"""(hashed photos) => rows in the store, while the reader decodes ahead and the engine works on several."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import BackboneError, StorageError
from headstart.images.photo import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from headstart.backbones.engines.engine import Engine
    from headstart.features.key import FeatureSpace
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader
    from headstart.images.resize import Resize
    from headstart.images.view import View

KEPT_AT_ONCE = 16
"""Rows of one transaction: what a kill can cost."""


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
        engine: runs the backbone on several pictures at a time.
        resize: how photos come to the input size.
        store: keeps rows as soon as there are a few.
        space: what the rows depend on.
        progress: is told the pace.
        view: which augmented view of each photo is passed on; None: the photo as it is measured.
    """

    reader: PhotoReader
    engine: Engine
    resize: Resize
    store: FeatureStore
    space: FeatureSpace
    progress: Progress
    view: View | None = None

    def run(self, photos: Sequence[Hashed]) -> Outcome:
        """Compute and keep a row for each photo.

        Args:
            photos: with distinct contents.

        Raises:
            BackboneError: a row is not finite; those before it are kept.
            StorageError: rows can't be kept.
        """
        outcome = Outcome()
        self.progress.start(
            len(photos), "photos to features" if self.view is None else "views to activations"
        )
        try:
            self._run(photos, outcome)
        finally:
            self.progress.stop()
        return outcome

    def _run(self, photos: Sequence[Hashed], outcome: Outcome) -> None:
        under_way: deque[Hashed] = deque()
        rows: dict[str, NDArray[np.float32]] = {}
        try:
            for row in self.engine.rows(self._pictures(photos, under_way, outcome)):
                photo = under_way.popleft()
                self._require_finite(row, photo)
                rows[photo.sha256] = row
                self.progress.advance(1)
                if len(rows) == KEPT_AT_ONCE:
                    self._keep(rows, outcome)
        except StorageError:
            raise
        except BaseException:
            self._keep(rows, outcome)  # they are paid for
            raise
        self._keep(rows, outcome)

    def _pictures(
        self, photos: Sequence[Hashed], under_way: deque[Hashed], outcome: Outcome
    ) -> Iterator[NDArray[np.uint8]]:
        """The decoded pictures; `under_way` has the photos whose rows are still to come, in their order."""
        decoded = self.reader.decode(photos, self.resize, self.view)
        for photo, result in zip(photos, decoded, strict=True):
            if isinstance(result, Skipped):
                outcome.skipped.append((photo, result))
                self.progress.advance(1)
                continue
            outcome.notes.extend(f"{photo.photo.name}: {note}" for note in result.notes)
            under_way.append(photo)
            yield result.pixels

    def _keep(self, rows: dict[str, NDArray[np.float32]], outcome: Outcome) -> None:
        self.store.put(self.space, rows)
        outcome.kept.extend(rows)
        rows.clear()

    def _require_finite(self, row: NDArray[np.float32], photo: Hashed) -> None:
        if not np.isfinite(row).all():
            raise BackboneError(
                f"{self.space.backbone} gives features that are not finite (NaN or infinity) for "
                f"{photo.photo.name}: expected finite numbers; choose another layer, or remove that photo"
            )
