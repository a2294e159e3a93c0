"""A stream or a whole answer of Ollama's dialect comes out as canonical events, however it is cut."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.account import Usage
from jevons.types.errors import (
    JevonsError,
    ProviderGarbled,
    ProviderMissing,
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
from jevons.wire.ollama import Reader, read_whole

MADE = "2026-01-02T03:04:05.678Z"
USED = Usage(input=5, output=3, counted_by="endpoint")
OURS = "ollama"


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value, separators=(",", ":")).encode())


def line(content: str = "", *, done: str | None = None, **message: Any) -> bytes:
    """Make a line; `done` is why the answer ends with it."""
    beside = message.pop("beside", {})
    said = {"role": "assistant", "content": content, **message}
    head = {"model": "m", "created_at": MADE, "message": said, "done": done is not None}
    counts = {"done_reason": done, "prompt_eval_count": 5, "eval_count": 3} if done else {}
    return bytes(raw({**head, **counts, **beside})) + b"\n"


def stream(*lines: bytes) -> tuple[list[Event], Reader]:
    """Read a stream to its end; what was told, but for what begins it."""
    reader = Reader(owner=OURS)
    events = reader.feed(b"".join(lines))
    reader.end()
    return [each for each in events if not isinstance(each, Started)], reader


def call(name: str = "f", **fields: Any) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": {"a": 1}, **fields}}


def test_a_stream_of_texts_ends_with_its_reason_and_usage() -> None:
    events, reader = stream(line("He"), line("y"), line(done="stop", beside={"total_duration": 9}))
    assert fold(events) == (TextDelta("Hey"),)
    assert reader.error is None
    assert reader.closing == (
        Finished(reason="stop", usage=USED, native="stop", extra={"total_duration": raw(9)}),
    )
    assert (reader.finish, reader.usage, reader.pieces, reader.done) == ("stop", USED, 3, True)


def test_the_beginning_says_who_answers() -> None:
    events = Reader().feed(line("a", beside={"remote_host": "h"}))
    assert events[0] == Started(model="m", extra={"created_at": raw(MADE), "remote_host": raw("h")})


def test_thinking_text_and_calls_of_one_line_are_each_heard() -> None:
    events, reader = stream(
        line("b", thinking="a", tool_calls=[call(), call(name="g")]), line("c", done="stop")
    )
    assert events == [
        ReasoningDelta("a", owner=OURS),
        TextDelta("b", block=1),
        ToolCallDelta(index=0, id="call_2026-01-02T030405678Z_0", name="f", arguments='{"a":1}'),
        ToolCallDelta(index=1, id="call_2026-01-02T030405678Z_1", name="g", arguments='{"a":1}'),
        TextDelta("c", block=2),
    ]
    assert reader.finish == "tool_calls"


@pytest.mark.parametrize(
    ("arguments", "text"), [({"b": 2}, '{"b":2}'), (None, "{}"), ('{"c": 3}', '{"c": 3}')]
)
def test_arguments_are_an_object_or_the_text_of_one(arguments: Any, text: str) -> None:
    given_id = {"id": "c9", **call(arguments=arguments)}
    (event,), _ = stream(line(tool_calls=[given_id], done="stop"))
    assert event == ToolCallDelta(index=0, id="c9", name="f", arguments=text)


@pytest.mark.parametrize("wrong", [{}, {"function": {"arguments": {}}}])
def test_a_call_without_a_name_is_garbled(wrong: dict[str, Any]) -> None:
    assert isinstance(stream(line(tool_calls=[wrong], done="stop"))[1].error, ProviderGarbled)


def test_what_has_no_name_in_a_message_is_a_block() -> None:
    events, _ = stream(line("a", images=["AA"], tool_name="", done="stop"))
    assert events == [TextDelta("a"), OpaqueBlock(kind="images", fields={"images": raw(["AA"])})]


def test_an_answer_that_says_no_reason_has_stopped() -> None:
    _, reader = stream(line("a"), bytes(raw({"model": "m", "done": True})))
    assert (reader.error, reader.finish, reader.usage) == (None, "stop", None)


def test_a_prompt_that_was_not_counted_does_not_hide_the_answer() -> None:
    _, reader = stream(line(done="length", beside={"prompt_eval_count": None}))
    assert reader.usage == Usage(output=3, counted_by="endpoint")
    assert reader.finish == "length"


@pytest.mark.parametrize("reason", ["load", "unload", "what nobody knows"])
def test_a_reason_that_is_not_known_to_be_good_is_an_error(reason: str) -> None:
    _, reader = stream(line(done=reason))
    assert isinstance(reader.error, ProviderUnavailable)
    assert reader.finish == "error"


def test_an_error_inside_a_stream_ends_it() -> None:
    said = bytes(raw({"error": "too many requests, try again in 3 seconds", "code": 429}))
    events, reader = stream(line("a"), said + b"\n", line("b", done="stop"))
    assert events == [TextDelta("a")]
    assert isinstance(reader.error, ProviderThrottled)
    assert reader.error.retry_after_s == 3.0


def test_an_error_instead_of_an_answer_is_heard() -> None:
    whole = read_whole(bytes(raw({"error": 'model "x" not found, try pulling it first'})))
    assert isinstance(whole.error, ProviderMissing)


def test_nothing_after_the_end_is_read() -> None:
    events, reader = stream(line("a", done="stop"), line("b"), b"garbage\n")
    assert (events, reader.error) == ([TextDelta("a")], None)


def test_the_end_of_the_last_line_may_be_missing() -> None:
    reader = Reader()
    reader.feed(line("a") + line("b", done="stop").rstrip())
    assert reader.end() is None
    assert reader.closing == (TextDelta("b"), Finished(reason="stop", usage=USED, native="stop"))


@pytest.mark.parametrize("rest", [b"", b'{"model":"m","mess'])
def test_a_stream_that_breaks_off_is_truncated(rest: bytes) -> None:
    reader = Reader()
    reader.feed(line("a") + rest)
    assert isinstance(reader.end(), ProviderTruncated)
    assert reader.finish == "error"


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"message":1}', b'{"done":false}'])
def test_what_is_no_answer_is_garbled(body: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        read_whole(body)
    reader = Reader()
    reader.feed(body + b"\n" + body)
    assert isinstance(reader.end(), ProviderGarbled)


def test_a_whole_answer_is_read() -> None:
    whole = read_whole(b"\xef\xbb\xbf" + line("a", done="stop"))
    finished = Finished(reason="stop", usage=USED, native="stop")
    assert whole.events == (Started(model="m"), TextDelta("a"), finished)
    assert (whole.finish, whole.usage, whole.error) == ("stop", USED, None)


def test_a_whole_answer_that_is_not_done_is_truncated() -> None:
    whole = read_whole(line("a"))
    assert isinstance(whole.error, ProviderTruncated)
    assert (whole.finish, whole.events[-1]) == (None, TextDelta("a"))


def test_a_line_that_is_too_long_ends_the_stream() -> None:
    reader = Reader()
    reader.feed(b"a" * (8 * 1024 * 1024 + 1))
    assert isinstance(reader.error, ProviderGarbled)
    assert reader.feed(b"\n" + line("a")) == []


LINES = st.sampled_from(
    [line("hé"), line(thinking="b"), line(tool_calls=[call()]), b"\r\n", line("c", images=["A"])]
)


@given(lines=st.lists(LINES, max_size=6), cuts=st.lists(st.integers(0, 900), max_size=8))
def test_any_cuts_give_the_same_events(lines: list[bytes], cuts: list[int]) -> None:
    body = b"".join(lines) + line(done="stop")
    whole, cut = Reader(owner=OURS), Reader(owner=OURS)
    at_once = whole.feed(body)
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    piecewise = [each for begin, end in pairwise(edges) for each in cut.feed(body[begin:end])]
    assert at_once == piecewise
    assert whole.end() is cut.end() is None
    assert whole.closing == cut.closing


@given(st.binary(max_size=200))
def test_any_bytes_give_events_or_an_error(noise: bytes) -> None:
    reader = Reader()
    reader.feed(noise)
    assert isinstance(reader.end(), JevonsError)
    with suppress(ProviderGarbled):
        assert read_whole(noise).error is not None


NAMES = (
    "message content thinking tool_calls function name arguments done done_reason error id model"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_any_json_gives_events_or_an_error(first: Any, message: Any) -> None:
    for said in (first, {"message": message, "done": True}):
        reader = Reader()
        reader.feed(bytes(raw(said)) + b"\n")
        assert isinstance(reader.end(), JevonsError | None)
