"""The URL of somebody who is not an endpoint, taken apart."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from jevons.providers.pool import Address
from jevons.types.errors import Misconfigured

__all__ = ("Target", "read_target")


class Target(NamedTuple):
    """Where to connect, and what to ask there."""

    address: Address
    host: str
    """What a request's `host` line says."""
    path: str
    """Without a slash at its end."""


def read_target(url: str, *, what: str) -> Target:
    """Take a URL apart.

    Args:
        url: As it was set.
        what: Whose it is, for the message.

    Raises:
        Misconfigured: It is not one, or holds a name, a query or a fragment.
    """
    message = f"{what} url is {url!r}; it must look like https://host/prefix, without a query"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Misconfigured(message) from None
    is_plain = url.isascii() and url.isprintable() and " " not in url
    is_whole = parts.scheme in {"http", "https"} and host and port != 0
    if not is_plain or not is_whole or "@" in parts.netloc or parts.query or parts.fragment:
        raise Misconfigured(message)
    tls = parts.scheme == "https"
    address = Address(host or "", port or (443 if tls else 80), tls)
    return Target(address, parts.netloc, parts.path.rstrip("/"))
