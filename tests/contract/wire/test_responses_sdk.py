"""OpenAI's own SDK understands every event and every answer that we write in its dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import msgspec
import pytest
from openai import APIError, OpenAI
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from jevons.types.account import Usage
from jevons.types.errors import ProviderUnavailable
from jevons.types.event import (
    Event,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.responses import Chunks, parse_request, render_answer, render_error_event
from jevons.wire.sse import read_event, split

if TYPE_CHECKING:
    from collections.abc import Iterator


TOKENS = b'{"content":[{"token":"hi","logprob":-1.0,"bytes":[104],"top_logprobs":[]}]}'
ASKED = parse_request(
    msgspec.json.encode(
        {
            "model": "m",
            "input": "hello",
            "tools": [{"type": "function", "name": "f"}],
            "reasoning": {"effort": "low"},
            "text": {"verbosity": "low"},
        }
    ),
    id="req_01X",
    at_ms=7000,
    actor=None,
)
SAID: tuple[Event, ...] = (
    Started(),
    ReasoningDelta("thought", owner="deepseek"),
    ReasoningDelta("in short", kind="summary", owner="openai", id="rs_1", block=1, opaque="g"),
    TextDelta("hi", block=2, logprobs=msgspec.Raw(TOKENS)),
    TextDelta(" there", block=2),
    RefusalDelta("no", block=3),
    ToolCallDelta(index=0, id="c0", name="f", arguments='{"a"'),
    ToolCallDelta(index=1, id="c1", name="f"),
    ToolCallDelta(index=0, arguments=":1}"),
)
FINISHED = Finished(reason="tool_calls", usage=Usage(input=1, output=2, counted_by="endpoint"))


def stream() -> bytes:
    """Render the whole stream."""
    chunks = Chunks(ASKED)
    return b"".join([chunks.event(event) for event in SAID]) + b"".join(chunks.closing((FINISHED,)))


def test_every_event_is_one_that_the_sdk_knows() -> None:
    events = TypeAdapter[ResponseStreamEvent](ResponseStreamEvent)
    frames = list(split(stream()))
    for frame in frames:
        name, data = read_event(frame)
        assert events.validate_json(data or b"").type == name.decode()
    assert len(frames) > len(SAID)


def test_a_whole_answer_is_one_that_the_sdk_knows() -> None:
    answer = Response.model_validate_json(render_answer((*SAID, FINISHED), ASKED))
    assert answer.output_text == "hi there"


def heard(body: bytes) -> Iterator[object]:
    """Let the SDK put a stream together, without a socket."""

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body)

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    client = OpenAI(api_key="k", base_url="http://here/v1", http_client=http, max_retries=0)
    with client, client.responses.stream(model="m", input="hello") as events:
        yield from events


def test_the_sdk_puts_a_stream_together() -> None:
    final = list(heard(stream()))[-1]
    answer = getattr(final, "response", None)
    assert isinstance(answer, Response)
    assert answer.output_text == "hi there"
    calls = [item for item in answer.output if item.type == "function_call"]
    assert [(call.call_id, call.arguments) for call in calls] == [("c0", '{"a":1}'), ("c1", "{}")]


def test_the_sdk_raises_an_error_that_comes_in_mid_stream() -> None:
    chunks = Chunks(ASKED)
    half = b"".join([chunks.event(event) for event in SAID])
    error = render_error_event(ProviderUnavailable("gone"), sequence=chunks.sequence)
    with pytest.raises(APIError, match="gone"):
        list(heard(half + error))
