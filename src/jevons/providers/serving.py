"""One attempt under way at an upstream server: what it says, heard to the end.

Rule 1: bytes go from the connection's callback straight to the caller: no task wakes for a
    chunk. This is the hot path, so asyncio is used directly.
Rule 2: nothing is sent twice, but for one case: a kept connection that turns out to be dead
    before one byte of response came.
Rule 3: no exchange outlives `run`, and a caller that leaves closes the connection.
Rule 4: a caller without room stops the reading; that silence is not upstream's.
Rule 5: nothing goes out before the first piece of the answer: until then another endpoint
    may give it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from jevons.patience import Patience
from jevons.types.errors import (
    CallerLeft,
    JevonsError,
    ProviderGarbled,
    ProviderTimeout,
    ProviderUnavailable,
)
from jevons.types.event import Frame, Started

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any

    from jevons.ports import Caller, Clock
    from jevons.providers.connection import Connection
    from jevons.providers.pool import Pool
    from jevons.providers.speech import Hearing
    from jevons.types.event import Event

__all__ = ("Limits", "Serving", "listening")

_OK = 200
_EARLY_BYTES = 1024 * 1024  # before the first piece; Responses repeats the request there
_FAULT_BYTES = 64 * 1024  # of a refusal's body; more says nothing more
_CLOSING_S = 1.0  # for a body to end after `[DONE]`, so that its connection can be kept


class Limits(NamedTuple):
    """How long to wait, and how much to hear."""

    first_byte_s: float
    """Longest silence before the answer begins."""
    idle_s: float
    """Longest silence in the middle of it."""
    answer_bytes: int
    """Longest answer that is not streamed."""


def listening(limits: Limits) -> Patience[Serving]:
    """Make what has exchanges look whether a silence lasts too long; one for each loop."""
    return Patience(min(limits.first_byte_s, limits.idle_s), lambda serving: serving.look())


class Serving:
    """The exchange that a connection reports to.

    Args:
        caller: Given what the relay passes on.
        clock: Tells when the answer began.
        hearing: Hears a stream; None if the answer is to come whole.
        streams_as: Content type of a stream.
        limits: How long to wait, and how much to hear.
        patience: From `listening`, with the same limits.
    """

    __slots__ = (
        "_body",
        "_caller",
        "_clock",
        "_connecting",
        "_connection",
        "_early",
        "_heard_s",
        "_limits",
        "_loop",
        "_over",
        "_patience",
        "_size",
        "_streams_as",
        "_timer",
        "_waiting",
        "_wake",
        "committed",
        "error",
        "first_byte_s",
        "headers",
        "hearing",
        "status",
    )

    def __init__(
        self,
        *,
        caller: Caller,
        clock: Clock,
        hearing: Hearing | None,
        streams_as: bytes,
        limits: Limits,
        patience: Patience[Serving],
    ) -> None:
        self.status = 0
        """HTTP status; 0 if none came."""
        self.headers: dict[bytes, bytes] = {}
        self.hearing = hearing
        """None too once upstream sent JSON in place of a stream."""
        self.error: JevonsError | None = None
        """What ended the exchange before its time."""
        self.committed = False
        """Whether any of the answer has been pushed to the caller."""
        self.first_byte_s: float | None = None
        """Clock's monotonic second at which the answer began."""
        self._caller = caller
        self._clock = clock
        self._limits = limits
        self._streams_as = streams_as
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._body: list[bytes] = []
        self._size = 0
        self._over = False
        self._heard_s = 0.0
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[Connection] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wake: asyncio.Future[None] | None = None
        self._waiting: list[Event] = []
        self._early: list[Event] | None = []

    @property
    def body(self) -> bytes:
        """What came and was not relayed."""
        return b"".join(self._body)

    async def run(self, pool: Pool, message: bytes) -> None:
        """Send the request and see its response to the end."""
        self._caller.on_leave(self._leave)
        try:
            await self._converse(pool, message)
        finally:
            self._caller.on_leave(None)
            self._patience.stop(self)
            if self._timer is not None:
                self._timer.cancel()
            if not self._over and self._connection is not None:
                self._connection.abort()

    def on_head(self, status: int, headers: dict[bytes, bytes]) -> None:
        """The response has begun."""
        self._heard_s = self._loop.time()
        self.status = status
        self.headers = headers
        error = self._wrong_kind() if status == _OK else None
        if error is not None:
            self._stop(error)

    def on_body(self, data: bytes) -> None:
        """More of the body."""
        self._heard_s = self._loop.time()
        hearing = self.hearing
        if hearing is None or self.status != _OK:
            self._keep(data)
            return
        if hearing.done:
            return
        passed = hearing.feed(data)
        if self._early is not None:
            self._begin(hearing, self._early, passed)
        elif isinstance(passed, bytes):
            if passed:
                self._push(Frame(passed))
        else:
            for event in passed:
                self._push(event)
        if hearing.error is not None:
            self._stop(hearing.error)
        elif hearing.done:
            self._close_soon()

    def on_end(self, error: JevonsError | None) -> None:
        """The response is over."""
        self._over = True
        if self.hearing is None or not self.hearing.done:
            self.error = self.error or error
        self._awake()

    async def _converse(self, pool: Pool, message: bytes) -> None:
        try:
            connection = pool.idle() or await self._connected(pool.take())
            await self._exchange(pool, connection, message)
            if self._died_unheard(connection):
                self._over, self.error = False, None
                fresh = await self._connected(pool.take_fresh())
                await self._exchange(pool, fresh, message)
        except JevonsError as error:
            self.error = self.error or error

    async def _connected(self, taking: Coroutine[Any, Any, Connection]) -> Connection:
        """Wait for a connection, but no longer than the caller does."""
        if self.error is not None:
            taking.close()
            raise self.error
        # Its end is awaited here; a caller that leaves cancels it.
        task = self._connecting = self._loop.create_task(taking)
        try:
            return await task
        except asyncio.CancelledError:
            ours = asyncio.current_task()
            if self.error is None or (ours is not None and ours.cancelling()):
                raise
            raise self.error from None
        finally:
            self._connecting = None

    async def _exchange(self, pool: Pool, connection: Connection, message: bytes) -> None:
        if self.error is not None:  # the caller left just now
            pool.give_back(connection)
            return
        self._connection = connection
        self._heard_s = self._loop.time()
        self._patience.start(self)
        connection.begin(self, message)
        while not self._over or self._waiting:
            self._wake = self._loop.create_future()
            if not self._waiting:
                await self._wake
            await self._send_waiting(connection)

    async def _send_waiting(self, connection: Connection) -> None:
        """Give the caller what it had no room for, then read on."""
        if not self._waiting:
            return
        while self._waiting:
            try:
                await self._caller.send(self._waiting[0])
            except CallerLeft as error:
                self._waiting.clear()
                self._stop(error)
                return
            self._waiting.pop(0)
        self._heard_s = self._loop.time()
        if not self._over:
            connection.resume()

    def _begin(self, hearing: Hearing, early: list[Event], passed: bytes | Sequence[Event]) -> None:
        """Hold back what comes before the first piece; let it go with that."""
        if isinstance(passed, bytes):
            early += [Frame(passed)] if passed else ()
            self._size += len(passed)
        else:
            early += passed
        is_begun = hearing.pieces and not all(type(event) is Started for event in early)
        if is_begun:
            self.first_byte_s = self._clock.monotonic_s()
        if is_begun or hearing.finish != "error" or self._size > _EARLY_BYTES:
            self._early = None
            for event in early:
                self._push(event)

    def _push(self, event: Event) -> None:
        self.committed = True
        if self._waiting or not self._caller.push(event):
            self._waiting.append(event)
            if self._connection is not None and not self._over:
                self._connection.pause()
            self._awake()

    def _keep(self, data: bytes) -> None:
        """Collect a body that is not relayed, up to a bound."""
        limit = _FAULT_BYTES
        if self.status == _OK:
            limit = self._limits.answer_bytes
            self.first_byte_s = self.first_byte_s or self._clock.monotonic_s()
        self._body.append(data[: limit - self._size])
        self._size += len(data)
        if self._size > limit:
            self._stop(ProviderGarbled(f"the answer is longer than {limit} bytes"))

    def _wrong_kind(self) -> JevonsError | None:
        """Check that a 200 is of the kind that was asked for."""
        if self.headers.get(b"content-encoding", b"identity") != b"identity":
            return ProviderGarbled("upstream compressed an answer that was not to be")
        kind = self.headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        if self.hearing is not None and kind == b"application/json":
            self.hearing = None  # an error envelope, or an answer in one piece: heard whole
            return None
        wanted = b"application/json" if self.hearing is None else self._streams_as
        if kind == wanted:
            return None
        return ProviderGarbled(f"upstream sent {kind.decode('latin-1')!r}, not {wanted.decode()}")

    def look(self) -> None:
        """Called when a silence may have lasted too long; looks again later if not."""
        limit_s = self._limits.first_byte_s if self.first_byte_s is None else self._limits.idle_s
        rest_s = limit_s if self._waiting else limit_s - (self._loop.time() - self._heard_s)
        if rest_s > 0:
            self._timer = self._loop.call_later(rest_s, self.look)
        else:
            self._stop(ProviderTimeout(f"upstream was silent for {limit_s:g} s"))

    def _close_soon(self) -> None:
        """The answer is whole: do not wait for ever for the body's end."""
        self._patience.stop(self)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(_CLOSING_S, self._stop, None)

    def _leave(self) -> None:
        """The caller has gone: stop the work upstream."""
        self._stop(CallerLeft("the caller left"))
        if self._connecting is not None:
            self._connecting.cancel()

    def _stop(self, error: JevonsError | None) -> None:
        """End the exchange from our side."""
        self.error = self.error or error
        if self._over:
            return
        self._over = True
        if self._connection is not None:
            self._connection.abort()
        self._awake()

    def _awake(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _died_unheard(self, connection: Connection) -> bool:
        return (
            isinstance(self.error, ProviderUnavailable)
            and not self.status
            and connection.used
            and connection.is_silent
        )
