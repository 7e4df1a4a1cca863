"""(gathered photos, backbone) => rows of features, from the store where they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.base import Backbone
from headstart.backbones.load import load_backbone
from headstart.backbones.registry import parse_name
from headstart.errors import WeightsMissingError
from headstart.features.extract import extract
from headstart.features.store import FeatureStore
from headstart.storage.download import is_offline
from headstart.tasks.gather import require_usable
from headstart.tasks.weights import fetch_weights

if TYPE_CHECKING:
    from headstart.features.extract import FeatureTable
    from headstart.features.progress import Progress
    from headstart.images.reader import PhotoReader
    from headstart.storage.home import Home
    from headstart.tasks.gather import Gathered

STORE_FILE = "features.sqlite"


def check_backbone_name(backbone: str | Backbone) -> None:
    """Refuse a name that no framework could know, before any photo is read.

    Raises:
        BackboneError: with names that are close.
    """
    if isinstance(backbone, str):
        parse_name(backbone)


def open_backbone(backbone: str | Backbone, home: Home, progress: Progress | None = None) -> Backbone:
    """Load a backbone by name, or take the one that is given; weights that are not at hand are fetched."""
    if isinstance(backbone, Backbone):
        return backbone
    try:
        return load_backbone(backbone, home=home, offline=True)
    except WeightsMissingError:
        if is_offline():
            raise
        fetch_weights(backbone, home=home.root, progress=progress)
        return load_backbone(backbone, home=home, offline=True)


def open_store(home: Home, *, read_only: bool = False) -> FeatureStore:
    """Open the home's feature store."""
    return FeatureStore(home.features / STORE_FILE, read_only=read_only)


@dataclass(frozen=True)
class Extraction:
    """How gathered photos become rows.

    Attributes:
        backbone: computes them.
        layer: a layer reference; None: the backbone's default.
        home: where rows are kept.
        reader: decodes.
        progress: told of the pace.
    """

    backbone: Backbone
    layer: str | None
    home: Home
    reader: PhotoReader
    progress: Progress | None

    def rows(self, gathered: Gathered, store: FeatureStore) -> FeatureTable:
        """Compute what the store does not have yet; photos whose decoding fails are skipped.

        Raises:
            PhotosError: decoding shows that most photos can't be used.
        """
        table = extract(
            gathered.hashed,
            self.backbone,
            store=store,
            layer=self.layer,
            reader=self.reader,
            progress=self.progress,
        )
        require_usable(gathered.source, len(table.photos), (*gathered.skipped, *table.skipped))
        return table
