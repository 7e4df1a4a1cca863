"""(home) => the weights at hand: added or fetched once, pinned by SHA-256, checked whenever they are read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.entry import PreprocessingOverride, WeightsEntry, entry_filename, read_entry
from headstart.backbones.intake import (
    as_keras_wrote,
    as_published,
    damaged,
    how_again,
    make_entry,
    named,
    nobody_vouches,
    parse,
    quarantine,
    read_whole,
)
from headstart.backbones.manifest import ManifestItem, read_manifest
from headstart.backbones.published import Published, default_tag, missing_weights, published
from headstart.backbones.tensorfile import parse_tensors
from headstart.errors import BackboneError, UsageError, WeightsMissingError, WeightsRefusedError
from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.checksums import digest_of
from headstart.storage.home import Home, private_folder
from headstart.storage.locks import locked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from headstart.backbones.intake import Facts
    from headstart.backbones.spec import OptionValue
    from headstart.storage.download import Downloader

Fits = Callable[[str, str, str, "Mapping[str, OptionValue]", "Mapping[str, Tensor]"], None]
"""(framework, architecture, tag, options, tensors) => nothing, or `BackboneError`, `WeightsRefusedError`."""

H5_ENDINGS = frozenset({".h5", ".hdf5"})
"""The last suffixes of files that Keras writes."""

__all__ = ["AddReport", "PreprocessingOverride", "WeightsEntry", "WeightsStore"]


@dataclass(frozen=True)
class AddReport:
    """What became of a manifest's files.

    Attributes:
        added: the entries that are at hand now.
        skipped: (file, why) of the others.
    """

    added: tuple[WeightsEntry, ...]
    skipped: tuple[tuple[str, str], ...]


class WeightsStore:
    """The weights in a home folder; reading never writes, so a read-only home works.

    Args:
        home: where they lie.
        waiting: gets a line every few seconds while another process changes the same home.
        fits: refuses tensors that do not fit a network, before they are registered; None:
            `headstart.backbones.fit.require_fit`.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     WeightsStore(Home(Path(folder))).entries()
        []
    """

    def __init__(
        self, home: Home, *, waiting: Callable[[str], None] | None = None, fits: Fits | None = None
    ) -> None:
        self.home = home
        self._folder = home.weights
        self._waiting = waiting
        self._fits = fits

    def entries(self) -> list[WeightsEntry]:
        """Everything registered, sorted by name.

        Raises:
            WeightsRefusedError: an entry is damaged or from a newer headstart; names its file.
        """
        return [read_entry(path) for path in sorted(self._folder.glob("*.json"))]

    def readable_entries(self) -> list[WeightsEntry]:
        """The entries that can be read, sorted by name; `damaged_entries` has the others."""
        return self._survey()[0]

    def damaged_entries(self) -> list[tuple[Path, str]]:
        """The entries that can't be read, sorted by name: (the entry's own file, what is wrong with it)."""
        return self._survey()[1]

    def entry_path(self, entry: WeightsEntry) -> Path:
        """The small JSON file of an entry; deleting it makes headstart forget these weights."""
        return self._folder / entry_filename(entry.framework, entry.architecture, entry.tag)

    def _survey(self) -> tuple[list[WeightsEntry], list[tuple[Path, str]]]:
        readable, damaged = [], []
        for path in sorted(self._folder.glob("*.json")):
            try:
                readable.append(read_entry(path))
            except WeightsRefusedError as fault:
                damaged.append((path, str(fault)))
        return readable, damaged

    def find(self, framework: str, architecture: str, tag: str | None = None) -> WeightsEntry | None:
        """The registered weights of a network, None where there are none.

        Args:
            framework: "torchvision", "timm" or "keras".
            architecture: the framework's name of the network.
            tag: which weights; None: the framework's default, else the only ones there are.

        Raises:
            BackboneError: no tag is given, and none of several is the framework's default.
            WeightsRefusedError: the entry is damaged or from a newer headstart.
        """
        if tag is not None:
            path = self._folder / entry_filename(framework, architecture, tag)
            return read_entry(path) if path.exists() else None
        start = entry_filename(framework, architecture, "").removesuffix(".json")
        paths = [path for path in sorted(self._folder.glob("*.json")) if path.name.startswith(start)]
        found = [read_entry(path) for path in paths]
        if len(found) <= 1:
            return found[0] if found else None
        default = default_tag(framework, architecture)
        for entry in found:
            if entry.tag == default:
                return entry
        names = ", ".join(entry.backbone for entry in found)
        raise BackboneError(f"{framework}:{architecture} has several weights; say which: {names}")

    def load(self, entry: WeightsEntry) -> dict[str, Tensor]:
        """Read registered weights into memory, once, and check them against their pinned digest.

        Args:
            entry: from `find` or `entries`.

        Returns:
            Tensors under the network's own names.

        Raises:
            WeightsMissingError: the file is gone; says how to get it.
            WeightsRefusedError: the file is damaged (it is renamed to NAME.damaged), or holds no weights.
        """
        return parse_tensors(self.read(entry), entry.backbone)

    def read(self, entry: WeightsEntry) -> bytes:
        """The bytes of registered weights, as `load` reads and checks them.

        Args:
            entry: from `find` or `entries`.

        Raises:
            WeightsMissingError, WeightsRefusedError: as `load`.
        """
        path = self._folder / entry.file
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise missing_weights(entry.framework, entry.architecture, entry.tag) from error
        except OSError as error:
            raise WeightsRefusedError(f"{path} can't be read: {error.strerror or error}") from error
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            quarantine(path)
            raise WeightsRefusedError(f"{damaged(entry)}; {how_again(entry)}")
        return data

    def verify(self, entries: Sequence[WeightsEntry] | None = None) -> list[tuple[WeightsEntry, bool, str]]:
        """Compare files with their pinned digests; nothing is changed.

        Args:
            entries: of which files; None: all of `readable_entries`.

        Returns:
            (entry, whether it is whole, what is wrong or ""); entries that can't be read themselves are
            `damaged_entries`.
        """
        chosen = self.readable_entries() if entries is None else entries
        return [(entry, not why, why) for entry in chosen for why in [self._fault(entry)]]

    def add_file(
        self,
        path: Path,
        backbone: str,
        tag: str | None = None,
        *,
        options: Mapping[str, OptionValue] | None = None,
        preprocessing: PreprocessingOverride | None = None,
        classes: str | None = None,
        licence: str = "unknown",
        source: str | None = None,
    ) -> WeightsEntry:
        """Register a safetensors file as the weights of a network; the file is copied.

        The file that a framework publishes (`.pth`) is taken too, if it has the published digest; and for
        Keras's networks any `.h5` or `.weights.h5`, which is turned into safetensors here, once.

        Args:
            path: the file.
            backbone: "torchvision:squeezenet1_1"; may end in "@tag".
            tag: a name for these weights.
            options: arguments for the framework's constructor.
            preprocessing: instead of the framework's own.
            classes: "imagenet-1k" where the network tells those apart.
            licence: of the weights.
            source: where they came from; by default the file's name.

        Raises:
            UsageError: the file can't be read, or a name or an option can't be right.
            BackboneError: the network is unknown, or can't be built with these options.
            WeightsRefusedError: not safetensors, not finite, tensors that do not fit the network, or other
                weights have this name already.
            StorageError: the home can't be written.
        """
        from headstart.backbones.fit import require_fit

        framework, architecture, tag = named(backbone, tag)
        data = read_whole(path)
        facts: Facts = {
            "options": dict(options or {}),
            "preprocessing": preprocessing,
            "classes": classes,
            "licence": licence,
            "source": source or path.name,
        }
        if path.suffix == ".safetensors":
            tensors = parse_tensors(data, path.name)
        elif path.suffix in {".pth", ".pt"}:
            data, facts = as_published(data, published(framework, architecture, tag), facts, name=path.name)
            tensors = parse_tensors(data, path.name)
        elif path.suffix in H5_ENDINGS:
            network = (framework, architecture, tag)
            data, facts = as_keras_wrote(data, network, facts, name=path.name)
            tensors = parse_tensors(data, path.name)
        else:
            raise WeightsRefusedError(
                f"{path.name} is not a .safetensors file, nor an .h5 file of Keras's; this version reads no "
                "other weights"
            )
        make_entry(data, framework, architecture, tag, facts)
        # Built before anything is kept: a registered file that does not fit would stand in the way for good.
        (require_fit if self._fits is None else self._fits)(
            framework, architecture, tag, facts["options"], tensors
        )
        return self._register(data, framework, architecture, tag, facts)

    def add_manifest(self, path: Path) -> AddReport:
        """Register the files that a manifest lists; what it says of preprocessing overrides the framework.

        Args:
            path: the manifest; its files lie beside it.

        Returns:
            What was added and, with reasons, what was not: wrong size or digest, missing, other formats.

        Raises:
            UsageError: it is no manifest.
            StorageError: the home can't be written.
        """
        added, skipped = [], []
        for item in read_manifest(path).weights:
            try:
                added.append(self._add_item(path.parent / item.file, item))
            except (BackboneError, UsageError, WeightsMissingError, WeightsRefusedError) as error:
                skipped.append((item.file, str(error)))
        return AddReport(tuple(added), tuple(skipped))

    def fetch(
        self,
        name: str,
        *,
        downloader: Downloader | None = None,
        trust_first: bool = False,
        known: Published | None = None,
    ) -> WeightsEntry:
        """Fetch weights from the address that the framework publishes, and register them.

        Weights that are at hand and whole are not fetched again.

        Args:
            name: "torchvision:vgg16", with "@tag" for other weights than the framework's default.
            downloader: how to connect; None: the default.
            trust_first: accept weights without a published digest; what comes first is pinned.
            known: instead of what the framework publishes.

        Raises:
            BackboneError: the network is unknown, or nothing is published for it.
            WeightsRefusedError: no digest is published and `trust_first` is not set, or it is wrong.
            DownloadError: the network or the other side failed.
            StorageError: the home can't be written.
        """
        if known is None:
            known = published(*parse(name))
        entry = self.find(known.framework, known.architecture, known.tag)
        if entry is not None and not self._fault(entry):
            return entry
        pinned = entry.source_sha256 if entry is not None else None
        if not (known.has_digest or pinned or trust_first):
            raise nobody_vouches(known)
        return self._fetch(known, pinned, downloader)

    def _fetch(self, known: Published, pinned: str | None, downloader: Downloader | None) -> WeightsEntry:
        from headstart.storage.download import Downloader

        folder = private_folder(private_folder(self._folder) / "fetched")
        downloader = downloader or Downloader(waiting=self._waiting)
        path = downloader.fetch(known.to_download(pinned), folder)
        data, facts = as_published(read_whole(path), known, {"source": known.url}, pinned)
        # The published file has its pinned digest: then other safetensors bytes only mean another converter.
        renew = pinned is not None
        entry = self._register(data, known.framework, known.architecture, known.tag, facts, renew=renew)
        path.unlink(missing_ok=True)
        return entry

    def _add_item(self, path: Path, item: ManifestItem) -> WeightsEntry:
        if path.suffix not in {".safetensors", *H5_ENDINGS}:
            raise WeightsRefusedError(
                f"it is a {path.suffix or 'nameless'} file; a manifest may list .safetensors and .h5 files"
            )
        data = read_whole(path)
        if len(data) != item.bytes:
            raise WeightsRefusedError(f"it has {len(data):,} bytes, the manifest says {item.bytes:,}")
        if hashlib.sha256(data).hexdigest() != item.sha256:
            raise WeightsRefusedError("its SHA-256 is not the manifest's: it is damaged or another file")
        return self.add_file(
            path,
            item.backbone,
            item.tag,
            options=item.options,
            preprocessing=item.preprocessing(),
            classes=item.classes,
            licence=item.licence,
            source=item.source,
        )

    def _register(
        self,
        data: bytes,
        framework: str,
        architecture: str,
        tag: str,
        facts: Facts,
        *,
        renew: bool = False,
    ) -> WeightsEntry:
        entry = make_entry(data, framework, architecture, tag, facts)
        self.keep(entry, data, renew=renew)
        return entry

    def keep(self, entry: WeightsEntry, data: bytes, *, renew: bool = False) -> None:
        """Register weights that are known to fit their network.

        Args:
            entry: what is said of them.
            data: their safetensors bytes, which have the entry's digest.
            renew: other bytes may take the place of those that have this name.

        Raises:
            WeightsRefusedError: other weights have this name already.
            StorageError: the home can't be written.
        """
        folder = private_folder(self._folder)
        with locked(folder / ".lock", waiting=self._waiting):
            if not renew:
                self.require_free(entry)
            if self._fault(entry):
                atomic_write_bytes(folder / entry.file, data)
            text = entry.model_dump_json(indent=2) + "\n"
            atomic_write_bytes(self.entry_path(entry), text.encode())

    def require_free(self, entry: WeightsEntry) -> None:
        """Refuse an entry whose name other weights have.

        Raises:
            WeightsRefusedError: they do; says what to do.
        """
        before = self.find(entry.framework, entry.architecture, entry.tag)
        if before is not None and before.sha256 != entry.sha256:
            raise WeightsRefusedError(
                f"{entry.backbone} is pinned to other weights (SHA-256 {before.sha256[:16]}…); choose "
                f"another tag, or delete {self.entry_path(entry)} first"
            )

    def _fault(self, entry: WeightsEntry) -> str:
        path = self._folder / entry.file
        try:
            whole = path.stat().st_size == entry.bytes and digest_of(path) == entry.sha256
        except FileNotFoundError:
            return f"{entry.file} is missing; {how_again(entry)}"
        except OSError as error:
            return f"{entry.file} can't be read: {error.strerror or error}"
        return "" if whole else f"{damaged(entry)}; {how_again(entry)}"
