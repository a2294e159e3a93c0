"""Whoever asked, over HTTP: one kind hears the answer as it comes, one hears it whole.

Rule 1: nothing is sent before the first event, so that a failure before it has a status
    of its own.
Rule 2: a stream that broke off ends in an error event, never in `[DONE]`.
Rule 3: the digest is of the answer's bytes: neither the receipt's line nor the event of a
    failure is part of it.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING

from jevons.edge.asgi import resumed
from jevons.edge.presence import Presence
from jevons.edge.receipt_line import again_headers, chosen_headers, receipt_line
from jevons.types.errors import CallerLeft
from jevons.types.event import Event, Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from jevons import ports
    from jevons.edge.asgi import Headers, Receive, Send
    from jevons.edge.keeping import Keep
    from jevons.edge.surface import Rendering, Surface
    from jevons.patience import Patience
    from jevons.types.account import Receipt
    from jevons.types.custody import DataClass
    from jevons.types.errors import JevonsError
    from jevons.types.request import Generate

__all__ = ("HttpCaller", "StreamCaller", "WholeCaller")

_STREAM_HEAD = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx would hold a stream back until a buffer is full
)


class _Asker(Presence):
    """What both kinds know: what was asked, in which dialect, and where the answer goes.

    Args:
        request: What they asked.
        surface: The dialect they asked in.
        receive: ASGI's.
        send: ASGI's. May not depend on the task it is called from.
        patience: See `Presence`.
        keep: Has the answer kept, if they asked for that.
        rooms: Writes what is left of their limits; None where there are none.
    """

    __slots__ = ("_age_s", "_keep", "_request", "_rooms", "_send", "_surface", "begun")

    def __init__(
        self,
        request: Generate,
        surface: Surface,
        receive: Receive,
        send: Send,
        patience: Patience[Presence],
        *,
        keep: Keep | None = None,
        rooms: Callable[[], Headers] | None = None,
    ) -> None:
        super().__init__(receive, patience)
        self.begun = False
        """Whether the head of the answer has gone out."""
        self._request = request
        self._surface = surface
        self._send = send
        self._keep = keep
        self._rooms = rooms
        self._age_s: int | None = None
        self._prepare()

    def again(self, age_s: int) -> None:
        """Say that an answer is given again, and how old it is."""
        self._age_s = age_s

    def _prepare(self) -> None:
        """Set up what one kind alone knows."""


class StreamCaller(_Asker):
    """Hears each event as it comes, as server-sent events."""

    __slots__ = ("_chunks", "_digest", "_flushing", "_is_passing", "_last", "_sealed")

    def _prepare(self) -> None:
        self._digest = sha256()
        self._last = b""
        self._sealed = (b"", b"")
        self._is_passing = not (self._request.keep or self._request.previous)
        self._chunks: Rendering | None = None
        self._flushing: asyncio.Task[None] | None = None

    def push(self, event: Event) -> bool:
        """Give an event without waiting; False if there is no room, or they have left."""
        if self._left or self._flushing is not None:
            return False
        if type(event) is Frame and self._is_passing:
            body = event.body
        else:
            body = self._rendering().event(event)
        try:
            self._put(body)
        except OSError:
            self._depart()
            return False
        self._digest.update(body)
        self._last = body or self._last
        return True

    async def send(self, event: Event) -> None:
        """Give an event, waiting until there is room.

        Raises:
            CallerLeft: They have gone.
        """
        await self._room()
        if not self.push(event):
            _gone()
        await self._room()

    async def keep(self, closing: tuple[Event, ...], *, data_class: DataClass) -> None:
        """Have the answer kept: the dialect's very last event holds all of it.

        Raises:
            StoreUnavailable: It is not kept.
        """
        sealed = self._rendering().closing(closing)
        if self._keep is not None:
            await self._keep(sealed[1], data_class)
        self._sealed = sealed

    def seal(self, closing: tuple[Event, ...]) -> bytes:
        """Render what ends the answer; nothing does if it broke off."""
        if closing:
            if not self._sealed[1]:
                self._sealed = self._rendering().closing(closing)
            self._digest.update(b"".join(self._sealed))
        return self._digest.digest()

    async def close(self, receipt: Receipt) -> None:
        """Send what was sealed, with the receipt's line before its very last event."""
        body, last = self._sealed
        await self._end(b"%b: jevons %b\n\n%b" % (body, receipt_line(receipt), last))

    async def fail(self, error: JevonsError) -> None:
        """End an answer that has begun with the event of a failure."""
        surface = self._surface
        if surface.error_after is None:
            await self._end(surface.error_event(error))
        else:
            await self._end(surface.error_after(error, self._last))

    async def rest(self) -> None:
        """Stop watching and sending. Nothing is left under way when this returns."""
        await super().rest()
        flushing = self._flushing
        if flushing is not None:
            flushing.cancel()
            await asyncio.wait((flushing,))

    def _rendering(self) -> Rendering:
        chunks = self._chunks
        if chunks is None:
            chunks = self._chunks = self._surface.stream(self._request)
        return chunks

    def _put(self, body: bytes) -> None:
        """Send, and leave to a task what would have to wait."""
        coroutine = self._send_body(body) if self.begun else self._send_first(body)
        try:
            waits_for = coroutine.send(None)
        except StopIteration:
            return
        # Its end is awaited in `_room` or in `rest`, one of which ends every request.
        flushing = asyncio.get_running_loop().create_task(self._flush(coroutine, waits_for))
        flushing.add_done_callback(self._flushed)
        self._flushing = flushing

    def _send_body(self, body: bytes) -> Coroutine[Any, Any, None]:
        return self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def _send_first(self, body: bytes) -> None:
        await self._send_head()
        await self._send_body(body)

    async def _send_head(self) -> None:
        self.begun = True
        named = self._surface.named(self._request.id)
        headers: Headers = [*_STREAM_HEAD, *named, *again_headers(self._age_s)]
        if self._rooms is not None:
            headers += self._rooms()
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def _flush(self, coroutine: Coroutine[Any, Any, None], waits_for: object) -> None:
        try:
            await resumed(coroutine, waits_for)
        except OSError:
            self._depart()

    def _flushed(self, _: asyncio.Task[None]) -> None:
        self._flushing = None

    async def _room(self) -> None:
        """Wait until what was pushed has gone out.

        Raises:
            CallerLeft: They have gone.
        """
        flushing = self._flushing
        if flushing is not None:
            # Shielded: who stops waiting must not tear a frame out of the stream.
            await asyncio.shield(flushing)
        if self._left:
            _gone()

    async def _end(self, body: bytes) -> None:
        try:
            await self._room()
            if not self.begun:
                await self._send_head()
            self._over = True
            await self._send({"type": "http.response.body", "body": body, "more_body": False})
        except (CallerLeft, OSError):
            self._left = True


