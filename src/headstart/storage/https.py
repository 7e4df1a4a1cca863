"""(https address, headers) => the last response after at most five checked redirects."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.storage.addresses import (
    BrokenError,
    RefusedError,
    StalledError,
    UnreachableError,
    is_literal,
    proxy_for,
    require_public,
    resolve,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    import httpx2

MOST_REDIRECTS = 5
# Where the frameworks' own addresses lead; a leading dot stands for every name below it.
KNOWN_HOSTS = (
    "download.pytorch.org",
    "huggingface.co",
    ".huggingface.co",
    ".hf.co",
    "github.com",
    ".githubusercontent.com",
    "storage.googleapis.com",
    "dl.fbaipublicfiles.com",
)


@dataclass(frozen=True)
class Https:
    """How connections are made; tests inject what a product run never changes.

    Attributes:
        context: certificates to trust; None: the system's.
        allowed_hosts: hosts that a redirect may lead to, beside `KNOWN_HOSTS` and the first address's own.
        allow_private: whether addresses on this machine or its network may be reached (tests only).
        use_proxy: whether the environment's proxy is used.
        stall_seconds: silence after which a connection counts as stalled.
        addresses: resolves (host, port).
    """

    context: ssl.SSLContext | None = None
    allowed_hosts: tuple[str, ...] = ()
    allow_private: bool = False
    use_proxy: bool = True
    stall_seconds: float = 30.0
    addresses: Callable[[str, int], list[str]] = resolve

    @contextmanager
    def get(self, url: str, headers: dict[str, str]) -> Iterator[httpx2.Response]:
        """Send GET, follow redirects by hand, yield the response before its body is read.

        Args:
            url: https address.
            headers: request headers.

        Yields:
            The response, streaming; its status is not judged.

        Raises:
            RefusedError: a redirect leaves https or the allowed hosts, there are too many, or an address is
                private.
            UnreachableError: no connection, or no answer.
            BrokenError: the connection broke or stalled while the body was read.
        """
        import httpx2

        try:
            first = target = httpx2.URL(url)
            for _ in range(MOST_REDIRECTS + 1):
                self._require_allowed(target, first)
                with self._send(target, headers) as response:
                    if not response.has_redirect_location:
                        yield response
                        return
                    target = target.join(response.headers["Location"])
        except httpx2.InvalidURL as error:
            raise RefusedError(f"{url} or a redirect from it is not a valid address ({error})") from error
        except httpx2.TimeoutException as error:
            raise StalledError(f"nothing came for {self.stall_seconds:g} seconds") from error
        except httpx2.HTTPError as error:
            raise BrokenError(f"the connection broke ({error})") from error
        raise RefusedError(f"more than {MOST_REDIRECTS} redirects")

    def _require_allowed(self, target: httpx2.URL, first: httpx2.URL) -> None:
        if target.scheme != "https":
            raise RefusedError(f"it leads to {target.scheme}://{target.host}, which is not https")
        if target.userinfo:
            raise RefusedError("it leads to an address with a user name in it")
        allowed = (*KNOWN_HOSTS, *self.allowed_hosts)
        below = tuple(name for name in allowed if name.startswith("."))
        if target.host != first.host and target.host not in allowed and not target.host.endswith(below):
            raise RefusedError(f"it leads to {target.host}, which is not a known host")

    @contextmanager
    def _send(self, target: httpx2.URL, headers: dict[str, str]) -> Iterator[httpx2.Response]:
        import httpx2

        proxy = proxy_for(target.host) if self.use_proxy else None
        timeout = httpx2.Timeout(self.stall_seconds, connect=min(self.stall_seconds, 15.0))
        context = self.context or httpx2.create_ssl_context()
        with httpx2.Client(verify=context, trust_env=False, proxy=proxy, timeout=timeout) as client:
            response = self._connect(client, target, headers, direct=proxy is None)
            try:
                yield response
            finally:
                response.close()

    def _connect(
        self, client: httpx2.Client, target: httpx2.URL, headers: dict[str, str], *, direct: bool
    ) -> httpx2.Response:
        import httpx2

        fault: httpx2.TransportError | None = None
        for address in self._places(target, direct=direct):
            # The checked address itself is dialled: a name could resolve to something else the second time.
            request = client.build_request(
                "GET",
                target.copy_with(host=address),
                headers={**headers, "Host": target.netloc.decode("ascii"), "User-Agent": "headstart"},
                extensions={"sni_hostname": target.host},
            )
            try:
                return client.send(request, stream=True)
            except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
                fault = error
            except httpx2.TransportError as error:
                raise UnreachableError(f"{target.host} did not answer ({_said(error)})") from error
        raise UnreachableError(f"no connection to {target.host} ({_said(fault)})") from fault

    def _places(self, target: httpx2.URL, *, direct: bool) -> list[str]:
        if not direct and not is_literal(target.host):
            return [target.host]  # the proxy looks the name up
        places = self.addresses(target.host, target.port or 443)
        if not self.allow_private:
            require_public(target.host, places)
        return places


def _said(error: Exception | None) -> str:
    return str(error) or type(error).__name__
