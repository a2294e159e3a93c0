"""What is rendered is the dialect: every event, every error, streamed or whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.testing.make import a_request, an_endpoint
from jevons.types.account import Media, Usage
from jevons.types.errors import (
    Forbidden,
    JevonsError,
    Malformed,
    ProviderThrottled,
    Unauthenticated,
)
from jevons.types.event import (
    Event,
    Finished,
    Frame,
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.types.message import Reasoning, Text, ToolCall
from jevons.wire.fold import fold
from jevons.wire.openai_chat import (
    Chunks,
    Reader,
    parse_request,
    read_answer,
    read_whole,
    render_answer,
    render_error,
    render_error_event,
    render_models,
)
from jevons.wire.openai_chat.relay import Relay
from jevons.wire.sse import read_event, split

if TYPE_CHECKING:
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


THOUGHTS = (
    ReasoningDelta("h", owner="v", block=1),
    ReasoningDelta("m", owner="v", block=1),
    ReasoningDelta("", opaque="s", id="r", owner="v", block=1),
    ReasoningDelta("so", kind="summary", owner="v", block=2),
    ReasoningDelta("", kind="redacted", opaque="e", owner="v", block=3),
)
DETAILS: list[dict[str, Any]] = [
    {
        "type": "reasoning.text",
        "text": "hm",
        "signature": "s",
        "id": "r",
        "format": "v",
        "index": 1,
    },
    {"type": "reasoning.summary", "summary": "so", "format": "v", "index": 2},
    {"type": "reasoning.encrypted", "data": "e", "format": "v", "index": 3},
]


def test_thinking_goes_to_a_caller_with_whose_it_is() -> None:
    message = whole(*THOUGHTS, TextDelta("a"), END)["choices"][0]["message"]
    assert message["reasoning_content"] == "hmso"
    assert message["reasoning_details"] == DETAILS
    first, *_, last = deltas(*THOUGHTS)
    assert first["reasoning_content"] == "h"
    assert first["reasoning_details"] == [
        {"type": "reasoning.text", "text": "h", "format": "v", "index": 1}
    ]
    assert "reasoning_content" not in last
    assert last["reasoning_details"] == DETAILS[2:]


def test_thinking_that_is_handed_back_is_whole_again() -> None:
    streamed = [each for delta in deltas(*THOUGHTS) for each in delta["reasoning_details"]]
    for details in (DETAILS, streamed):
        message = {"role": "assistant", "content": "a", "reasoning_details": details}
        body = json.dumps({"model": "m", "messages": [message]}).encode()
        (back,) = parse_request(body, id="req_1", at_ms=1, actor=None).messages
        assert back.parts == (
            Reasoning(text="hm", opaque="s", id="r", owner="v"),
            Reasoning(text="so", kind="summary", owner="v"),
            Reasoning(kind="redacted", opaque="e", owner="v"),
            Text(text="a"),
        )


def test_thinking_in_turns_keeps_its_order() -> None:
    message = whole(ReasoningDelta("a"), TextDelta("x"), ReasoningDelta("b"), END)
    assert message["choices"][0]["message"]["reasoning_content"] == "ab"


def test_a_refusal_is_told() -> None:
    assert deltas(RefusalDelta("no"))[0]["refusal"] == "no"
    message = whole(RefusalDelta("n"), RefusalDelta("o"), END)["choices"][0]["message"]
    assert (message["content"], message["refusal"]) == (None, "no")


def test_the_mark_of_a_call_goes_to_the_caller_and_comes_back() -> None:
    begun = ToolCallDelta(index=0, id="a", name="f", arguments="{")
    rest = ToolCallDelta(index=0, arguments="}", opaque="s", owner="google")
    mark = {"google": {"thought_signature": "s"}}
    assert deltas(begun, rest)[1]["tool_calls"][0]["extra_content"] == mark
    message = whole(begun, TextDelta("x"), rest, END)["choices"][0]["message"]
    assert message["tool_calls"] == [
        {
            "id": "a",
            "type": "function",
            "function": {"name": "f", "arguments": "{}"},
            "extra_content": mark,
        }
    ]
    body = json.dumps({"model": "m", "messages": [message]}).encode()
    (back,) = parse_request(body, id="req_1", at_ms=1, actor=None).messages
    assert back.parts[-1] == ToolCall(id="a", name="f", arguments="{}", opaque="s", owner="google")


def test_what_the_dialect_has_no_word_for_is_not_said() -> None:
    block = OpaqueBlock(kind="search", fields={})
    assert deltas(Started(id="x"), block) == []
    assert whole(Started(id="x"), block, END)["choices"][0]["message"]["content"] == ""


def test_the_endpoints_own_reason_is_told_if_it_is_another_word() -> None:
    end = Finished(reason="stop", usage=USED, native="end_turn")
    (choice,) = whole(end)["choices"]
    assert (choice["finish_reason"], choice["native_finish_reason"]) == ("stop", "end_turn")
    same = Finished(reason="stop", usage=USED, native="stop")
    assert "native_finish_reason" not in whole(same)["choices"][0]


def test_usage_that_nobody_counted_is_none() -> None:
    end = Finished(reason="stop", usage=Usage())
    assert whole(end)["usage"] is None
    _, counted = heard(chunks(want_usage=True).closing((end,))[0])
    assert counted["usage"] is None


def test_tokens_written_to_a_cache_are_told_if_there_are_any() -> None:
    usage = Usage(input=1, cache_write=2, output=3, counted_by="endpoint")
    told = whole(Finished(reason="stop", usage=usage))["usage"]
    assert told["prompt_tokens"] == 3
    assert told["prompt_tokens_details"] == {"cached_tokens": 0, "cache_write_tokens": 2}


def test_tokens_that_are_no_text_are_told_if_there_are_any() -> None:
    media = Media(input_audio=4, cache_read_audio=1, input_image=2, output_audio=3)
    usage = Usage(input=9, cache_read=1, output=3, media=media, counted_by="endpoint")
    told = whole(Finished(reason="stop", usage=usage))["usage"]
    assert told["prompt_tokens_details"] == {
        "cached_tokens": 1,
        "audio_tokens": 5,
        "image_tokens": 2,
    }
    assert told["completion_tokens_details"] == {"reasoning_tokens": 0, "audio_tokens": 3}


def a_delta() -> st.SearchStrategy[Event]:
    """Draw what an answer says in order, each kind in a block of its own."""
    texts = st.text("ab<", min_size=1, max_size=4)
    return (
        st.builds(TextDelta, texts)
        | st.builds(
            ReasoningDelta,
            texts,
            kind=st.sampled_from(["thinking", "summary"]),
            opaque=st.none() | st.just("s"),
            id=st.sampled_from(["", "r"]),
            owner=st.just("v"),
            block=st.integers(0, 2),
        )
        | st.builds(ToolCallDelta, index=st.just(0), arguments=texts)
    )


def begun(said: list[Event]) -> list[Event]:
    """Begin the call with its id and name."""
    calls = [index for index, event in enumerate(said) if isinstance(event, ToolCallDelta)]
    for index in calls[:1]:
        said[index] = ToolCallDelta(index=0, id="a", name="f", arguments="")
    return said


SAID = st.lists(a_delta(), max_size=6).map(begun)


@settings(deadline=None)
@given(SAID, st.sampled_from(["stop", "length"]))
def test_what_is_streamed_is_read_back_as_it_was(said: list[Event], reason: str) -> None:
    it, reader = chunks(want_usage=True), Reader(owner="v")
    called = any(isinstance(event, ToolCallDelta) for event in said)
    reason = "tool_calls" if called else reason
    end = Finished(reason=reason, usage=USED, native=reason)
    sent = b"".join([it.event(event) for event in said]) + b"".join(it.closing((end,)))
    started, *events = reader.feed(sent)
    assert started == Started(id="chatcmpl-01", model="m", extra={"created": msgspec.Raw(b"9")})
    assert reader.end() is None
    assert fold([*events, *reader.closing]) == fold([*said, end])


@settings(deadline=None)
@given(SAID)
def test_a_whole_answer_is_read_back_with_every_word(said: list[Event]) -> None:
    end = Finished(reason="length", usage=USED, native="length")
    told = read_whole(render_answer([*said, end], asked()), owner="v")
    assert told.error is None
    for kind in (TextDelta, ReasoningDelta):
        assert "".join([each.text for each in told.events if isinstance(each, kind)]) == "".join(
            [each.text for each in said if isinstance(each, kind)]
        )


@settings(deadline=None)
@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_usage_is_read_back(
    read: int, cached: int, written: int, thought: int, output: int
) -> None:
    usage = Usage(
        input=read,
        cache_read=cached,
        cache_write=written,
        output=output,
        reasoning=thought,
        counted_by="endpoint",
    )
    end = Finished(reason="length", usage=usage)
    assert read_answer(render_answer([end], asked())) == ("length", usage, None)

    it, relay = chunks(want_usage=True), Relay(choices=1, want_usage=True)
    sent = it.event(TextDelta("a")) + b"".join(it.closing((end,)))
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
                "type": "model",
                "display_name": "here",
                "created_at": "1970-01-01T00:00:09Z",
                "model": "a/model",
                "place": "on-prem",
                "context_tokens": 8,
                "can": ["text", "tools"],
            }
        ],
        "has_more": False,
        "first_id": "here",
        "last_id": "here",
    }


def test_a_list_of_no_models_has_no_ends() -> None:
    assert json.loads(render_models([], created_s=9)) == {
        "object": "list",
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }


def test_auto_is_listed_last_as_a_model_of_the_house_s_own() -> None:
    here = an_endpoint("here")
    listed = json.loads(render_models([here], created_s=9, auto=here))
    assert [each["id"] for each in listed["data"]] == ["here", "auto"]
    assert listed["last_id"] == "auto"
    auto = listed["data"][1]
    assert (auto["owned_by"], auto["model"], auto["place"]) == ("jevons", "auto", None)
    assert auto["can"] == listed["data"][0]["can"]
