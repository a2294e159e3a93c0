"""A caller of this dialect hears every event in its own words, and can read all of it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.messages.stream import delta, ended

from jevons.testing.make import a_request
from jevons.types.account import Usage
from jevons.types.errors import (
    Forbidden,
    Malformed,
    NotFound,
    ProviderDenied,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnavailable,
    ResidencyRefused,
    TooLarge,
    Unauthenticated,
    Unsupported,
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
from jevons.wire.fold import fold
from jevons.wire.messages.reader import Reader, read_whole
from jevons.wire.messages.render import (
    Chunks,
    render_answer,
    render_error,
    render_error_event,
)
from jevons.wire.messages.request import parse_request
from jevons.wire.sse import read_event, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.errors import JevonsError
    from jevons.types.message import Part

USAGE = Usage(input=1, cache_read=2, cache_write=3, output=4, reasoning=5, counted_by="endpoint")
FINISHED = Finished(reason="stop", usage=USAGE, native="end_turn")
REQUEST = a_request(id="req_01X", model="m")


def rendered(*events: Event) -> bytes:
    """Render a stream; what ends it is rendered as what ends it."""
    chunks = Chunks(REQUEST)
    body = b"".join([chunks.event(event) for event in events[:-1]])
    before, last = chunks.closing(events[-1:])
    return body + before + last


def told(*events: Event) -> list[dict[str, Any]]:
    """Render a stream, and read it by its frames alone."""
    found: list[dict[str, Any]] = []
    for frame in split(rendered(*events)):
        name, data = read_event(frame)
        said = msgspec.json.decode(data or b"")
        assert said["type"] == name.decode()
        found.append(said)
    check(found)
    return found


def check(stream: Sequence[dict[str, Any]]) -> None:
    """Check that a stream is one of this dialect, by its published order of events."""
    assert stream[0]["type"] == "message_start"
    assert [each["type"] for each in stream[-2:]] == ["message_delta", "message_stop"]
    begun: list[str] = []
    ended: set[int] = set()
    for each in stream[1:-2]:
        at = each["index"]
        match each["type"]:
            case "content_block_start":
                assert at == len(begun)
                begun.append(each["content_block"]["type"])
            case "content_block_delta":
                assert at not in ended
                assert GROWS[each["delta"]["type"]] == begun[at]
            case _:
                assert each["type"] == "content_block_stop"
                assert at < len(begun)
                assert at not in ended
                ended.add(at)
    assert ended == set(range(len(begun)))


GROWS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
    "input_json_delta": "tool_use",
}


def whole(*events: Event) -> dict[str, Any]:
    return msgspec.json.decode(render_answer(events, REQUEST))


def kinds(said: list[dict[str, Any]]) -> list[str]:
    return [each["type"].removeprefix("content_block_") for each in said]


def test_text_is_told_from_its_beginning_to_its_end() -> None:
    said = told(Started(id="far", model="other"), TextDelta("hel"), TextDelta("lo"), FINISHED)
    assert kinds(said) == [
        "message_start",
        "start",
        "delta",
        "delta",
        "stop",
        "message_delta",
        "message_stop",
    ]
    assert said[1:4] == [
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": "hel"},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": "lo"},
        },
    ]


def test_an_answer_begins_with_its_name_and_no_counts() -> None:
    first = told(FINISHED)[0]
    assert first["message"] == {
        "id": "msg_01X",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": {
            "input_tokens": 0,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 0,
            "output_tokens_details": {"thinking_tokens": 0},
            "cache_creation": None,
            "server_tool_use": None,
            "service_tier": None,
            "inference_geo": None,
        },
        "container": None,
    }


def test_an_answer_ends_with_its_reason_and_all_counts() -> None:
    assert told(TextDelta("x"), FINISHED)[-2] == {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None, "stop_details": None},
        "usage": {
            "input_tokens": 1,
            "cache_creation_input_tokens": 3,
            "cache_read_input_tokens": 2,
            "output_tokens": 9,
            "output_tokens_details": {"thinking_tokens": 5},
            "cache_creation": None,
            "server_tool_use": None,
            "service_tier": None,
            "inference_geo": None,
        },
    }


def test_what_is_kept_for_an_hour_is_told_if_anybody_told_it() -> None:
    used = msgspec.structs.replace(USAGE, cache_write_1h=2)
    ended = msgspec.structs.replace(FINISHED, usage=used)
    assert told(TextDelta("x"), ended)[-2]["usage"]["cache_creation"] == {
        "ephemeral_5m_input_tokens": 1,
        "ephemeral_1h_input_tokens": 2,
    }


def test_what_ends_an_answer_and_its_very_last_event_are_apart() -> None:
    chunks = Chunks(REQUEST)
    chunks.event(TextDelta("x"))
    before, last = chunks.closing((FINISHED,))
    assert b"content_block_stop" in before
    assert b"message_delta" in before
    assert last == b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


def test_a_whole_answer_is_what_its_stream_adds_up_to() -> None:
    body = whole(Started(), TextDelta("hel"), TextDelta("lo"), FINISHED)
    last = told(TextDelta("hello"), FINISHED)[-2]
    assert body == {
        "id": "msg_01X",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "hello"}],
        **last["delta"],
        "container": None,
        "usage": last["usage"],
    }


@pytest.mark.parametrize(
    ("reason", "native", "said"),
    [
        ("stop", "stop", "end_turn"),
        ("length", "length", "max_tokens"),
        ("length", "model_context_window_exceeded", "model_context_window_exceeded"),
        ("tool_calls", "end_turn", "tool_use"),
        ("content_filter", "SAFETY", "refusal"),
        ("stop", "pause_turn", "pause_turn"),
        ("unheard of", "", "end_turn"),
    ],
)
def test_an_end_says_why_in_the_words_of_this_dialect(reason: str, native: str, said: str) -> None:
    body = whole(Finished(reason=reason, native=native, usage=Usage()))
    assert (body["stop_reason"], body["stop_sequence"]) == (said, None)


def test_an_end_says_which_text_it_stopped_at_if_it_knows() -> None:
    extra = {"stop_sequence": msgspec.Raw(b'"END"')}
    stopped = Finished(reason="stop", native="stop_sequence", usage=USAGE, extra=extra)
    assert whole(stopped)["stop_sequence"] == "END"
    assert whole(msgspec.structs.replace(stopped, extra=None))["stop_sequence"] is None
    ended = whole(msgspec.structs.replace(stopped, native="stop"))
    assert (ended["stop_reason"], ended["stop_sequence"]) == ("end_turn", None)
    extra = {"stop_details": msgspec.Raw(b'{"type":"refusal"}')}
    refused = Finished(reason="content_filter", native="refusal", usage=USAGE, extra=extra)
    assert whole(refused)["stop_details"] == {"type": "refusal"}


def test_blocks_stay_apart_and_what_says_nothing_is_none() -> None:
    events = (
        TextDelta("a"),
        TextDelta(""),
        TextDelta("b", block=1),
        RefusalDelta("no", block=1),
        RefusalDelta("", block=2),
        ReasoningDelta("", owner="xai", block=3),
        FINISHED,
    )
    assert [each["text"] for each in whole(*events)["content"]] == ["a", "b", "no"]
    assert kinds(told(*events)).count("start") == 3


def test_thinking_goes_out_with_its_mark_sealed_at_its_end() -> None:
    events = (
        ReasoningDelta("lo", owner="deepseek"),
        ReasoningDelta("ng", owner="deepseek", opaque="ma"),
        ReasoningDelta("", owner="deepseek", opaque="rk"),
        TextDelta("so", block=1),
        FINISHED,
    )
    said = told(*events)
    assert kinds(said)[1:6] == ["start", "delta", "delta", "delta", "stop"]
    assert said[1]["content_block"] == {"type": "thinking", "thinking": "", "signature": ""}
    assert said[4]["delta"] == {
        "type": "signature_delta",
        "signature": "jevons:deepseek:bWFyaw==",
    }
    assert whole(*events)["content"] == [
        {"type": "thinking", "thinking": "long", "signature": "jevons:deepseek:bWFyaw=="},
        {"type": "text", "text": "so"},
    ]


def test_a_signature_of_anthropics_is_its_own() -> None:
    thought = ReasoningDelta("hm", owner="anthropic", opaque="sig")
    hidden = ReasoningDelta("", kind="redacted", owner="anthropic", opaque="data", block=1)
    assert whole(thought, hidden, FINISHED)["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "data"},
    ]
    assert kinds(told(thought, hidden, FINISHED))[5:7] == ["start", "stop"]


def test_thinking_is_never_told_inside_a_text_and_an_answer_begins_once() -> None:
    events = (Started(), TextDelta("a"), ReasoningDelta("hm"), Started(), TextDelta("b"), FINISHED)
    said = told(*events)
    assert kinds(said).count("message_start") == 1
    begun = [each["content_block"]["type"] for each in said if "content_block" in each]
    assert begun == ["text", "thinking", "text"]


def test_thinking_of_nobody_has_no_signature() -> None:
    assert whole(ReasoningDelta("hm"), FINISHED)["content"][0]["signature"] == ""
    assert kinds(told(ReasoningDelta("hm"), FINISHED))[1:4] == ["start", "delta", "stop"]
    bare = ReasoningDelta("", kind="redacted")
    assert whole(bare, FINISHED)["content"] == [{"type": "redacted_thinking", "data": ""}]


@pytest.mark.parametrize(
    "then",
    [
        ReasoningDelta("b", owner="xai", block=1),
        ReasoningDelta("b", owner="openai"),
        ReasoningDelta("b", owner="xai", kind="summary"),
    ],
)
def test_thinking_of_another_block_or_owner_is_another_block(then: ReasoningDelta) -> None:
    assert len(whole(ReasoningDelta("a", owner="xai"), then, FINISHED)["content"]) == 2


def test_a_name_that_comes_late_is_under_the_seal() -> None:
    late = ReasoningDelta("", kind="summary", owner="openai", id="rs_1", opaque="gA")
    events = (ReasoningDelta("a", kind="summary", owner="openai"), late, FINISHED)
    (thought,) = back(whole(*events)["content"])
    assert msgspec.to_builtins(thought) == {
        "type": "reasoning",
        "text": "a",
        "kind": "summary",
        "opaque": "gA",
        "id": "rs_1",
        "owner": "openai",
        "extra": None,
    }
    unnamed = (ReasoningDelta("", owner="xai", id="rs_2"), FINISHED)
    assert kinds(told(*unnamed))[1:4] == ["start", "delta", "stop"]


def back(content: list[Any]) -> tuple[Part, ...]:
    """Hand an answer back as a caller does."""
    said = {"role": "assistant", "content": content}
    body = {"model": "m", "max_tokens": 1, "messages": [said]}
    request = parse_request(msgspec.json.encode(body), id="req_2", at_ms=0, actor=None)
    return request.messages[0].parts


def test_a_call_ends_when_it_is_whole_and_something_else_begins() -> None:
    events = (
        ToolCallDelta(index=0, id="c0", name="f", arguments='{"a"'),
        ToolCallDelta(index=0, arguments=":1}"),
        ToolCallDelta(index=1, id="c1", name="g", arguments="{}"),
        FINISHED,
    )
    said = told(*events)
    assert said[1]["content_block"] == {"type": "tool_use", "id": "c0", "name": "f", "input": {}}
    assert said[2]["delta"] == {"type": "input_json_delta", "partial_json": '{"a"'}
    assert [(each["type"][14:], each["index"]) for each in said[1:-2]] == [
        ("start", 0),
        ("delta", 0),
        ("delta", 0),
        ("stop", 0),
        ("start", 1),
        ("delta", 1),
        ("stop", 1),
    ]
    assert whole(*events)["content"] == [
        {"type": "tool_use", "id": "c0", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "c1", "name": "g", "input": {}},
    ]


def test_calls_may_be_told_in_turns_and_nothing_of_them_is_lost() -> None:
    events = (
        ToolCallDelta(index=0, id="c0", name="f"),
        ToolCallDelta(index=0, arguments='{"a"'),
        ToolCallDelta(index=1, id="c1", name="g"),
        TextDelta("so"),
        ToolCallDelta(index=0, arguments=":1}"),
        ToolCallDelta(index=1, arguments="{}"),
        TextDelta(" be it"),
        ToolCallDelta(index=1, arguments=" "),
        FINISHED,
    )
    said = told(*events)
    assert kinds(said).count("start") == 3
    assert [each.get("input", each.get("text")) for each in whole(*events)["content"]] == [
        {"a": 1},
        {},
        "so be it",
    ]


def test_what_follows_a_call_that_has_ended_is_not_told() -> None:
    call = ToolCallDelta(index=0, id="c0", name="f", arguments="{}")
    late = ToolCallDelta(index=0, arguments=" ")
    events = (call, TextDelta("so"), late, FINISHED)
    assert kinds(told(*events)).count("delta") == 2


def test_arguments_that_are_no_object_are_inside_one() -> None:
    call = ToolCallDelta(index=0, id="c0", name="f", arguments='{"a"')
    (block,) = whole(call, FINISHED)["content"]
    assert block["input"] == {"INVALID_JSON": '{"a"'}


def test_the_mark_of_a_call_goes_out_sealed() -> None:
    call = ToolCallDelta(index=0, id="c", name="f", opaque="sig", owner="google")
    (block,) = whole(call, FINISHED)["content"]
    assert block["signature"] == "jevons:google:c2ln"
    assert told(call, FINISHED)[1]["content_block"] == block


def test_a_block_that_this_dialect_has_is_one_and_others_are_not_written() -> None:
    pretty = msgspec.Raw(b'{\n  "query": "q"\n}')
    used = OpaqueBlock(kind="server_tool_use", fields={"id": msgspec.Raw(b'"s"'), "input": pretty})
    found = OpaqueBlock(kind="web_search_tool_result", fields={"content": msgspec.Raw(b"[]")})
    strange = OpaqueBlock(kind="web_search_call", fields={"id": msgspec.Raw(b'"x"')})
    events = (TextDelta("a"), used, found, strange, TextDelta("b"), FINISHED)
    assert whole(*events)["content"] == [
        {"type": "text", "text": "a"},
        {"id": "s", "input": {"query": "q"}, "type": "server_tool_use"},
        {"content": [], "type": "web_search_tool_result"},
        {"type": "text", "text": "b"},
    ]
    assert [each["content_block"]["type"] for each in told(*events) if "content_block" in each] == [
        "text",
        "server_tool_use",
        "web_search_tool_result",
        "text",
    ]


def test_a_frame_passes_as_it_is_and_its_last_event_is_apart() -> None:
    chunks = Chunks(REQUEST)
    assert chunks.event(Frame(delta("a"))) == delta("a")
    before, last = chunks.closing((Frame(delta("b") + ended()),))
    assert (before + last, last) == (delta("b") + ended(), [*split(ended())][-1])
    assert render_answer((Frame(b"{}"),), REQUEST) == b"{}"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Malformed("x"), "invalid_request_error"),
        (Unauthenticated("x", rule="r"), "authentication_error"),
        (Forbidden("x", rule="r"), "permission_error"),
        (NotFound("x"), "not_found_error"),
        (TooLarge("x"), "request_too_large"),
        (ProviderThrottled("x"), "rate_limit_error"),
        (ProviderDenied("x"), "api_error"),
        (ProviderUnavailable("x"), "overloaded_error"),
        (ProviderTimeout("x"), "timeout_error"),
    ],
)
def test_an_error_has_the_name_that_anthropic_gives_it(error: JevonsError, kind: str) -> None:
    body = msgspec.json.decode(render_error(error))
    assert body["type"] == "error"
    assert body["error"]["type"] == kind


def test_an_error_names_what_was_wrong_and_which_rule_said_no() -> None:
    error = Unsupported("no images", param="messages[0]")
    assert msgspec.json.decode(render_error(error)) == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "no images",
            "code": "unsupported",
            "param": "messages[0]",
        },
    }
    refused = msgspec.json.decode(render_error(ResidencyRefused("no", rule="residency")))
    assert refused["error"]["rule"] == "residency"


def test_an_error_in_mid_stream_is_an_event_that_is_read_as_one() -> None:
    error = ProviderUnavailable("gone")
    (frame,) = split(render_error_event(error))
    name, data = read_event(frame)
    assert name == b"error"
    assert data == render_error(error)
    reader = Reader()
    reader.feed(frame)
    assert isinstance(reader.end(), ProviderUnavailable)


WORDS = st.text(max_size=6)
NAMES = st.text("abcxyz", min_size=1, max_size=6)
OBJECTS = st.dictionaries(NAMES, st.integers() | st.text(), max_size=2)
OWNER = "xai"
REASONS = {"length": "max_tokens", "content_filter": "refusal"}


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[str]:
    """Cut a text in pieces."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@st.composite
