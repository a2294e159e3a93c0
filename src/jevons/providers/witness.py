"""A witness elsewhere, asked over HTTP. It is sent checkpoints of the ledger, and nothing else.

Rule 1: no redirect is followed, no proxy is asked, nothing is decompressed.
Rule 2: an answer is read no further than a witness has anything to say, and no longer than it
    may take.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jevons.ports import Told
from jevons.providers.pool import Pool
from jevons.providers.target import read_target
from jevons.types.errors import (
    JevonsError,
    ProviderUnavailable,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from jevons import ports
    from jevons.providers.connection import Connection

__all__ = ("RemoteWitness",)

_LONGEST_BYTES = 64 * 1024


class RemoteWitness:
    """One witness.

    Args:
        url: Its submission prefix: what `/add-checkpoint` follows.
        timeout_s: Longest wait for its answer, whole.

    Raises:
        Misconfigured: The URL is not one.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        address, host, path = read_target(url, what="witness")
        self._url = url
        self._timeout_s = timeout_s
        self._pool = Pool(address, limit=1, connect_timeout_s=timeout_s, line_timeout_s=timeout_s)
        self._head = (
            f"POST {path}/add-checkpoint HTTP/1.1\r\nhost: {host}\r\nuser-agent: jevons\r\n"
            "content-type: text/plain; charset=utf-8\r\naccept-encoding: identity\r\n"
            "content-length: "
        ).encode()

    async def add(self, body: bytes) -> Told:
        """Ask to cosign a checkpoint."""
        request = b"%b%d\r\n\r\n%b" % (self._head, len(body), body)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._asked(request)
        except TimeoutError:
            why = f"not within {self._timeout_s:g} s"
        except JevonsError as error:
            why = str(error)
        message = f"{self._url} gives no answer: {why}"
        raise StoreUnavailable(message)

    async def _asked(self, request: bytes) -> Told:
        connection = await self._pool.take()
        try:
            return await _exchange(connection, request)
        except ProviderUnavailable:  # a kept one may have been closed meanwhile
            if not (connection.used and connection.is_silent):
                raise
        return await _exchange(await self._pool.take_fresh(), request)

    def close(self) -> None:
        """Drop its connection."""
        self._pool.close()


async def _exchange(connection: Connection, request: bytes) -> Told:
    hearing = _Hearing(connection)
    try:
        connection.begin(hearing, request)
        return await hearing.told
    finally:
        if not hearing.is_over:
            connection.abort()


class _Hearing:
    """One request and its answer."""

    def __init__(self, connection: Connection) -> None:
        self.told: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self.is_over = False
        self._connection = connection
        self._status = 0
        self._body = bytearray()

    def on_head(self, status: int, headers: dict[bytes, bytes]) -> None:
        """Called by the connection."""
        self._status = status

    def on_body(self, data: bytes) -> None:
        """Called by the connection."""
        self._body += data
        if len(self._body) > _LONGEST_BYTES and not self.told.done():
            message = f"it says more than {_LONGEST_BYTES} bytes, which no witness has to"
            self.told.set_exception(StoreUnavailable(message))
            self._connection.abort()

    def on_end(self, error: JevonsError | None) -> None:
        """Called by the connection."""
        self.is_over = True
        if self.told.done():
            return
        if error is None:
            self.told.set_result(Told(self._status, self._body.decode("utf-8", "replace")))
        else:
            self.told.set_exception(error)


if TYPE_CHECKING:
    _witness: type[ports.Witness] = RemoteWitness
