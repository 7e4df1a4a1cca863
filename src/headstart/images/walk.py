"""(folder) => (files below it, and what was passed over): names only, no file is opened.

Real folders are read first and links to folders last, in the order of their names, each folder once:
what is found depends neither on the order in which a disk lists its entries nor on loops of links.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.images.names import by_bytes, counted, is_system_name, some
from headstart.images.photo import Reason, Skipped
from headstart.images.probe import Finding, from_os_error, not_a_file, what_is_wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

_OUTSIDE = Finding(
    Reason.OUTSIDE_FOLDER, "the link leads outside the folder; following links must be asked for"
)


@dataclass(slots=True)
class Walk:
    """What lies below a folder; names are relative to it, with `/`, and may hold surrogate escapes.

    Attributes:
        files: name of each regular file, sorted by its bytes.
        folders: names of the folders that were read, the root left out, sorted.
        skipped: entries that can't be photos, and folders that can't be listed, sorted.
        ignored: how many hidden and system entries were passed over (a folder counts as one).
        unfollowed: names of links to folders that were not followed, sorted.
        repeated: names of links to folders that were already read, sorted.
    """

    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    ignored: int = 0
    unfollowed: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)

    def notes(self) -> Iterator[str]:
        """What people should know about links to folders."""
        if self.unfollowed:
            links = counted(len(self.unfollowed), "link to a folder was", "links to folders were")
            yield f"{links} not followed: {some(self.unfollowed)}"
        if self.repeated:
            links = counted(len(self.repeated), "link leads to a folder", "links lead to folders")
            yield f"{links} already read, which counts once: {some(self.repeated)}"

    def _sort(self) -> None:
        self.skipped.sort(key=lambda entry: by_bytes(entry.name))
        for names in (self.files, self.folders, self.unfollowed, self.repeated):
            names.sort(key=by_bytes)


def walk(root: Path | str, *, follow_links: bool = False) -> Walk:
    """List everything below a folder.

    Args:
        root: the folder; it may be a link itself.
        follow_links: also enter links to folders and use links to files outside the root. Each folder is
            entered once (by device and inode), so a loop adds nothing.

    Raises:
        OSError: the root itself can't be listed.
    """
    walker = _Walker(Path(root), follow_links=follow_links)
    walker.run()
    return walker.found


class _Walker:
    """The state of one walk."""

    def __init__(self, root: Path, *, follow_links: bool) -> None:
        self.found = Walk()
        self._root = root
        self._real_root = root.resolve()
        self._follow = follow_links
        self._seen: set[tuple[int, int]] = set()
        self._folders: list[tuple[str, str]] = []  # (name, path) still to read
        self._links: list[
            tuple[bytes, str, str]
        ] = []  # heap of (key, name, path): only when no folder is left

    def run(self) -> None:
        self._first_visit(str(self._root))
        self._list("", str(self._root))
        while self._folders or self._links:
            if self._folders:
                name, path = self._folders.pop()
                self._enter(name, path)
            else:
                _, name, path = heappop(self._links)
                self._enter(name, path, by_link=True)
        self.found._sort()  # noqa: SLF001 - its own module

    def _first_visit(self, path: str) -> bool:
        if not self._follow:
            return True
        facts = os.stat(path)  # noqa: PTH116 - once for each folder
        key = (facts.st_dev, facts.st_ino)
        new = key not in self._seen
        self._seen.add(key)
        return new

    def _enter(self, name: str, path: str, *, by_link: bool = False) -> None:
        try:
            if self._first_visit(path):
                self.found.folders.append(name)
                self._list(name + "/", path)
            elif by_link:
                self.found.repeated.append(name)
        except OSError as error:
            self._skip(name, from_os_error(error, is_link=by_link))

    def _list(self, prefix: str, path: str) -> None:
        with os.scandir(path) as entries:
            for entry in entries:
                if is_system_name(entry.name):
                    self.found.ignored += 1
                else:
                    self._sort_out(prefix + entry.name, entry)

    def _sort_out(self, name: str, entry: os.DirEntry[str]) -> None:
        try:
            if entry.is_file(follow_symlinks=False):
                self.found.files.append(name)
            elif entry.is_dir(follow_symlinks=False):
                self._folders.append((name, entry.path))
            elif entry.is_symlink():
                self._link(name, entry)
            else:
                self._skip(name, not_a_file(entry.stat(follow_symlinks=False).st_mode))
        except OSError as error:
            self._skip(name, from_os_error(error))

    def _link(self, name: str, entry: os.DirEntry[str]) -> None:
        if _leads_to_folder(entry):
            if self._follow:
                heappush(self._links, (by_bytes(name), name, entry.path))
            else:
                self.found.unfollowed.append(name)
        elif finding := what_is_wrong(entry.path):
            self._skip(name, finding)
        elif self._follow or Path(entry.path).resolve().is_relative_to(self._real_root):
            self.found.files.append(name)
        else:
            self._skip(name, _OUTSIDE)

    def _skip(self, name: str, finding: Finding) -> None:
        self.found.skipped.append(Skipped(name, finding.reason, finding.detail, "scan"))


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or to a place that may not be seen: `what_is_wrong` says which
        return False
