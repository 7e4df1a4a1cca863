"""(published file, folder) => the checked file in that folder; it appears whole and right, or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from headstart.errors import DownloadError, HeadstartError
from headstart.storage.addresses import BrokenError, FetchError, StalledError, WrongBytesError, resolve
from headstart.storage.checksums import Download, what_is_wrong
from headstart.storage.faults import storage_error
from headstart.storage.home import private_folder
from headstart.storage.https import Https
from headstart.storage.locks import locked
from headstart.storage.partial import Partial
from headstart.storage.receive import DownloadProgress, append_body, request_headers

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["Download", "DownloadProgress", "Downloader", "is_offline"]

OFFLINE = "HEADSTART_OFFLINE"
MOST_RESUMES = 20


def is_offline() -> bool:
    """Whether `HEADSTART_OFFLINE` forbids the network.

    Returns:
        True unless it is unset, empty, 0, false or no.
    """
    return os.environ.get(OFFLINE, "").strip().lower() not in {"", "0", "false", "no"}


class Downloader:
    """Fetches published files over https and hands out only what agrees with its digest.

    Redirects are followed by hand (five, known hosts, never away from https, never into this machine's
    network). Broken connections are resumed where the server proves that the rest is of the same version;
    wrong bytes are deleted and fetched once more.

    Args:
        client_context: certificates to trust; None: the system's.
        allowed_hosts: hosts that redirects may lead to, beside the frameworks' own.
        allow_private: reach this machine and its network; for tests with a server on loopback.
        use_proxy: use the environment's proxy.
        stall_seconds: silence after which a connection is given up.
        progress: told how far it is.
        waiting: gets a line every five seconds while another process fetches the same file.
        addresses: resolves (host, port) to addresses.

    Example:
        >>> Downloader(stall_seconds=10.0).stall_seconds
        10.0
    """

    def __init__(
        self,
        *,
        client_context: ssl.SSLContext | None = None,
        allowed_hosts: Sequence[str] = (),
        allow_private: bool = False,
        use_proxy: bool = True,
        stall_seconds: float = 30.0,
        progress: DownloadProgress | None = None,
        waiting: Callable[[str], None] | None = None,
        addresses: Callable[[str, int], list[str]] = resolve,
    ) -> None:
        self.stall_seconds = stall_seconds
        self._progress = progress
        self._waiting = waiting
        self._https = Https(
            client_context, tuple(allowed_hosts), allow_private, use_proxy, stall_seconds, addresses
        )

    def fetch(self, download: Download, folder: Path) -> Path:
        """Get a file, or use the one that is there if it agrees with what is known.

        A file that is there and does not agree is renamed to `NAME.damaged` and fetched again. Several
        processes that want the same file: one fetches, the others wait and use it.

        Args:
            download: address, name, size and digests.
            folder: where it goes; created where missing.

        Returns:
            The path of the complete file, size and digest checked.

        Raises:
            DownloadError: no network, a refusal, or wrong bytes twice; names host, file, size, reason and
                the way by hand. What arrived of a right file is kept.
            StorageError: the disk refuses.
        """
        target = private_folder(folder) / download.filename
        if _is_right(target, download):
            return target
        with locked(folder / f".{download.filename}.lock", waiting=self._waiting):
            if _is_right(target, download):
                return target
            try:
                _quarantine(target)
                self._fetch(download, Partial(target, download.key))
            except FetchError as fault:
                raise _not_fetched(download, target, fault) from fault
            except HeadstartError:
                raise
            except OSError as error:
                raise storage_error(error, folder, f"{download.filename} was not saved") from error
        return target

    def _fetch(self, download: Download, partial: Partial) -> None:
        if is_offline():
            raise FetchError(f"{OFFLINE} is set, so no connection was made")
        wrong = 0
        for _ in range(MOST_RESUMES):
            before = partial.size()
            try:
                self._receive(download, partial)
                partial.finish()
            except WrongBytesError:
                partial.discard()
                wrong += 1
                if wrong > 1:
                    raise
            except BrokenError as fault:
                if isinstance(fault, StalledError) or partial.size() <= before:
                    raise
            else:
                return
        raise BrokenError(f"the connection broke {MOST_RESUMES} times")

    def _receive(self, download: Download, partial: Partial) -> None:
        if download.size is None or partial.size() != download.size:
            with self._https.get(download.url, request_headers(partial, download)) as response:
                append_body(response, partial, download, self._progress, self.stall_seconds)
        if fault := what_is_wrong(partial.path, download):
            raise WrongBytesError(f"what arrived is wrong: {fault}")


def _is_right(target: Path, download: Download) -> bool:
    try:
        return what_is_wrong(target, download) is None
    except FileNotFoundError:
        return False


def _quarantine(target: Path) -> None:
    if target.exists():
        target.replace(target.with_name(target.name + ".damaged"))


def _not_fetched(download: Download, target: Path, fault: FetchError) -> DownloadError:
    expected = download.size or download.about
    size = f" ({expected / 1e6:,.1f} MB)" if expected else " (size not published)"
    known = download.sha256 or (f"{download.sha256_prefix}…" if download.sha256_prefix else None)
    digest = f" (SHA-256 {known})" if known else f" (MD5 {download.md5})" if download.md5 else ""
    how = f"run `{download.by_hand}`" if download.by_hand else f"put it at {target}"
    kept = (
        "; what arrived is kept and the same command goes on from there"
        if isinstance(fault, BrokenError)
        else ""
    )
    return DownloadError(
        f"{download.filename}{size} was not fetched from {urlsplit(download.url).hostname}: {fault}{kept}. "
        f"By hand: get {' and '.join((f'{download.url}{digest}', *download.also))} on any machine and {how}"
    )
