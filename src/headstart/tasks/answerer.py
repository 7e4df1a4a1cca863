"""(model folder, or network with classes of its own) => something that answers for photos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from headstart.backbones.engines.engine import EngineChoice
from headstart.errors import BackboneError
from headstart.features.choosing import AsTrained, ByTrial
from headstart.features.extract import extract
from headstart.heads.sets import COVERAGE
from headstart.heads.softmax import softmax
from headstart.images.names import counted
from headstart.model.answers import Answer, TrainingPhoto, most_probable
from headstart.tasks.advice import advice
from headstart.tasks.named import model_or_name, no_such_model
from headstart.tasks.rows import Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from headstart.backbones.source import FeatureSource
    from headstart.features.choosing import Choosing
    from headstart.features.extract import FeatureTable
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.photo import Hashed, Photo
    from headstart.images.reader import PhotoReader
    from headstart.model.model import Model
    from headstart.storage.home import Home

_LOGITS = "output"  # the layer reference of what a whole network gives


@dataclass(frozen=True)
class Answerer:
    """What `predict` and `evaluate` ask, whether it is a trained model or a network with its own classes.

    Attributes:
        name: how people know it.
        source: turns photos into rows.
        engine: how the engine that runs it is found.
        classes: in the order of the probabilities.
        ids: class to its identifier, where there are some.
        trained_on: the photos that it is known to have been trained on, by SHA-256.
        notes: what people should know of it, whatever the photos are.
        probabilities: rows (n, width) => probabilities (n, classes).
        answers: rows (n, width), how many probabilities each => n answers.
        unmeasured: why its answers don't say whether they are sure, and what to do; "" where they do.
    """

    name: str
    source: FeatureSource
    engine: Choosing
    classes: tuple[str, ...]
    ids: Mapping[str, str]
    trained_on: Mapping[str, TrainingPhoto]
    notes: tuple[str, ...]
    probabilities: Callable[[NDArray[np.float32]], NDArray[np.float64]]
    answers: Callable[[NDArray[np.float32], int], list[Answer]]
    unmeasured: str = ""

    def extract(
        self,
        photos: Sequence[Photo] | Sequence[Hashed],
        store: FeatureStore,
        reader: PhotoReader,
        progress: Progress | None,
    ) -> FeatureTable:
        """Give the rows that `probabilities` and `answers` take."""
        return extract(photos, self.source, store=store, engine=self.engine, reader=reader, progress=progress)


def open_answerer(
    model: str | Path | Model,
    home: Home,
    progress: Progress | None = None,
    *,
    engine: str | None = None,
    precision: str | None = None,
) -> Answerer:
    """Open a model folder, or the network of that name.

    A model's features are computed by the engine that computed those it was trained on, unless another one is
    asked for.

    Raises:
        UsageError: a file, or neither a folder nor the name of a network.
        ModelError: the folder can't be used as a model.
        BackboneError: the network has no classes of its own.
    """
    asked = EngineChoice.checked(engine, precision)
    name, trained = model_or_name(model, home)
    if trained is not None:
        return _of_model(name, trained, home, asked)
    return _of_backbone(_network(name, home, progress), ByTrial(home, asked))


def _of_model(name: str, model: Model, home: Home, asked: EngineChoice) -> Answerer:
    return Answerer(
        name=name,
        source=model.source(),
        engine=AsTrained(home, model.recipe, asked),
        classes=model.classes,
        ids={},
        trained_on={photo.sha256: photo for photo in model.photos},
        notes=advice(model.backbone_spec, "train"),
        probabilities=model.head.predict_proba,
        answers=model.predict_rows,
        unmeasured=_unmeasured(model),
    )


def _unmeasured(model: Model) -> str:
    if model.sets is not None:
        return ""
    accuracy = model.training.accuracy
    held_out = 0 if accuracy is None else accuracy.photos
    if _may_measure(held_out):
        return "the model is from before headstart could measure how sure it is: train it again"
    few = f"only {counted(held_out, 'photo')} were" if held_out != 1 else "only 1 photo was"
    return f"{few} held out, too few to measure how sure the model is: train again with more photos"


def _may_measure(held_out: int) -> bool:
    """Whether sets of classes promise anything from so many photos (`heads.sets.fit_sets`)."""
    return held_out >= ceil(COVERAGE / (1 - COVERAGE) - 1e-9)


def _of_backbone(source: FeatureSource, engine: Choosing) -> Answerer:
    spec = source.spec

    def answers(rows: NDArray[np.float32], top: int) -> list[Answer]:
        # There are no training photos to compare with: neither neighbours nor unknowns.
        return [
            Answer(next(iter(best)), best, None, [])
            for best in most_probable(spec.classes, softmax(rows), top)
        ]

    return Answerer(
        name=spec.name,
        source=source,
        engine=engine,
        classes=spec.classes,
        ids=dict(zip(spec.classes, spec.class_ids, strict=False)),
        trained_on={},
        notes=advice(spec, "ask"),
        probabilities=softmax,
        answers=answers,
        unmeasured=f"{spec.name} has classes of its own and never saw your photos, so how sure it is can't "
        "be measured: train a model on your photos ('headstart train')",
    )


def _network(name: str, home: Home, progress: Progress | None) -> FeatureSource:
    try:
        wanted = Wanted.checked(name, _LOGITS, home, progress)
    except BackboneError as error:
        raise no_such_model(name, error) from None
    source = wanted.open(progress)
    if not source.spec.classes:
        raise BackboneError(f"{name} has no classes of its own; train a model on it, then ask that")
    return source
