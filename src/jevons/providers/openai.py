"""Any server that speaks OpenAI's chat dialect: vLLM, SGLang, llama.cpp, Ollama, a vendor.

Rule 1: bytes are relayed as they came, from the connection's callback straight to the
    caller: no task wakes for a chunk. This is the hot path, so asyncio is used directly.
Rule 2: no redirect is followed, and nothing is sent twice, but for one case: a kept
    connection that turns out to be dead before one byte of response came.
Rule 3: no exchange outlives `serve`, and a caller that leaves closes the connection.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from jevons.providers.faults import fault_of
from jevons.providers.pool import Address, Pool
from jevons.types.account import Usage
from jevons.types.decision import Outcome
from jevons.types.errors import (
    CallerLeft,
    JevonsError,
    Misconfigured,
    ProviderGarbled,
    ProviderTimeout,
    ProviderTruncated,
    ProviderUnavailable,
)
from jevons.types.event import Frame
from jevons.wire.openai_chat import read_answer, render_request
from jevons.wire.openai_relay import Relay

if TYPE_CHECKING:
    from jevons.ports import Caller, Clock, Provider
    from jevons.providers.pool import Connection
    from jevons.types.decision import Attempt
    from jevons.types.request import Generate

__all__ = ("OpenAIChat",)

_OK = 200

_BYTES_PER_TOKEN = 4
"""Of a prompt whose tokens nobody counted: English text is about four characters a token."""


class OpenAIChat:
    """One remote server.

    Args:
        url: Base URL, `/v1` included.
        api_key: Sent as a bearer token; empty sends none.
        clock: Tells when an answer began.
        connect_timeout_s: Longest wait for a connection.
        first_byte_timeout_s: Longest wait for the answer to begin.
        idle_timeout_s: Longest silence in the middle of it.
        max_connections: Most at once; further requests wait in line.
        max_answer_bytes: Longest answer that is not streamed.

    Raises:
        Misconfigured: The URL is not one.
    """

    def __init__(
        self,
        *,
        url: str,
        api_key: str = "",
        clock: Clock,
        connect_timeout_s: float = 5.0,
        first_byte_timeout_s: float = 60.0,
        idle_timeout_s: float = 60.0,
        max_connections: int = 256,
        max_answer_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        address, path = _address(url)
        self._pool = Pool(address, limit=max_connections, connect_timeout_s=connect_timeout_s)
        self._head = _head(address, path, api_key)
        self._api_key = api_key
        self._clock = clock
        self._first_byte_timeout_s = first_byte_timeout_s
        self._idle_timeout_s = idle_timeout_s
        self._max_answer_bytes = max_answer_bytes

    async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        """Serve one attempt."""
        rendered = render_request(request, model=attempt.candidate.endpoint.upstream_model)
        message = b"%b%d\r\n\r\n%b" % (self._head, len(rendered.body), rendered.body)
        serving = _Serving(self, attempt, request, caller, rendered.changed)
        caller.on_leave(serving.leave)
        try:
            return await serving.run(self._pool, message)
        finally:
            caller.on_leave(None)
            serving.release()

    def close(self) -> None:
        """Drop every connection."""
        self._pool.close()

    def fault(self, status: int, headers: dict[bytes, bytes], body: bytes) -> JevonsError:
        """Say what a response that is not 200 means."""
        return fault_of(status, headers, body, secret=self._api_key, now_ms=self._clock.now_ms())

    def now_s(self) -> float:
        """Clock's monotonic second."""
        return self._clock.monotonic_s()

    @property
    def limits(self) -> tuple[float, float, int]:
        """Seconds to the first byte, seconds of silence, bytes of a whole answer."""
        return self._first_byte_timeout_s, self._idle_timeout_s, self._max_answer_bytes


