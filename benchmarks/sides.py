"""(network, photos) => a job for each side of the comparison; a job measures itself once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from headstart.backbones.load import load_backbone
from headstart.errors import HeadstartError
from headstart.images.reader import available_cpus
from networks import PEERS
from ours import WAYS, decode_alone, embed_twice, engine_alone, hashed_photos
from peer import ask
from peers.steady import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from headstart.backbones.entry import WeightsEntry
    from headstart.features.extract import FeatureTable
    from headstart.images.reader import PhotoReader
    from headstart.storage.home import Home
    from networks import Network
    from ours import Way

    Job = Callable[[], dict[str, Any]]

DECODE, ONNX = "decode alone", "onnxruntime"
ALONE = (*PEERS, ONNX)
"""Every peer that can be asked for; the last computes without decoding."""


@dataclass
class Sides:
    """All that takes turns for one network.

    Attributes:
        jobs: by name; each gives `photos_per_second` and what else is known of its turn.
        tables: the rows of each way of ours, once it had a turn.
        left_out: why a side has no job.
    """

    jobs: dict[str, Job] = field(default_factory=dict)
    tables: dict[str, FeatureTable] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def add_peers(self, python: Path, names: Sequence[str], network: Network, request: Request) -> None:
        """Add those of the peers that have the network."""
        for name in names:
            if name not in network.names:
                self.left_out[name] = "it does not have this network"
                continue
            self.jobs[name] = _peer_job(python, name, replace(request, network=network.names[name]))

    def add_ours(self, photos: Path, backbone: str, home: Home) -> None:
        """Add every way that `embed` can compute, cold and once more."""
        for way in WAYS:
            self.jobs[ours(way)] = self._our_job(photos, backbone, way, home)

    def add_parts(self, photos: Path, backbone: str, home: Home, reader: PhotoReader) -> None:
        """Add decoding alone, and each engine alone that can be opened here."""
        network = load_backbone(backbone, home=home, offline=True)
        hashed, resize = hashed_photos(photos, reader), network.spec.preprocessing.resize
        self.jobs[DECODE] = lambda: {"photos_per_second": decode_alone(hashed, reader, resize)}
        for way in WAYS:
            try:
                speed = engine_alone(network, way, len(hashed))
            except HeadstartError as error:
                self.left_out[alone(way)] = str(error)
            else:
                self.jobs[alone(way)] = _part_job(speed)

    def _our_job(self, photos: Path, backbone: str, way: Way, home: Home) -> Job:
        def job() -> dict[str, Any]:
            found = embed_twice(photos, backbone, way, home.root)
            self.tables[ours(way)] = found.table
            return {
                "photos_per_second": found.speed,
                "opening_seconds": found.opening,
                "call_seconds": found.cold,
                "again_seconds": found.warm,
                "again_photos_per_second": found.photos / found.warm,
            }

        return job


def ours(way: Way) -> str:
    """What a way of ours is called in the table."""
    return f"headstart {way}"


def alone(way: Way) -> str:
    """What an engine without decoding is called in the table."""
    return f"{way} alone"


def request_for(files: Sequence[Path], entry: WeightsEntry | None, home: Home) -> Request:
    """What every peer is asked, but for the network's name.

    Args:
        files: the photos.
        entry: real weights, where they are at hand.
        home: where the weights lie.
    """
    paths, workers = tuple(map(str, files)), available_cpus()
    if entry is None:
        return Request("", paths, workers)
    return Request("", paths, workers, str(home.weights / entry.file), dict(entry.options))


def _peer_job(python: Path, name: str, request: Request) -> Job:
    def job() -> dict[str, Any]:
        found = ask(python, name, request)
        return {"photos_per_second": found["photos"] / found["seconds"], "with": found["with"]}

    return job


def _part_job(speed: Callable[[], float]) -> Job:
    return lambda: {"photos_per_second": speed()}
