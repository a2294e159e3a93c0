"""One request on a connection and its answer, spoken to the application in ASGI.

Rule 1: head and first piece of body go out in one write: each write is a system call.
Rule 2: a body is framed as its headers say: by its length, else in chunks (HTTP/1.1), else
    by the end of the connection (HTTP/1.0).

Source: the ASGI specification, "HTTP & WebSocket", version 2.3; RFC 9112.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jevons.edge.asgi import Headers, Message, Scope

__all__ = ("Cycle", "Wire")

_STATUS_LINES = MappingProxyType(
    {each.value: b"HTTP/1.1 %d %b\r\n" % (each, each.phrase.encode()) for each in HTTPStatus}
)


class Wire(Protocol):
    """What a cycle needs of its connection."""

    is_full: bool
    """Whether too much of what was written has not gone out."""

    def default_head(self) -> bytes:
        """Header lines of every answer."""
        ...

    def write(self, data: bytes) -> None:
        """Send without waiting."""
        ...

    async def room(self) -> None:
        """Wait until the connection is not full."""
        ...

    def read_on(self) -> None:
        """Let more of the body come."""
        ...

    def ended(self, cycle: Cycle) -> None:
        """Called once the answer has been written whole."""
        ...


class Cycle:
    """One request and its answer.

    Args:
        wire: The connection.
        scope: ASGI's.
        keep_alive: Whether the connection may be used again.
        expects_continue: Whether the caller waits for a word before it sends the body.
    """

    __slots__ = (
        "_body",
        "_expects_continue",
        "_head",
        "_is_chunked",
        "_is_told",
        "_news",
        "_wire",
        "body_bytes",
        "gone",
        "is_whole",
        "keep_alive",
        "scope",
        "sent",
    )

    def __init__(
        self, wire: Wire, scope: Scope, *, keep_alive: bool, expects_continue: bool
    ) -> None:
        self.scope = scope
        self.keep_alive = keep_alive
        """Whether the connection may be used again afterwards."""
        self.gone = False
        """Whether the caller has closed the connection."""
        self.is_whole = False
        """Whether the body of the request has come whole."""
        self.sent = False
        """Whether the answer has been written whole."""
        self.body_bytes = 0
        """How much of the body waits for the application."""
        self._wire = wire
        self._expects_continue = expects_continue
        self._body: list[bytes] = []
        self._is_told = False  # whether the application knows that the body is whole
        self._news: asyncio.Future[None] | None = None
        self._head: bytes | None = None  # None before it is given, empty once it is written
        self._is_chunked = False

    @property
    def begun(self) -> bool:
        """Whether the application has begun to answer."""
        return self._head is not None

    def take(self, body: bytes) -> None:
        """Take more of the request's body."""
        self._body.append(body)
        self.body_bytes += len(body)
        self.wake()

    def wake(self) -> None:
        """Have the application look again, if it waits to receive."""
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)

    async def receive(self) -> Message:
        """ASGI's `receive`."""
        if self._expects_continue and not self.begun and not self.gone:
            self._expects_continue = False
            self._wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not (self.gone or self.sent):
            if self._body or (self.is_whole and not self._is_told):
                return self._piece()
            self._wire.read_on()
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """ASGI's `send`.

        Raises:
            RuntimeError: The application breaks ASGI's rules.
        """
        if self._wire.is_full:
            await self._wire.room()
        if self.gone:
            return
        kind = message["type"]
        if kind == "http.response.start" and self._head is None:
            self._head = self._begin(message["status"], message["headers"])
        elif kind == "http.response.body" and self._head is not None and not self.sent:
            self._write(message.get("body", b""), is_last=not message.get("more_body", False))
        else:
            text = f"{kind!r} is not what comes next in an answer"
            raise RuntimeError(text)

    def _piece(self) -> Message:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body.clear()
        self.body_bytes = 0
        self._is_told = self.is_whole
        return {"type": "http.request", "body": body, "more_body": not self.is_whole}

    def _begin(self, status: int, headers: Headers) -> bytes:
        """Put the head of the answer together, and note how its body is framed."""
        lines = [b"%b: %b\r\n" % header for header in headers]
        names = [name for name, _ in headers]
        if b"connection" in names:
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
        if b"content-length" not in names:
            self._is_chunked = self.scope["http_version"] == "1.1"
            self.keep_alive = self.keep_alive and self._is_chunked
            lines.append(b"transfer-encoding: chunked\r\n" if self._is_chunked else b"")
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) - lines.count(b""):
            text = "a header holds the end of a line"
            raise RuntimeError(text)
        return b"%b%b%b\r\n" % (_STATUS_LINES[status], self._wire.default_head(), head)

    def _write(self, body: bytes, *, is_last: bool) -> None:
        if self._is_chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            body += b"0\r\n\r\n" if is_last else b""
        if self._head:
            body, self._head = self._head + body, b""
        self._wire.write(body)
        if is_last:
            self.sent = True
            self.wake()
            self._wire.ended(self)
