"""The kept features, for their owner: info, verify, prune."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headstart.finetune.runs import remove_runs
from headstart.storage.home import Home
from headstart.tasks.rows import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from headstart.features.upkeep import Pruned, StoreInfo, Verification


@dataclass(frozen=True, slots=True)
class FeaturesInfo:
    """What the store holds."""

    info: StoreInfo

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "file": str(self.info.file),
            "file_bytes": self.info.file_bytes,
            "rows": self.info.rows,
            "known_files": self.info.files,
            "spaces": [
                {
                    "space": space.digest,
                    "backbone": space.backbone,
                    "layer": space.layer,
                    "engine": space.engine,
                    "rows": space.rows,
                    "bytes": space.bytes,
                }
                for space in self.info.spaces
            ],
        }


@dataclass(frozen=True, slots=True)
class FeaturesVerified:
    """What a check of the store found; what was damaged is removed."""

    found: Verification

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "checked": self.found.checked,
            "damaged": len(self.found.bad),
            "faults": list(self.found.faults),
            "removed": self.found.deleted,
            "sound": self.found.sound,
        }


@dataclass(frozen=True, slots=True)
class FeaturesPruned:
    """What was removed from the store, and how many bytes of unfinished trainings with it."""

    pruned: Pruned
    training_bytes: int = 0

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "removed": self.pruned.rows,
            "bytes": self.pruned.bytes,
            "training_bytes": self.training_bytes,
        }


def features_info(*, home: str | Path | None = None) -> FeaturesInfo:
    """Tell which features are kept.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     features_info(home=folder).to_json()["rows"]
        0
    """
    with open_store(Home.find(home), read_only=True) as store:
        return FeaturesInfo(store.info())


def verify_features(*, home: str | Path | None = None) -> FeaturesVerified:
    """Check every row against its checksum and remove damaged ones, so that they are computed again.

    Where the store can't be written, damaged rows stay; they are never used.
    """
    with open_store(Home.find(home)) as store:
        return FeaturesVerified(store.verify(delete=store.writable))


def prune_features(
    *,
    keep_days: float | None = None,
    space: str | None = None,
    max_bytes: int | None = None,
    everything: bool = False,
    home: str | Path | None = None,
) -> FeaturesPruned:
    """Remove features; they can always be computed again.

    Args:
        keep_days: remove what was not used for this many days.
        space: remove one space, named by the first letters of its digest or by its backbone.
        max_bytes: remove what was used longest ago, until the rest is no larger.
        everything: remove all, and what unfinished trainings would go on from.
        home: the folder for features; None: `HEADSTART_HOME` or the platform's.

    Raises:
        UsageError: not exactly one choice, or a space that is not there.
    """
    place = Home.find(home)
    with open_store(place) as store:
        pruned = store.prune(keep_days=keep_days, space=space, max_bytes=max_bytes, everything=everything)
    return FeaturesPruned(pruned, remove_runs(place.training) if everything else 0)