class _Serving:
    """One attempt under way: the exchange that a connection reports to."""

    __slots__ = (
        "_attempt",
        "_body",
        "_caller",
        "_changed",
        "_committed",
        "_connection",
        "_error",
        "_first_byte_s",
        "_headers",
        "_heard_s",
        "_loop",
        "_over",
        "_prompt_bytes",
        "_provider",
        "_relay",
        "_size",
        "_status",
        "_timer",
        "_waiting",
        "_wake",
    )

    def __init__(
        self,
        provider: OpenAIChat,
        attempt: Attempt,
        request: Generate,
        caller: Caller,
        changed: tuple[str, ...],
    ) -> None:
        self._provider = provider
        self._attempt = attempt
        self._caller = caller
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._relay = (
            Relay(choices=request.sampling.n, want_usage=request.want_usage)
            if request.stream
            else None
        )
        self._prompt_bytes = request.source.size_bytes
        self._status = 0
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._error: JevonsError | None = None
        self._over = self._committed = False
        self._first_byte_s: float | None = None
        self._heard_s = 0.0
        self._connection: Connection | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wake: asyncio.Future[None] | None = None
        self._waiting: list[Frame] = []

    async def run(self, pool: Pool, message: bytes) -> Outcome:
        """Send the request and see its response to the end."""
        try:
            connection = pool.idle() or await pool.take()
            await self._exchange(connection, message)
            if self._died_unheard(connection):
                self._over, self._error = False, None
                await self._exchange(await pool.open(), message)
        except JevonsError as error:
            self._error = self._error or error
        return self._outcome()

    def leave(self) -> None:
        """The caller has gone: stop the work upstream."""
        self._stop(CallerLeft("the caller left"))

    def release(self) -> None:
        """Let nothing outlive `serve`."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._over and self._connection is not None:
            self._connection.abort()

    def on_head(self, status: int, headers: dict[bytes, bytes]) -> None:
        """The response has begun."""
        self._heard_s = self._loop.time()
        self._status = status
        self._headers = headers
        if status == _OK:
            self._error = self._wrong_kind()

    def on_body(self, data: bytes) -> None:
        """More of the body."""
        self._heard_s = self._loop.time()
        if self._first_byte_s is None:
            self._first_byte_s = self._provider.now_s()
        if self._relay is None or self._status != _OK:
            self._keep(data)
            return
        passed = self._relay.feed(data)
        if passed:
            self._push(Frame(passed))
        if self._relay.error is not None:
            self._stop(self._relay.error)

    def on_end(self, error: JevonsError | None) -> None:
        """The response is over."""
        self._over = True
        self._error = self._error or error
        self._awake()

    async def _exchange(self, connection: Connection, message: bytes) -> None:
        if self._error is not None:  # the caller left while we waited for a connection
            self._over = True
            connection.abort()
            return
        self._connection = connection
        self._heard_s = self._loop.time()
        first_byte_s, idle_s, _ = self._provider.limits
        self._timer = self._loop.call_later(min(first_byte_s, idle_s), self._look)
        connection.begin(self, message)
        while not self._over or self._waiting:
            self._wake = self._loop.create_future()
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
            connection.transport.resume_reading()

    def _push(self, frame: Frame) -> None:
        self._committed = True
        if self._waiting or not self._caller.push(frame):
            self._waiting.append(frame)
            if self._connection is not None and not self._over:
                self._connection.transport.pause_reading()
            self._awake()

    def _keep(self, data: bytes) -> None:
        """Collect a body that is not relayed, up to a bound."""
        self._size += len(data)
        limit = self._provider.limits[2]
        if self._size > limit:
            self._stop(ProviderGarbled(f"the answer is longer than {limit} bytes"))
        else:
            self._body.append(data)

    def _wrong_kind(self) -> JevonsError | None:
        """Check that a 200 is of the kind that was asked for."""
        kind = self._headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        wanted = b"application/json" if self._relay is None else b"text/event-stream"
        if b"content-encoding" in self._headers:
            return ProviderGarbled("upstream compressed an answer that was not to be")
        if kind == wanted:
            return None
        if self._relay is not None and kind == b"application/json":
            self._relay = None  # an error envelope, or an answer in one piece: read it whole
            return ProviderGarbled("upstream sent JSON where a stream was asked for")
        return ProviderGarbled(f"upstream sent {kind.decode('latin-1')!r}")

    def _look(self) -> None:
        """Called when a silence may have lasted too long; looks again later if not."""
        first_byte_s, idle_s, _ = self._provider.limits
        limit_s = first_byte_s if self._first_byte_s is None else idle_s
        silent_s = self._loop.time() - self._heard_s
        if self._waiting or silent_s < limit_s:  # a caller without room is no silence of upstream
            rest_s = limit_s if self._waiting else limit_s - silent_s
            self._timer = self._loop.call_later(rest_s, self._look)
            return
        self._stop(ProviderTimeout(f"upstream was silent for {limit_s:g} s"))

    def _stop(self, error: JevonsError) -> None:
        """End the exchange from our side."""
        if self._over:
            return
        self._over = True
        self._error = error
        if self._connection is not None:
            self._connection.abort()
        self._awake()

    def _awake(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _died_unheard(self, connection: Connection) -> bool:
        return (
            isinstance(self._error, ProviderUnavailable)
            and not self._status
            and connection.used
            and connection.silent
        )

    def _outcome(self) -> Outcome:
        if self._status not in {0, _OK} and not isinstance(self._error, CallerLeft):
            body = b"".join(self._body)
            return self._failed(self._provider.fault(self._status, self._headers, body))
        if self._relay is not None:
            return self._streamed(self._relay)
        return self._whole()

    def _streamed(self, relay: Relay) -> Outcome:
        error = self._error or relay.end()
        if isinstance(error, ProviderUnavailable) and self._status and relay.error is None:
            error = ProviderTruncated(f"the stream broke off: {error}")
        if error is not None:
            return self._failed(error, self._counted(relay) if self._committed else Usage())
        return self._done(self._counted(relay), relay.finish, relay.closing)

    def _counted(self, relay: Relay) -> Usage:
        """Usage as the endpoint reported it, or our own guess."""
        return relay.usage or Usage(
            input=self._prompt_bytes // _BYTES_PER_TOKEN, output=relay.pieces, counted_by="guess"
        )

    def _whole(self) -> Outcome:
        error = self._error
        body = b"".join(self._body)
        if isinstance(error, ProviderUnavailable) and self._status:
            error = ProviderTruncated(f"the answer broke off: {error}")
        if error is not None:
            return self._failed(error)
        try:
            read = read_answer(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as garbled:
            return self._failed(
                ProviderGarbled(f"the answer is not JSON of this dialect: {garbled}")
            )
        if read.error is not None:
            return self._failed(ProviderUnavailable(f"upstream said 200, and: {read.error}"))
        if read.finish is None:
            return self._failed(ProviderGarbled("the answer has no finish reason"))
        return self._done(read.usage or Usage(), read.finish, body)

    def _done(self, usage: Usage, finish: str | None, closing: bytes) -> Outcome:
        return Outcome(
            attempt=self._attempt,
            committed=self._committed,
            first_byte_s=self._first_byte_s,
            usage=usage,
            finish=finish or "stop",
            closing=(Frame(closing),),
            changed=self._changed,
        )

    def _failed(self, error: JevonsError, usage: Usage | None = None) -> Outcome:
        return Outcome(
            attempt=self._attempt,
            error=error,
            committed=self._committed,
            first_byte_s=self._first_byte_s,
            usage=usage or Usage(),
            changed=self._changed,
        )


def _address(url: str) -> tuple[Address, str]:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = f"url is {url!r}; it must look like https://host/v1"
        raise Misconfigured(message)
    tls = parts.scheme == "https"
    return Address(parts.hostname, parts.port or (443 if tls else 80), tls=tls), parts.path.rstrip(
        "/"
    )


def _head(address: Address, path: str, api_key: str) -> bytes:
    """Everything of a request that is the same each time, up to the length of its body."""
    usual = 443 if address.tls else 80
    host = f"[{address.host}]" if ":" in address.host else address.host
    lines = [
        f"POST {path}/chat/completions HTTP/1.1",
        f"host: {host}" if address.port == usual else f"host: {host}:{address.port}",
        "user-agent: jevons",
        "accept: application/json, text/event-stream",
        "content-type: application/json",
    ]
    if api_key:
        if any(ord(character) < 33 or ord(character) > 126 for character in api_key):  # noqa: PLR2004 visible ASCII
            message = "an endpoint's api_key holds characters that no header may"
            raise Misconfigured(message)
        lines.append(f"authorization: Bearer {api_key}")
    return ("\r\n".join([*lines, "content-length: "])).encode()


if TYPE_CHECKING:
    _provider: type[Provider] = OpenAIChat
