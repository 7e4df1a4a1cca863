"""What is known of a data set before it is fetched: where it lies, how large, who vouches for a digest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.storage.checksums import Download

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Placed:
    """One photo of a data set.

    Attributes:
        part: of the official split: "train", "test", …
        label: its class.
        name: its file name, without folders.
        source: the file that becomes it, or its content.
    """

    part: str
    label: str
    name: str
    source: Path | bytes


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file that makes up a data set, alone or with others.

    Attributes:
        url: its published https address.
        filename: its name on this disk.
        size: bytes, where that is published.
        sha256: where it is published.
        md5: where it is published.
        about: bytes, roughly, where only that is published.
        vouched: who published the digest.
        packed: whether it is an archive to unpack.
    """

    url: str
    filename: str
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    about: int | None = None
    vouched: str = ""
    packed: bool = True

    @property
    def digest(self) -> str:
        """The strongest digest that is published, in words.

        Example:
            >>> PublishedFile("https://example.org/a.zip", "a.zip").digest
            'no digest published'
        """
        if self.sha256:
            return f"SHA-256 {self.sha256}"
        return f"MD5 {self.md5}" if self.md5 else "no digest published"

    @property
    def where(self) -> str:
        """Its address, size and digest, for people who bring it by hand.

        Example:
            >>> PublishedFile("https://example.org/a.zip", "a.zip", size=2_000_000, sha256="7e").where
            'https://example.org/a.zip (2.0 MB, SHA-256 7e)'
        """
        size = self.size or self.about
        return f"{self.url} ({f'{size / 1e6:,.1f} MB' if size else 'size not published'}, {self.digest})"

    def to_download(self, by_hand: str, pinned: str | None = None, also: tuple[str, ...] = ()) -> Download:
        """Give it as something to fetch.

        Args:
            by_hand: the command for people who bring the file themselves.
            pinned: the SHA-256 that an earlier fetch found, where none is published.
            also: the other files that they have to bring.
        """
        return Download(
            self.url,
            self.filename,
            size=self.size,
            sha256=self.sha256 or pinned,
            md5=self.md5,
            about=self.about,
            by_hand=by_hand,
            also=also,
        )


@dataclass(frozen=True, slots=True)
class DataSet:
    """A public data set.

    Attributes:
        name: as people write it: "oxford-pets".
        title: what it is called by those who made it.
        files: that are fetched.
        layout: finds the photos in them: it is given where each file lies, or the folder that it was
            unpacked to, by file name.
        parts: the official split, the training part first.
        test: the part to measure on; None where nobody published a split.
        photos: how many photos there are in all.
        classes: how many classes.
        licence: as its publisher states it.
        citation: the paper.
        page: where people read about it.
        remark: what one should know before relying on it.
        hosts: that its addresses may redirect to.
    """

    name: str
    title: str
    files: tuple[PublishedFile, ...]
    layout: Callable[[Mapping[str, Path]], Iterator[Placed]]
    parts: tuple[str, ...]
    test: str | None
    photos: int
    classes: int
    licence: str
    citation: str
    page: str
    remark: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def short_licence(self) -> str:
        """The licence's first words, for a narrow column; `licence` has all of them.

        Example:
            >>> from headstart.images.datasets.known import KNOWN
            >>> KNOWN["oxford-pets"].short_licence, KNOWN["cats-vs-dogs"].short_licence
            ('CC BY-SA 4.0', 'CDLA')
        """
        return re.split(r"[,;]|-Permissive", self.licence)[0]

    @property
    def size(self) -> int:
        """Bytes to fetch, roughly where not published exactly."""
        return sum(each.size or each.about or 0 for each in self.files)
