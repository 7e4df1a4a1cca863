"""(host) => addresses on the public internet, or a refusal."""

from __future__ import annotations

import ipaddress
import socket
import urllib.request


class FetchError(Exception):
    """One clause that says why a fetch failed; `download` puts it into a sentence."""


class RefusedError(FetchError):
    """Not to be tried again: the other side is not what was asked for."""


class UnreachableError(FetchError):
    """No connection came about."""


class BrokenError(FetchError):
    """The connection broke; what arrived is kept."""


class StalledError(BrokenError):
    """Hardly anything comes any more: asking again at once would only wait longer."""


class WrongBytesError(FetchError):
    """What arrived can't be right; it is deleted."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system orders them.

    Args:
        host: a name or a literal address.
        port: TCP port.

    Raises:
        UnreachableError: the name is not known.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnreachableError(f"the address of {host} was not found ({error.strerror or error})") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_literal(host: str) -> bool:
    """Whether a host is an address itself and no name.

    Args:
        host: a name, or an address without brackets.

    Example:
        >>> is_literal("::1"), is_literal("example.org")
        (True, False)
    """
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def require_public(host: str, addresses: list[str]) -> None:
    """Refuse a host that leads into this machine or its own network.

    Args:
        host: the name, for the message.
        addresses: what it resolves to.

    Raises:
        RefusedError: any of them is private, loopback, link-local or reserved.

    Example:
        >>> require_public("example.org", ["93.184.215.14"])
    """
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if not address.is_global or address.is_multicast:
            raise RefusedError(f"{host} leads to {text}, which is not on the public internet")


def proxy_for(host: str) -> str | None:
    """The proxy that the environment or the system names for a host.

    Args:
        host: the host to reach.

    Returns:
        Its address with a scheme, or None for a direct connection.
    """
    proxies = urllib.request.getproxies()
    proxy = proxies.get("https") or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
