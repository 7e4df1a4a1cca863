"""The weights that are at hand, those that headstart carries among them: list, add, fetch, verify."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbones.pocket.card import WEIGHTS_FILE, carried_weights, read_card
from headstart.backbones.published import missing_weights
from headstart.backbones.registry import BackboneName, parse_name
from headstart.backbones.spec import POCKET
from headstart.backbones.weights import WeightsStore
from headstart.errors import BackboneError, UsageError, WeightsRefusedError
from headstart.storage.home import Home

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.backbones.spec import OptionValue
    from headstart.backbones.weights import WeightsEntry
    from headstart.features.progress import Progress


@dataclass(frozen=True, slots=True)
class WeightsFacts:
    """One set of weights.

    Attributes:
        network: the name of the network that they are for, without a tag.
        tag: which weights.
        file: the file's own name.
        bytes: its size.
        sha256: that it is pinned to.
        licence: of the weights, as far as it is published.
        source: where they came from.
        fault: what is wrong with the file; "" if nothing; None if it was not looked at.
    """

    network: str
    tag: str
    file: str
    bytes: int
    sha256: str
    licence: str
    source: str
    fault: str | None = None

    @property
    def backbone(self) -> str:
        """The name that loads these weights."""
        return f"{self.network}@{self.tag}"

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        told = ("backbone", "file", "bytes", "sha256", "licence", "source")
        facts = {name: getattr(self, name) for name in told}
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
    """List the weights that are at hand; those that headstart carries stand first.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [each.network for each in list_weights(home=folder)]
        ['pocket']
    """
    carried = _carried()
    ours = [] if carried.fault else [replace(carried, fault=None)]
    return [*ours, *(_facts(entry) for entry in WeightsStore(Home.find(home)).readable_entries())]


def _facts(entry: WeightsEntry, fault: str | None = None) -> WeightsFacts:
    return WeightsFacts(
        network=str(BackboneName(entry.framework, entry.architecture)),
        tag=entry.tag,
        file=entry.file,
        bytes=entry.bytes,
        sha256=entry.sha256,
        licence=entry.licence,
        source=entry.source,
        fault=fault,
    )


def _carried(tag: str | None = None) -> WeightsFacts:
    """The weights among headstart's own files, which are looked at."""
    card = read_card()
    if tag not in (None, card.tag):
        raise BackboneError(f"{POCKET} comes with headstart as {POCKET}@{card.tag}; it has no {tag!r}")
    try:
        size, fault = len(carried_weights()), ""
    except WeightsRefusedError as error:
        size, fault = 0, str(error)
    return WeightsFacts(POCKET, card.tag, WEIGHTS_FILE, size, card.sha256, card.licence, card.source, fault)


def damaged_entries(*, home: str | Path | None = None) -> list[tuple[str, str]]:
    """List registrations that can't be read: (file, what is wrong and what to do)."""
    return [(path.name, why) for path, why in WeightsStore(Home.find(home)).damaged_entries()]


def carried_fault() -> str:
    """What is wrong with the weights that headstart carries; "" where they are whole."""
    return _carried().fault or ""


def add_weights(
    file: str | Path,
    *,
    backbone: str | None = None,
    tag: str | None = None,
    options: Mapping[str, OptionValue] | None = None,
    home: str | Path | None = None,
) -> Added:
    """Add a safetensors file or one of Keras's (.h5), or the files that a manifest (.json) lists.

    Args:
        file: the file or the manifest.
        backbone: the network that a single file is for.
        tag: a name for its weights: they load as BACKBONE@TAG.
        options: arguments for the framework's constructor that the network was made with: {"alpha": 0.75}.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.

    Raises:
        UsageError: a single file without `backbone`, a manifest with it, or a file that can't be read.
        WeightsRefusedError: not safetensors or HDF5, not finite, or other weights have this name.
    """
    path, store = Path(file), WeightsStore(Home.find(home))
    if path.suffix != ".json":
        if backbone is None:
            raise UsageError(f"which network is {path.name} for? give --backbone NAME, and a --tag for it")
        return Added((store.add_file(path, str(parse_name(backbone)), tag, options=options).backbone,), ())
    if backbone is not None or tag is not None or options:
        raise UsageError(
            "a manifest says itself which networks its files are for: leave --backbone, --tag and --option "
            "out"
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

    For the network that headstart carries there is nothing to fetch: its weights are checked.

    Args:
        name: the network, with @TAG for other weights than its default ones.
        trust_first: accept weights for which no digest is published; theirs is pinned from then on.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.
        progress: told of the bytes that arrived.

    Raises:
        BackboneError: the network is unknown, or nothing is published for it.
        WeightsRefusedError: wrong digest, or none is published; or headstart's own file is damaged.
        DownloadError: the network or the other side failed; the same call resumes.
    """
    from headstart.storage.download import Downloader

    wanted = parse_name(name)
    if wanted.framework == POCKET:
        carried = _carried(wanted.tag)
        if carried.fault:
            raise WeightsRefusedError(carried.fault)
        return carried
    store = WeightsStore(Home.find(home))
    pace = None if progress is None else Megabytes(progress)
    try:
        entry = store.fetch(str(wanted), downloader=Downloader(progress=pace), trust_first=trust_first)
    finally:
        if progress is not None:
            progress.stop()
    return _facts(entry)


class Megabytes:
    """Turns a download's bytes into steps of one megabyte."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done: int | None = None

    def __call__(self, filename: str, done: int, total: int | None) -> None:
        """Show how far it is."""
        if self._done is None:
            self._progress.start((total or done) // 1_000_000, f"{filename}, MB")
            self._done = 0
        self._progress.advance(done // 1_000_000 - self._done)
        self._done = done // 1_000_000


def verify_weights(name: str | None = None, *, home: str | Path | None = None) -> list[WeightsFacts]:
    """Check files against their pinned digests; nothing is changed.

    Args:
        name: only the weights of this network, with @TAG only those; None: all, those that headstart carries
            first.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.

    Raises:
        BackboneError: the network is unknown.
        WeightsMissingError: none of its weights are at hand.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [(each.network, each.fault) for each in verify_weights(home=folder)]
        [('pocket', '')]
    """
    store = WeightsStore(Home.find(home))
    if name is None:
        return [_carried(), *(_facts(entry, why) for entry, _, why in store.verify())]
    wanted = parse_name(name)
    if wanted.framework == POCKET:
        return [_carried(wanted.tag)]
    place = (wanted.framework, wanted.architecture)
    chosen = [
        entry
        for entry in store.readable_entries()
        if (entry.framework, entry.architecture) == place and wanted.tag in (None, entry.tag)
    ]
    if not chosen:
        raise missing_weights(*place, wanted.tag)
    return [_facts(entry, why) for entry, _, why in store.verify(chosen)]
