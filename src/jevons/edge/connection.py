"""One connection of a caller: HTTP/1.1 in, ASGI out, and an end to every wait.

It takes the place of uvicorn's own protocol, which has a deadline for keep-alive only and
takes two and a half times the processor time for a request (2026-11). uvicorn still opens
the sockets, and starts and stops the server.

Rule 1: one request at a time is answered; those pipelined behind it wait, and are bounded.
Rule 2: a head that does not come whole, a head or trailer without end, a caller that
    pipelines without reading, and one that stops reading for good are cut off.

Source: RFC 9112.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httptools

from jevons.edge.cycle import Cycle
from jevons.outbox import Outbox
from jevons.patience import Patience
from jevons.telemetry import log
from jevons.types.errors import Malformed
from jevons.wire.openai_chat import render_error

if TYPE_CHECKING:
    import uvicorn
    from uvicorn.server import ServerState

    from jevons.edge.asgi import Application, Headers, Scope
    from jevons.edge.cycle import Wire

__all__ = ("Connection", "Shared")

_MOST_HEAD_BYTES = 64 * 1024
"""Of a head or a trailer; nginx takes 4 lines of 8 KiB, Apache 100 of them."""
_MOST_PIPELINED = 64
_MOST_UNREAD_BYTES = 64 * 1024
"""Of a body, before no more of it is read from the connection."""


class Shared:
    """What the connections of one server share.

    Args:
        read_timeout_s: Seconds within which a request's head has to arrive whole, and after
            which a caller that reads nothing is cut off.
        keep_alive_s: Seconds for which an idle connection is kept.
    """

    def __init__(self, *, read_timeout_s: float, keep_alive_s: float) -> None:
        self.read_timeout_s = read_timeout_s
        self.idle = Patience[Connection](keep_alive_s, Connection.close_if_idle)
        self.outbox = Outbox()
        self._headers: Headers = []
        self._head = b""

    def head(self, headers: Headers) -> bytes:
        """Write the headers of every answer, which uvicorn makes anew each second."""
        if headers is not self._headers:
            self._headers = headers
            self._head = b"".join([b"%b: %b\r\n" % header for header in headers])
        return self._head


class Connection(asyncio.Protocol):
    """One connection.

    Args:
        config: uvicorn's.
        server_state: uvicorn's: who is connected, which answers are under way.
        app_state: uvicorn's, for applications with a lifespan; this one has none.
        _loop: uvicorn's, the running one.
        shared: What it shares with the others.
    """

    transport: asyncio.Transport

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        shared: Shared,
    ) -> None:
        self.is_full = False
        self._app: Application = config.loaded_app  # type: ignore[assignment] uvicorn's own types name each message
        self._state = server_state
        self._shared = shared
        self._loop = _loop or asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._cycle: Cycle | None = None
        """The request being answered, or the last that was."""
        self._newest: Cycle | None = None
        """The request being read: the same, or one pipelined behind it."""
        self._pipeline: deque[Cycle] = deque()
        self._room: asyncio.Future[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._is_in_head = False
        self._is_reading = True
        self._bodiless_bytes = 0
        """Received since the last byte of a body: head, trailer, or framing."""
        self._url = b""
        self._headers: Headers = []
        self._expects_continue = False
        self._offering: Cycle | None = None
        """A request that offers to switch protocols."""
        self._rest_bytes = 0
        """What has not come of its body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Await the first head."""
        self.transport = transport  # type: ignore[assignment] a stream's
        self._state.connections.add(self)  # type: ignore[arg-type] it has `shutdown`, which is all uvicorn calls
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who is being answered, and who waits for it."""
        self._state.connections.discard(self)  # type: ignore[arg-type] as above
        self._shared.idle.stop(self)
        for timer in (self._deadline, self._stalled):
            if timer is not None:
                timer.cancel()
        self._deadline = self._stalled = None
        self._pipeline.clear()
        for cycle in (self._cycle, self._newest):
            if cycle is not None:
                cycle.gone = True
                cycle.wake()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Read, and await the rest of a head that is not whole."""
        self._bodiless_bytes += len(data)
        try:
            if self._offering is None:
                self._parser.feed_data(data)
            else:
                self._take_rest(self._offering, data)
        except httptools.HttpParserUpgrade as offer:
            if self._newest is not None:
                self._take_rest(self._newest, data[offer.args[0] :])
        except httptools.HttpParserError:
            self._refuse()
            return
        if self._deadline is None and (self._is_in_head or not self._is_answering()):
            self._await_head()
        if self._bodiless_bytes > _MOST_HEAD_BYTES or len(self._pipeline) > _MOST_PIPELINED:
            self.transport.abort()

    def pause_writing(self) -> None:
        """Give a caller that stopped reading a while to go on."""
        self.is_full = True
        if self._stalled is None:
            self._stalled = self._loop.call_later(self._shared.read_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Forget that they had stopped."""
        self.is_full = False
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def shutdown(self) -> None:
        """Called by uvicorn when it stops: end after the answer under way."""
        if self._is_answering() and self._cycle is not None:
            self._cycle.keep_alive = False
            self._pipeline.clear()
        else:
            self.close()

    def close(self) -> None:
        """Send what has been written, and close."""
        self._shared.outbox.flush(self.transport)
        self.transport.close()

    def close_if_idle(self) -> None:
        """Close, unless a request came in the meantime: the wait begins anew after its answer."""
        if not (self._is_in_head or self._is_answering()):
            self.close()

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._is_in_head = True
        self._bodiless_bytes = 0
        self._url = b""
        self._headers = []
        self._expects_continue = False

    def on_url(self, url: bytes) -> None:
        """Take some of the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer, which nobody reads."""
        if self._is_in_head:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self._expects_continue = True
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """End a head, and have its request answered, or wait for its turn."""
        self._is_in_head = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        version = self._parser.get_http_version()
        cycle = self._newest = Cycle(
            self,
            self._scope(version),
            keep_alive=version == "1.1" and self._parser.should_keep_alive(),
            expects_continue=self._expects_continue,
        )
        if self._is_answering():
            self._pause_reading()
            self._pipeline.append(cycle)
        else:
            self._answer(cycle)

    def on_body(self, body: bytes) -> None:
        """Take some body; what is left of one that was refused is discarded."""
        self._bodiless_bytes = 0
        cycle = self._newest
        if cycle is None or cycle.sent:
            return
        cycle.take(body)
        if cycle.body_bytes > _MOST_UNREAD_BYTES:
            self._pause_reading()

    def on_message_complete(self) -> None:
        """End a request, unless it is an offer: the parser takes what follows for another protocol."""
        if self._newest is not None and not self._parser.should_upgrade():
            self._newest.is_whole = True
            self._newest.wake()

    def default_head(self) -> bytes:
        """Header lines of every answer."""
        return self._shared.head(self._state.default_headers)

    def write(self, data: bytes) -> None:
        """Send at the end of this turn of the loop."""
        self._shared.outbox.write(self.transport, data)

    async def room(self) -> None:
        """Wait while too much of what was written has not gone out."""
        while self.is_full:
            if self._room is None:
                self._room = self._loop.create_future()
            await asyncio.shield(self._room)

    def read_on(self) -> None:
        """Let more of a body come."""
        if not self._is_reading:
            self._is_reading = True
            self.transport.resume_reading()

    def ended(self, cycle: Cycle) -> None:
        """Turn to the next request, or wait for one.

        What is left of a body that was refused is discarded for a while: closing at once would
        reset the connection while the caller still sends, and it would never read why
        (RFC 9112 §9.6).
        """
        self._state.total_requests += 1
        if not cycle.keep_alive:
            self._shared.outbox.flush(self.transport)
            self.transport.close()
        if self.transport.is_closing():
            return
        self.read_on()
        if self._pipeline:
            self._answer(self._pipeline.popleft())
            return
        self._shared.idle.start(self)
        if not cycle.is_whole and self._deadline is None:
            self._await_head()

    def _scope(self, version: str) -> Scope:
        """Describe a request as ASGI does.

        Raises:
            HttpParserInvalidURLError: Its target is not one.
        """
        path, query = self._url, b""
        if not path.startswith(b"/") or b"?" in path or b"#" in path:
            url = httptools.parse_url(path)
            path, query = url.path, url.query or b""
        text = path.decode("ascii")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": version,
            "scheme": "http",
            "method": self._parser.get_method().decode("ascii"),
            "path": unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": self._headers,
            "server": None,
            "client": None,
        }

    def _answer(self, cycle: Cycle) -> None:
        self._cycle = cycle
        task = self._loop.create_task(self._run(cycle))
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    async def _run(self, cycle: Cycle) -> None:
        """Have the application answer; it answers for its own bugs, so that what is left is ours."""
        try:
            await self._app(cycle.scope, cycle.receive, cycle.send)
        finally:
            if not cycle.sent:
                self.close()

    def _take_rest(self, cycle: Cycle, data: bytes) -> None:
        """Take the body of a request that offers to switch protocols.

        An offer may be ignored (RFC 9110 §7.8); Java's client makes one with every first
        request. The connection ends with the answer: nobody reads what else may follow.
        """
        if self._offering is None:
            self._offering = cycle
            self._rest_bytes = int(dict(self._headers).get(b"content-length", b"0"))
        cycle.keep_alive = False
        body = data[: self._rest_bytes]
        self._rest_bytes -= len(body)
        if body:
            self.on_body(body)
        if not self._rest_bytes:
            cycle.is_whole = True
            cycle.wake()

    def _is_answering(self) -> bool:
        return self._cycle is not None and not self._cycle.sent

    def _pause_reading(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self.transport.pause_reading()

    def _refuse(self) -> None:
        """Refuse what is not HTTP, unless an answer is under way: that ends with the connection."""
        log.debug("not_http")
        if not self._is_answering():
            body = render_error(Malformed("this is not HTTP/1.1"))
            self.write(
                b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
                b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body)
            )
        self.close()

    def _await_head(self) -> None:
        self._deadline = self._loop.call_later(self._shared.read_timeout_s, self._head_is_late)

    def _head_is_late(self) -> None:
        self._deadline = None
        if self._is_answering():
            self._await_head()  # a head was pipelined behind a long answer
        else:
            self.close()


if TYPE_CHECKING:
    _wire: type[Wire] = Connection
