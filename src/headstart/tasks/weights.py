"""The weights that are at hand: list, add, fetch, verify."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbones.registry import parse_name
from headstart.backbones.weights import WeightsStore
from headstart.errors import UsageError
from headstart.storage.home import Home

if TYPE_CHECKING:
    from headstart.backbones.weights import WeightsEntry
    from headstart.features.progress import Progress


@dataclass(frozen=True, slots=True)
class WeightsFacts:
    """One set of weights.

    Attributes:
        entry: what is registered.
        fault: what is wrong with its file; "" if nothing; None if it was not looked at.
    """

    entry: WeightsEntry
    fault: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        entry = self.entry
        facts = {
            "backbone": entry.backbone,
            "file": entry.file,
            "bytes": entry.bytes,
            "sha256": entry.sha256,
            "licence": entry.licence,
            "source": entry.source,
        }
        return facts if self.fault is None else {**facts, "ok": not self.fault, "why": self.fault}


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the files that were to be added.

    Attributes:
        added: names that load now.
        skipped: (file, why) of the others.
    """

    added: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "added": list(self.added),
            "skipped": [{"file": file, "why": why} for file, why in self.skipped],
        }


def list_weights(*, home: str | Path | None = None) -> list[WeightsFacts]:
    """List the weights that are at hand.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     list_weights(home=folder)
        []
    """
    return [WeightsFacts(entry) for entry in WeightsStore(Home.find(home)).readable_entries()]


def damaged_entries(*, home: str | Path | None = None) -> list[tuple[str, str]]:
    """List registrations that can't be read: (file, what is wrong and what to do)."""
    return [(path.name, why) for path, why in WeightsStore(Home.find(home)).damaged_entries()]


def add_weights(
    file: str | Path,
    *,
    backbone: str | None = None,
    tag: str | None = None,
    home: str | Path | None = None,
) -> Added:
    """Add a safetensors file, or the files that a manifest (.json) lists.

    Args:
        file: the safetensors file or the manifest.
        backbone: the network that a single file is for.
        tag: a name for its weights: they load as BACKBONE@TAG.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.

    Raises:
        UsageError: a single file without `backbone`, a manifest with it, or a file that can't be read.
        WeightsRefusedError: not safetensors, not finite, other weights have this name, or nothing of a
            manifest could be added.
    """
    path, store = Path(file), WeightsStore(Home.find(home))
    if path.suffix != ".json":
        if backbone is None:
            raise UsageError(f"which network is {path.name} for? give --backbone NAME, and a --tag for it")
        return Added((store.add_file(path, str(parse_name(backbone)), tag).backbone,), ())
    if backbone is not None or tag is not None:
        raise UsageError(
            "a manifest says itself which networks its files are for: leave --backbone and --tag out"
        )
    report = store.add_manifest(path)
    return Added(tuple(entry.backbone for entry in report.added), report.skipped)


def fetch_weights(
    name: str,
    *,
    trust_first: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> WeightsFacts:
    """Fetch weights from the framework's own address; what is at hand and whole is not fetched again.

    Args:
        name: the network, with @TAG for other weights than its default ones.
        trust_first: accept weights for which no digest is published; theirs is pinned from then on.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.
        progress: told of the bytes that arrived.

    Raises:
        BackboneError: the network is unknown, or nothing is published for it.
        WeightsRefusedError: wrong digest, or none is published.
        DownloadError: the network or the other side failed; the same call resumes.
    """
    from headstart.storage.download import Downloader

    store = WeightsStore(Home.find(home))
    pace = None if progress is None else _Megabytes(progress)
    try:
        entry = store.fetch(
            str(parse_name(name)), downloader=Downloader(progress=pace), trust_first=trust_first
        )
    finally:
        if progress is not None:
            progress.stop()
    return WeightsFacts(entry)


class _Megabytes:
    """Turns a download's bytes into steps of one megabyte."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done: int | None = None

    def __call__(self, filename: str, done: int, total: int | None) -> None:
        if self._done is None:
            self._progress.start((total or done) // 1_000_000, f"{filename}, MB")
            self._done = 0
        self._progress.advance(done // 1_000_000 - self._done)
        self._done = done // 1_000_000


def verify_weights(*, home: str | Path | None = None) -> list[WeightsFacts]:
    """Check every file against its pinned digest; nothing is changed."""
    return [WeightsFacts(entry, why) for entry, _, why in WeightsStore(Home.find(home)).verify()]
