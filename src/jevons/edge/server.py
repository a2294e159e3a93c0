"""uvicorn, set up for a gateway: no banner, no wait without an end, no queue without a limit.

uvicorn has a deadline for keep-alive only. `Connection` adds the others: a head that does
not come whole, a head or trailer without end, a caller that pipelines without reading, and
one that stops reading for good.
"""

from __future__ import annotations

import resource
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from jevons.types.errors import Malformed
from jevons.wire.openai_chat import render_error

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from jevons.edge.asgi import Application

__all__ = ("Connection", "allow_many_connections", "serve_config")

_MOST_HEAD_BYTES = 64 * 1024
"""Of a head or a trailer; nginx takes 4 lines of 8 KiB, Apache 100 of them."""
_MOST_PIPELINED = 64
_BACKLOG = 4096


def serve_config(
    application: Application,
    *,
    host: str,
    port: int,
    read_timeout_s: float,
    keep_alive_s: float = 75.0,
    grace_s: int = 10,
) -> uvicorn.Config:
    """Set uvicorn up.

    Args:
        application: What `jevons.edge.app` made, or something around it.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        read_timeout_s: Seconds within which a request's head has to arrive whole, and after
            which a caller that reads nothing is cut off.
        keep_alive_s: Seconds for which an idle connection is kept.
        grace_s: Seconds that answers under way have left once the server is told to stop.
    """
    return uvicorn.Config(
        application,  # type: ignore[arg-type] uvicorn's own types name each message
        host=host,
        port=port,
        loop="uvloop",
        http=partial(Connection, read_timeout_s=read_timeout_s),  # type: ignore[arg-type] it is called like the class
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=keep_alive_s,  # type: ignore[arg-type] only ever added to a time
        timeout_graceful_shutdown=grace_s,
    )


def allow_many_connections() -> int:
    """Raise the limit of open files as far as the system lets us.

    Returns:
        How many there may be.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Connection(HttpToolsProtocol):
    """One connection, with an end to every wait.

    Args:
        read_timeout_s: See `serve_config`.
    """

    def __init__(self, *args: Any, read_timeout_s: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._read_timeout_s = read_timeout_s
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._is_in_head = False
        self._bodiless_bytes = 0
        """Received since the last byte of a body: head, trailer, or framing."""
        self._running: RequestResponseCycle | None = None
        self._outgoing: _HeadWithBody | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await the first head."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Read, and await the rest of a head that is not whole."""
        self._bodiless_bytes += len(data)
        super().data_received(data)
        if self._deadline is None and (self._is_in_head or not self._is_answering()):
            self._await_head()
        if self._bodiless_bytes > _MOST_HEAD_BYTES or len(self.pipeline) > _MOST_PIPELINED:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request under way, which uvicorn does not if another was pipelined."""
        for timer in (self._deadline, self._stalled):
            if timer is not None:
                timer.cancel()
        self._deadline = self._stalled = None
        running = self._running
        super().connection_lost(exc)
        if running is not None and not running.response_complete:
            running.disconnected = True
            running.message_event.set()

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._is_in_head = True
        self._bodiless_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End a head."""
        self._is_in_head = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take some body."""
        self._bodiless_bytes = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Discard for a while what is left of a body that was refused.

        Closing at once would reset the connection while the caller still sends, and it would
        never read why (RFC 9112 §9.6).
        """
        if self._outgoing is not None:
            self._outgoing.flush()  # an answer to HEAD has no body to wait for
        is_unread = self._running is not None and self._running.more_body
        super().on_response_complete()
        if is_unread and self._deadline is None:
            self._await_head()

    def pause_writing(self) -> None:
        """Give a caller that stopped reading a while to go on."""
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(self._read_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Forget that they had stopped."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, unless an answer is under way: that ends with the connection."""
        if not self._is_answering():
            body = render_error(Malformed("this is not HTTP/1.1"))
            self.transport.write(
                b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
                b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body)
            )
        self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        self._outgoing = _HeadWithBody(self.transport)
        cycle.transport = self._outgoing  # type: ignore[assignment] all of it that a cycle calls
        super()._start_asgi_task(cycle, app)

    def _is_answering(self) -> bool:
        return self._running is not None and not self._running.response_complete

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(self._read_timeout_s, self._head_is_late)

    def _head_is_late(self) -> None:
        self._deadline = None
        if self._is_answering():
            self._await_head()  # a head was pipelined behind a long answer
        else:
            self.transport.close()


class _HeadWithBody:
    """Sends a response's head together with the first of its body.

    uvicorn writes them apart, and each write is a system call: a sixth of what a short
    answer costs (2026-11).
    """

    __slots__ = ("_held", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held: bytes | None = None
        """The head; None before it, empty after it."""

    def write(self, data: bytes) -> None:
        """Hold the head back; send everything else at once."""
        if self._held is None and not data.startswith(b"HTTP/1.1 100"):
            self._held = data
            return
        if self._held:
            data, self._held = self._held + data, b""
        self._transport.write(data)

    def flush(self) -> None:
        """Send a head that no body followed."""
        if self._held:
            self._transport.write(self._held)
            self._held = b""

    def close(self) -> None:
        """Send what is held, and close."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection is being closed."""
        return self._transport.is_closing()