class WholeCaller(_Asker):
    """Hears the answer in one piece."""

    __slots__ = ("_answer", "_events")

    def _prepare(self) -> None:
        self._events: list[Event] = []
        self._answer = b""

    def push(self, event: Event) -> bool:
        """Keep an event; False if they have left."""
        if self._left:
            return False
        self._events.append(event)
        return True

    async def send(self, event: Event) -> None:
        """Keep an event.

        Raises:
            CallerLeft: They have gone.
        """
        if not self.push(event):
            _gone()

    async def keep(self, closing: tuple[Event, ...], *, data_class: DataClass) -> None:
        """Have the answer kept.

        Raises:
            StoreUnavailable: It is not kept.
        """
        answer = self._surface.answer((*self._events, *closing), self._request)
        if self._keep is not None:
            await self._keep(answer, data_class)
        self._answer = answer

    def seal(self, closing: tuple[Event, ...]) -> bytes:
        """Render the answer; there is none if it broke off."""
        if closing and not self._answer:
            self._answer = self._surface.answer((*self._events, *closing), self._request)
        return sha256(self._answer).digest()

    async def close(self, receipt: Receipt) -> None:
        """Send the answer, with the receipt's line in a header."""
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(self._answer)),
            *self._surface.named(self._request.id),
            (b"x-jevons-receipt", receipt_line(receipt)),
            *chosen_headers(receipt),
            *again_headers(self._age_s),
        ]
        if self._rooms is not None:
            headers += self._rooms()
        self.begun = True
        try:
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})
            self._over = True
            await self._send(
                {"type": "http.response.body", "body": self._answer, "more_body": False}
            )
        except OSError:
            self._left = True

    async def fail(self, error: JevonsError) -> None:
        """Break the answer off: a body of promised length has no room for an error."""


def _gone() -> None:
    message = "the caller closed the connection before the answer ended"
    raise CallerLeft(message)


HttpCaller = StreamCaller | WholeCaller

if TYPE_CHECKING:
    _stream: type[ports.Caller] = StreamCaller
    _whole: type[ports.Caller] = WholeCaller