def answers(draw: st.DrawFn) -> list[Event]:
    """Make the events of an answer: blocks of any kind in any order, each in some deltas."""
    events: list[Event] = [Started(id="msg_01X", model="m")]
    calls = 0
    for block in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["text", "thought", "mark", "call", "hosted"]))
        words = draw(st.lists(WORDS, min_size=1, max_size=3))
        name = draw(st.just("") | NAMES)
        if kind == "text":
            events += [TextDelta(word, block=block) for word in words]
        elif kind == "thought":
            how: dict[str, Any] = {
                "kind": draw(st.sampled_from(["thinking", "summary"])),
                "owner": OWNER,
                "block": block,
                "id": name,
            }
            events += [ReasoningDelta(word, **how) for word in words]
            events.append(ReasoningDelta("", opaque=draw(NAMES), **how))
        elif kind == "mark":
            how = {"kind": "redacted", "owner": OWNER, "block": block, "id": name}
            events.append(ReasoningDelta("", opaque=draw(NAMES), **how))
        elif kind == "call":
            said = msgspec.json.encode(draw(OBJECTS)).decode()
            events.append(ToolCallDelta(index=calls, id=draw(NAMES), name=draw(NAMES)))
            cut = draw(pieces(said))
            events += [ToolCallDelta(index=calls, arguments=piece) for piece in cut]
            calls += 1
        else:
            fields = {"type": msgspec.Raw(b'"server_tool_use"'), "id": msgspec.Raw(b'"s"')}
            events.append(OpaqueBlock(kind="server_tool_use", fields=fields))
    reason = draw(st.sampled_from([*REASONS, "tool_calls" if calls else "stop"]))
    return [*events, Finished(reason=reason, usage=draw(st.sampled_from([Usage(), USAGE])))]


