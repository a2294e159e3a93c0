"""Anthropic's own SDK understands every event and every answer that we write in its dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import httpx2
import msgspec
import pytest
from anthropic import Anthropic, APIStatusError, AuthenticationError
from anthropic.types import Message, MessageParam, RawMessageStreamEvent
from pydantic import TypeAdapter

from jevons.testing.make import a_request
from jevons.types.account import Usage
from jevons.types.errors import ProviderUnavailable, Unauthenticated
from jevons.types.event import (
    Event,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.types.message import File, Image, Reasoning, Text, ToolCall, ToolResult
from jevons.types.message import Message as Said
from jevons.wire.messages import (
    Chunks,
    parse_request,
    render_answer,
    render_error,
    render_error_event,
    render_request,
)
from jevons.wire.sse import read_event, split

if TYPE_CHECKING:
    from collections.abc import Sequence

ASKED = a_request()
SAID: tuple[Event, ...] = (
    Started(),
    ReasoningDelta("thought", owner="deepseek"),
    ReasoningDelta("in short", kind="summary", owner="openai", id="rs_1", block=1, opaque="g"),
    ReasoningDelta("", kind="redacted", owner="anthropic", block=2, opaque="data"),
    TextDelta("hi", block=3),
    TextDelta(" there", block=3),
    RefusalDelta("no", block=4),
    ToolCallDelta(index=0, id="c0", name="f", arguments='{"a"', opaque="sig", owner="google"),
    ToolCallDelta(index=1, id="c1", name="f"),
    ToolCallDelta(index=0, arguments=":1}"),
)
FINISHED = Finished(reason="tool_calls", usage=Usage(input=1, output=2, counted_by="endpoint"))


def stream() -> bytes:
    """Render the whole stream."""
    chunks = Chunks(ASKED)
    return b"".join([chunks.event(event) for event in SAID]) + b"".join(chunks.closing((FINISHED,)))


def test_every_event_is_one_that_the_sdk_knows() -> None:
    events = TypeAdapter[RawMessageStreamEvent](RawMessageStreamEvent)
    frames = list(split(stream()))
    for frame in frames:
        name, data = read_event(frame)
        assert events.validate_json(data or b"").type == name.decode()
    assert len(frames) > len(SAID)


def test_a_whole_answer_is_one_that_the_sdk_knows() -> None:
    answer = Message.model_validate_json(render_answer((*SAID, FINISHED), ASKED))
    kinds = ["thinking", "thinking", "redacted_thinking", "text", "text", "tool_use", "tool_use"]
    assert [block.type for block in answer.content] == kinds


def client(body: bytes, kind: str = "text/event-stream", status: int = 200) -> Anthropic:
    """Make a client that hears this, without a socket."""

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers={"content-type": kind}, content=body)

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    return Anthropic(api_key="k", base_url="http://here", http_client=http, max_retries=0)


HELLO: Sequence[MessageParam] = [{"role": "user", "content": "hello"}]


def heard(body: bytes) -> Message:
    """Let the SDK put a stream together."""
    here = client(body)
    with here, here.messages.stream(model="m", max_tokens=9, messages=HELLO) as events:
        return events.get_final_message()


def test_the_sdk_puts_a_stream_together_to_what_a_whole_answer_is() -> None:
    put_together = heard(stream()).to_dict()
    whole = Message.model_validate_json(render_answer((*SAID, FINISHED), ASKED)).to_dict()
    assert put_together == whole


def test_what_the_sdk_hands_back_is_what_was_said() -> None:
    """Thinking has its owner, and calls have their marks, on the way to another endpoint."""
    turn = cast("Any", heard(stream()).to_param())
    turns = [{"role": turn["role"], "content": [block.to_dict() for block in turn["content"]]}]
    body = msgspec.json.encode({"model": "m", "max_tokens": 9, "messages": turns})
    (message,) = parse_request(body, id="req_1", at_ms=0, actor=None).messages
    parts = [(part.text, part.owner) for part in message.parts if isinstance(part, Reasoning)]
    assert parts == [("thought", "deepseek"), ("in short", "openai"), ("", "anthropic")]
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    assert [(call.opaque, call.owner) for call in calls] == [("sig", "google"), (None, "")]


def test_the_sdk_raises_an_error_that_comes_in_mid_stream() -> None:
    chunks = Chunks(ASKED)
    half = b"".join([chunks.event(event) for event in SAID])
    with pytest.raises(APIStatusError, match="gone"):
        heard(half + render_error_event(ProviderUnavailable("gone")))


def test_the_sdk_raises_an_error_in_place_of_an_answer() -> None:
    error = Unauthenticated("no key", rule="key")
    here = client(render_error(error), "application/json", error.status)
    with here, pytest.raises(AuthenticationError, match="no key") as caught:
        here.messages.create(model="m", max_tokens=9, messages=HELLO)
    assert caught.value.type == "authentication_error"


def test_the_turns_that_we_send_are_ones_that_the_sdk_knows() -> None:
    messages = (
        Said(role="system", parts=(Text(text="be brief"),)),
        Said(
            role="user",
            parts=(
                Text(text="hello"),
                Image(url="data:image/png;base64,AAAA"),
                Image(url="https://x/y.png"),
                File(url="data:application/pdf;base64,AAAA", name="a.pdf"),
                File(url="data:text/plain;base64,AAAA"),
                File(id="file_1"),
            ),
        ),
        Said(
            role="assistant",
            parts=(
                Reasoning(text="hm", opaque="sig", owner="anthropic"),
                Reasoning(kind="redacted", opaque="data", owner="anthropic"),
                ToolCall(id="c", name="f", arguments=""),
            ),
        ),
        Said(role="tool", parts=(ToolResult(call="c", parts=(Text(text="x"),), failed=True),)),
    )
    rendered = render_request(a_request(messages=messages), model="m", owner="anthropic")
    sent = msgspec.json.decode(rendered.body)["messages"]
    known = TypeAdapter[list[MessageParam]](list[MessageParam])
    assert len(known.validate_python(sent)) == 3
