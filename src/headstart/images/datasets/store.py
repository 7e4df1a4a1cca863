"""(name of a data set) => its folders of photos below the home: fetched, checked, unpacked, or not there."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from headstart.errors import HeadstartError, PhotosError, UsageError
from headstart.images.datasets.build import build, read_digests, write_digests
from headstart.images.datasets.known import KNOWN
from headstart.images.datasets.record import RECORD_FILE, Kept, Odd, Source, read_record
from headstart.images.datasets.unusable import find_unusable
from headstart.images.names import by_bytes
from headstart.storage.atomic import atomic_write_text, sync_folder
from headstart.storage.checksums import digest_of, what_is_wrong
from headstart.storage.faults import storage_error
from headstart.storage.home import private_folder
from headstart.storage.locks import locked
from headstart.storage.unpack import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from headstart.images.datasets.facts import DataSet, PublishedFile
    from headstart.images.photo import Photo, Skipped
    from headstart.storage.checksums import Download
    from headstart.storage.download import Downloader


class DatasetStore:
    """The data sets of one home; each lies in NAME/part/class/file, beside a record and a list of digests.

    Args:
        folder: where they lie; made when something is fetched.
        known: facts of those that can be fetched.
        waiting: gets a line now and then while another process fetches the same set.
        unusable: looks through the photos of a set that was unpacked.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = DatasetStore(Path(folder))
        ...     store.knows("oxford-pets"), store.find("oxford-pets")
        (True, None)
    """

    def __init__(
        self,
        folder: Path,
        known: Mapping[str, DataSet] = KNOWN,
        *,
        waiting: Callable[[str], None] | None = None,
        unusable: Callable[
            [Mapping[str, Sequence[Photo]], Callable[[], None] | None], list[Skipped]
        ] = find_unusable,
    ) -> None:
        self._folder = folder
        self._known = known
        self._waiting = waiting
        self._unusable = unusable

    def knows(self, name: str) -> bool:
        """Whether a name is that of a data set, at hand or not."""
        return name in self._known or self._has(name)

    def _has(self, name: str) -> bool:
        plain = bool(name) and name == name.strip(". ") and not set(name) & set("/\\:\0")
        return plain and (self._folder / name / RECORD_FILE).is_file()

    @property
    def known(self) -> tuple[DataSet, ...]:
        """Those that can be fetched."""
        return tuple(self._known.values())

    def find(self, name: str) -> Kept | None:
        """What is kept of a data set; None where nothing is.

        Raises:
            PhotosError: its record is damaged.
        """
        return read_record(self._folder / name) if self._has(name) else None

    def folder(self, name: str) -> Path:
        """Where a data set lies, or would lie."""
        return self._folder / name

    def part(self, name: str, part: str = "", *, measure: bool = False) -> Path:
        """The folder of one part.

        Args:
            name: of the data set.
            part: of its split; "": the training part.
            measure: without `part`, the test part instead, where there is one.

        Raises:
            PhotosError: it is not at hand, or has no such part.
        """
        kept = self.find(name)
        if kept is None:
            raise PhotosError(
                f"the data set {name} is not at hand; run `headstart datasets fetch {name}`, or give a folder"
            )
        chosen = part or (kept.test if measure and kept.test else next(iter(kept.parts)))
        if chosen not in kept.parts:
            raise PhotosError(f"the data set {name} has no part {part!r}; it has {', '.join(kept.parts)}")
        return self.folder(name) / chosen

    def verify(self, name: str) -> list[str]:
        """Compare every file with the digest that was taken when it was unpacked.

        Returns:
            What is wrong, a sentence each; [] where nothing is.

        Raises:
            PhotosError: it is not at hand, or its record is damaged.
        """
        kept = self.find(name)
        if kept is None:
            raise PhotosError(f"the data set {name} is not at hand; run `headstart datasets fetch {name}`")
        folder = self.folder(name)
        digests = read_digests(folder, kept.digests)
        if digests is None:
            return ["the list of digests is damaged, so nothing can be compared"]
        there = {
            path.relative_to(folder).as_posix()
            for part in kept.parts
            for path in (folder / part).rglob("*")
            if path.is_symlink() or not path.is_dir()
        }
        faults = [f"{file} is not of the data set" for file in sorted(there - set(digests), key=by_bytes)]
        faults += [f"{file} is missing" for file in sorted(set(digests) - there, key=by_bytes)]
        for file in sorted(there & set(digests), key=by_bytes):
            try:
                same = not (folder / file).is_symlink() and digest_of(folder / file) == digests[file]
            except OSError as error:
                faults.append(f"{file} can't be read ({(error.strerror or str(error)).lower()})")
            else:
                faults += [] if same else [f"{file} was changed"]
        return faults

    def fetch(
        self,
        name: str,
        downloader: Downloader,
        *,
        trust_first: bool = False,
        brought: Sequence[Path] = (),
        step: Callable[[], None] | None = None,
        looked: Callable[[], None] | None = None,
    ) -> Kept:
        """Fetch, check and unpack a data set; one that is at hand and whole is left as it is.

        Ended at any moment, the next call goes on: what was downloaded is kept until the set stands.

        Args:
            name: of the data set.
            downloader: fetches its files.
            trust_first: accept files for which no digest is published; theirs is pinned from then on.
            brought: files, or folders with them, that somebody brought; nothing of them is changed.
            step: called after each photo that found its place.
            looked: called after each photo that was decoded once, to name those that training will skip.

        Raises:
            UsageError: no such data set.
            DownloadError: network or other side; says how to bring the files by hand.
            PhotosError: nobody vouches for a file, a brought one is wrong, or an archive is refused.
            StorageError: the disk refuses.
        """
        if name not in self._known:
            raise UsageError(f"there is no data set {name!r}; there are {', '.join(sorted(self._known))}")
        wanted = self._known[name]
        private_folder(self._folder)
        with locked(self._folder / f".{name}.lock", waiting=self._waiting):
            before = self._readable(name)
            if before is not None and not self.verify(name):
                self._tidy(name)
                return before
            pins = {each.file: each.sha256 for each in before.files} if before else {}
            files = [
                self._file(wanted, each, downloader, pins.get(each.filename), brought, trust=trust_first)
                for each in wanted.files
            ]
            kept = self._installed(wanted, files, step, looked)
            self._tidy(name)
            return kept

    def _readable(self, name: str) -> Kept | None:
        try:
            return self.find(name)
        except PhotosError:
            return None

    def _file(
        self,
        wanted: DataSet,
        file: PublishedFile,
        downloader: Downloader,
        pin: str | None,
        brought: Sequence[Path],
        *,
        trust: bool,
    ) -> Path:
        place = "FOLDER" if len(wanted.files) > 1 else "FILE"
        others = [each for each in wanted.files if each != file and self._arrived(wanted, each) is None]
        download = file.to_download(
            f"headstart datasets fetch {wanted.name} --from {place}",
            pin,
            tuple(each.where for each in others),
        )
        if not (download.checked or trust):
            raise PhotosError(
                f"no digest is published for {file.filename} of {wanted.name}, so nobody vouches for what "
                f"arrives from {file.url}; to accept what comes first, add --trust-first"
            )
        if brought:
            return _brought(
                download, brought, alone=len(wanted.files) == 1, arrived=self._arrived(wanted, file)
            )
        return downloader.fetch(download, self._fetched(wanted.name))

    def _arrived(self, wanted: DataSet, file: PublishedFile) -> Path | None:
        """Where an earlier attempt left one of several files, if it did."""
        path = self._folder / ".fetched" / wanted.name / file.filename
        return path if len(wanted.files) > 1 and path.is_file() else None

    def _fetched(self, name: str) -> Path:
        return private_folder(self._folder / ".fetched") / name

    def _installed(self, wanted: DataSet, files: Sequence[Path], *steps: Callable[[], None] | None) -> Kept:
        try:
            return self._install(wanted, files, *steps)
        except PhotosError:  # what was fetched is no use, and would stand in the way of something better
            shutil.rmtree(self._folder / ".fetched" / wanted.name, ignore_errors=True)
            raise
        except HeadstartError:
            raise
        except OSError as error:
            raise storage_error(error, self._folder, f"{wanted.name} was not unpacked") from error

    def _install(
        self,
        wanted: DataSet,
        files: Sequence[Path],
        step: Callable[[], None] | None,
        looked: Callable[[], None] | None,
    ) -> Kept:
        work = self._folder / f".{wanted.name}.new"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        try:
            sources = [
                Source(file=each.filename, url=each.url, bytes=path.stat().st_size, sha256=digest_of(path))
                for each, path in zip(wanted.files, files, strict=True)
            ]
            places = {}
            for number, (each, path) in enumerate(zip(wanted.files, files, strict=True)):
                places[each.filename] = work / f"unpacked{number}" if each.packed else path
                if each.packed:
                    unpack(path, places[each.filename])
            built = build(wanted.layout(places), work / "set", wanted.parts, step=step)
            odd = _odd(built.misnamed, self._unusable(built.files, looked))
            kept = Kept(
                name=wanted.name, title=wanted.title, parts=dict(built.photos), test=wanted.test,
                classes=len(built.classes), licence=wanted.licence, citation=wanted.citation,
                page=wanted.page, files=tuple(sources), odd=odd,
                digests=write_digests(work / "set", built.digests),
            )  # fmt: skip
            atomic_write_text(work / "set" / RECORD_FILE, kept.model_dump_json(indent=2) + "\n")
            self._replace(wanted.name, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return kept

    def _replace(self, name: str, work: Path) -> None:
        target = self.folder(name)
        if target.exists():
            target.rename(work / "before")
        (work / "set").rename(target)
        sync_folder(self._folder)

    def _tidy(self, name: str) -> None:
        """Delete what was only needed on the way."""
        shutil.rmtree(self._folder / ".fetched" / name, ignore_errors=True)
        shutil.rmtree(self._folder / f".{name}.new", ignore_errors=True)
        with suppress(OSError):
            (self._folder / ".fetched").rmdir()


def _odd(misnamed: Sequence[Odd], skipped: Sequence[Skipped]) -> tuple[Odd, ...]:
    """One entry for each file; why training skips it counts more than a wrong name."""
    found = {each.file: each for each in misnamed}
    found |= {
        each.name: Odd(file=each.name, what=f"{each.reason.value}: {each.detail}", reason=each.reason.value)
        for each in skipped
    }
    return tuple(found[name] for name in sorted(found, key=by_bytes))


def _brought(download: Download, brought: Sequence[Path], *, alone: bool, arrived: Path | None) -> Path:
    """The file that somebody brought, whatever it is called if it can only be the one; else what arrived.

    Raises:
        PhotosError: it is not there, or wrong.
    """
    names = (each / download.filename if each.is_dir() else each for each in brought)
    found = [path for path in names if path.is_file() and (alone or path.name == download.filename)]
    found += [] if arrived is None else [arrived]
    if not found:
        raise PhotosError(f"no {download.filename} in what --from names; get it from {download.url}")
    try:
        fault = what_is_wrong(found[0], download)
    except OSError as error:
        fault = f"it can't be read ({(error.strerror or str(error)).lower()})"
    if fault:
        raise PhotosError(f"{found[0]} is not the file that {download.url} has: {fault}; get it again")
    return found[0]
