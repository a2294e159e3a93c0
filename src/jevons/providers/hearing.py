"""One request and its whole answer, for those who are asked seldom and say little."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jevons.ports import Told
from jevons.types.errors import ProviderUnavailable, StoreUnavailable

if TYPE_CHECKING:
    from jevons.providers.connection import Connection
    from jevons.providers.pool import Pool
    from jevons.types.errors import JevonsError

__all__ = ("hear",)


async def hear(pool: Pool, request: bytes, *, most_bytes: int) -> Told:
    """Send a request and hear all of its answer.

    Args:
        pool: To whom.
        request: All of its bytes.
        most_bytes: Longest answer that there is any reason for.

    Raises:
        ProviderUnavailable: They cannot be reached.
        StoreUnavailable: They say more than that.
    """
    connection = await pool.take()
    try:
        return await _exchange(connection, request, most_bytes)
    except ProviderUnavailable:  # a kept one may have been closed meanwhile
        if not (connection.used and connection.is_silent):
            raise
    return await _exchange(await pool.take_fresh(), request, most_bytes)


async def _exchange(connection: Connection, request: bytes, most_bytes: int) -> Told:
    hearing = _Hearing(connection, most_bytes)
    try:
        connection.begin(hearing, request)
        return await hearing.told
    finally:
        if not hearing.is_over:
            connection.abort()


class _Hearing:
    """One request and its answer."""

    def __init__(self, connection: Connection, most_bytes: int) -> None:
        self.told: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self.is_over = False
        self._connection = connection
        self._most_bytes = most_bytes
        self._status = 0
        self._body = bytearray()

    def on_head(self, status: int, headers: dict[bytes, bytes]) -> None:
        """Called by the connection."""
        self._status = status

    def on_body(self, data: bytes) -> None:
        """Called by the connection."""
        self._body += data
        if len(self._body) > self._most_bytes and not self.told.done():
            message = f"it says more than {self._most_bytes} bytes, which it has no reason to"
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
