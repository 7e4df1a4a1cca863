"""(source, hashed photos, reader) => the engine that computes their rows, tried on a few of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from headstart.backbones.engines.choose import Chosen, choose_engine, the_engine
from headstart.backbones.engines.engine import ANY, ENGINES, PRECISIONS, EngineChoice, EngineName, Precision
from headstart.backbones.engines.plan import EnginePlan
from headstart.backbones.engines.runtime import has_openvino
from headstart.backbones.engines.tensorflow_engine import on_tensorflow
from headstart.backbones.keras.runtime import TENSORFLOW, has_tensorflow
from headstart.backbones.spec import KERAS, KERAS_MODEL, OWN
from headstart.errors import UsageError
from headstart.images.photo import Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from headstart.backbones.source import FeatureSource
    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader
    from headstart.storage.home import Home


@runtime_checkable
class Choosing(Protocol):
    """How the engine is found once the photos are known."""

    def choose(self, source: FeatureSource, photos: Sequence[Hashed], reader: PhotoReader) -> Chosen:
        """The engine that computes the rows of these photos."""
        ...


@dataclass
class ByTrial:
    """The engine that is best for a network here: tried once for a moment, then remembered.

    Attributes:
        home: where the choice is remembered.
        asked: what the user wants; by default nothing in particular.
    """

    home: Home
    asked: EngineChoice = ANY
    _before: dict[tuple[str, str, str], Chosen] = field(default_factory=dict)

    def choose(self, source: FeatureSource, photos: Sequence[Hashed], reader: PhotoReader) -> Chosen:
        """As `Choosing.choose`; the trial takes photos from everywhere in the list."""

        def pictures(most: int) -> list[NDArray[np.uint8]]:
            some = photos[:: max(1, len(photos) // most)][:most]
            decoded = reader.decode(some, source.spec.preprocessing.resize)
            return [each.pixels for each in decoded if not isinstance(each, Skipped)]

        which = (source.spec.weights_digest, source.network, source.layer)
        if which not in self._before:  # a home that can't be written remembers nothing, but one run must
            self._before[which] = choose_engine(source, self.home, self.asked, pictures)
        return self._before[which]


@dataclass(frozen=True)
class AsTrained:
    """The engine that made a model's rows, or the nearest one that is here.

    Attributes:
        home: whose cache has the converted network.
        recipe: how the model's rows were made.
        asked: what the user wants instead; by default nothing.
    """

    home: Home
    recipe: Mapping[str, str]
    asked: EngineChoice = ANY

    def choose(self, source: FeatureSource, photos: Sequence[Hashed], reader: PhotoReader) -> Chosen:  # noqa: ARG002
        """As `Choosing.choose`; nothing is tried."""
        engine, precision = self._trained(source)
        if self.asked.engine is not None:
            return self._certain(source, *_overruled(engine, precision, self.asked))
        if self.asked.precision is not None:
            return self._precisely(source, engine, precision, self.asked.precision)
        try:
            chosen = self._certain(source, engine, precision)
        except UsageError:  # not on this machine, or a network in int8 that only the training's home has
            return self._instead(source, engine, precision)
        quantised = chosen.engine.identity().get("quantised")
        if quantised != self.recipe.get("quantised"):  # made from other photos: another network
            return self._instead(source, engine, precision)
        return chosen

    def _precisely(
        self, source: FeatureSource, engine: EngineName, precision: Precision, asked: Precision
    ) -> Chosen:
        """The precision that is asked for, where the engine is not."""
        try:
            return self._certain(source, *_overruled(engine, precision, self.asked))
        except UsageError:  # perhaps of an engine that nobody asked for
            return self._instead(source, engine, precision, asked)

    def _trained(self, source: FeatureSource) -> tuple[EngineName, Precision]:
        usual: EngineName = "torch" if source.spec.framework == OWN else "openvino"
        word = self.recipe.get("precision", "").partition(",")[0]
        engine = next((each for each in ENGINES if each == self.recipe.get("engine")), usual)
        return engine, next((each for each in PRECISIONS if each == word), "f32")

    def _certain(self, source: FeatureSource, engine: EngineName, precision: Precision) -> Chosen:
        device = self.recipe.get("device", "").partition(",")[0]
        found = the_engine(source, self.home, engine, precision, device=device)
        return Chosen(found, EnginePlan(engine, precision, getattr(found, "device", "cpu")))

    def _instead(
        self, source: FeatureSource, engine: EngineName, precision: Precision, wanted: Precision = "f32"
    ) -> Chosen:
        other: EngineName = "openvino" if has_openvino() and source.spec.framework != OWN else "torch"
        other = "tensorflow" if on_tensorflow(source) else other
        note = (
            f"the model was trained on features from {engine} {precision}, which "
            f"{_why_not(source, engine, precision)}: those of {other} {wanted} are a little different"
        )
        return replace(self._certain(source, other, wanted), notes=(note,))


def _why_not(source: FeatureSource, engine: EngineName, precision: Precision) -> str:
    """Why features can't be had here; where it is the backend of Keras alone, what to change."""
    if engine == TENSORFLOW and has_tensorflow() and source.spec.framework in (KERAS, KERAS_MODEL):
        return "need KERAS_BACKEND=tensorflow"
    if on_tensorflow(source) and precision == "f32" and (engine != "openvino" or has_openvino()):
        return "can't be had with KERAS_BACKEND=tensorflow"
    return "can't be had here"


def _overruled(engine: EngineName, precision: Precision, asked: EngineChoice) -> tuple[EngineName, Precision]:
    """What was trained with, but for what is asked for; what does not go with that gives way."""
    if asked.precision == "int8":
        return "openvino", "int8"
    if asked.engine == "torch" and asked.precision is None and precision == "int8":
        return "torch", "f32"
    return asked.engine or engine, asked.precision or precision