def plain(events: Sequence[Event]) -> Any:
    """Leave out blocks that say nothing, numbers of blocks, and a reason's words."""
    said: list[Any] = []
    for event in fold([each for each in events if not is_silent(each)]):
        fields = msgspec.json.decode(msgspec.json.encode(event))
        said.append({**fields, "block": 0, "native": ""})
    return said


def is_silent(event: Event) -> bool:
    return isinstance(event, TextDelta) and not event.text


@given(answers())
def test_an_answer_is_read_back(events: list[Event]) -> None:
    body = render_answer(events, REQUEST)
    assert plain(read_whole(body).events) == plain(events)


@given(answers())
def test_a_stream_is_read_back(events: list[Event]) -> None:
    reader = Reader(owner=OWNER)
    heard = reader.feed(rendered(*events))
    assert reader.end() is None
    heard = [unsummed(each) for each in (*heard, *reader.closing)]
    assert plain(heard) == plain([unsummed(each) for each in events])


def unsummed(event: Event) -> Event:
    """Take a summary for thinking: that it is none is told by its mark, after its words."""
    is_summary = isinstance(event, ReasoningDelta) and event.kind == "summary"
    return msgspec.structs.replace(event, kind="thinking") if is_summary else event


DELTAS = st.one_of(
    st.builds(Started),
    st.builds(TextDelta, WORDS, block=st.integers(0, 2)),
    st.builds(RefusalDelta, WORDS, block=st.integers(0, 2)),
    st.builds(
        ReasoningDelta,
        WORDS,
        kind=st.sampled_from(["thinking", "summary", "redacted"]),
        opaque=st.none() | NAMES,
        owner=st.sampled_from(["", "anthropic", "xai"]),
        block=st.integers(0, 2),
    ),
    st.builds(
        ToolCallDelta,
        index=st.integers(0, 2),
        id=NAMES,
        name=NAMES,
        arguments=st.sampled_from(["", "{", "}", "{}", " "]) | WORDS,
        opaque=st.none() | NAMES,
    ),
    st.builds(OpaqueBlock, kind=st.sampled_from(["odd", "fallback"]), fields=st.just({})),
)


@given(st.lists(DELTAS, max_size=12))
def test_any_stream_is_well_formed(events: list[Event]) -> None:
    said = told(*events, FINISHED)
    begun = [each["content_block"] for each in said if "content_block" in each]
    content = whole(*events, FINISHED)["content"]
    assert [each["type"] for each in content] == [each["type"] for each in begun]
    for at, block in enumerate(content):
        if block["type"] in {"text", "thinking"}:
            grown = [each["delta"] for each in said if each.get("index") == at and "delta" in each]
            text = "".join([each.get(block["type"], "") for each in grown])
            assert block[block["type"]] == text
