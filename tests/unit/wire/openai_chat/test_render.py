"""What is rendered is the dialect: every event, every error, streamed or whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.testing.make import a_request, an_endpoint
from jevons.types.account import Usage
from jevons.types.errors import (
    Forbidden,
    JevonsError,
    Malformed,
    ProviderThrottled,
    Unauthenticated,
)
from jevons.types.event import Finished, Frame, ReasoningDelta, TextDelta, ToolCallDelta
from jevons.wire.openai_chat import (
    Chunks,
    read_answer,
    render_answer,
    render_error,
    render_error_event,
    render_models,
)
from jevons.wire.openai_chat.relay import Relay
from jevons.wire.sse import read_event, split

if TYPE_CHECKING:
    from jevons.types.event import Event
    from jevons.types.request import Generate

USED = Usage(input=3, cache_read=2, output=4, reasoning=1, counted_by="endpoint")
END = Finished(reason="stop", usage=USED)
LOGPROBS = msgspec.Raw(b'{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]}]}')
CALL = (
    ToolCallDelta(index=0, id="call_1", name="weather"),
    ToolCallDelta(index=0, arguments='{"city":'),
    ToolCallDelta(index=0, arguments='"Bern"}'),
)
COUNTS = st.integers(1, 10_000)


def asked(*, want_usage: bool = False) -> Generate:
    return a_request(id="req_01", model="m", at_ms=9876, want_usage=want_usage)


def chunks(*, want_usage: bool = False) -> Chunks:
    return Chunks(asked(want_usage=want_usage))


def heard(body: bytes) -> list[dict[str, Any]]:
    """Decode what a client would see, `[DONE]` left out."""
    said = [read_event(event).data or b"" for event in split(body)]
    return [json.loads(data) for data in said if data != b"[DONE]"]


def deltas(*events: Event) -> list[dict[str, Any]]:
    it = chunks()
    return [
        choice["delta"]
        for event in events
        for each in heard(it.event(event))
        for choice in each["choices"]
    ]


def whole(*events: Event) -> dict[str, Any]:
    return json.loads(render_answer(events, asked()))


def test_the_first_chunk_says_who_speaks_and_no_other_does() -> None:
    first, second = deltas(TextDelta("a"), TextDelta("b"))
    assert first == {"role": "assistant", "content": "a"}
    assert second == {"content": "b"}


def test_every_chunk_has_the_answers_head() -> None:
    (chunk,) = heard(chunks().event(TextDelta("a", LOGPROBS)))
    assert chunk["id"] == "chatcmpl-01"
    assert (chunk["object"], chunk["created"], chunk["model"]) == ("chat.completion.chunk", 9, "m")
    assert chunk["choices"][0]["logprobs"] == json.loads(bytes(LOGPROBS))
    assert chunk["choices"][0]["finish_reason"] is None
    assert "usage" not in chunk


def test_reasoning_and_tool_calls_are_streamed() -> None:
    thought, begun, first, second = deltas(ReasoningDelta("hm"), *CALL)
    assert thought["reasoning_content"] == "hm"
    assert begun["tool_calls"] == [
        {
            "index": 0,
            "id": "call_1",
            "type": "function",
            "function": {"name": "weather", "arguments": ""},
        }
    ]
    assert first["tool_calls"] == [{"index": 0, "function": {"arguments": '{"city":'}}]
    assert second["tool_calls"] == [{"index": 0, "function": {"arguments": '"Bern"}'}}]


def test_a_stream_ends_in_its_finish_reason_and_done() -> None:
    body, last = chunks().closing((END,))
    (chunk,) = heard(body)
    assert chunk["choices"][0]["finish_reason"] == "stop"
    assert body.endswith(b"}\n\n")
    assert last == b"data: [DONE]\n\n"


def test_usage_follows_the_finish_reason_if_it_was_asked_for() -> None:
    it = chunks(want_usage=True)
    (text,) = heard(it.event(TextDelta("a")))
    assert text["usage"] is None
    finish, counted = heard(it.closing((END,))[0])
    assert finish["usage"] is None
    assert counted["choices"] == []
    assert counted["usage"] == {
        "prompt_tokens": 5,
        "completion_tokens": 5,
        "total_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }


def test_a_frame_passes_as_it_is_and_brings_its_own_done() -> None:
    body = b"data: {}\n\ndata: [DONE]\n\n"
    assert chunks().event(Frame(b"data: {}\n\n")) == b"data: {}\n\n"
    assert b"".join(chunks().closing((Frame(body),))) == body


def test_a_whole_answer_puts_deltas_together() -> None:
    answer = whole(ReasoningDelta("h"), ReasoningDelta("m"), TextDelta("a", LOGPROBS), *CALL, END)
    (choice,) = answer["choices"]
    assert choice["message"]["content"] == "a"
    assert choice["message"]["reasoning_content"] == "hm"
    assert choice["message"]["tool_calls"] == [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "weather", "arguments": '{"city":"Bern"}'},
        }
    ]
    assert choice["logprobs"] == json.loads(bytes(LOGPROBS))
    assert (choice["finish_reason"], answer["usage"]["total_tokens"]) == ("stop", 10)


def test_an_answer_of_nothing_is_empty_text_and_one_of_calls_has_none() -> None:
    assert whole(END)["choices"][0]["message"]["content"] == ""
    assert whole(*CALL, END)["choices"][0]["message"]["content"] is None


def test_a_whole_answer_that_came_as_a_frame_goes_as_it_came() -> None:
    assert render_answer([Frame(b"{}")], asked()) == b"{}"


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.text(max_size=20))
def test_what_is_rendered_is_read_back(
    read: int, cached: int, written: int, thought: int, text: str
) -> None:
    usage = Usage(
        input=read, cache_read=cached, output=written, reasoning=thought, counted_by="endpoint"
    )
    end = Finished(reason="length", usage=usage)
    body = render_answer([TextDelta(text), end], asked())
    assert read_answer(body) == ("length", usage, None)

    it, relay = chunks(want_usage=True), Relay(choices=1, want_usage=True)
    sent = it.event(TextDelta(text)) + b"".join(it.closing((end,)))
    assert relay.feed(sent) + relay.closing == sent
    assert (relay.end(), relay.finish, relay.usage) == (None, "length", usage)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Malformed("no", param="model"), "invalid_request_error"),
        (Unauthenticated("no", rule="key-valid"), "authentication_error"),
        (Forbidden("no", rule="endpoint-allowed"), "permission_error"),
        (ProviderThrottled("no"), "rate_limit_error"),
        (JevonsError("no"), "server_error"),
    ],
)
def test_an_error_is_an_object_of_the_dialect_whole_or_streamed(
    error: JevonsError, kind: str
) -> None:
    said = json.loads(render_error(error))["error"]
    rule = said.pop("rule", None)
    assert said == {"message": "no", "type": kind, "param": error.param, "code": error.code}
    assert rule == getattr(error, "rule", None)
    event = render_error_event(error)
    assert event == b"data: " + render_error(error) + b"\n\n"
    assert Relay(choices=1, want_usage=False).feed(event) == b""


def test_models_are_listed_with_what_is_known_of_them() -> None:
    listed = json.loads(
        render_models(
            [an_endpoint(can=frozenset({"tools", "text"}), context_tokens=8)], created_s=9
        )
    )
    assert listed == {
        "object": "list",
        "data": [
            {
                "id": "here",
                "object": "model",
                "created": 9,
                "owned_by": "this machine",
                "model": "a/model",
                "place": "on-prem",
                "context_tokens": 8,
                "can": ["text", "tools"],
            }
        ],
    }
