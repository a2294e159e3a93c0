"""Our own keep-alive connections to one upstream server.

Rule 1: there are never more connections than the limit. Who comes later waits in line, and
    is given the next connection that comes free, or the right to open one, in turn.
Rule 2: every right to open is given back exactly once: when opening fails, is given up, or
    when the connection is closed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import NamedTuple

from jevons.outbox import Outbox
from jevons.providers.connection import Connection
from jevons.types.errors import ProviderTimeout, ProviderUnavailable

__all__ = ("Address", "Pool")


class Address(NamedTuple):
    """Where a pool's connections go."""

    host: str
    port: int
    tls: bool


class Pool:
    """Connections to one address.

    Args:
        address: Where they go.
        limit: Most connections at once.
        connect_timeout_s: Longest wait for a connection, TLS included.
        line_timeout_s: Longest wait in line.
        context: How to check the server's certificate; None uses the machine's roots.
    """

    def __init__(
        self,
        address: Address,
        *,
        limit: int,
        connect_timeout_s: float,
        line_timeout_s: float,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._address = address
        self._limit = limit
        self._connect_timeout_s = connect_timeout_s
        self._line_timeout_s = line_timeout_s
        self._context = context
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._rights = 0
        self._line: deque[asyncio.Future[Connection | None]] = deque()
        self._outbox = Outbox()
        self._is_closed = False

    def idle(self) -> Connection | None:
        """Take a kept connection, the one used last, if there is one."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closing:
                return connection
        return None

    async def take(self) -> Connection:
        """Take a kept connection or open one.

        Raises:
            ProviderUnavailable: It could not be opened, or the pool is closed.
            ProviderTimeout: Not in time.
        """
        while True:
            connection = self.idle() or await self._right()
            if connection is None:
                return await self._connect()
            if not connection.is_closing:  # it may have closed after it was given to us
                return connection

    async def take_fresh(self) -> Connection:
        """Take a connection that cannot be dead for as long as the kept ones may be.

        Raises:
            ProviderUnavailable: It could not be opened, or the pool is closed.
            ProviderTimeout: Not in time.
        """
        for connection in self._idle:
            connection.abort()
        self._idle.clear()
        return await self.take()

    def give_back(self, connection: Connection) -> None:
        """Give back a connection that carries nothing."""
        if self._is_closed:
            connection.abort()
            return
        while self._line:
            waiter = self._line.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(connection)

    def close(self) -> None:
        """Drop every connection; nobody gets one any more."""
        self._is_closed = True
        for connection in tuple(self._open):
            connection.close()
        for waiter in self._line:
            if not waiter.done():
                waiter.set_exception(self._no_more())
        self._line.clear()

    async def _right(self) -> Connection | None:
        """Get the right to open a connection, or in its stead one that came free."""
        if self._rights < self._limit:
            self._rights += 1
            return None
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._line.append(waiter)
        try:
            async with asyncio.timeout(self._line_timeout_s):
                return await waiter
        except TimeoutError:
            self._leave_line(waiter)
            message = f"no connection of {self._limit} came free within {self._line_timeout_s:g} s"
            raise ProviderTimeout(message).never_sent() from None
        except asyncio.CancelledError:
            self._leave_line(waiter)
            raise

    def _leave_line(self, waiter: asyncio.Future[Connection | None]) -> None:
        """Wait no more; what came all the same goes to whoever is next."""
        if waiter.cancelled():
            if waiter in self._line:
                self._line.remove(waiter)
        elif waiter.exception() is None:
            given = waiter.result()
            if given is None:
                self._give_back_right()
            else:
                self.give_back(given)

    def _give_back_right(self) -> None:
        while self._line:
            waiter = self._line.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._rights -= 1

    async def _connect(self) -> Connection:
        """Use the right to open a connection."""
        connection = Connection(self.give_back, self._closed, self._outbox)
        self._open.add(connection)
        try:
            await self._reach(connection)
        except BaseException:
            if not connection.is_made:  # else its closing gives the right back
                self._closed(connection)
            raise
        return connection

    async def _reach(self, connection: Connection) -> None:
        host, port, tls = self._address
        if self._is_closed:
            raise self._no_more()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                await asyncio.get_running_loop().create_connection(
                    lambda: connection, host, port, ssl=self._tls() if tls else None
                )
        except TimeoutError:
            message = f"no connection to {host}:{port} within {self._connect_timeout_s:g} s"
            raise ProviderTimeout(message).never_sent() from None
        except OSError as error:  # ssl.SSLError is one
            message = f"no connection to {host}:{port}: {error}"
            raise ProviderUnavailable(message) from None

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    def _no_more(self) -> ProviderUnavailable:
        return ProviderUnavailable(f"the connections to {self._address.host} are closed")

    def _closed(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._give_back_right()
