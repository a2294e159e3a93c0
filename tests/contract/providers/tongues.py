"""The dialects that callers speak: how a request is written in each, and an answer understood."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jevons.providers import Remote
from jevons.testing import Clock, Listener
from jevons.testing.make import an_actor, an_endpoint
from jevons.types.decision import Attempt, Candidate
from jevons.types.event import Event, Finished, Frame, ReasoningDelta, TextDelta, ToolCallDelta
from jevons.wire import messages, openai_chat, responses
from jevons.wire.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.testing import Vendor
    from jevons.types.decision import Outcome
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


def understood(dialect: Dialect, heard: list[Event]) -> tuple[Event, ...]:
    """Read what a caller heard as its own side does."""
    frames = b"".join([event.body for event in heard if isinstance(event, Frame)])
    if not frames:
        return fold(heard)
    if frames.startswith(b"{"):
        return fold(TONGUES[dialect].codec.read_whole(frames, owner="openai").events)
    reader = TONGUES[dialect].codec.Reader(owner="openai")
    events = reader.feed(frames)
    assert reader.end() is None
    return fold([*events, *reader.closing])


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
