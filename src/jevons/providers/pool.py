"""Our own keep-alive connections to upstream servers.

asyncio's `Protocol` and httptools directly: this is the hot path, and a client library
costs more than the rest of the corridor together.

Rule 1: a connection carries one exchange at a time, and is kept only after a response that
    ended cleanly and said it may be kept.
Rule 2: what is read is given to the exchange at once, on the loop; nobody waits in between.
Rule 3: bytes that nobody asked for close the connection.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import TYPE_CHECKING, Protocol

import httptools

from jevons.types.errors import JevonsError, ProviderGarbled, ProviderTimeout, ProviderUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Address", "Connection", "Exchange", "Pool")

_MAX_HEAD_BYTES = 64 * 1024


class Exchange(Protocol):
    """One request and its response, as a connection sees them."""

    def on_head(self, status: int, headers: dict[bytes, bytes]) -> None:
        """The response has begun. Header names are in lower case."""
        ...

    def on_body(self, data: bytes) -> None:
        """More of the body, without its framing; all that one read brought."""
        ...

    def on_end(self, error: JevonsError | None) -> None:
        """The response is over: whole, or broken off."""
        ...


class Address:
    """Where a pool's connections go."""

    __slots__ = ("host", "port", "tls")

    def __init__(self, host: str, port: int, *, tls: bool) -> None:
        self.host = host
        self.port = port
        self.tls = tls


class Connection(asyncio.Protocol):
    """One connection, kept from exchange to exchange."""

    __slots__ = (
        "_exchange",
        "_headers",
        "_keep",
        "_on_close",
        "_on_free",
        "_over",
        "_parser",
        "_parts",
        "_read_bytes",
        "_status",
        "transport",
        "used",
    )

    transport: asyncio.Transport

    def __init__(
        self, on_free: Callable[[Connection], None], on_close: Callable[[Connection], None]
    ) -> None:
        self.used = False
        """Whether it carried an exchange before the present one."""
        self._on_free = on_free
        self._on_close = on_close
        self._exchange: Exchange | None = None

    @property
    def silent(self) -> bool:
        """Whether not one byte of the present response has come."""
        return self._read_bytes == 0

    def begin(self, exchange: Exchange, request: bytes) -> None:
        """Send a request and give its response to `exchange`."""
        self._exchange = exchange
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[bytes, bytes] = {}
        self._parts: list[bytes] = []
        self._status = 0
        self._read_bytes = 0
        self._keep = self._over = False
        self.transport.write(request)

    def abort(self) -> None:
        """Drop the connection and whatever is still to come on it."""
        self._exchange = None
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self.transport = transport  # pyright: ignore[reportAttributeAccessIssue] a stream's

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        exchange, self._exchange = self._exchange, None
        self._on_close(self)
        if exchange is None:
            return
        if self._status and exc is None and self._until_close:
            exchange.on_end(None)
            return
        why = f": {exc}" if exc else ""
        exchange.on_end(ProviderUnavailable(f"the connection was lost{why}"))

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        exchange = self._exchange
        if exchange is None:
            self.transport.abort()
            return
        self._read_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._break(exchange, ProviderGarbled(f"not HTTP: {error!r}"))
            return
        if self._parts:
            body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            self._parts.clear()
            exchange.on_body(body)
        elif not self._status and self._read_bytes > _MAX_HEAD_BYTES:
            self._break(exchange, ProviderGarbled("the response head is too long"))
        if self._over and self._exchange is exchange:
            self._finish(exchange)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Called by the parser; 1xx heads announce another."""
        status = self._parser.get_status_code()
        if status < 200:  # noqa: PLR2004 RFC 9110 §15.2
            self._headers.clear()
            return
        self._status = status
        if self._exchange is not None:
            self._exchange.on_head(status, self._headers)

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._parts.append(body)

    def on_message_complete(self) -> None:
        """Called by the parser. It must be asked here: it forgets its flags afterwards."""
        if self._status:
            self._over = True
            self._keep = self._parser.should_keep_alive()

    @property
    def _until_close(self) -> bool:
        """Whether the body's end is the connection's (RFC 9112 §6.3, case 8)."""
        return b"content-length" not in self._headers and b"transfer-encoding" not in self._headers

    def _finish(self, exchange: Exchange) -> None:
        self._exchange = None
        self.used = True
        self.transport.resume_reading()  # a caller without room may have had it paused
        if self._keep and not self.transport.is_closing():
            self._on_free(self)
        else:
            self.transport.close()
        exchange.on_end(None)

    def _break(self, exchange: Exchange, error: JevonsError) -> None:
        self.abort()
        exchange.on_end(error)


class Pool:
    """Connections to one address.

    Args:
        address: Where they go.
        limit: Most connections at once; who comes later waits in line.
        connect_timeout_s: Longest wait for a connection, the line not counted.
    """

    def __init__(self, address: Address, *, limit: int, connect_timeout_s: float) -> None:
        self._address = address
        self._limit = limit
        self._connect_timeout_s = connect_timeout_s
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._opening = 0
        self._line: deque[asyncio.Future[None]] = deque()
        self._context: ssl.SSLContext | None = None

    def idle(self) -> Connection | None:
        """Take a kept connection, the one used last, if there is one."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.transport.is_closing():
                return connection
        return None

    async def take(self) -> Connection:
        """Take a kept connection or open one.

        Raises:
            ProviderUnavailable: It could not be opened.
            ProviderTimeout: Not in time.
        """
        while True:
            connection = self.idle()
            if connection is not None:
                return connection
            if len(self._open) + self._opening < self._limit:
                return await self.open()
            await self._stand_in_line()

    async def open(self) -> Connection:
        """Open a connection.

        Raises:
            ProviderUnavailable: It could not be opened.
            ProviderTimeout: Not in time.
        """
        address = self._address
        self._opening += 1
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(self._free, self._closed),
                    address.host,
                    address.port,
                    ssl=self._tls() if address.tls else None,
                )
        except TimeoutError:
            message = f"no connection to {address.host} within {self._connect_timeout_s} s"
            raise ProviderTimeout(message) from None
        except OSError as error:  # ssl.SSLError is one
            message = f"no connection to {address.host}:{address.port}: {error}"
            raise ProviderUnavailable(message) from None
        finally:
            self._opening -= 1
        self._open.add(connection)
        return connection

    def close(self) -> None:
        """Drop every connection."""
        for connection in tuple(self._open):
            connection.abort()

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    def _free(self, connection: Connection) -> None:
        self._idle.append(connection)
        self._call_next()

    def _closed(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._call_next()

    def _call_next(self) -> None:
        while self._line:
            waiter = self._line.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _stand_in_line(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._line.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._call_next()  # our turn had come: pass it on
            raise
