"""A stream is heard as the answer that it is, however it is cut, or what is wrong is said."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.messages.stream import block, delta, ended, event, message, started, stopped

from jevons.types.account import Usage
from jevons.types.errors import (
    JevonsError,
    ProviderDenied,
    ProviderGarbled,
    ProviderThrottled,
    ProviderTruncated,
    ProviderUnavailable,
    ProviderUnpaid,
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
from jevons.wire.messages import Reader, read_whole, told

EMPTY = {"type": "text", "text": ""}
CALL: dict[str, Any] = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}


def heard(*body: bytes, owner: str = "") -> list[Event]:
    """Read what comes between the beginning and the end of a stream that is a success."""
    reader = Reader(owner=owner)
    events = reader.feed(b"".join([started(), *body, ended()]))
    assert reader.end() is None
    assert isinstance(events[0], Started)
    return events[1:]


def wrong(*body: bytes) -> JevonsError:
    reader = Reader()
    reader.feed(b"".join(body))
    error = reader.end()
    assert error is not None
    assert reader.finish == "error"
    return error


def bare(value: Any) -> Any:
    """Compare what is undecoded by its bytes: a `Raw` equals nothing."""
    return msgspec.json.decode(msgspec.json.encode(value))


def arguments(partial: str, at: int = 0) -> bytes:
    return delta(partial, at=at, kind="input_json_delta")


def test_an_answer_begins_once_and_says_who_answers() -> None:
    reader = Reader()
    again = started()
    assert reader.feed(started() + again + block(0, delta("a"), **EMPTY) + again) == [
        Started(id="msg_far", model="model-1"),
        TextDelta("a"),
    ]
    assert Reader().feed(event("message_start", message={})) == [Started()]


@pytest.mark.parametrize(
    "before", [delta("a"), block(0, **EMPTY), event("message_start", message=message(EMPTY))]
)
def test_another_message_in_the_midst_of_one_is_a_truncated_one(before: bytes) -> None:
    other = started(id="other")
    assert "another message" in str(wrong(started(id=""), before, started(), other, ended()))
    assert isinstance(wrong(started(), before, other, delta("b"), ended()), ProviderTruncated)


@pytest.mark.parametrize("names", [("msg_1", "msg_2"), ("msg_1", None), (None, "msg_2")])
def test_a_beginning_may_be_told_twice(names: tuple[Any, Any]) -> None:
    reader = Reader()
    reader.feed(b"".join([started(id=name) for name in names]) + delta("a") + ended())
    assert reader.end() is None


def test_blocks_are_numbered_as_they_speak() -> None:
    assert heard(
        block(0, delta("hm", kind="thinking_delta"), type="thinking", thinking="", signature=""),
        block(1, **EMPTY),
        block(2, delta("a", at=2), delta("", at=2), delta("b", at=2), **EMPTY),
        block(3, delta("d", at=3), type="text", text="c"),
    ) == [
        ReasoningDelta("hm", block=0),
        TextDelta("a", block=1),
        TextDelta("b", block=1),
        TextDelta("c", block=2),
        TextDelta("d", block=2),
    ]


def test_a_delta_goes_where_its_type_says() -> None:
    thought = delta("hm", kind="thinking_delta")
    assert heard(block(0, delta("a"), thought, delta("b"), **EMPTY)) == [
        TextDelta("a", block=0),
        ReasoningDelta("hm", block=1),
        TextDelta("b", block=0),
    ]


def test_a_block_whose_beginning_never_came_is_heard() -> None:
    assert heard(delta("a"), delta("b"), stopped(0), stopped(7)) == [TextDelta("a"), TextDelta("b")]


def test_a_block_that_begins_again_is_another() -> None:
    begin = event("content_block_start", index=0, content_block=EMPTY)
    assert heard(begin, delta("a"), begin, delta("b")) == [TextDelta("a"), TextDelta("b", block=1)]


def test_thinking_has_its_signature() -> None:
    deltas = delta("hm", kind="thinking_delta") + delta("sig", kind="signature_delta")
    thought = block(0, deltas, type="thinking", thinking="", signature="")
    assert fold(heard(thought, owner="anthropic")) == (
        ReasoningDelta("hm", opaque="sig", owner="anthropic"),
    )


def test_a_signature_of_nobody_known_belongs_to_the_thinking_that_it_ends() -> None:
    deltas = delta("hm", kind="thinking_delta") + delta("sig", kind="signature_delta")
    thought = block(0, deltas, type="thinking", thinking="", signature="")
    redacted = block(1, type="redacted_thinking", data="enc")
    assert fold(heard(thought, redacted)) == (
        ReasoningDelta("hm", opaque="sig"),
        ReasoningDelta("", kind="redacted", opaque="enc", block=1),
    )
    late = delta("jevons:openai/summary/rs_1:ZW5j", kind="signature_delta")
    sealed = block(0, delta("hm", kind="thinking_delta") + late, type="thinking")
    assert fold(heard(sealed)) == (ReasoningDelta("hm", opaque="enc", id="rs_1"),)


def test_thinking_that_is_not_shown_is_its_signature() -> None:
    signature = delta("sig", kind="signature_delta")
    hidden = block(0, signature, type="thinking", thinking="", signature="")
    redacted = block(1, type="redacted_thinking", data="enc")
    assert heard(hidden, redacted, owner="anthropic") == [
        ReasoningDelta("", opaque="sig", owner="anthropic"),
        ReasoningDelta("", kind="redacted", opaque="enc", owner="anthropic", block=1),
    ]


def test_a_seal_at_the_beginning_names_the_owner_of_all() -> None:
    deltas = delta("hm", kind="thinking_delta") + delta(
        "jevons:openai/summary/rs_1:ZW5j", kind="signature_delta"
    )
    begins = {"type": "thinking", "thinking": "", "signature": "jevons:openai/summary/rs_1:"}
    assert fold(heard(block(0, deltas, **begins))) == (
        ReasoningDelta("hm", kind="summary", opaque="enc", id="rs_1", owner="openai"),
    )


def test_a_seal_at_the_end_changes_no_kind() -> None:
    deltas = delta("hm", kind="thinking_delta") + delta(
        "jevons:openai/summary/rs_1:ZW5j", kind="signature_delta"
    )
    thought = block(0, deltas, type="thinking", thinking="", signature="")
    assert fold(heard(thought, owner="minimax")) == (
        ReasoningDelta("hm", opaque="enc", id="rs_1", owner="minimax"),
    )


def test_a_call_comes_in_pieces() -> None:
    caller = {"type": "direct"}
    deltas = arguments("") + arguments('{"a"') + arguments(":1}")
    assert bare(heard(block(0, deltas, **CALL, caller=caller), block(1, **{**CALL, "id": "t2"}))) == bare(
        [
            ToolCallDelta(index=0, id="t1", name="f", extra=bare({"caller": caller})),
            ToolCallDelta(index=0, arguments='{"a"'),
            ToolCallDelta(index=0, arguments=":1}"),
            ToolCallDelta(index=1, id="t2", name="f"),
            ToolCallDelta(index=1, arguments="{}"),
        ]
    )  # fmt: skip


def test_a_mark_on_a_call_is_its_owners_if_it_is_under_our_seal() -> None:
    assert bare(
        fold(
            heard(
                block(0, **CALL, signature="jevons:google:c2ln", odd=1),
                block(1, **CALL, signature="sig"),
                block(2, **CALL, signature="jevons:google:c2ln"),
            )
        )
    ) == bare(
        [
            ToolCallDelta(
                index=0, id="t1", name="f", arguments="{}", opaque="sig", owner="google", extra=bare({"odd": 1})
            ),
            ToolCallDelta(
                index=1, id="t1", name="f", arguments="{}", extra=bare({"signature": "sig"})
            ),
            ToolCallDelta(index=2, id="t1", name="f", arguments="{}", opaque="sig", owner="google"),
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "whole"), [({"a": 1}, '{"a":1}'), (None, "{}"), ('{"a":1}', '{"a":1}'), ("", "{}")]
)
def test_arguments_that_came_at_the_beginning_are_the_calls(given: Any, whole: str) -> None:
    (call,) = fold(heard(block(0, **{**CALL, "input": given})))
    assert call == ToolCallDelta(index=0, id="t1", name="f", arguments=whole)


def test_a_call_without_an_id_gets_one_and_without_a_name_is_garbled() -> None:
    nameless = block(0, type="tool_use", id=None)
    reader = Reader()
    events = reader.feed(started() + nameless + ended("tool_use"))
    assert events[1] == ToolCallDelta(index=0, id="call_0")
    assert isinstance(reader.end(), ProviderGarbled)
    assert reader.finish == "error"


def test_a_call_that_never_ends_has_its_arguments_when_the_answer_does() -> None:
    begin = event("content_block_start", index=0, content_block=CALL)
    assert heard(begin)[-1] == ToolCallDelta(index=0, arguments="{}")


def test_a_block_without_a_name_is_put_together() -> None:
    search = {"type": "server_tool_use", "id": "s1", "name": "web_search"}
    result = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"url": "u"}]}
    deltas = arguments("", 0) + arguments('{"q":', 0) + arguments('"x"}', 0)
    events = heard(block(0, deltas, **search, input={}), block(1, **result))
    assert all(isinstance(each, OpaqueBlock) for each in events)
    assert bare(events) == [
        {"type": "opaque", "kind": "server_tool_use", "fields": {**search, "input": {"q": "x"}}},
        {"type": "opaque", "kind": "web_search_tool_result", "fields": result},
    ]


def test_arguments_cut_short_are_kept_as_text() -> None:
    (cut,) = heard(block(0, arguments('{"q":'), type="mcp_tool_use", input={}))
    assert bare(cut)["fields"] == {"type": "mcp_tool_use", "input": '{"q":'}


def test_a_delta_without_a_name_grows_its_block() -> None:
    def grown(**fields: Any) -> bytes:
        return event("content_block_delta", index=0, delta={"type": "compaction_delta", **fields})

    (said,) = heard(
        block(0, grown(content="a"), grown(content="b", at=1), type="compaction", content=None)
    )
    assert bare(said)["fields"] == {"type": "compaction", "content": "ab", "at": 1}


@pytest.mark.parametrize(
    ("odd", "kind"),
    [
        ({"type": "newest_delta", "x": 1}, "newest_delta"),
        ({"type": "input_json_delta", "partial_json": "{}"}, "input_json_delta"),
        ({"x": 1}, "delta"),
    ],
)
def test_a_delta_without_a_block_is_kept(odd: dict[str, Any], kind: str) -> None:
    (said,) = heard(block(0, event("content_block_delta", index=0, delta=odd), **EMPTY))
    assert isinstance(said, OpaqueBlock)
    assert (said.kind, bare(said.fields)) == (kind, odd)


def test_citations_come_together_at_the_end_of_their_text() -> None:
    def cited(number: int) -> bytes:
        citation = {"type": "citations_delta", "citation": {"start": number}}
        return event("content_block_delta", index=0, delta=citation)

    events = heard(block(0, delta("a"), cited(1), delta("b"), cited(2), **EMPTY))
    assert bare(events[-1]) == bare(
        TextDelta("", extra=bare({"citations": [{"start": 1}, {"start": 2}]}))
    )
    (odd,) = heard(block(0, cited(1), type="odd"))
    assert bare(odd)["fields"] == {"type": "odd", "citations": [{"start": 1}]}


def test_an_event_without_a_name_is_kept() -> None:
    events = heard(event("ping"), event("newest", x=1), b": waiting\n\n", b"data:\n\n")
    assert bare(events) == [
        {"type": "opaque", "kind": "newest", "fields": {"type": "newest", "x": 1}}
    ]


def test_a_type_may_stand_in_the_name_of_the_frame_alone() -> None:
    reader = Reader()
    begin = b'event: content_block_delta\ndata: {"delta":{"type":"text_delta","text":"a"}}\n\n'
    assert reader.feed(begin) == [TextDelta("a")]


def test_an_answer_that_begins_whole_is_one() -> None:
    reader = Reader()
    call = {**CALL, "input": {"a": 1}}
    events = reader.feed(
        event("message_start", message=message(call, stop_reason="tool_use"))
        + event("message_stop")
    )
    assert reader.end() is None
    assert fold(events[1:]) == (ToolCallDelta(index=0, id="t1", name="f", arguments='{"a":1}'),)
    assert reader.usage == Usage(input=5, output=2, counted_by="endpoint")
    assert reader.finish == "tool_calls"


def counted(**usage: Any) -> bytes:
    return event("message_delta", delta={"stop_reason": "end_turn"}, usage=usage)


def begun(**usage: Any) -> bytes:
    return event("message_start", message=message(stop_reason=None, usage=usage))


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        (
            begun(input_tokens=9, cache_read_input_tokens=3, output_tokens=1)
            + counted(output_tokens=20),
            Usage(input=9, cache_read=3, output=20, counted_by="endpoint"),
        ),
        (
            begun(input_tokens=9, output_tokens=1) + counted(input_tokens=12, output_tokens=20),
            Usage(input=12, output=20, counted_by="endpoint"),
        ),
        (
            begun(input_tokens=0, output_tokens=0)
            + counted(input_tokens=12, cache_creation_input_tokens=2, output_tokens=20),
            Usage(input=12, cache_write=2, output=20, counted_by="endpoint"),
        ),
        (
            begun(input_tokens=9, output_tokens=1)
            + counted(input_tokens=0, cache_read_input_tokens=0, output_tokens=20),
            Usage(input=9, output=20, counted_by="endpoint"),
        ),
        (
            begun(input_tokens=9)
            + counted(output_tokens=10)
            + counted(output_tokens=20, output_tokens_details={"thinking_tokens": 5}),
            Usage(input=9, output=15, reasoning=5, counted_by="endpoint"),
        ),
        (begun() + counted(), None),
        (begun(input_tokens=0, output_tokens=0) + counted(output_tokens=0), None),
    ],
)
def test_the_last_count_of_each_kind_stands(body: bytes, usage: Usage | None) -> None:
    reader = Reader()
    reader.feed(body + event("message_stop"))
    assert reader.end() is None
    assert reader.usage == usage
    (last,) = reader.closing
    assert isinstance(last, Finished)
    assert last.usage == (usage or Usage())


def test_an_answer_whose_end_was_not_counted_is_guessed_by_its_pieces() -> None:
    reader = Reader()
    reader.feed(started() + delta("a") + delta("b") + delta("c"))
    assert reader.usage == Usage(input=5, output=3, counted_by="guess")
    assert reader.pieces == 3


def test_why_it_ended_is_said_in_both_words() -> None:
    reader = Reader()
    reader.feed(
        started()
        + event("message_delta", delta={"stop_reason": None}, usage=None)
        + event(
            "message_delta",
            delta={"stop_reason": "stop_sequence", "stop_sequence": "END", "stop_details": None},
            usage={"output_tokens": 2, "server_tool_use": {"web_search_requests": 1}},
            context_management={"applied_edits": []},
        )
        + event("message_delta", delta=None)
        + event("message_stop")
    )
    assert bare(reader.closing) == bare(
        (
            Finished(
                reason="stop",
                native="stop_sequence",
                usage=Usage(input=5, output=2, counted_by="endpoint"),
                extra=bare(
                    {
                        "stop_sequence": "END",
                        "context_management": {"applied_edits": []},
                        "usage": {"server_tool_use": {"web_search_requests": 1}},
                    }
                ),
            ),
        )
    )


def test_nothing_is_read_after_the_end() -> None:
    reader = Reader()
    assert reader.feed(ended() + delta("late")) == []
    assert reader.done
    assert reader.feed(delta("later")) == []
    assert (reader.end(), reader.finish) == (None, "stop")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        started() + delta("a"),
        started() + ended()[:-1],
        started() + ended().partition(b"event: message_stop")[0],
        started() + ended(None),
        started() + event("message_stop"),
        b"data: [DONE]\n\n",
        started() + b"data: [DONE]\n\n" + ended(),
    ],
)
def test_a_stream_that_stops_before_its_end_is_truncated(body: bytes) -> None:
    assert isinstance(wrong(body), ProviderTruncated)


def test_until_the_end_no_answer_is_a_success() -> None:
    reader = Reader()
    reader.feed(started() + ended().partition(b"event: message_stop")[0])
    assert reader.finish == "error"
    (last,) = reader.closing
    assert isinstance(last, Finished)
    assert (last.reason, last.native) == ("error", "")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (event("error", error={"type": "overloaded_error"}), ProviderUnavailable),
        (event("error", error={"type": "api_error"}), ProviderUnavailable),
        (event("error", error={"type": "rate_limit_error"}), ProviderThrottled),
        (event("error", error={"type": "authentication_error"}), ProviderDenied),
        (event("error", error={"type": "1113", "code": "1113"}), ProviderUnpaid),
        (event("error", message="no"), ProviderUnavailable),
        (event("odd", error={"type": "permission_error"}), ProviderDenied),
        (b'data: {"error":{"message":"no"}}\n\n', ProviderUnavailable),
        (ended("error"), ProviderUnavailable),
        (b"data: {}\n\n", ProviderGarbled),
        (b'data: {"choices":[]}\n\n', ProviderGarbled),
        (b"data: <html>\n\n", ProviderGarbled),
        (event("message_start"), ProviderGarbled),
        (event("content_block_start"), ProviderGarbled),
        (event("content_block_delta"), ProviderGarbled),
        (event("content_block_delta", index="x"), ProviderGarbled),
        (event("content_block_delta", delta={"type": "text_delta", "text": 1}), ProviderGarbled),
        (event("message_delta", delta=1), ProviderGarbled),
        (event("message_delta", usage={"output_tokens": "x"}), ProviderGarbled),
        (b"event: error\ndata: " + b"[" * 100_000 + b"\n\n", ProviderGarbled),
    ],
)
def test_what_is_wrong_in_a_stream_is_its_error(body: bytes, kind: type[JevonsError]) -> None:
    reader = Reader()
    reader.feed(started() + body + delta("late") + ended())
    assert type(reader.end()) is kind
    assert reader.finish == "error"


def test_an_event_without_an_end_is_garbled() -> None:
    reader = Reader()
    assert reader.feed(b"data: " + b"a" * 9_000_000) == []
    assert isinstance(reader.end(), ProviderGarbled)


def test_what_is_kept_of_blocks_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "_LIMIT_BYTES", 300)
    search: dict[str, Any] = {"type": "server_tool_use", "input": {}}
    piece = arguments("x" * 100)
    assert len(heard(*[block(0, piece, **search) for _ in range(9)])) == 9
    assert isinstance(wrong(started(), block(0, piece, piece, piece, **search)), ProviderGarbled)
    long = {**EMPTY, "text": "x" * 400}
    assert isinstance(wrong(started(), block(0, **long)), ProviderGarbled)
    assert read_whole(msgspec.json.encode(message(long))).error is None


STREAM = b"".join(
    [
        started(),
        block(0, delta("hm", kind="thinking_delta"), type="thinking", thinking=""),
        event("ping"),
        block(1, delta("é", at=1), delta("b", at=1), **EMPTY),
        block(2, arguments('{"a"', 2), arguments(":1}", 2), **CALL),
        block(3, type="odd", x=1),
        ended("tool_use"),
    ]
)


@given(st.lists(st.integers(0, len(STREAM))), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_events_are_the_same_however_the_bytes_are_cut(cuts: list[int], line_end: bytes) -> None:
    stream = STREAM.replace(b"\n", line_end)
    places = sorted({0, len(stream), *cuts})
    reader, once = Reader(), Reader()
    events = [each for at, to in pairwise(places) for each in reader.feed(stream[at:to])]
    assert bare(events) == bare(once.feed(STREAM))
    assert reader.end() is None
    assert reader.finish == "tool_calls"


@given(st.lists(st.sampled_from(["text", "thinking", "call", "odd"])), st.data())
def test_a_stream_says_what_the_whole_answer_does(kinds: list[str], data: st.DataObject) -> None:
    words = st.text(max_size=5)
    content: list[dict[str, Any]] = []
    body = b""
    for at, kind in enumerate(kinds):
        said = data.draw(st.lists(words, min_size=1, max_size=3))
        whole = "".join(said)
        if kind == "text":
            content.append({"type": "text", "text": whole})
            body += block(at, *[delta(each, at=at) for each in said], **EMPTY)
        elif kind == "thinking":
            content.append({"type": "thinking", "thinking": whole})
            deltas = [delta(each, at=at, kind="thinking_delta") for each in said]
            body += block(at, *deltas, type="thinking", thinking="")
        else:
            name = "tool_use" if kind == "call" else "server_tool_use"
            fields: dict[str, Any] = {"type": name, "id": f"t{at}", "name": "f"}
            content.append({**fields, "input": {"a": whole}})
            cut = [*msgspec.json.encode({"a": whole}).decode()]
            body += block(at, *[arguments(each, at) for each in cut], **fields, input={})
    streamed = (*heard(body, owner="x"),)
    read = read_whole(msgspec.json.encode(message(*content)), owner="x")
    assert bare(fold(streamed)) == bare(read.events[1:-1])


EVENTS = st.sampled_from(
    [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "error",
        "odd",
        "",
    ]
)
NAMES = [
    "type", "id", "index", "content", "content_block", "delta", "message", "usage", "stop_reason",
    "text", "thinking", "signature", "data", "input", "partial_json", "citation", "citations",
    "name", "error", "output_tokens",
]  # fmt: skip
WORDS = [
    "text", "thinking", "tool_use", "redacted_thinking", "server_tool_use", "text_delta",
    "thinking_delta", "signature_delta", "input_json_delta", "citations_delta", "odd_delta",
    "message", "error", "end_turn", "jevons:x/summary/%2:AA==",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=10,
)
FIELDS = st.dictionaries(st.sampled_from(NAMES[2:9]), JSON)


@given(st.lists(st.tuples(EVENTS, FIELDS)))
def test_any_events_give_events_or_an_error(events: list[tuple[str, dict[str, Any]]]) -> None:
    reader = Reader()
    reader.feed(b"".join([event(kind, **fields) for kind, fields in events]))
    assert (reader.end() is None) == (reader.finish != "error")


@given(st.binary() | JSON.map(msgspec.json.encode) | FIELDS.map(msgspec.json.encode))
def test_any_body_is_an_answer_or_garbled(body: bytes) -> None:
    try:
        whole = read_whole(body)
    except ProviderGarbled:
        return
    is_finished = bool(whole.events) and isinstance(whole.events[-1], Finished)
    assert (whole.error is None) == is_finished


@given(st.binary())
def test_any_bytes_give_events_or_an_error(body: bytes) -> None:
    reader = Reader()
    reader.feed(body)
    assert reader.end() is not None
