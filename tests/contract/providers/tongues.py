"""The dialects that callers speak: how a request is written in each, and an answer understood."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jevons.edge.surface import CHAT, MESSAGES, RESPONSES
from jevons.providers import Remote
from jevons.testing import Clock, Listener, let_through
from jevons.testing.make import an_actor, an_endpoint
from jevons.types.decision import Attempt, Candidate
from jevons.types.event import Event, Finished, ReasoningDelta, TextDelta, ToolCallDelta
from jevons.wire import messages, openai_chat, responses
from jevons.wire.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jevons.edge.surface import Surface
    from jevons.testing import Vendor
    from jevons.types.decision import Outcome
    from jevons.types.errors import JevonsError
    from jevons.types.request import Dialect, Generate

ENDPOINT = an_endpoint("far", upstream_model="upstream/model")
ATTEMPT = Attempt(number=1, candidate=Candidate(endpoint=ENDPOINT, why="a test said so"))
TOOL: dict[str, Any] = {"name": "weather", "parameters": {"type": "object", "properties": {}}}


class Tongue(NamedTuple):
    """One dialect, and how a request is written in it."""

    codec: Any
    body: dict[str, Any]


TONGUES: dict[Dialect, Tongue] = {
    "openai-chat": Tongue(
        openai_chat,
        {
            "messages": [{"role": "user", "content": "Hi"}],
            "tools": [{"type": "function", "function": TOOL}],
            "stream_options": {"include_usage": True},
        },
    ),
    "openai-responses": Tongue(
        responses, {"input": "Hi", "tools": [{"type": "function", "strict": False, **TOOL}]}
    ),
    "anthropic-messages": Tongue(
        messages,
        {
            "messages": [{"role": "user", "content": "Hi"}],
            "max_tokens": 100,
            "tools": [{"name": TOOL["name"], "input_schema": TOOL["parameters"]}],
        },
    ),
}


SURFACES: dict[Dialect, Surface] = {
    "openai-chat": CHAT,
    "openai-responses": RESPONSES,
    "anthropic-messages": MESSAGES,
}


def asking(dialect: Dialect, *, is_stream: bool, **fields: Any) -> Generate:
    """Write a request and read it, as the edge does."""
    tongue = TONGUES[dialect]
    body = {"model": "a/model", "stream": is_stream, **tongue.body, **fields}
    if not is_stream:
        body.pop("stream_options", None)
    raw = msgspec.json.encode(body)
    return tongue.codec.parse_request(raw, id="req_1", at_ms=0, actor=an_actor())


class Line:
    """A provider that asks an endpoint."""

    def __init__(self, vendor: Vendor, spoken: Dialect, *, idle_timeout_s: float = 5.0) -> None:
        self.vendor = vendor
        self.spoken: Dialect = spoken
        self.idle_timeout_s = idle_timeout_s

    async def ask(self, request: Generate, caller: Listener | None = None) -> Outcome:
        """Ask once, on connections of its own."""
        provider = Remote(
            url=self.vendor.url,
            admit=let_through,
            api_key="sk-very-secret",
            dialect=self.spoken,
            owner="openai",
            clock=Clock(),
            first_byte_timeout_s=self.idle_timeout_s,
            idle_timeout_s=self.idle_timeout_s,
        )
        try:
            async with asyncio.timeout(20):
                return await provider.serve(ATTEMPT, request, caller or Listener())
        finally:
            provider.close()


def told(request: Generate, heard: Sequence[Event], error: JevonsError | None = None) -> bytes:
    """Render what a caller was given, and what went wrong after it, as the edge does."""
    surface = SURFACES[request.source.dialect]
    if not request.stream:
        return surface.answer(heard, request)
    chunks = surface.stream(request)
    ends = [at for at, event in enumerate(heard) if isinstance(event, Finished)]
    begun = heard[: ends[0]] if ends else heard
    body = b"".join([chunks.event(event) for event in begun])
    if ends:
        body += b"".join(chunks.closing(tuple(heard[ends[0] :])))
    if error is None:
        return body
    after = surface.error_after
    return body + (surface.error_event(error) if after is None else after(error, body))


def understood(request: Generate, heard: Sequence[Event]) -> tuple[Event, ...]:
    """Read what a caller was told as its own side does."""
    codec = TONGUES[request.source.dialect].codec
    if not request.stream:
        return fold(codec.read_whole(told(request, heard), owner="openai").events)
    reader = codec.Reader(owner="openai")
    events = reader.feed(told(request, heard))
    assert reader.end() is None
    return fold([*events, *reader.closing])


def is_refused(request: Generate, heard: Sequence[Event], error: JevonsError) -> bool:
    """Whether a caller takes a stream that ended in an error for no success."""
    reader = TONGUES[request.source.dialect].codec.Reader(owner="openai")
    reader.feed(told(request, heard, error))
    return reader.end() is not None


def essence(events: tuple[Event, ...]) -> Iterator[Any]:
    """Yield text, thinking, calls and end; not what a dialect has no word for."""
    for event in events:
        match event:
            case TextDelta() | ReasoningDelta() if event.text:
                yield type(event).__name__, event.text
            case ToolCallDelta():
                assert event.id, "whoever has no id for a call is given one"
                yield event.name, event.arguments
            case Finished():
                yield event.reason, event.usage
            case _:
                pass
