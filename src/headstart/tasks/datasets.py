"""Known data sets: list, fetch, verify."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.errors import PhotosError, UsageError
from headstart.images.datasets.known import KNOWN
from headstart.images.datasets.store import DatasetStore
from headstart.storage.home import Home
from headstart.tasks.paths import given_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headstart.features.progress import Progress
    from headstart.images.datasets.facts import DataSet
    from headstart.images.datasets.record import Kept
    from headstart.storage.download import Downloader


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """A data set that can be fetched, that is kept, or both.

    Attributes:
        name: as people write it.
        known: what is published of it; None where only this disk knows it.
        kept: what lies on this disk; None where it is not there, or damaged.
        folder: where it lies or would lie.
        faults: what is wrong with its files; None if they were not looked at.
    """

    name: str
    known: DataSet | None
    kept: Kept | None
    folder: Path
    faults: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        facts: dict[str, Any] = {"dataset": self.name, "at_hand": self.kept is not None}
        source = self.known or self.kept
        if source is not None:
            told = ("title", "photos", "classes", "test", "licence", "citation", "page")
            facts |= {name: getattr(source, name) for name in told}
        if self.known is not None:
            # How many photos a part has is published where it is all of them.
            alone = self.known.photos if len(self.known.parts) == 1 else None
            facts["parts"] = dict.fromkeys(self.known.parts, alone)
            facts |= {"bytes": self.known.size, "remark": self.known.remark}
            facts["files"] = [
                {
                    "file": each.filename, "url": each.url, "bytes": each.size or each.about,
                    "sha256": each.sha256, "md5": each.md5, "vouched": each.vouched,
                }
                for each in self.known.files
            ]  # fmt: skip
        if self.kept is not None:
            facts |= {"folder": str(self.folder), "parts": self.kept.parts, "photos": self.kept.photos}
            facts["fetched"] = [each.model_dump() for each in self.kept.files]
            facts["odd"] = [each.model_dump() for each in self.kept.odd]
        return facts if self.faults is None else {**facts, "ok": not self.faults, "why": list(self.faults)}


def list_datasets(
    *, home: str | Path | None = None, known: Mapping[str, DataSet] = KNOWN
) -> list[DatasetFacts]:
    """List the data sets that can be fetched, and whether they are at hand.

    Args:
        home: the folder for data sets; None: `HEADSTART_HOME` or the platform's.
        known: other sets than headstart's own.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [each.name for each in list_datasets(home=folder)][:2]
        ['cats-vs-dogs', 'oxford-pets']
    """
    store = DatasetStore(Home.find(home).datasets, known)
    return [_facts(store, each.name, each) for each in store.known]


def _facts(store: DatasetStore, name: str, known: DataSet | None) -> DatasetFacts:
    try:
        kept = store.find(name)
    except PhotosError as error:
        return DatasetFacts(name, known, None, store.folder(name), (str(error),))
    return DatasetFacts(name, known, kept, store.folder(name))


def fetch_dataset(
    name: str,
    *,
    files: Sequence[str | Path] = (),
    trust_first: bool = False,
    home: str | Path | None = None,
    known: Mapping[str, DataSet] = KNOWN,
    downloader: Downloader | None = None,
    progress: Progress | None = None,
) -> DatasetFacts:
    """Fetch a data set from its published address, check it and unpack it; one at hand is not fetched again.

    Args:
        name: "oxford-pets" and the like.
        files: its files, or a folder that holds them, where somebody brought them.
        trust_first: accept files for which no digest is published; theirs is pinned from then on.
        home: the folder for data sets; None: `HEADSTART_HOME` or the platform's.
        known: other sets than headstart's own.
        downloader: how to connect; None: the default.
        progress: told of the megabytes that arrived, of the photos unpacked, and of those decoded once.

    Raises:
        UsageError: no such data set.
        DownloadError: the network or the other side failed; the same call resumes.
        PhotosError: a file is not the published one, or an archive is refused.
        StorageError: the home can't be written.
    """
    from headstart.storage.download import Downloader
    from headstart.tasks.weights import Megabytes

    store = DatasetStore(Home.find(home).datasets, known)
    brought = [Path(given_path(each, "--from")) for each in files]
    wanted = known.get(name)
    hosts = () if wanted is None else wanted.hosts
    pace = None if progress is None else Megabytes(progress)
    steps = {}
    if progress is not None:
        photos = 0 if wanted is None else wanted.photos
        steps = {
            "step": _Photos(progress, photos, "photos unpacked"),
            "looked": _Photos(progress, photos, "photos decoded once, to name broken ones"),
        }
    try:
        kept = store.fetch(
            name,
            downloader or Downloader(allowed_hosts=hosts, progress=pace),
            trust_first=trust_first,
            brought=brought,
            **steps,
        )
    finally:
        if progress is not None:
            progress.stop()
    return DatasetFacts(name, wanted, kept, store.folder(name))


class _Photos:
    """Counts photos of one stretch of work; it starts with the first of them, after all that comes before."""

    def __init__(self, progress: Progress, photos: int, what: str) -> None:
        self._progress = progress
        self._photos = photos
        self._what = what
        self._started = False

    def __call__(self) -> None:
        if not self._started:
            self._progress.start(self._photos, self._what)
            self._started = True
        self._progress.advance(1)


def verify_datasets(
    name: str | None = None,
    *,
    home: str | Path | None = None,
    known: Mapping[str, DataSet] = KNOWN,
) -> list[DatasetFacts]:
    """Compare the files of data sets with the digests that were taken at unpacking; nothing is changed.

    Args:
        name: only this one; None: all that are at hand.
        home: the folder for data sets; None: `HEADSTART_HOME` or the platform's.
        known: other sets than headstart's own.

    Raises:
        UsageError: no such data set.
        PhotosError: it is not at hand.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     verify_datasets(home=folder)
        []
    """
    store = DatasetStore(Home.find(home).datasets, known)
    if name is not None and not store.knows(name):
        raise UsageError(f"there is no data set {name!r}; there are {', '.join(sorted(known))}")
    found = [_facts(store, each, known.get(each)) for each in ([name] if name is not None else known)]
    looked = [
        each
        if each.kept is None
        else DatasetFacts(each.name, each.known, each.kept, each.folder, tuple(store.verify(each.name)))
        for each in found
        if each.kept is not None or each.faults
    ]
    if name is not None and not looked:
        raise PhotosError(f"the data set {name} is not at hand; run `headstart datasets fetch {name}`")
    return looked
