"""A model folder that is being changed, as the parts that a change needs; its weights stay on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.source import FeatureSource
from headstart.model.answers import TrainingPhoto
from headstart.model.header import TensorFault
from headstart.model.manifest import refusal
from headstart.model.model import load_model
from headstart.model.parts import head_of
from headstart.model.rows import rows_from_tensors
from headstart.model.tensors import unpack

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from headstart.backbones.base import Backbone
    from headstart.heads.fitted import Head
    from headstart.model.history import Changing
    from headstart.model.schema import ModelRecord
    from headstart.storage.home import Home


@dataclass(frozen=True)
class Standing:
    """The model that stands.

    Attributes:
        folder: absolute.
        record: its `model.json`.
        head: what answers.
        rows: (n, width) of its training photos.
        photos: n.
    """

    folder: Path
    record: ModelRecord
    head: Head
    rows: NDArray[np.float32]
    photos: tuple[TrainingPhoto, ...]

    @classmethod
    def of(cls, held: Changing) -> Standing:
        """Read them.

        Raises:
            ModelError: a file is not what `model.json` says.
        """
        record = held.files.record
        labels = [photo.label for photo in record.photos]
        try:
            rows = rows_from_tensors(
                unpack(held.files.tensors["rows"]), labels, record.head.classes, record.width
            )
        except TensorFault as fault:
            raise refusal(held.folder, record.rows.file, fault) from None
        photos = tuple(TrainingPhoto(each.name, each.label, each.sha256) for each in record.photos)
        return cls(held.folder, record, head_of(held.folder, held.files), rows, photos)

    def source(self, home: Home, backbone: Backbone | None) -> FeatureSource:
        """Where rows come from; the network is built when it must run.

        Args:
            home: where weights are looked up that are not in the folder.
            backbone: the network itself, where it is one of the user's own.
        """

        def build() -> Backbone:
            return load_model(self.folder, backbone=backbone, home=home).backbone()

        return FeatureSource(self.record.backbone.spec(), self.record.layer, self.record.width, build)
