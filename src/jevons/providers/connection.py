"""One connection to an upstream server, kept from exchange to exchange.

asyncio's `Protocol` and httptools directly: this is the hot path, and a client library
costs more than the rest of the corridor together.

Rule 1: a connection carries one exchange at a time, and is kept only after a response that
    ended cleanly, said it may be kept, and came after the whole request had gone out.
Rule 2: what is read is given to the exchange at once, on the loop; nobody waits in between.
Rule 3: bytes that nobody asked for close the connection, and are never a response.

Sources: RFC 9112 §6.3 (length of a body) and §9.3 (persistence), RFC 9110 §15.2 (1xx).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import httptools

from jevons.types.errors import JevonsError, ProviderGarbled, ProviderUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.outbox import Outbox

__all__ = ("Connection", "Exchange")

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
        """The response is over: whole, or broken off. Not called after `abort`."""
        ...


class Connection(asyncio.Protocol):
    """One connection.

    Args:
        on_free: Called when it may carry the next exchange.
        on_close: Called once it is closed, whoever closed it.
    """

    __slots__ = (
        "_exchange",
        "_headers",
        "_is_paused",
        "_is_told",
        "_keep",
        "_on_close",
        "_on_free",
        "_outbox",
        "_over",
        "_parser",
        "_parts",
        "_read_bytes",
        "_status",
        "_transport",
        "is_made",
        "used",
    )

    _transport: asyncio.Transport

    def __init__(
        self,
        on_free: Callable[[Connection], None],
        on_close: Callable[[Connection], None],
        outbox: Outbox,
    ) -> None:
        self.used = False
        """Whether it carried an exchange before the present one."""
        self._on_free = on_free
        self._on_close = on_close
        self._outbox = outbox
        self._exchange: Exchange | None = None
        self._is_paused = False
        self._read_bytes = 0
        self.is_made = False
        """Whether there is a transport; once there is, `on_close` will be called."""

    @property
    def is_closing(self) -> bool:
        """Whether it can carry nothing any more."""
        return self._transport.is_closing()

    @property
    def is_silent(self) -> bool:
        """Whether not one byte of the present response has come."""
        return self._read_bytes == 0

    def begin(self, exchange: Exchange, request: bytes) -> None:
        """Send a request and give its response to `exchange`."""
        self._read_bytes = 0
        if self.is_closing:  # its end was told before the exchange could hear of it
            exchange.on_end(ProviderUnavailable("the connection was lost"))
            return
        self._exchange = exchange
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[bytes, bytes] = {}
        self._parts: list[bytes] = []
        self._status = 0
        self._is_told = self._keep = self._over = False
        self._outbox.write(self._transport, request)

    def pause(self) -> None:
        """Read nothing more until `resume`; the server will feel it."""
        self._is_paused = True
        self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """Drop the connection, and whatever is still to come on it; its exchange hears no more."""
        self._exchange = None
        self.close()

    def close(self) -> None:
        """Drop the connection; its exchange hears that it was lost."""
        if self.is_made:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self.is_made = True
        self._transport = transport  # pyright: ignore[reportAttributeAccessIssue] a stream's

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        exchange, self._exchange = self._exchange, None
        self._on_close(self)
        if exchange is None:
            return
        if exc is None and self._is_told and self._is_until_close:
            exchange.on_end(None)
        else:
            why = f": {exc}" if exc else ""
            lost = ProviderUnavailable(f"the connection was lost{why}")
            lost.is_free = False  # it may have been at work
            exchange.on_end(lost)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        exchange = self._exchange
        if exchange is None:
            self._transport.abort()
            return
        self._read_bytes += len(data)
        fault = self._parse(data)
        if self._status and not self._is_told:
            self._is_told = True
            exchange.on_head(self._status, self._headers)
        if self._parts and self._exchange is exchange:
            body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            self._parts.clear()
            exchange.on_body(body)
        if self._exchange is not exchange:
            return  # it wanted no more
        if self._over:
            self._finish(exchange)
        elif fault is not None:
            self.abort()
            exchange.on_end(fault)

    def on_message_begin(self) -> None:
        """Called by the parser; a second response to one request is nobody's."""
        if self._over:
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser, for trailers too; those say nothing to us."""
        if not self._status:
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Called by the parser; a 1xx head announces another."""
        status = self._parser.get_status_code()
        if status < 200:  # noqa: PLR2004 RFC 9110 §15.2
            self._headers.clear()
        elif not self._over:
            self._status = status

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        if not self._over:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """Called by the parser. It must be asked here: it forgets its flags afterwards."""
        if self._status and not self._over:
            self._over = True
            self._keep = self._parser.should_keep_alive()

    @property
    def _is_until_close(self) -> bool:
        """Whether the body's end is the connection's (RFC 9112 §6.3, case 8)."""
        return b"content-length" not in self._headers and b"transfer-encoding" not in self._headers

    def _parse(self, data: bytes) -> JevonsError | None:
        """Have the parser call back; return what is wrong with what came."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return ProviderGarbled("upstream switched protocols")
        except httptools.HttpParserError as error:
            self._keep = False
            return ProviderGarbled(f"not HTTP: {error!r}")
        if not self._status and self._read_bytes > _MAX_HEAD_BYTES:
            return ProviderGarbled(f"the response head is longer than {_MAX_HEAD_BYTES} bytes")
        return None

    def _finish(self, exchange: Exchange) -> None:
        self._exchange = None
        self.used = True
        self.resume()  # a caller without room may have had it paused
        if self._keep and not self.is_closing and not self._transport.get_write_buffer_size():
            self._on_free(self)
        else:
            self._transport.abort()
        exchange.on_end(None)
