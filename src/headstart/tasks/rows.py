"""(gathered photos, backbone) => rows of features, from the store where they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.engines.engine import EngineChoice
from headstart.backbones.remembered import remember_source, remembered_source, what_decides
from headstart.backbones.source import FeatureSource
from headstart.errors import WeightsMissingError
from headstart.features.choosing import ByTrial
from headstart.features.extract import extract
from headstart.features.store import FeatureStore
from headstart.tasks.gather import require_usable

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone
    from headstart.features.choosing import Choosing
    from headstart.features.extract import FeatureTable
    from headstart.features.progress import Progress
    from headstart.images.reader import PhotoReader
    from headstart.images.view import View
    from headstart.storage.home import Home
    from headstart.tasks.gather import Gathered

STORE_FILE = "features.sqlite"


def open_backbone(name: str, home: Home, progress: Progress | None = None) -> Backbone:
    """Load a backbone by name; weights that are not at hand are fetched."""
    from headstart.backbones.load import load_backbone
    from headstart.storage.download import is_offline

    try:
        return load_backbone(name, home=home, offline=True)
    except WeightsMissingError:
        if is_offline():
            raise
        from headstart.tasks.weights import fetch_weights

        fetch_weights(name, home=home.root, progress=progress)
        return load_backbone(name, home=home, offline=True)


@dataclass(frozen=True)
class Wanted:
    """The network that a user asked for; its name is checked, nothing is loaded yet.

    Attributes:
        backbone: a name, or the network itself.
        layer: a layer reference; None: the default.
        home: where weights and what is known of them lie.
        known: the facts of the source, where that name was opened before.
    """

    backbone: str | Backbone
    layer: str | None
    home: Home
    known: FeatureSource | None

    @classmethod
    def checked(
        cls, backbone: str | Backbone, layer: str | None, home: Home, progress: Progress | None = None
    ) -> Wanted:
        """Refuse a name that no framework could know, before any photo is read.

        Raises:
            BackboneError: with names that are close.
        """
        if not isinstance(backbone, str):
            return cls(backbone, layer, home, None)
        known = remembered_source(backbone, layer, home, lambda: open_backbone(backbone, home, progress))
        if known is None:
            from headstart.backbones.registry import parse_name

            parse_name(backbone)
        return cls(backbone, layer, home, known)

    def open(self, progress: Progress | None = None) -> FeatureSource:
        """Give the source; what is not known of it yet is found out by loading the network.

        Raises:
            WeightsMissingError: its weights are not at hand and can't be fetched.
            BackboneError: it has no such layer.
        """
        if self.known is not None:
            return self.known
        if not isinstance(self.backbone, str):
            return FeatureSource.of(self.backbone, self.layer)
        backbone = open_backbone(self.backbone, self.home, progress)
        known = what_decides(self.home)  # after a fetch; a change after it shows in the next command
        source = FeatureSource.of(backbone, self.layer)
        remember_source(self.backbone, self.layer, self.home, source, known)
        return source


def best_engine(home: Home, engine: str | None, precision: str | None) -> Choosing:
    """The engine that a short trial finds, among those that `--engine` and `--precision` leave.

    Raises:
        UsageError: a word that is no engine or precision.
    """
    return ByTrial(home, EngineChoice.checked(engine, precision))


def open_store(home: Home, *, read_only: bool = False) -> FeatureStore:
    """Open the home's feature store."""
    return FeatureStore(home.features / STORE_FILE, read_only=read_only)


@dataclass(frozen=True)
class Extraction:
    """How gathered photos become rows.

    Attributes:
        source: the network and its layer.
        engine: how the engine that runs it is found.
        home: where rows are kept.
        reader: decodes.
        progress: told of the pace.
    """

    source: FeatureSource
    engine: Choosing
    home: Home
    reader: PhotoReader
    progress: Progress | None

    def rows(self, gathered: Gathered, store: FeatureStore, view: View | None = None) -> FeatureTable:
        """Compute what the store does not have yet; photos whose decoding fails are skipped.

        Args:
            gathered: the photos.
            store: where rows are kept.
            view: which augmented view of each photo becomes its row; None: the photo as it is measured.

        Raises:
            PhotosError: decoding shows that most photos can't be used.
        """
        table = extract(
            gathered.hashed,
            self.source,
            store=store,
            reader=self.reader,
            engine=self.engine,
            view=view,
            progress=self.progress,
        )
        require_usable(gathered.source, len(table.photos), (*gathered.skipped, *table.skipped))
        return table
