"""A stream or a whole answer comes out as canonical events, the same ones however it is cut."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.types.account import Usage
from jevons.types.errors import (
    JevonsError,
    ProviderGarbled,
    ProviderThrottled,
    ProviderTruncated,
    ProviderUnavailable,
)
from jevons.types.event import (
    Event,
    Finished,
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.openai_chat import Reader, read_whole

DONE = b"data: [DONE]\n\n"
COUNTS = {"prompt_tokens": 5, "completion_tokens": 3}
USED = Usage(input=5, output=3, counted_by="endpoint")
LOGPROBS = {"content": [{"token": "a", "logprob": -1}]}


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value, separators=(",", ":")).encode())


def event(said: Any) -> bytes:
    return b"data: " + bytes(raw(said)) + b"\n\n"


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choice: dict[str, Any] = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    choice |= more.pop("choice", {})
    return event({"id": "c1", "model": "m", "choices": [choice], **more})


def stream(*chunks: bytes, end: bytes = DONE, **options: Any) -> tuple[list[Event], Reader]:
    """Read a stream to its end; what was told, but for what begins it."""
    reader = Reader(**options)
    events = reader.feed(b"".join([*chunks, end]))
    reader.end()
    return [each for each in events if not isinstance(each, Started)], reader


def whole(message: dict[str, Any], finish: str | None = "stop", **more: Any) -> list[Event]:
    return list(read_whole(answer(message, finish, **more)).events)


def answer(message: dict[str, Any], finish: str | None = "stop", **more: Any) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return bytes(raw({"id": "c1", "model": "m", "choices": [choice], "usage": COUNTS, **more}))


STOP = chunk(finish="stop")


def test_text_is_read_between_its_beginning_and_its_end() -> None:
    reader = Reader()
    events = reader.feed(chunk({"role": "assistant", "content": ""}) + chunk({"content": "hi"}))
    assert events == [Started(id="c1", model="m"), TextDelta("hi")]
    assert (reader.finish, reader.pieces, reader.done) == ("error", 2, False)
    assert reader.feed(STOP + event({"choices": [], "usage": COUNTS}) + DONE) == []
    assert (reader.end(), reader.finish, reader.usage, reader.done) == (None, "stop", USED, True)
    assert reader.closing == (Finished(reason="stop", usage=USED, native="stop"),)


def test_thinking_text_call_and_end_in_one_chunk_are_all_heard() -> None:
    call = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    events, reader = stream(
        chunk({"tool_calls": [call], "content": "yes", "reasoning_content": "hm"}, "tool_calls")
    )
    assert events == [
        ReasoningDelta("hm"),
        TextDelta("yes"),
        ToolCallDelta(index=0, id="a", name="f", arguments="{}"),
    ]
    assert reader.finish == "tool_calls"


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "hm"},
        {"reasoning": "hm"},
        {"reasoning": "hm", "reasoning_content": "hm"},
        {"reasoning_content": "", "reasoning": "hm"},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
        {"content": [{"type": "thinking", "thinking": "hm"}]},
        {"content": "<think>hm</think>"},
    ],
)
def test_thinking_is_read_once_wherever_it_is(delta: dict[str, Any]) -> None:
    events, _ = stream(chunk(delta), chunk({"content": "yes"}), STOP, owner="v")
    assert events == [ReasoningDelta("hm", owner="v"), TextDelta("yes")]


def test_thinking_in_details_is_read_with_its_marks() -> None:
    details = [
        {"type": "reasoning.text", "text": "h", "signature": "s", "format": "v", "index": 0},
        {"type": "reasoning.summary", "summary": "m", "id": "r", "format": "xai-v1", "index": 1},
        {"type": "reasoning.encrypted", "data": "e", "index": 2},
        {"type": "reasoning.text", "text": "", "index": 3},
    ]
    events, _ = stream(chunk({"reasoning": "hm", "reasoning_details": details}), STOP)
    assert events == [
        ReasoningDelta("h", opaque="s", owner="v"),
        ReasoningDelta(
            "m",
            kind="summary",
            id="r",
            owner="openrouter",
            block=1,
            extra={"format": raw("xai-v1")},
        ),
        ReasoningDelta("", kind="redacted", opaque="e", block=2),
    ]


def test_thinking_beside_details_that_hold_only_marks_is_read() -> None:
    details = [{"type": "reasoning.encrypted", "data": "e"}]
    events, _ = stream(chunk({"reasoning": "hm", "reasoning_details": details}), STOP, owner="o")
    assert events == [
        ReasoningDelta("hm", owner="o"),
        ReasoningDelta("", kind="redacted", opaque="e", owner="o"),
    ]
    assert stream(chunk({"reasoning_details": None}), STOP)[0] == []


def test_encrypted_thinking_is_kept_with_its_text() -> None:
    events, _ = stream(
        chunk({"reasoning_content": "hm", "encrypted_content": "e"}), STOP, owner="volcengine"
    )
    assert events == [ReasoningDelta("hm", opaque="e", owner="volcengine")]


def test_a_signature_of_a_part_that_is_thinking_is_kept() -> None:
    part: dict[str, Any] = {"type": "thinking", "thinking": [], "signature": "s"}
    assert whole({"content": [part]})[1] == ReasoningDelta("", opaque="s")


def test_tags_are_text_once_thinking_came_apart() -> None:
    events, _ = stream(
        chunk({"content": " "}), chunk({"reasoning": "hm"}), chunk({"content": "<think>"}), STOP
    )
    assert events == [TextDelta(" "), ReasoningDelta("hm"), TextDelta("<think>")]


def test_what_was_kept_of_a_text_goes_on_at_its_end() -> None:
    assert stream(chunk({"content": "<thi"}), STOP)[0] == [TextDelta("<thi")]
    call = {"index": 0, "id": "a", "function": {"name": "f"}}
    events, _ = stream(chunk({"content": "<"}), chunk({"tool_calls": [call]}), STOP)
    assert events == [TextDelta("<"), ToolCallDelta(index=0, id="a", name="f")]


def test_text_after_the_finish_reason_is_not_lost() -> None:
    _, reader = stream(STOP, chunk({"content": "<thi"}))
    assert reader.closing[0] == TextDelta("<thi")
    reader.end()
    assert len(reader.closing) == 2


def test_a_template_may_have_written_the_opening_tag() -> None:
    events, _ = stream(chunk({"content": "hm</think>yes"}), STOP, inside=True)
    assert events == [ReasoningDelta("hm"), TextDelta("yes")]


def test_parts_of_any_kind_are_kept() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text"}, {"type": "picture", "url": "u"}, {}]
    started, text, picture, unknown, _ = whole({"content": parts})
    assert isinstance(started, Started)
    assert text == TextDelta("a")
    assert picture == OpaqueBlock(kind="picture", fields={"type": raw("picture"), "url": raw("u")})
    assert unknown == OpaqueBlock(kind="", fields={})


def test_choices_that_nobody_asked_for_are_kept() -> None:
    second: dict[str, Any] = {"index": 1, "delta": {"content": "b"}, "finish_reason": None}
    first = {**second, "index": 0}
    events, reader = stream(event({"choices": [first, second]}), STOP)
    block = OpaqueBlock(kind="choice", fields={name: raw(second[name]) for name in second})
    assert events == [TextDelta("b"), block]
    assert reader.error is None
    told = read_whole(bytes(raw({"choices": [{**first, "finish_reason": "stop"}, second]})))
    assert told.events[2] == block


def test_the_choice_that_speaks_first_is_the_answer() -> None:
    one = {"index": 1}
    events, reader = stream(chunk({"content": "a"}, choice=one), chunk(finish="stop", choice=one))
    assert (events, reader.error) == ([TextDelta("a")], None)


def test_ids_may_be_numbers() -> None:
    call = {"index": 0, "id": 7, "function": {"name": "f", "arguments": "{}"}}
    reader = Reader()
    started, called = reader.feed(chunk({"tool_calls": [call]}, id=5))
    assert isinstance(started, Started)
    assert isinstance(called, ToolCallDelta)
    assert (started.id, called.id) == ("5", "7")


def test_a_refusal_is_read() -> None:
    assert stream(chunk({"refusal": "no"}), STOP)[0] == [RefusalDelta("no")]


def test_an_old_function_call_is_a_call() -> None:
    events, reader = stream(
        chunk({"function_call": {"name": "f", "arguments": ""}}),
        chunk({"function_call": {"arguments": "{}"}}),
        chunk({"function_call": None}, "function_call"),
    )
    assert events == [ToolCallDelta(index=0, id="call_c1_0", name="f", arguments="{}")]
    assert reader.finish == "tool_calls"


def test_a_whole_answer_without_a_reason_has_ended_if_it_is_counted() -> None:
    choice = {"index": 0, "message": {"content": "a"}}
    body: dict[str, Any] = {"id": "c1", "model": "m", "choices": [choice]}
    told = read_whole(bytes(raw({**body, "usage": COUNTS})))
    assert (told.finish, told.error) == ("stop", None)
    assert isinstance(read_whole(bytes(raw(body))).error, ProviderTruncated)


def test_a_call_of_a_kind_without_a_name_is_kept() -> None:
    call = {"id": "a", "type": "custom", "custom": {"name": "f", "input": "x"}}
    assert whole({"tool_calls": [call]}, "tool_calls")[1] == OpaqueBlock(
        kind="custom", fields={name: raw(value) for name, value in call.items()}
    )


def test_what_is_there_and_empty_is_nothing() -> None:
    """Snowflake sends every field that there is, and leaves those empty that say nothing."""
    silent = {"arguments": "", "name": ""}
    call = {"id": "c", "type": "function", "custom": {"input": "", "name": ""}}
    call["function"] = {"name": "f", "arguments": "{}"}
    message = {"content": "a", "refusal": "", "function_call": silent, "tool_calls": [call]}
    _, text, called, ended = whole(message, finish="")
    assert text == TextDelta("a")
    assert isinstance(called, ToolCallDelta)
    assert (called.name, called.arguments) == ("f", "{}")
    assert isinstance(ended, Finished)
    assert (ended.reason, ended.native) == ("tool_calls", "")


def test_the_message_of_a_whole_answer_stands_and_in_a_stream_the_delta() -> None:
    """Perplexity sends both: of a whole answer the delta is empty, of a stream it is what is new."""
    both = {"delta": {"content": "b"}, "message": {"content": "ab"}, "finish_reason": "stop"}
    body = msgspec.json.encode({"choices": [both]})
    assert read_whole(body).events[1] == TextDelta("ab")
    _, text = Reader().feed(event({"choices": [both]}) + DONE)
    assert text == TextDelta("b")


def test_an_answer_that_calls_and_says_stop_has_called() -> None:
    call = {"id": "", "function": {"name": "f", "arguments": "{}"}}
    *_, called, finished = whole({"tool_calls": [call]}, "stop")
    assert called == ToolCallDelta(index=0, id="call_c1_0", name="f", arguments="{}")
    assert finished == Finished(reason="tool_calls", usage=USED, native="stop")


def test_a_call_without_a_name_is_garbled() -> None:
    call = {"index": 0, "id": "a", "function": {"arguments": "{}"}}
    _, reader = stream(chunk({"tool_calls": [call]}), chunk(finish="tool_calls"))
    assert isinstance(reader.error, ProviderGarbled)
    told = read_whole(answer({"tool_calls": [call]}, "tool_calls"))
    assert isinstance(told.error, ProviderGarbled)
    assert told.finish is None


def test_log_probabilities_go_with_the_text_that_they_are_of() -> None:
    choice = {"logprobs": LOGPROBS}
    assert stream(chunk({"content": "a"}, choice=choice), STOP)[0] == [
        TextDelta("a", raw(LOGPROBS))
    ]
    assert stream(chunk({"reasoning": "a"}, choice=choice), STOP)[0] == [
        ReasoningDelta("a", extra={"logprobs": raw(LOGPROBS)})
    ]
    assert stream(chunk({}, choice=choice), STOP)[0] == [TextDelta("", raw(LOGPROBS))]
    custom = {"id": "a", "custom": {"name": "f"}}
    block, text = stream(chunk({"tool_calls": [custom]}, choice=choice), STOP)[0]
    assert (type(block), text) == (OpaqueBlock, TextDelta("", raw(LOGPROBS)))
    empty: dict[str, Any] = {"logprobs": {"content": [], "refusal": None}}
    assert stream(chunk({}, choice=empty), STOP)[0] == []
    thought = stream(chunk({"reasoning": "h", "content": "a"}, choice=choice), STOP)[0]
    assert thought == [ReasoningDelta("h"), TextDelta("a", raw(LOGPROBS))]


def test_a_finish_reason_with_log_probabilities_is_not_lost() -> None:
    _, reader = stream(chunk({"content": "a"}, "length", choice={"logprobs": LOGPROBS}))
    assert (reader.error, reader.finish) == (None, "length")


def test_what_has_no_name_is_kept_where_it_came() -> None:
    events, reader = stream(
        chunk({"content": "a", "channel": "final"}, created=7, obfuscation="x"),
        chunk({"annotations": [{"type": "url"}], "channel": None, "index": 0}),
        chunk({"channel": "final"}),
        chunk(finish="stop", choice={"stop_reason": 7}, created=7, citations=["u"]),
        event({"choices": [], "usage": {**COUNTS, "cost": 2}, "x_groq": {"id": "r"}}),
    )
    assert events == [
        TextDelta("a", extra={"channel": raw("final")}),
        OpaqueBlock(kind="annotations", fields={"annotations": raw([{"type": "url"}])}),
        OpaqueBlock(kind="channel", fields={"channel": raw("final")}),
    ]
    assert reader.closing == (
        Finished(
            reason="stop",
            usage=USED,
            native="stop",
            extra={
                "stop_reason": raw(7),
                "citations": raw(["u"]),
                "usage": raw({**COUNTS, "cost": 2}),
                "x_groq": raw({"id": "r"}),
            },
        ),
    )


def test_what_comes_before_the_first_choice_is_kept_with_the_beginning() -> None:
    reader = Reader()
    filters = event({"id": "", "choices": [], "prompt_filter_results": [1]})
    assert reader.feed(filters + chunk({"content": "a"}, created=7)) == [
        Started(id="c1", model="m", extra={"prompt_filter_results": raw([1]), "created": raw(7)}),
        TextDelta("a"),
    ]


def test_the_endpoints_own_reason_is_kept() -> None:
    _, reader = stream(chunk(finish="stop", choice={"native_finish_reason": "STOP"}))
    assert reader.closing[-1] == Finished(reason="stop", usage=Usage(), native="STOP")


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk(finish="stop", usage=COUNTS)],
        [chunk(finish="stop", choice={"usage": COUNTS})],
        [STOP, event({"choices": [], "usage": COUNTS})],
        [
            chunk(usage={"prompt_tokens": 5, "completion_tokens": 1}),
            chunk(None, "stop", usage=COUNTS),
        ],
        [chunk(finish="stop", usage=COUNTS), event({"choices": [], "usage": None})],
        [chunk(finish="stop", x_groq={"usage": COUNTS})],
        [chunk(usage=COUNTS), chunk(finish="stop", usage={})],
    ],
)
def test_the_last_usage_that_counts_is_the_usage_wherever_it_is(chunks: list[bytes]) -> None:
    _, reader = stream(*chunks)
    assert (reader.error, reader.usage) == (None, USED)


def test_usage_that_never_comes_is_unknown() -> None:
    _, reader = stream(chunk({"content": "a"}), STOP)
    assert reader.usage is None
    assert reader.closing[-1] == Finished(reason="stop", usage=Usage(), native="stop")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", ProviderTruncated),
        (chunk({"content": "a"}), ProviderTruncated),
        (chunk({"content": "a"}) + DONE, ProviderTruncated),
        (chunk({"content": "a"}) + STOP[:-1], ProviderTruncated),
        (b"data: {oops\n\n", ProviderGarbled),
        (b'data: {"choices":3}\n\n', ProviderGarbled),
        (chunk({"content": 3}), ProviderGarbled),
        (b'data: {"id":"chatcmpl-jQdata: {"id":"chatcmpl-jR","choices":[]}\n\n', ProviderGarbled),
        (b"<html><h1>504 Gateway Time-out</h1></html>", ProviderTruncated),
        (chunk({"tool_calls": [{"function": {"arguments": "x" * 70_000}}]}), ProviderGarbled),
        (chunk() + chunk(finish="stop", choice={"index": 1}), ProviderTruncated),
        (chunk(finish="insufficient_system_resource"), ProviderUnavailable),
        (chunk(finish="stop", choice={"native_finish_reason": "error"}), ProviderUnavailable),
        (event({"error": {"message": "busy"}}), ProviderUnavailable),
        (event({"error": {"message": "slow down", "code": 429}}), ProviderThrottled),
        (b'event: error\ndata: {"choices":[]}\n\n', ProviderUnavailable),
        (b"data: " + b"x" * 9_000_000, ProviderGarbled),
    ],
)
def test_what_is_no_whole_answer_is_an_error(body: bytes, kind: type[JevonsError]) -> None:
    reader = Reader()
    reader.feed(body)
    assert type(reader.end()) is kind
    first = reader.error
    assert reader.feed(chunk({"content": "late"})) == []
    assert reader.error is first


def test_an_error_keeps_the_words_of_upstream() -> None:
    _, reader = stream(chunk({"content": "a"}), event({"error": "the GPU fell over"}))
    assert str(reader.error) == "the GPU fell over"


def test_what_is_no_chunk_is_passed_over() -> None:
    events, reader = stream(b": keep-alive\n\ndata:\n\n", chunk({"content": "a"}), STOP)
    assert (events, reader.error) == ([TextDelta("a")], None)


def test_a_field_that_is_null_is_as_one_that_is_absent() -> None:
    names = ("role", "content", "refusal", "reasoning_content", "tool_calls", "function_call")
    nothing = dict.fromkeys([*names, "reasoning", "reasoning_details", "annotations"])
    events, reader = stream(
        chunk(nothing, choice={"logprobs": None, "usage": None}, usage=None, error=None),
        chunk({"role": "assistant", "content": "a"}),
        chunk({"role": "assistant", "content": "b"}),
        event({"choices": None}),
        STOP,
    )
    assert events == [TextDelta("a"), TextDelta("b")]
    assert reader.error is None


def test_a_stream_is_read_however_its_lines_end() -> None:
    body = chunk({"content": "a"}) + STOP + DONE
    for line, end in ((b"data:", b"\n"), (b"data: ", b"\r\n"), (b"data: ", b"\r")):
        reader = Reader()
        events = reader.feed(b"\xef\xbb\xbf" + body.replace(b"data: ", line).replace(b"\n", end))
        assert (reader.end(), events[1:]) == (None, [TextDelta("a")])


def test_usage_of_a_stream_that_broke_off_is_not_lost() -> None:
    _, reader = stream(chunk({"content": "a"}, usage=COUNTS), end=b"")
    assert isinstance(reader.error, ProviderTruncated)
    assert (reader.usage, reader.pieces, reader.finish) == (USED, 1, "error")


def test_a_terminator_may_lack_its_blank_line_and_nothing_follows_it() -> None:
    _, reader = stream(STOP, end=b"data: [DONE]\n")
    assert (reader.error, reader.done) == (None, True)
    events, reader = stream(STOP, DONE, chunk({"content": "late"}), end=b"data: rest")
    assert (events, reader.error) == ([], None)


def test_a_stream_of_one_whole_answer_is_read() -> None:
    body = b"data: " + answer({"content": "hi"}) + b"\n\n"
    assert stream(body)[0] == [TextDelta("hi")]


def test_a_whole_answer_is_read() -> None:
    told = read_whole(b"\n \n" + answer({"role": "assistant", "content": "hi"}))
    assert told.events == (
        Started(id="c1", model="m"),
        TextDelta("hi"),
        Finished(reason="stop", usage=USED, native="stop"),
    )
    assert (told.finish, told.usage, told.error) == ("stop", USED, None)


def test_a_whole_answer_that_did_not_end_well_is_an_error() -> None:
    told = read_whole(answer({"content": "h"}, None))
    assert isinstance(told.error, ProviderTruncated)
    assert told.events == (Started(id="c1", model="m"), TextDelta("h"))
    assert isinstance(read_whole(answer({}, "abort")).error, ProviderUnavailable)
    busy = read_whole(b'{"error":{"message":"busy"}}')
    assert (busy.events, str(busy.error)) == ((), "busy")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"choices":[]}', b"<html>", b'{"choices":[{}]}data: [DONE]']
)
def test_what_is_no_answer_is_garbled(body: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        read_whole(body)


BODY = b"".join(
    [
        b": ping\n\n",
        chunk({"role": "assistant", "reasoning_content": "h\u00e9"}),
        chunk({"content": "<think>"}),
        chunk({"content": "yes \U0001f600"}),
        chunk({"tool_calls": [{"index": 1, "id": "a", "function": {"name": "f"}}]}),
        chunk({"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]}, "tool_calls"),
        event({"choices": [], "usage": COUNTS}),
        DONE,
    ]
)


@settings(deadline=None)
@given(st.lists(st.integers(0, len(BODY)), max_size=12))
def test_how_a_stream_is_cut_makes_no_difference(cuts: list[int]) -> None:
    reader = Reader()
    bounds = [0, *sorted(cuts), len(BODY)]
    events = [event for begin, end in pairwise(bounds) for event in reader.feed(BODY[begin:end])]
    assert (reader.end(), reader.usage) == (None, USED)
    assert events == Reader().feed(BODY)


def test_a_stream_that_is_cut_off_anywhere_is_never_a_success() -> None:
    finish = BODY.index(b'"finish_reason":"tool_calls"')
    for end in range(BODY.index(b"\n\n", finish) + 2):
        reader = Reader()
        reader.feed(BODY[:end])
        assert isinstance(reader.end(), ProviderTruncated)


FUZZ = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "index",
                    "delta",
                    "message",
                    "content",
                    "reasoning",
                    "reasoning_details",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "extra_content",
                    "finish_reason",
                    "logprobs",
                    "usage",
                    "error",
                    "type",
                    "thinking",
                    "text",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.binary(max_size=80) | FUZZ.map(lambda said: event({"choices": [said]})) | FUZZ.map(event))
def test_any_bytes_are_events_or_an_error(body: bytes) -> None:
    reader = Reader()
    events = reader.feed(body)
    assert isinstance(events, list)
    assert reader.end() is None or reader.error is not None
    try:
        told = read_whole(body.removeprefix(b"data: "))
    except ProviderGarbled:
        return
    assert (told.error is None) == isinstance(told.events[-1], Finished) if told.events else True
