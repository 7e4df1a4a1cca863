"""(response, partial file) => its bytes appended, never more than were announced."""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from headstart.errors import StorageError
from headstart.storage.addresses import RefusedError, StalledError, WrongBytesError
from headstart.storage.faults import storage_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from headstart.storage.checksums import Download
    from headstart.storage.partial import Partial

LARGEST = 16 << 30
SLOWEST = 1000
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_WEB_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<head|<script)", re.IGNORECASE)


class DownloadProgress(Protocol):
    """Told how far a download is."""

    def __call__(self, filename: str, done: int, total: int | None) -> None:
        """Show it.

        Args:
            filename: the file.
            done: bytes that are there, those of earlier runs included.
            total: bytes of the whole file, where it is known.
        """


def request_headers(partial: Partial, download: Download) -> dict[str, str]:
    """Ask for the rest where bytes and their version are known, else for everything.

    Args:
        partial: what is there.
        download: what is wanted.

    Returns:
        Headers for the request.
    """
    headers = {"Accept-Encoding": "identity"}
    have, validator = partial.size(), partial.validator()
    if have and validator and have < (download.size or LARGEST):
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    return headers


def starting_point(response: httpx2.Response, have: int, download: Download) -> int:
    """Where the body belongs in the file.

    Args:
        response: the answer, its body unread.
        have: how many bytes were there when it was asked for, 0 if everything was.
        download: what is wanted.

    Returns:
        0, or `have` where the answer continues exactly there.

    Raises:
        WrongBytesError: a part that was not asked for, or a length that can't be right.
        RefusedError: no file at all.
    """
    status = response.status_code
    if status == 416:
        raise WrongBytesError("it does not have the rest that was asked for")
    if status not in {200, 206}:
        raise RefusedError(f"it answered {status} {response.reason_phrase}".rstrip())
    if response.headers.get("Content-Type", "").lower().startswith("text/html"):
        raise RefusedError(
            "it answered with a web page instead of the file (does this network want a login?)"
        )
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise WrongBytesError("it sent a compressed file that was not asked for")
    if status == 200:
        return 0
    if not have or not _is_the_rest(response, have, download.size):
        raise WrongBytesError("it sent another part than was asked for")
    return have


def _is_the_rest(response: httpx2.Response, have: int, size: int | None) -> bool:
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if not found:
        return False
    first, last, total = (int(text) for text in found.groups())
    length = response.headers.get("Content-Length", str(total - have))
    return first == have and last == total - 1 and length == str(total - have) and size in {None, total}


def announced(response: httpx2.Response, start: int, download: Download) -> int | None:
    """The size of the whole file, from the answer and from what is known.

    Args:
        response: the answer.
        start: where its body belongs.
        download: what is wanted.

    Returns:
        Bytes, or None where nobody says.

    Raises:
        WrongBytesError: both say it and differ.
        RefusedError: nobody says it and nothing would tell a cut file from a whole one.
    """
    length = response.headers.get("Content-Length", "")
    total = start + int(length) if length.isdecimal() else None
    if total is None:
        chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
        if download.size is None and not download.checked and not chunked:
            raise RefusedError("it does not say how long the file is, so a cut file would go unnoticed")
        return download.size
    if download.size is not None and total != download.size:
        raise WrongBytesError(f"it announces {total:,} bytes instead of {download.size:,}")
    return total


def validator_of(response: httpx2.Response) -> str | None:
    """The version of what is sent, if a later request can rely on it.

    Args:
        response: the answer.

    Returns:
        A strong ETag, or None: weak ones promise no equal bytes.
    """
    tag: str = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else None


def append_body(
    response: httpx2.Response,
    partial: Partial,
    download: Download,
    progress: DownloadProgress | None,
    stall_seconds: float,
) -> None:
    """Write the body behind what is there.

    Args:
        response: the answer to `request_headers`.
        partial: the file; bytes that the answer replaces are dropped.
        download: what is wanted.
        progress: told after each piece.
        stall_seconds: the time in which at least a kilobyte a second must have come.

    Raises:
        WrongBytesError, RefusedError, StalledError: as the answer deserves.
        StorageError: the disk refuses; what was written stays for the next run.
    """
    start = starting_point(response, partial.size() if "Range" in response.request.headers else 0, download)
    total = announced(response, start, download)
    _require_space(partial, download, None if total is None else total - start)
    done = start
    try:
        with partial.begin(start, validator_of(response)) as file:
            for piece in _paced(response.iter_raw(), stall_seconds):
                if done == 0 and _WEB_PAGE.match(piece):
                    raise RefusedError(
                        "it sent a web page instead of the file (does this network want a login?)"
                    )
                done += len(piece)
                if done > (total or LARGEST):
                    raise WrongBytesError(f"it sent more than {total or LARGEST:,} bytes")
                file.write(piece)
                if progress:
                    progress(download.filename, done, total)
    except StorageError:
        raise
    except OSError as error:
        raise storage_error(error, partial.path.parent, f"{download.filename} is not complete") from error


@dataclass
class _Pace:
    """Notices a server that keeps the line open but sends next to nothing."""

    seconds: float
    since: float = field(default_factory=time.monotonic)
    came: int = 0

    def note(self, count: int) -> None:
        self.came += count
        if (passed := time.monotonic() - self.since) < self.seconds:
            return
        if self.came < SLOWEST * passed:
            raise StalledError(f"only {self.came:,} bytes came in {passed:.0f} seconds")
        self.since, self.came = time.monotonic(), 0


def _paced(pieces: Iterator[bytes], seconds: float) -> Iterator[bytes]:
    pace = _Pace(seconds)
    for piece in pieces:
        yield piece
        pace.note(len(piece))


def _require_space(partial: Partial, download: Download, needed: int | None) -> None:
    folder = partial.path.parent
    if needed is not None and shutil.disk_usage(folder).free < needed:
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise storage_error(full, folder, f"{download.filename} was not fetched", needed=needed)
