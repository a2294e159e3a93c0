"""A stream or a whole answer of Gemini's dialect comes out as canonical events, however it is cut."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.account import Media, Usage
from jevons.types.errors import (
    JevonsError,
    ProviderDenied,
    ProviderFiltered,
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
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.fold import fold
from jevons.wire.gemini import Reader, read_whole

COUNTS = {"promptTokenCount": 5, "candidatesTokenCount": 3, "totalTokenCount": 8}
USED = Usage(input=5, output=3, counted_by="endpoint")
OURS = "google"


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value, separators=(",", ":")).encode())


def event(said: Any) -> bytes:
    return b"data: " + bytes(raw(said)) + b"\r\n\r\n"


def answer(
    *parts: dict[str, Any], finish: str | int | None = None, **beside: Any
) -> dict[str, Any]:
    """Make a chunk, or a whole answer, of one candidate."""
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}}
    candidate |= {"finishReason": finish} if finish else {}
    candidate |= beside.pop("candidate", {})
    return {"responseId": "r1", "modelVersion": "m", "candidates": [candidate], **beside}


def stream(*chunks: Any) -> tuple[list[Event], Reader]:
    """Read a stream to its end; what was told, but for what begins it."""
    reader = Reader(owner=OURS)
    events = reader.feed(b"".join([event(chunk) for chunk in chunks]))
    reader.end()
    return [each for each in events if not isinstance(each, Started)], reader


def told(*parts: dict[str, Any]) -> list[Event]:
    return stream(answer(*parts, finish="STOP"))[0]


def test_a_stream_of_texts_ends_with_its_reason_and_usage() -> None:
    events, reader = stream(
        answer({"text": "He"}), answer({"text": "y"}, finish="STOP", usageMetadata=COUNTS)
    )
    assert fold(events) == (TextDelta("Hey"),)
    assert reader.error is None
    assert reader.closing == (Finished(reason="stop", usage=USED, native="STOP"),)
    assert (reader.finish, reader.usage, reader.pieces, reader.done) == ("stop", USED, 2, True)


def test_the_beginning_says_who_answers() -> None:
    events = Reader().feed(event(answer({"text": "a"}, createTime="now")))
    assert events[0] == Started(id="r1", model="m", extra={"createTime": raw("now")})


def test_usage_after_the_reason_is_heard() -> None:
    _, reader = stream(answer({"text": "a"}, finish="STOP"), {"usageMetadata": COUNTS})
    assert (reader.error, reader.usage) == (None, USED)


def test_usage_is_in_buckets_that_do_not_overlap() -> None:
    counts = {"promptTokenCount": 10, "cachedContentTokenCount": 4, "toolUsePromptTokenCount": 2}
    counts |= {"candidatesTokenCount": 3, "thoughtsTokenCount": 5, "totalTokenCount": 20}
    _, reader = stream(answer({"text": "a"}, finish="STOP", usageMetadata=counts))
    used = Usage(input=8, cache_read=4, output=3, reasoning=5, counted_by="endpoint")
    assert reader.usage == used


def test_tokens_that_are_no_text_are_told_apart() -> None:
    counts = {"promptTokenCount": 30, "cachedContentTokenCount": 10, "candidatesTokenCount": 5}
    details = {
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 4},
            {"modality": "AUDIO", "tokenCount": 20},
            {"modality": "VIDEO", "tokenCount": 6},
        ],
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 9}, {"modality": "TEXT"}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 5}],
    }
    _, reader = stream(answer({"text": "a"}, finish="STOP", usageMetadata={**counts, **details}))
    assert reader.usage == Usage(
        input=20,
        cache_read=10,
        output=5,
        media=Media(input_audio=11, cache_read_audio=9, input_video=6, output_image=5),
        counted_by="endpoint",
    )


def test_a_count_that_cannot_be_is_cut_to_what_can() -> None:
    counts = {"promptTokenCount": 1, "cachedContentTokenCount": 4, "candidatesTokenCount": -3}
    _, reader = stream(answer({"text": "a"}, finish="STOP", usageMetadata=counts))
    assert reader.usage == Usage(cache_read=1, counted_by="endpoint")


def test_usage_that_counts_nothing_is_no_usage() -> None:
    nothing = {"usageMetadata": {"trafficType": "ON_DEMAND", "promptTokenCount": 0}}
    counts = nothing["usageMetadata"]
    _, reader = stream(answer({"text": "a"}), answer(finish="STOP", usageMetadata=counts))
    assert reader.usage is None
    _, reader = stream(answer(finish="STOP", usageMetadata=COUNTS), nothing)
    assert reader.usage == USED


def test_usage_without_a_prompt_is_no_usage_unless_all_is_counted() -> None:
    said = {"candidatesTokenCount": 18, "thoughtsTokenCount": 58}
    _, reader = stream(answer({"text": "a"}, finish="STOP", usageMetadata=said))
    assert reader.usage is None
    all_of_it = {**said, "totalTokenCount": 76}
    _, reader = stream(answer({"text": "a"}, finish="STOP", usageMetadata=all_of_it))
    assert reader.usage is not None
    assert (reader.usage.input, reader.usage.output, reader.usage.reasoning) == (0, 18, 58)


def test_thoughts_are_reasoning_and_their_signature_ends_a_block() -> None:
    assert told(
        {"text": "hm", "thought": True},
        {"text": "m", "thought": True, "thoughtSignature": "s1"},
        {"text": "so", "thought": True},
        {"text": "", "thought": True},
        {"text": "yes"},
    ) == [
        ReasoningDelta("hm", kind="summary", owner=OURS),
        ReasoningDelta("m", kind="summary", opaque="s1", owner=OURS),
        ReasoningDelta("so", kind="summary", owner=OURS, block=1),
        TextDelta("yes", block=2),
    ]


def test_a_mark_on_a_text_is_thinking_without_words_before_it() -> None:
    assert told(
        {"text": "a"},
        {"text": "b", "thoughtSignature": "s1"},
        {"text": "", "thoughtSignature": "s2"},
    ) == [
        TextDelta("a"),
        ReasoningDelta("", kind="redacted", opaque="s1", owner=OURS, block=1),
        TextDelta("b", block=2),
        ReasoningDelta("", kind="redacted", opaque="s2", owner=OURS, block=3),
    ]


def test_a_call_has_an_id_though_the_endpoint_gives_none() -> None:
    events, reader = stream(
        answer(
            {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "s"},
            {"functionCall": {"name": "g", "id": "c9"}},
            finish="STOP",
        )
    )
    assert events == [
        ToolCallDelta(
            index=0, id="call_r1_0", name="f", arguments='{"a":1}', opaque="s", owner=OURS
        ),
        ToolCallDelta(index=1, id="c9", name="g", arguments="{}"),
    ]
    assert reader.finish == "tool_calls"


def partial(path: str, value: str, *, more: bool = False) -> dict[str, Any]:
    """Make a piece of a text among arguments."""
    piece = {"jsonPath": path, "stringValue": value} | ({"willContinue": True} if more else {})
    return {"functionCall": {"partialArgs": [piece], "willContinue": True}}


def test_arguments_that_come_by_places_are_put_together() -> None:
    events, reader = stream(
        answer({"functionCall": {"name": "f", "willContinue": True}, "thoughtSignature": "s"}),
        answer(partial("$.to", "Pa", more=True)),
        answer(partial("$.to", "ris")),
        answer({"functionCall": {"partialArgs": [{"jsonPath": "$.n", "numberValue": 2}]}}),
        answer({"functionCall": {}}, finish="STOP"),
    )
    assert fold(events) == (
        ToolCallDelta(
            index=0,
            id="call_r1_0",
            name="f",
            arguments='{"to":"Paris","n":2}',
            opaque="s",
            owner=OURS,
        ),
    )
    assert (reader.error, reader.finish) == (None, "tool_calls")


def test_a_new_name_and_the_end_close_a_call_that_nothing_closed() -> None:
    begun = {"functionCall": {"name": "f", "willContinue": True}}
    events, reader = stream(answer(begun, begun), answer(finish="STOP"))
    calls = [each for each in fold(events) if isinstance(each, ToolCallDelta)]
    assert [(call.index, call.arguments) for call in calls] == [(0, "{}"), (1, "{}")]
    assert reader.error is None


def test_a_call_may_be_whole_in_one_piece_by_places() -> None:
    piece = {"name": "f", "partialArgs": [{"jsonPath": "$.a", "boolValue": True}]}
    (call,) = fold(told({"functionCall": piece}))
    assert isinstance(call, ToolCallDelta)
    assert call.arguments == '{"a":true}'


def test_arguments_may_come_whole_and_by_places() -> None:
    begun = {"name": "f", "args": {"a": 1}, "willContinue": True}
    ended = {"partialArgs": [{"jsonPath": "$.b", "nullValue": "NULL_VALUE"}]}
    (call,) = fold(told({"functionCall": begun}, {"functionCall": ended}))
    assert isinstance(call, ToolCallDelta)
    assert call.arguments == '{"a":1,"b":null}'


def test_a_mark_may_come_with_a_later_piece_of_a_call() -> None:
    events, _ = stream(
        answer({"functionCall": {"name": "f", "willContinue": True}}),
        answer({"functionCall": {}, "thoughtSignature": "s"}, finish="STOP"),
    )
    (call,) = fold(events)
    assert isinstance(call, ToolCallDelta)
    assert (call.opaque, call.owner) == ("s", OURS)


def test_an_answer_that_stops_inside_an_argument_has_failed() -> None:
    begun = {"functionCall": {"name": "f", "willContinue": True}}
    chunks = [answer(begun), answer(partial("$.a", "b", more=True))]
    assert isinstance(stream(*chunks, answer(finish="STOP"))[1].error, ProviderGarbled)
    assert stream(*chunks, answer(finish="MAX_TOKENS"))[1].finish == "length"


def test_a_call_without_a_name_is_garbled() -> None:
    _, reader = stream(answer({"functionCall": {"args": {"a": 1}}}, finish="STOP"))
    assert isinstance(reader.error, ProviderGarbled)


def test_other_parts_are_blocks_of_their_own() -> None:
    code = {"executableCode": {"code": "1"}}
    marked = {"thoughtSignature": "s", "toolCall": {"id": "t"}}
    assert told(code, marked, {}, {"text": "a", "partMetadata": {"b": 1}}) == [
        OpaqueBlock(kind="executableCode", fields={"executableCode": raw({"code": "1"})}),
        OpaqueBlock(
            kind="toolCall", fields={"thoughtSignature": raw("s"), "toolCall": raw({"id": "t"})}
        ),
        TextDelta("a"),
        OpaqueBlock(kind="partMetadata", fields={"partMetadata": raw({"b": 1})}),
    ]


def test_what_stands_beside_the_parts_goes_on_when_it_is_new() -> None:
    found = {"groundingMetadata": {"webSearchQueries": ["q"]}}
    counts = {**COUNTS, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 5}]}
    events, reader = stream(
        answer({"text": "a"}, candidate={"groundingMetadata": {}}),
        answer({"text": "b"}, candidate=found),
        answer(candidate={**found, "avgLogprobs": -1}, finish="STOP", usageMetadata=counts),
    )
    assert [each for each in events if isinstance(each, OpaqueBlock)] == [
        OpaqueBlock(
            kind="groundingMetadata", fields={"groundingMetadata": raw(found["groundingMetadata"])}
        )
    ]
    (finished,) = reader.closing
    assert isinstance(finished, Finished)
    assert finished.extra == {"avgLogprobs": raw(-1), "usageMetadata": raw(counts)}


@pytest.mark.parametrize(
    ("native", "reason"),
    [("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter")],
)
def test_a_reason_has_one_of_four_names(native: str, reason: str) -> None:
    _, reader = stream(answer({"text": "a"}, finish=native))
    assert (reader.error, reader.finish) == (None, reason)


@pytest.mark.parametrize("native", ["MALFORMED_FUNCTION_CALL", "OTHER", "WHAT_NOBODY_KNOWS"])
def test_a_reason_that_is_not_known_to_be_good_is_an_error(native: str) -> None:
    _, reader = stream(answer({"text": "a"}, finish=native, candidate={"finishMessage": "bad"}))
    assert isinstance(reader.error, ProviderUnavailable)
    assert str(reader.error) == f"the model gave up: {native}: bad"
    assert reader.finish == "error"


@pytest.mark.parametrize(
    ("number", "native", "reason"),
    [(1, "STOP", "stop"), (2, "MAX_TOKENS", "length"), (3, "SAFETY", "content_filter")],
)
def test_a_reason_may_be_a_number(number: int, native: str, reason: str) -> None:
    _, reader = stream(answer({"text": "a"}, finish=number))
    (last,) = reader.closing
    assert isinstance(last, Finished)
    assert (last.native, last.reason) == (native, reason)


def test_a_number_that_googles_two_apis_read_differently_is_no_good_reason() -> None:
    _, reader = stream(answer({"text": "a"}, finish=7))
    assert isinstance(reader.error, ProviderUnavailable)


def test_a_blocked_prompt_is_an_error_in_the_endpoints_words() -> None:
    said = {"promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "no"}}
    _, reader = stream(said)
    assert isinstance(reader.error, ProviderFiltered)
    assert str(reader.error) == "the prompt was blocked: SAFETY: no"
    assert isinstance(read_whole(bytes(raw(said))).error, ProviderFiltered)


def test_feedback_that_blocks_nothing_is_no_error() -> None:
    _, reader = stream(answer({"text": "a"}, finish="STOP", promptFeedback={"safetyRatings": []}))
    assert reader.error is None


@pytest.mark.parametrize("reason", [None, "FINISH_REASON_UNSPECIFIED", 0])
def test_a_stream_without_a_reason_is_truncated(reason: str | int | None) -> None:
    _, reader = stream(answer({"text": "a"}, finish=reason))
    assert isinstance(reader.error, ProviderTruncated)
    assert reader.finish == "error"


def test_an_error_inside_a_stream_ends_it() -> None:
    said = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Retry in 7s"}}
    events, reader = stream(answer({"text": "a"}), said, answer({"text": "b"}, finish="STOP"))
    assert events == [TextDelta("a")]
    assert isinstance(reader.error, ProviderThrottled)
    assert reader.error.retry_after_s == 7.0


def test_an_error_instead_of_a_stream_is_heard_in_either_shape() -> None:
    said = {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}}
    for body in (said, [said]):
        for blank in (b"", b"\r\n\r\n"):
            reader = Reader()
            reader.feed(bytes(raw(body)) + blank)
            assert isinstance(reader.end(), ProviderDenied)
    assert isinstance(read_whole(bytes(raw([said]))).error, ProviderDenied)


@pytest.mark.parametrize("rest", [b"", b"\r\n"])
def test_the_blank_line_after_the_last_chunk_may_be_missing(rest: bytes) -> None:
    body = event(answer({"text": "a"})) + event(answer({"text": "b"}, finish="STOP"))
    reader = Reader()
    events = [*reader.feed(body.removesuffix(b"\r\n\r\n") + rest)]
    assert reader.end() is None
    said = [each for each in (*events, *reader.closing) if isinstance(each, TextDelta)]
    assert fold(said) == (TextDelta("ab"),)


def test_events_without_data_say_nothing() -> None:
    reader = Reader()
    events = reader.feed(b": alive\r\n\r\ndata: \r\n\r\n" + event(answer(finish="STOP")))
    events += reader.feed(b"data: [DONE]\r\n\r\n")
    assert (events, reader.end()) == ([Started(id="r1", model="m")], None)


def test_a_stream_cut_inside_a_chunk_is_truncated() -> None:
    reader = Reader()
    reader.feed(event(answer({"text": "a"}, finish="STOP")) + b'data: {"candi')
    assert isinstance(reader.end(), ProviderTruncated)


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"{}", b"[1]", b"[", b'{"candidates":[{},{}]}', b'{"candidates":[{"index":1}]}'],
)
def test_what_is_no_answer_is_garbled(body: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        read_whole(body)
    reader = Reader()
    reader.feed(b"data: " + body + b"\n\n")
    assert reader.end() is not None


def test_a_whole_answer_and_the_list_of_a_streams_chunks_are_read() -> None:
    first, last = answer({"text": "a"}), answer({"text": "b"}, finish="STOP", usageMetadata=COUNTS)
    finished = Finished(reason="stop", usage=USED, native="STOP")
    whole = read_whole(b"\xef\xbb\xbf" + bytes(raw(last)))
    assert whole.events == (Started(id="r1", model="m"), TextDelta("b"), finished)
    assert (whole.finish, whole.usage, whole.error) == ("stop", USED, None)
    assert fold(read_whole(bytes(raw([first, last]))).events)[1:] == (TextDelta("ab"), finished)


def test_a_whole_answer_without_a_reason_is_truncated() -> None:
    whole = read_whole(bytes(raw(answer({"text": "a"}))))
    assert isinstance(whole.error, ProviderTruncated)
    assert (whole.finish, whole.events[-1]) == (None, TextDelta("a"))


def test_a_chunk_that_is_too_long_ends_the_stream() -> None:
    reader = Reader()
    reader.feed(b"data: " + b"a" * (8 * 1024 * 1024))
    assert isinstance(reader.error, ProviderGarbled)
    assert reader.feed(event(answer({"text": "a"}))) == []


PARTS = st.sampled_from(
    [
        {"text": "hé"},
        {"text": "b", "thoughtSignature": "s"},
        {"text": "c", "thought": True},
        {"functionCall": {"name": "f", "args": {"a": "é"}}},
        {"functionCall": {"name": "f", "willContinue": True}},
        partial("$.a", "x", more=True),
        {"functionCall": {}},
        {"inlineData": {"mimeType": "image/png", "data": "aa"}},
    ]
)


@given(parts=st.lists(PARTS, max_size=6), cuts=st.lists(st.integers(0, 900), max_size=8))
def test_any_cuts_give_the_same_events(parts: list[dict[str, Any]], cuts: list[int]) -> None:
    chunks = [*[answer(part) for part in parts], answer(finish="STOP", usageMetadata=COUNTS)]
    body = b"".join([event(chunk) for chunk in chunks])
    edges = [0, *sorted(cuts), len(body)]
    whole, cut = Reader(owner=OURS), Reader(owner=OURS)
    at_once = whole.feed(body)
    piecewise = [each for begin, end in pairwise(edges) for each in cut.feed(body[begin:end])]
    assert said_of(whole, at_once) == said_of(cut, piecewise)


def said_of(reader: Reader, events: list[Event]) -> tuple[str, list[Event], str]:
    error = reader.end()
    return str(error), [*events, *reader.closing], reader.finish


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_give_events_or_an_error(noise: bytes, is_event: bool) -> None:  # noqa: FBT001 drawn
    reader = Reader()
    reader.feed(b"data: " + noise + b"\n\n" if is_event else noise)
    assert isinstance(reader.end(), JevonsError)
    with suppress(ProviderGarbled):
        assert read_whole(noise).error is not None


NAMES = """
    candidates content parts text functionCall name args error partialArgs jsonPath stringValue
    willContinue finishReason usageMetadata promptTokenCount thought thoughtSignature responseId
"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just("$.a[0]"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_any_json_gives_events_or_an_error(first: Any, part: Any) -> None:
    for said in (first, {"candidates": [{"content": {"parts": [part, part]}}]}):
        reader = Reader()
        reader.feed(event(said))
        assert isinstance(reader.end(), JevonsError | None)
