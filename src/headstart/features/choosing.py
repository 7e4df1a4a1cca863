"""(source, hashed photos, reader) => the engine that computes their rows, tried on a few of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from headstart.backbones.engines.choose import Chosen, choose_engine, the_engine
from headstart.backbones.engines.engine import ANY, ENGINES, PRECISIONS, EngineChoice, EngineName, Precision
from headstart.backbones.engines.plan import EnginePlan
from headstart.backbones.engines.runtime import has_openvino
from headstart.backbones.spec import OWN
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
    _before: dict[tuple[str, str], Chosen] = field(default_factory=dict)

    def choose(self, source: FeatureSource, photos: Sequence[Hashed], reader: PhotoReader) -> Chosen:
        """As `Choosing.choose`; the trial takes photos from everywhere in the list."""

        def pictures(most: int) -> list[NDArray[np.uint8]]:
            some = photos[:: max(1, len(photos) // most)][:most]
            decoded = reader.decode(some, source.spec.preprocessing.resize)
            return [each.pixels for each in decoded if not isinstance(each, Skipped)]

        which = (source.spec.weights_digest, source.layer)
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
        if self.asked != ANY:
            engine, precision = self.asked.engine or engine, self.asked.precision or precision
            return _certain(source, self.home, engine, precision)
        try:
            return _certain(source, self.home, engine, precision)
        except UsageError:  # not on this machine, or a network in int8 that only the training's home has
            return _certain(source, self.home, "openvino" if has_openvino() else "torch", "f32")

    def _trained(self, source: FeatureSource) -> tuple[EngineName, Precision]:
        usual: EngineName = "torch" if source.spec.framework == OWN else "openvino"
        word = self.recipe.get("precision", "").partition(",")[0]
        engine = next((each for each in ENGINES if each == self.recipe.get("engine")), usual)
        return engine, next((each for each in PRECISIONS if each == word), "f32")


def _certain(source: FeatureSource, home: Home, engine: EngineName, precision: Precision) -> Chosen:
    return Chosen(the_engine(source, home, engine, precision), EnginePlan(engine, precision))
