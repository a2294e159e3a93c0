"""A vendor on loopback that answers what a test wrote down, faults included.

It listens on a real socket and speaks real HTTP/1.1, so that what talks to it is tested as
it runs. It remembers what it was sent, and when whoever asked hung up.

```python
async with Vendor(whole("Hello"), stream(chunk("Hi"), chunk(finish="stop"))) as vendor:
    ...  # first request: the first reply; second: the second, and so on; the last one stays
```
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, cast

import httptools

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType
    from typing import Any

    from jevons.testing.reply import Reply

    Answering = Reply | Callable[["Heard"], Reply]

__all__ = ("Heard", "Vendor")

_DRIP_TURNS = 2  # turns of the loop for a byte to arrive alone, most of the time


class Heard:
    """One request, and what became of its reply."""

    def __init__(self, connection: int) -> None:
        self.connection = connection
        """Which connection it came on, counted from 1."""
        self.path = ""
        self.headers: dict[str, str] = {}
        """Names in lower case."""
        self.body = b""
        self.sent_bytes = 0
        """Bytes of the reply given to the socket so far."""
        self.is_answered = False
        """Whether all of the reply was sent that was to be."""
        self.hung_up_s: float | None = None
        """Loop's second at which the connection ended before the reply did; None: it did not."""
        self._hung_up = asyncio.Event()

    async def hung_up(self) -> None:
        """Wait until whoever asked hangs up in the middle of the reply."""
        await self._hung_up.wait()

    def note_end(self) -> None:
        """Note that the connection has ended."""
        if not self.is_answered:
            self.hung_up_s = asyncio.get_running_loop().time()
            self._hung_up.set()


class Vendor:
    """A fake vendor.

    Args:
        replies: What it answers, request by request; the last one stays. A function is given
            what was heard, and answers that.
        context: An `ssl.SSLContext` to serve TLS with; None speaks in the clear.
    """

    def __init__(self, *replies: Answering, context: Any = None) -> None:
        self.heard: list[Heard] = []
        """Requests, in order."""
        self.connections = 0
        """How many connections were ever made to it."""
        self._replies = list(replies)
        self._context = context
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self._playing: set[asyncio.Task[None]] = set()
        self._going_on = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Listen on a free port of loopback."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Line(self), "127.0.0.1", 0, ssl=self._context
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening, and drop every connection."""
        if self._server is not None:
            self._server.close()
        self.drop()
        for task in self._playing:
            task.cancel()
        await asyncio.gather(*self._playing, return_exceptions=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._server is None:
            message = "a vendor listens only inside `async with`"
            raise RuntimeError(message)
        return self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        """Base URL, `/v1` included."""
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}/v1"

    @property
    def open_connections(self) -> int:
        """How many connections there are now."""
        return len(self._lines)

    def then(self, *replies: Answering) -> None:
        """Answer these to the requests that come next, instead of what was left to answer."""
        self._replies = list(replies)

    def go_on(self) -> None:
        """Let every reply that has stalled, or will, go on."""
        self._going_on.set()

    def drop(self) -> None:
        """Close every connection now, as a server does that restarts."""
        for line in tuple(self._lines):
            line.transport.abort()

    def say(self, data: bytes) -> None:
        """Send bytes that nobody asked for on every connection."""
        for line in self._lines:
            line.transport.write(data)

    def answer(self, line: _Line, heard: Heard) -> None:
        """Begin to answer a request; called by its connection."""
        self.heard.append(heard)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        said = reply(heard) if callable(reply) else reply
        self._play(line.play(said, heard, self._going_on))

    def opened(self, line: _Line) -> int:
        """Count a connection; called by it."""
        self._lines.add(line)
        self.connections += 1
        return self.connections

    def closed(self, line: _Line) -> None:
        """Forget a connection; called by it."""
        self._lines.discard(line)

    def _play(self, playing: Coroutine[Any, Any, None]) -> None:
        # Its end is awaited when the vendor closes.
        task = asyncio.get_running_loop().create_task(playing)
        self._playing.add(task)
        task.add_done_callback(self._playing.discard)


class _Line(asyncio.Protocol):
    """One connection to the vendor."""

    transport: asyncio.Transport

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self._number = 0
        self._parser = httptools.HttpRequestParser(self)
        self._hearing = Heard(0)
        self._answering: Heard | None = None
        self._has_room = asyncio.Event()
        self._has_room.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._number = self._vendor.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._vendor.closed(self)
        self._has_room.set()
        if self._answering is not None:
            self._answering.note_end()

    def pause_writing(self) -> None:
        self._has_room.clear()

    def resume_writing(self) -> None:
        self._has_room.set()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.abort()

    def on_message_begin(self) -> None:
        self._hearing = Heard(self._number)

    def on_url(self, url: bytes) -> None:
        self._hearing.path += url.decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._hearing.headers[name.lower().decode()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._hearing.body += body

    def on_message_complete(self) -> None:
        self._answering = self._hearing
        self._vendor.answer(self, self._hearing)

    async def play(self, reply: Reply, heard: Heard, going_on: asyncio.Event) -> None:
        """Send a reply as it says, unless the connection ends."""
        raw = reply.raw[: reply.cut_at]
        stall_at = len(raw) if reply.stall_at is None else reply.stall_at
        await self._write(raw[:stall_at], heard, drip=reply.is_dripped)
        if reply.stall_at is not None:
            await going_on.wait()
            await self._write(raw[stall_at:], heard, drip=reply.is_dripped)
        while reply.endless and not self.transport.is_closing():
            await self._write(reply.endless, heard, drip=False)
        if self.transport.is_closing():
            return
        heard.is_answered = True
        if reply.closes or reply.cut_at is not None:
            self.transport.close()

    async def _write(self, data: bytes, heard: Heard, *, drip: bool) -> None:
        pieces = [data[at : at + 1] for at in range(len(data))] if drip else [data]
        for piece in pieces:
            if self.transport.is_closing():
                return
            self.transport.write(piece)
            heard.sent_bytes += len(piece)
            for _ in range(_DRIP_TURNS):
                await asyncio.sleep(0)
            await self._has_room.wait()
