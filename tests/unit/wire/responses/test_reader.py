"""Whatever a stream says, in whatever pieces, becomes events once, or an error."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.responses.stream import (
    added,
    created,
    delta,
    done,
    ended,
    event,
    message,
    response,
)

from jevons.types.account import Usage
from jevons.types.errors import (
    JevonsError,
    ProviderDenied,
    ProviderGarbled,
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
from jevons.wire.fold import fold
from jevons.wire.responses import Reader, read_whole

COUNTED = Usage(input=5, output=2, counted_by="endpoint")
STOP = Finished(reason="stop", usage=COUNTED, native="completed")
STARTED = Started(id="resp_far", model="model-1")


def read(*parts: bytes, owner: str = "") -> tuple[tuple[Event, ...], JevonsError | None]:
    reader = Reader(owner=owner)
    events = [event for part in parts for event in reader.feed(part)]
    return fold(events), reader.end()


def said(*parts: bytes, owner: str = "") -> tuple[Event, ...]:
    """Read what comes between a good beginning and a good end."""
    events, error = read(created(), *parts, ended(), owner=owner)
    assert error is None
    assert events[0] == STARTED
    return events[1:]


def bare(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def test_text_comes_as_it_is_said_and_the_end_is_kept() -> None:
    reader = Reader()
    assert reader.feed(created()) == [STARTED]
    assert reader.feed(event("response.in_progress", response=response())) == []
    assert reader.feed(added(0, type="message", content=[])) == []
    assert reader.feed(delta("hel")) == [TextDelta("hel")]
    assert (reader.finish, reader.done, reader.usage) == ("error", False, None)
    assert reader.feed(delta("lo") + done(0, **message("hello"))) == [TextDelta("lo")]
    assert reader.feed(ended(message("hello"))) == []
    assert reader.end() is None
    assert (reader.finish, reader.done, reader.usage) == ("stop", True, COUNTED)
    assert (reader.pieces, reader.closing) == (2, (STOP,))


def test_nothing_is_read_after_the_end() -> None:
    assert said(delta("a"), ended(), delta("b"), b"data: {\n\n") == (TextDelta("a"),)


def test_each_part_is_a_block_and_a_refusal_is_one() -> None:
    events = said(
        delta("a", content_index=0),
        delta("b", content_index=1),
        delta("no", kind="refusal", content_index=2),
        delta("c", at=1),
    )
    assert events == (
        TextDelta("a"),
        TextDelta("b", block=1),
        RefusalDelta("no", block=2),
        TextDelta("c", block=3),
    )


def test_thinking_and_text_of_one_answer_are_both_heard() -> None:
    events = said(
        added(0, type="reasoning", id="rs_1", summary=[]),
        delta("long", kind="reasoning_text", content_index=0),
        delta("short", kind="reasoning_summary_text", summary_index=0),
        done(
            0,
            type="reasoning",
            id="rs_1",
            content=[{"type": "reasoning_text", "text": "long"}],
            summary=[{"type": "summary_text", "text": "short"}],
            encrypted_content="gA",
        ),
        delta("text", at=1),
        owner="deepseek",
    )
    assert events == (
        ReasoningDelta("long", id="rs_1", owner="deepseek"),
        ReasoningDelta("short", kind="summary", id="rs_1", owner="deepseek", opaque="gA", block=1),
        TextDelta("text", block=2),
    )


def test_thinking_that_is_only_a_mark_is_kept() -> None:
    item: dict[str, Any] = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [],
        "encrypted_content": "gA",
    }
    assert said(added(0, **item), done(0, **item)) == (
        ReasoningDelta("", kind="redacted", opaque="gA", id="rs_1", owner="openai"),
    )


def test_a_mark_under_our_seal_is_its_owners_unless_the_endpoint_has_one() -> None:
    item = {"type": "reasoning", "id": "rs_jevons_1_0", "encrypted_content": "jevons:google:c2ln"}
    assert said(done(0, **item)) == (
        ReasoningDelta("", kind="redacted", opaque="sig", owner="google"),
    )
    assert said(done(0, **item), owner="xai")[0].owner == "xai"  # type: ignore[union-attr]


def test_calls_are_numbered_and_begin_with_their_names() -> None:
    call = {"type": "function_call", "id": "fc", "name": "f"}
    events = said(
        added(3, **call, call_id="c1", arguments=""),
        delta('{"a"', at=3, kind="function_call_arguments"),
        added(5, **call, call_id="c2", arguments=""),
        delta(":1}", at=3, kind="function_call_arguments"),
        done(3, **call, call_id="c1", arguments='{"a":1}'),
        done(5, **call, call_id="c2", arguments="{}"),
    )
    assert events == (
        ToolCallDelta(index=0, id="c1", name="f", arguments='{"a"'),
        ToolCallDelta(index=1, id="c2", name="f"),
        ToolCallDelta(index=0, arguments=":1}"),
        ToolCallDelta(index=1, arguments="{}"),
    )


@pytest.mark.parametrize("late", [{"name": "", "call_id": "c"}, {"name": "f", "call_id": None}])
def test_a_call_whose_name_or_id_comes_late_waits_for_it(late: dict[str, Any]) -> None:
    events = said(
        added(0, type="function_call", arguments="", **late),
        delta('{"a":1}', kind="function_call_arguments"),
        done(0, type="function_call", name="f", call_id="c", arguments='{"a":1}', status="x"),
    )
    assert events == (ToolCallDelta(index=0, id="c", name="f", arguments='{"a":1}'),)


@pytest.mark.parametrize(("fields", "name"), [({"id": "fc_1"}, "fc_1"), ({}, "call_0")])
def test_a_call_without_an_id_is_given_one(fields: dict[str, Any], name: str) -> None:
    events = said(done(0, type="function_call", name="f", arguments=None, **fields))
    assert events == (ToolCallDelta(index=0, id=name, name="f"),)


def test_arguments_that_are_an_object_are_its_text() -> None:
    (call,) = said(done(0, type="function_call", name="f", call_id="c", arguments={"a": 1}))
    assert call == ToolCallDelta(index=0, id="c", name="f", arguments='{"a":1}')


def test_the_mark_of_a_call_and_who_called_are_kept() -> None:
    fields = {"name": "f", "call_id": "c", "encrypted_content": "jevons:google:c2ln"}
    item = {"type": "function_call", "caller": {"type": "program"}, **fields}
    begun = {**item, "encrypted_content": None}
    for parts in (
        (done(0, **item),),
        (added(0, **item), done(0, **item)),
        (added(0, **begun), done(0, **item)),
    ):
        (call,) = said(*parts)
        assert isinstance(call, ToolCallDelta)
        assert (call.opaque, call.owner) == ("sig", "google")
        assert bare(call.extra) == {"caller": {"type": "program"}}


def test_a_call_that_never_gets_a_name_is_no_success() -> None:
    _, error = read(created(), added(0, type="function_call", call_id="c"), ended())
    assert isinstance(error, ProviderGarbled)
    _, error = read(created(), done(0, type="function_call", call_id="c"), ended())
    assert isinstance(error, ProviderGarbled)


def test_pieces_of_a_call_that_never_began_are_not_heard() -> None:
    assert said(delta("{}", kind="function_call_arguments")) == ()


def test_an_item_is_known_by_its_place_though_its_id_changes() -> None:
    events = said(
        added(0, type="message", id="one", content=[]),
        delta("a", item_id="two"),
        delta("b", item_id="three"),
        done(0, **message("ab", id="four")),
    )
    assert events == (TextDelta("ab"),)


def test_what_deltas_left_out_is_said_at_the_end_of_an_item() -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "why"}]}
    events = said(
        delta("hel"), done(0, **message("hello", "more")), done(1, **thought), owner="xai"
    )
    assert events == (
        TextDelta("hello"),
        TextDelta("more", block=1),
        ReasoningDelta("why", kind="summary", owner="xai", block=2),
    )


def test_a_part_that_has_another_number_at_its_end_is_heard_once() -> None:
    """Amazon Bedrock numbers the first part of a message 1, after thinking that was part 0."""
    events = said(delta("hello", content_index=1), done(0, **message("hello there")))
    assert events == (TextDelta("hello there"),)


def test_nothing_is_put_behind_deltas_that_the_end_of_an_item_contradicts() -> None:
    events = said(delta("It ran."), done(0, **message("It ran in the container.")))
    assert events == (TextDelta("It ran."),)


def test_an_item_that_ends_twice_is_heard_once() -> None:
    assert said(done(0, **message("a")), done(0, **message("a"))) == (TextDelta("a"),)


def test_an_answer_that_comes_only_with_its_end_is_heard() -> None:
    events, error = read(ended(message("all of it")))
    assert error is None
    assert events == (STARTED, TextDelta("all of it"))


def test_an_item_that_did_not_end_by_itself_ends_with_the_answer() -> None:
    search = {"type": "web_search_call", "id": "ws"}
    events, _ = read(created(), added(0, type="web_search_call"), ended(search))
    assert bare(events[1:]) == bare((OpaqueBlock(kind="web_search_call", fields=_raws(search)),))


def test_an_item_that_never_came_by_itself_comes_with_the_answer() -> None:
    call = {"type": "function_call", "name": "f", "call_id": "c", "arguments": "{}"}
    reader = Reader()
    events = reader.feed(delta("a") + done(0, **message("a")) + ended(message("a"), call))
    assert events[-1] == ToolCallDelta(index=0, id="c", name="f", arguments="{}")
    assert (reader.end(), reader.finish) == (None, "tool_calls")


def test_an_item_that_ends_in_another_place_is_heard_once() -> None:
    thought: dict[str, Any] = {"type": "reasoning", "summary": []}
    events, error = read(created(), done(0, **message("a")), ended(thought, message("a")))
    assert error is None
    assert events == (STARTED, TextDelta("a"))


def test_an_item_that_changes_its_type_is_garbled() -> None:
    _, error = read(added(0, type="message"), done(0, type="reasoning"))
    assert isinstance(error, ProviderGarbled)


def _raws(fields: dict[str, Any]) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in fields.items()}


def test_what_has_no_name_of_ours_is_kept_whole() -> None:
    search = {"type": "web_search_call", "id": "ws", "arguments": {"q": 1}}
    strange = {"type": "hologram", "data": 1}
    events = said(
        added(0, type="web_search_call", id="ws", arguments=5),
        event("response.web_search_call.searching", output_index=0, item_id="ws"),
        event("response.web_search_call.code.delta", item_id="ws", delta={"x": 1}),
        done(0, **search),
        done(1, type="message", content=[strange]),
        event("keepalive"),
        event("response.compacted", into=1),
    )
    assert bare(events) == bare(
        (
            OpaqueBlock(kind="web_search_call", fields=_raws(search)),
            OpaqueBlock(kind="hologram", fields=_raws(strange)),
            OpaqueBlock(
                kind="response.compacted",
                fields=_raws({"type": "response.compacted", "sequence_number": 0, "into": 1}),
            ),
        )
    )


def test_phase_annotations_and_probabilities_stay_with_their_text() -> None:
    tokens = [{"token": "hi", "logprob": -0.5, "bytes": [104], "top_logprobs": []}]
    part = {"type": "output_text", "text": "hi", "annotations": [{"url": "u"}], "logprobs": tokens}
    item = {"type": "message", "phase": "final_answer", "content": [part]}
    expected = {"annotations": [{"url": "u"}], "phase": "final_answer"}
    streamed = said(
        added(0, type="message", phase="final_answer", content=[]),
        delta("hi", logprobs=tokens),
        done(0, **item),
    )
    for events in (streamed, said(done(0, **item))):
        (text,) = events
        assert isinstance(text, TextDelta)
        assert bare(text.extra) == expected
        assert bare(text.logprobs) == {"content": tokens}


def test_a_delta_without_words_or_probabilities_says_nothing() -> None:
    assert said(delta("")) == ()


def test_a_message_without_a_part_says_nothing() -> None:
    assert said(done(0, type="message", content=None)) == ()


@pytest.mark.parametrize("begin", [b"", created(), created() + delta("half")])
def test_a_stream_that_stops_before_its_end_is_truncated(begin: bytes) -> None:
    reader = Reader()
    reader.feed(begin)
    assert isinstance(reader.end(), ProviderTruncated)
    assert reader.closing[0].reason == "error"  # type: ignore[union-attr]


def test_a_stream_that_stops_inside_its_last_event_is_truncated() -> None:
    events, error = read(created(), delta("a"), ended()[:-1])
    assert events == (STARTED, TextDelta("a"))
    assert isinstance(error, ProviderTruncated)
    assert "inside" in str(error)


def test_done_is_no_end_of_this_dialect() -> None:
    events, error = read(created(), b"data: [DONE]\n\n", delta("late"))
    assert events == (STARTED,)
    assert isinstance(error, ProviderTruncated)
    assert read(created(), ended(), b"data: [DONE]\n\n")[1] is None


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (ended(kind="failed", error={"code": "server_error"}), ProviderUnavailable),
        (ended(kind="failed"), ProviderUnavailable),
        (ended(kind="cancelled"), ProviderUnavailable),
        (ended(error={"code": "invalid_api_key"}), ProviderDenied),
        (event("error", code="invalid_api_key", message="no"), ProviderDenied),
        (event("error", error={"type": "server_error", "message": "no"}), ProviderUnavailable),
        (b'event: error\ndata: {"message":"no"}\n\n', ProviderUnavailable),
        (b'data: {"error":{"message":"no"}}\n\n', ProviderUnavailable),
        (b'data: {"error":"no"}\n\n', ProviderUnavailable),
        (b"data: {}\n\n", ProviderGarbled),
        (b'data: {"choices":[]}\n\n', ProviderGarbled),
        (b"data: <html>\n\n", ProviderGarbled),
        (b"data: 5\n\n", ProviderGarbled),
        (b"data: \xff\n\n", ProviderGarbled),
        (b"data: " + b"[" * 100_000 + b"\n\n", ProviderGarbled),
        (event("response.output_text.delta", delta={"x": 1}), ProviderGarbled),
        (event("response.output_item.done", item=5), ProviderGarbled),
        (event("response.completed"), ProviderGarbled),
    ],
)
def test_an_error_in_a_stream_is_an_error_and_nothing_is_read_after_it(
    end: bytes, kind: type[Exception]
) -> None:
    events, error = read(created(), delta("half"), end, delta("late"), ended())
    assert events == (STARTED, TextDelta("half"))
    assert type(error) is kind


def test_an_answer_that_is_cut_short_says_why() -> None:
    reader = Reader()
    reader.feed(ended(kind="incomplete", incomplete_details={"reason": "max_output_tokens"}))
    assert reader.end() is None
    assert reader.finish == "length"


def test_the_type_of_an_end_stands_where_it_has_no_status() -> None:
    reader = Reader()
    reader.feed(event("response.completed", response={"output": []}))
    assert (reader.end(), reader.finish) == (None, "stop")


def test_a_completed_stream_whose_answer_is_not_is_no_success() -> None:
    _, error = read(event("response.completed", response=response(status="failed")))
    assert isinstance(error, ProviderUnavailable)


def test_an_event_that_is_too_long_is_garbled() -> None:
    _, error = read(b"data: " + b"x" * (8 * 1024 * 1024 + 1))
    assert isinstance(error, ProviderGarbled)


def test_comments_and_line_ends_say_nothing() -> None:
    stream = created() + b": waiting\n\n" + delta("a") + b"data: \n\n" + ended()
    events, error = read(stream.replace(b"\n", b"\r\n"))
    assert error is None
    assert events == (STARTED, TextDelta("a"))


STREAM = b"".join(
    [
        created(),
        added(0, type="reasoning", id="rs", summary=[]),
        delta("why", kind="reasoning_summary_text"),
        done(0, type="reasoning", id="rs", encrypted_content="gA", summary=[]),
        added(1, type="message", content=[], phase="final"),
        delta("grüße", at=1),
        done(1, **message("grüße!")),
        done(2, type="function_call", name="f", call_id="c", arguments="{}"),
        ended(),
    ]
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_cuts_give_the_same_events(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    reader, once = Reader(), Reader()
    events = [each for at, to in pairwise(places) for each in reader.feed(STREAM[at:to])]
    assert bare(events) == bare(once.feed(STREAM))
    assert reader.end() is None
    assert reader.finish == "tool_calls"


EVENTS = st.sampled_from(
    [
        "response.created",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_text.delta",
        "response.function_call_arguments.delta",
        "response.completed",
        "error",
        "odd",
        "",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "id", "item", "response", "output", "delta", "content", "summary", "name"]
            ),
            inner | st.sampled_from(["message", "reasoning", "function_call"]),
            max_size=4,
        )
    ),
    max_leaves=10,
)
FIELDS = st.dictionaries(
    st.sampled_from(["output_index", "item", "response", "delta", "error", "usage"]), JSON
)


@given(st.lists(st.tuples(EVENTS, FIELDS)))
def test_any_events_give_events_or_an_error(events: list[tuple[str, dict[str, Any]]]) -> None:
    reader = Reader()
    reader.feed(b"".join([event(kind, **fields) for kind, fields in events]))
    assert (reader.end() is None) == (reader.finish != "error")


@given(st.binary() | JSON.map(msgspec.json.encode))
def test_any_body_is_an_answer_or_garbled(body: bytes) -> None:
    try:
        whole = read_whole(body)
    except ProviderGarbled:
        return
    assert (whole.error is None) == isinstance(whole.events[-1], Finished)


@given(st.binary())
def test_any_bytes_give_events_or_an_error(body: bytes) -> None:
    reader = Reader()
    reader.feed(body)
    assert reader.end() is not None
