"""A sign-on server elsewhere, asked over HTTP who somebody is. It is told of nobody by us.

Rule 1: no redirect is followed, no proxy is asked, nothing is decompressed.
Rule 2: what is sent and heard there are secrets, so it is https; on this machine http will do.
Rule 3: an answer is read no further than there is reason for one, and no longer than it may take.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING

from jevons.providers.hearing import hear
from jevons.providers.pool import Pool
from jevons.providers.target import read_target
from jevons.types.errors import JevonsError, ProviderUnavailable

if TYPE_CHECKING:
    from jevons.ports import Told
    from jevons.providers.pool import Address

__all__ = ("RemoteIssuer",)

_LONGEST_BYTES = 1024 * 1024
_MOST_CONNECTIONS = 8


class RemoteIssuer:
    """One sign-on server, which may be at more than one address.

    Args:
        timeout_s: Longest wait for an answer, whole.
    """

    def __init__(self, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._pools: dict[Address, Pool] = {}

    async def ask(
        self, url: str, *, form: str | None = None, authorization: str | None = None
    ) -> Told:
        """Get a URL; with a form, send it there.

        Raises:
            Misconfigured: It is no URL.
            ProviderUnavailable: There is no answer, or it would not be secret.
        """
        bare, mark, query = url.partition("?")
        address, host, path = read_target(bare, what="sign-on server")
        if not address.tls and not _is_local(address.host):
            message = f"{url} is not https: what is said there would not be secret"
            raise ProviderUnavailable(message)
        method, body = ("GET", b"") if form is None else ("POST", form.encode())
        lines = [
            f"{method} {path or '/'}{mark}{query} HTTP/1.1",
            f"host: {host}",
            "user-agent: jevons",
            "accept: application/json",
            "accept-encoding: identity",
        ]
        if authorization is not None:
            lines.append(f"authorization: {authorization}")
        if form is not None:
            lines.append("content-type: application/x-www-form-urlencoded")
            lines.append(f"content-length: {len(body)}")
        request = "\r\n".join((*lines, "\r\n")).encode("latin-1") + body
        try:
            async with asyncio.timeout(self._timeout_s):
                return await hear(self._pool(address), request, most_bytes=_LONGEST_BYTES)
        except TimeoutError:
            why = f"not within {self._timeout_s:g} s"
        except JevonsError as error:
            why = str(error)
        message = f"the sign-on server at {host} gives no answer: {why}"
        raise ProviderUnavailable(message)

    def close(self) -> None:
        """Drop its connections."""
        for pool in self._pools.values():
            pool.close()

    def _pool(self, address: Address) -> Pool:
        pool = self._pools.get(address)
        if pool is None:
            pool = self._pools[address] = Pool(
                address,
                limit=_MOST_CONNECTIONS,
                connect_timeout_s=self._timeout_s,
                line_timeout_s=self._timeout_s,
            )
        return pool


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
