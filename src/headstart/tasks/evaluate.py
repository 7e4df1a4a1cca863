"""(model, labelled photos that it has not seen) => how good it is on them."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.heads.metrics import measure
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.tasks.answerer import open_answerer
from headstart.tasks.gather import (
    gather,
    missing_classes,
    reasons,
    require_usable,
    scan_labelled,
    skipped_json,
    without_known,
)
from headstart.tasks.judge import different
from headstart.tasks.paths import photos_path
from headstart.tasks.rows import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.features.progress import Progress
    from headstart.heads.metrics import Measurement
    from headstart.images.photo import Skipped
    from headstart.model.model import Model


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured, and on what.

    Attributes:
        model: as the user named it.
        measurement: the figures.
        classes: in the order of the confusion.
        used: photos that were measured.
        skipped: files that were not used, those that the model was trained on included.
        leaked: how many of them the model was trained on.
        notes: what people should know.
        seconds: wall time in all.
        engine: what computed the features, as JSON values; None for one that was given.
    """

    model: str
    measurement: Measurement
    classes: tuple[str, ...]
    used: int
    skipped: tuple[Skipped, ...]
    leaked: int
    notes: tuple[str, ...]
    seconds: float
    engine: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        measured = self.measurement
        return {
            "model": self.model,
            "accuracy": measured.accuracy_json(),
            "balanced_accuracy": measured.balanced_accuracy,
            "log_loss": measured.log_loss,
            "calibration_error": measured.calibration_error,
            "per_class": [asdict(each) for each in measured.per_class],
            "classes": list(self.classes),
            "confusion": [list(row) for row in measured.confusion],
            "photos": {
                "used": self.used,
                "skipped": len(self.skipped),
                "reasons": reasons(self.skipped),
                "trained_on": self.leaked,
            },
            "skipped": skipped_json(self.skipped),
            "notes": list(self.notes),
            "engine": self.engine,
            "seconds": {"total": round(self.seconds, 3)},
        }


def evaluate(
    model: str | Path | Model,
    photos: str | Path,
    *,
    engine: str | None = None,
    precision: str | None = None,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure a model on labelled photos; those that it was trained on are reported and left out.

    Args:
        model: a trained `Model`, its folder, or the name of a network with classes of its own.
        photos: a folder with a folder for each class, a CSV with the columns path and label, or the name of
            a data set (its test part).
        engine: "openvino", "torch" or "tensorflow"; None: the one of the model's own features.
        precision: "f32", "bf16" or "int8"; None: likewise.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.

    Raises:
        PhotosError: a class that the model does not know, or no photo that it has not seen.
        ModelError: the model folder can't be used.

    Example:
        >>> import tempfile
        >>> from headstart.tasks.train import train
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos, home = write_photos(Path(folder, "photos")), Path(folder, "home")
        ...     model = train(photos, backbone=tiny_backbone(), home=home)
        ...     others = write_photos(Path(folder, "others"), each=4, side=40)
        ...     result = evaluate(model, others, home=home)
        >>> result.used, result.leaked
        (8, 0)
    """
    began = time.monotonic()
    place = Home.find(home)
    photos = photos_path(photos, "photos", home, measure=True)
    answerer = open_answerer(model, place, progress, engine=engine, precision=precision)
    scanned = scan_labelled(photos, follow_links=follow_links, known=answerer.classes)
    with PhotoReader() as reader, open_store(place) as store:
        gathered = gather(scanned, reader, progress, files=store.files, rehash=rehash)
        found = without_known(gathered, answerer.trained_on)
        table = answerer.extract(found.hashed, store, reader, progress)
    skipped = (*found.skipped, *table.skipped)
    require_usable(found.source, len(table.photos), skipped)
    skipped = (*skipped, *found.leaked)
    judged = different(table.sha256, np.arange(len(table.photos)))
    true = [str(table.photos[at].label) for at in judged]
    return Evaluation(
        model=answerer.name,
        measurement=measure(true, answerer.probabilities(table.rows[judged]), answerer.classes, how="test"),
        classes=answerer.classes,
        used=len(table.photos),
        skipped=skipped,
        leaked=len(found.leaked),
        notes=(*found.notes, *table.notes, *missing_classes(answerer.classes, true), *answerer.notes),
        seconds=time.monotonic() - began,
        engine=None if table.plan is None else table.plan.to_json(),
    )
