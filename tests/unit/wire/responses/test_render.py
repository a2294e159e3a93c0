"""A caller of this dialect hears every event in its own words, and can read all of it back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.responses.stream import delta, ended

from jevons.types.account import Usage
from jevons.types.errors import ProviderUnavailable, ResidencyRefused, Unsupported
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
from jevons.types.request import Generate, Source
from jevons.wire.fold import fold
from jevons.wire.responses import (
    Chunks,
    Reader,
    parse_request,
    read_whole,
    render_answer,
    render_error,
    render_error_after,
    render_error_event,
)
from jevons.wire.sse import read_event, split

USAGE = Usage(input=1, cache_read=2, cache_write=3, output=4, reasoning=5, counted_by="endpoint")
FINISHED = Finished(reason="stop", usage=USAGE, native="completed")


def request(**fields: Any) -> Generate:
    body = msgspec.json.encode({"model": "m", "input": "hello", **fields})
    return parse_request(body, id="req_01X", at_ms=7000, actor=None)


def told(*events: Event, asked: Generate | None = None) -> list[dict[str, Any]]:
    """Render a stream, and read it by its frames alone."""
    chunks = Chunks(asked or request())
    body = b"".join([chunks.event(event) for event in events[:-1]])
    body += b"".join(chunks.closing(events[-1:]))
    found: list[dict[str, Any]] = []
    for frame in split(body):
        name, data = read_event(frame)
        said = msgspec.json.decode(data or b"")
        assert said["type"] == name.decode()
        assert said["sequence_number"] == len(found)
        found.append(said)
    return found


def whole(*events: Event, asked: Generate | None = None) -> dict[str, Any]:
    return msgspec.json.decode(render_answer(events, asked or request()))


def kinds(said: list[dict[str, Any]]) -> list[str]:
    return [each["type"].removeprefix("response.") for each in said]


def test_text_is_told_from_its_beginning_to_its_end() -> None:
    said = told(Started(), TextDelta("hel"), TextDelta("lo"), FINISHED)
    assert kinds(said) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    added, part, first = said[2:5]
    assert added["item"]["content"] == []
    assert added["item"]["status"] == "in_progress"
    assert part["part"] == {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    place = {"item_id": "msg_jevons_01X_0", "output_index": 0, "content_index": 0}
    assert place.items() <= first.items()
    assert first["delta"] == "hel"
    assert said[6]["text"] == said[7]["part"]["text"] == "hello"
    assert said[8]["item"] == said[9]["response"]["output"][0]
    assert said[8]["item"]["status"] == "completed"


def test_a_whole_answer_is_what_ends_its_stream() -> None:
    events = (Started(), TextDelta("hello"), FINISHED)
    assert told(*events)[-1]["response"] == whole(*events)


def test_an_answer_has_every_field_that_the_dialect_wants() -> None:
    assert whole(FINISHED) == {
        "id": "resp_01X",
        "object": "response",
        "created_at": 7,
        "completed_at": None,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "m",
        "output": [],
        "background": False,
        "frequency_penalty": 0.0,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "presence_penalty": 0.0,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": {
            "input_tokens": 6,
            "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 3},
            "output_tokens": 9,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": 15,
        },
        "user": None,
    }


def test_what_was_asked_is_told_as_it_was_asked() -> None:
    tool = {"type": "function", "name": "f"}
    asked = request(
        instructions="be brief",
        metadata=None,
        reasoning={"effort": "low"},
        text={"verbosity": "low"},
        tools=[tool, {"type": "web_search"}],
    )
    body = whole(FINISHED, asked=asked)
    assert body["instructions"] == "be brief"
    assert body["metadata"] == {}
    assert body["reasoning"] == {"effort": "low", "summary": None}
    assert body["text"] == {"format": {"type": "text"}, "verbosity": "low"}
    assert body["tools"] == [
        {"description": None, "parameters": None, "strict": None, **tool},
        {"type": "web_search"},
    ]


@pytest.mark.parametrize(("store", "kept"), [(None, False), (False, False), (True, True)])
def test_an_answer_says_whether_it_is_kept_here_and_what_it_goes_on_from(
    *, store: bool | None, kept: bool
) -> None:
    body = whole(FINISHED, asked=request(store=store, previous_response_id="resp_0"))
    assert body["store"] is kept
    assert body["previous_response_id"] == "resp_0"
    assert whole(FINISHED, asked=request(store=store))["previous_response_id"] is None


def test_what_was_asked_in_another_dialect_is_not_told() -> None:
    asked = request()
    source = Source(
        dialect="openai-chat",
        fields={"user": msgspec.Raw(b'"u"')},
        digest=b"",
        size_bytes=0,
    )
    body = whole(FINISHED, asked=msgspec.structs.replace(asked, source=source))
    assert body["user"] is None


@pytest.mark.parametrize(
    ("reason", "status", "details"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_an_end_says_why_and_no_count_where_nobody_counted(
    reason: str, status: str, details: Any
) -> None:
    finished = Finished(reason=reason, usage=Usage())
    last = told(TextDelta("x"), finished)[-1]
    assert last["type"] == f"response.{status}"
    body = last["response"]
    assert (body["status"], body["incomplete_details"], body["usage"]) == (status, details, None)


def test_blocks_that_follow_each_other_are_parts_of_one_message() -> None:
    events = (TextDelta("a"), TextDelta("b", block=1), RefusalDelta("no", block=2), FINISHED)
    (item,) = whole(*events)["output"]
    said = [part.get("text", part.get("refusal")) for part in item["content"]]
    assert said == ["a", "b", "no"]
    assert "refusal.delta" in kinds(told(*events))


def test_probabilities_go_with_their_text() -> None:
    tokens = [{"token": "a", "logprob": -1.0}]
    text = TextDelta("a", logprobs=msgspec.Raw(msgspec.json.encode({"content": tokens})))
    none = TextDelta("b", logprobs=msgspec.Raw(b'{"content":null}'))
    (item,) = whole(text, none, FINISHED)["output"]
    assert item["content"][0]["logprobs"] == tokens
    said = told(text, none, FINISHED)
    assert [each["logprobs"] for each in said if "delta" in each] == [tokens, []]


def test_thinking_goes_out_with_its_mark_sealed() -> None:
    events = (
        ReasoningDelta("lo", owner="anthropic"),
        ReasoningDelta("ng", owner="anthropic", opaque="mark"),
        TextDelta("so", block=1),
        FINISHED,
    )
    said = told(*events)
    assert kinds(said)[2:8] == [
        "output_item.added",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
    ]
    assert said[2]["item"]["encrypted_content"] == "jevons:anthropic:"
    thought, text = said[-1]["response"]["output"]
    assert thought == {
        "type": "reasoning",
        "id": "rs_jevons_01X_0",
        "status": "completed",
        "content": [{"type": "reasoning_text", "text": "long"}],
        "summary": [],
        "encrypted_content": "jevons:anthropic:bWFyaw==",
    }
    assert text["content"][0]["text"] == "so"


def test_thinking_without_a_mark_or_an_owner_has_no_field_for_it() -> None:
    said = told(ReasoningDelta("long"), FINISHED)
    items = [said[2]["item"], *said[-1]["response"]["output"]]
    assert [item["type"] for item in items] == ["reasoning", "reasoning"]
    assert not [item for item in items if "encrypted_content" in item]


def test_a_summary_and_a_mark_with_one_id_are_one_item() -> None:
    events = (
        ReasoningDelta("a", kind="summary", id="rs_1", owner="openai"),
        ReasoningDelta("b", kind="summary", id="rs_1", owner="openai", block=1),
        ReasoningDelta("", kind="summary", id="rs_1", owner="openai", block=1),
        ReasoningDelta("", kind="redacted", id="rs_1", owner="openai", block=2, opaque="gA"),
        FINISHED,
    )
    (item,) = whole(*events)["output"]
    assert [part["text"] for part in item["summary"]] == ["a", "b"]
    assert (item["id"], item["encrypted_content"]) == ("rs_1", "gA")
    assert kinds(told(*events)).count("reasoning_summary_part.done") == 2


@pytest.mark.parametrize(
    "then",
    [
        ReasoningDelta("b", owner="xai", block=1),
        ReasoningDelta("b", owner="openai"),
        ReasoningDelta("b", owner="xai", id="rs_2"),
        ReasoningDelta("b", owner="xai", kind="summary"),
    ],
)
def test_thinking_of_another_block_or_owner_is_another_item(then: ReasoningDelta) -> None:
    body = whole(ReasoningDelta("a", owner="xai"), then, FINISHED)
    assert len(body["output"]) == 2


def test_calls_may_be_told_in_turns_and_end_with_the_answer() -> None:
    events = (
        ToolCallDelta(index=0, id="c0", name="f"),
        ToolCallDelta(index=0, arguments='{"a"'),
        ToolCallDelta(index=1, id="c1", name="g"),
        ToolCallDelta(index=0, arguments=":1}"),
        FINISHED,
    )
    said = told(*events)
    deltas = [each for each in said if each["type"].endswith("arguments.delta")]
    assert [each["output_index"] for each in deltas] == [0, 0]
    assert said[-1]["response"]["output"] == [
        {
            "type": "function_call",
            "id": "fc_jevons_01X_0",
            "status": "completed",
            "call_id": "c0",
            "name": "f",
            "arguments": '{"a":1}',
        },
        {
            "type": "function_call",
            "id": "fc_jevons_01X_1",
            "status": "completed",
            "call_id": "c1",
            "name": "g",
            "arguments": "{}",
        },
    ]
    assert kinds(said)[-5:-1] == [
        "function_call_arguments.done",
        "output_item.done",
        "function_call_arguments.done",
        "output_item.done",
    ]


def test_the_mark_of_a_call_goes_out_sealed() -> None:
    call = ToolCallDelta(index=0, id="c", name="f", opaque="si")
    rest = ToolCallDelta(index=0, opaque="g", owner="google")
    (item,) = whole(call, rest, FINISHED)["output"]
    assert item["encrypted_content"] == "jevons:google:c2ln"


def test_a_block_that_this_dialect_has_is_an_item_and_others_are_not_written() -> None:
    search = {"type": msgspec.Raw(b'"web_search_call"'), "id": msgspec.Raw(b'"ws"')}
    strange = OpaqueBlock(kind="server_tool_use", fields={"type": msgspec.Raw(b'"x"')})
    block = OpaqueBlock(kind="web_search_call", fields=search)
    said = told(TextDelta("a"), block, strange, TextDelta("b"), FINISHED)
    output = said[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["message", "web_search_call", "message"]
    assert output[1] == {"type": "web_search_call", "id": "ws"}
    assert [each["item"] for each in said if each.get("output_index") == 1] == [output[1]] * 2


def test_an_item_of_the_dialect_is_on_one_line_however_it_came() -> None:
    found = {"tools": msgspec.Raw(b"[\n  1\n]")}
    chunks = Chunks(request())
    body = chunks.event(OpaqueBlock(kind="tool_search_output", fields=found))
    assert b'"tools":[   1 ]' in body
    assert all(line.startswith((b"event: ", b"data: ")) for line in body.split(b"\n") if line)


def test_a_frame_passes_as_it_is_and_its_last_event_is_apart() -> None:
    chunks = Chunks(request())
    assert chunks.event(Frame(delta("a"))) == delta("a")
    assert chunks.closing((Frame(delta("b") + ended()),)) == (delta("b"), ended())
    assert chunks.closing((Frame(ended()),)) == (b"", ended())
    assert render_answer((Frame(b"{}"),), request()) == b"{}"


def test_an_error_names_what_was_wrong_and_which_rule_said_no() -> None:
    error = Unsupported("no images", param="input")
    assert msgspec.json.decode(render_error(error)) == {
        "error": {
            "message": "no images",
            "type": "invalid_request_error",
            "param": "input",
            "code": "unsupported",
        }
    }
    refused = msgspec.json.decode(render_error(ResidencyRefused("no", rule="residency")))
    assert refused["error"]["rule"] == "residency"
    assert refused["error"]["type"] == "permission_error"


def test_an_error_in_mid_stream_is_an_event_that_sdks_of_both_kinds_read() -> None:
    chunks = Chunks(request())
    chunks.event(TextDelta("half"))
    assert chunks.sequence == 5
    (frame,) = split(render_error_event(ProviderUnavailable("gone"), sequence=chunks.sequence))
    name, data = read_event(frame)
    assert name == b"error"
    assert msgspec.json.decode(data or b"") == {
        "type": "error",
        "sequence_number": 5,
        "code": "provider_unavailable",
        "message": "gone",
        "param": None,
        "error": {
            "message": "gone",
            "type": "server_error",
            "param": None,
            "code": "provider_unavailable",
        },
    }
    reader = Reader()
    reader.feed(frame)
    assert isinstance(reader.end(), ProviderUnavailable)


WORDS = st.text(max_size=6)
NAMES = st.text("abcxyz", min_size=1, max_size=6)
LOGPROBS = st.none() | st.just(msgspec.Raw(b'{"content":[{"token":"a"}]}'))


@st.composite
def answers(draw: st.DrawFn) -> list[Event]:
    """Make the events of an answer: blocks of any kind in any order, each in some deltas."""
    events: list[Event] = [Started(id="far", model="m")]
    calls = 0
    for block in range(draw(st.integers(0, 5))):
        pieces = draw(st.lists(WORDS, min_size=1, max_size=3))
        kind = draw(st.sampled_from(["text", "refusal", "thought", "mark", "call", "item"]))
        owner = draw(st.sampled_from(["openai", "anthropic", "xai"]))
        opaque = draw(NAMES)
        if kind == "text":
            logprobs = draw(LOGPROBS)
            events += [TextDelta(piece, block=block, logprobs=logprobs) for piece in pieces]
        elif kind == "refusal":
            events += [RefusalDelta(piece, block=block) for piece in pieces]
        elif kind == "thought":
            how: dict[str, Any] = {
                "kind": draw(st.sampled_from(["thinking", "summary"])),
                "id": draw(st.just("") | NAMES.map(f"rs_{block}_".__add__)),
                "owner": owner,
                "block": block,
            }
            events += [ReasoningDelta(piece, **how) for piece in pieces]
            events.append(ReasoningDelta("", opaque=draw(st.none() | NAMES), **how))
        elif kind == "mark":
            events.append(
                ReasoningDelta("", kind="redacted", opaque=opaque, owner=owner, block=block)
            )
        elif kind == "call":
            events.append(ToolCallDelta(index=calls, id=opaque, name="f", arguments="{"))
            events += [ToolCallDelta(index=calls, arguments=piece) for piece in pieces]
            mark = draw(st.none() | NAMES)
            if mark is not None:
                events.append(ToolCallDelta(index=calls, opaque=mark, owner=owner))
            calls += 1
        else:
            fields = {"type": msgspec.Raw(b'"web_search_call"')}
            events.append(OpaqueBlock(kind="web_search_call", fields=fields))
    reason = draw(st.sampled_from(["length", "content_filter", "tool_calls" if calls else "stop"]))
    return [*events, Finished(reason=reason, usage=draw(st.sampled_from([Usage(), USAGE])))]


def plain(events: list[Event] | tuple[Event, ...]) -> Any:
    """Leave out blocks that say nothing, numbers, and what an answer says of itself."""
    said: list[Any] = []
    for event in fold(_sorted(events)):
        fields = msgspec.json.decode(msgspec.json.encode(event))
        beside = ("logprobs", "opaque", "id", "fields", "reason")
        if fields.get("text") or any(fields.get(name) for name in beside):
            said.append({**fields, "block": 0, "native": ""})
    return [each for each in said if each["type"] != "started"]


def _sorted(events: list[Event] | tuple[Event, ...]) -> list[Event]:
    """Put the pieces of each call together: its mark may come late."""
    found: list[Event] = []
    for event in events:
        last = len(found)
        if isinstance(event, ToolCallDelta):
            places = [at for at, each in enumerate(found) if _is_same_call(each, event)]
            last = places[-1] + 1 if places else last
        found.insert(last, event)
    return found


def _is_same_call(event: Event, other: ToolCallDelta) -> bool:
    return isinstance(event, ToolCallDelta) and event.index == other.index


@pytest.mark.parametrize(
    ("last", "number"),
    [
        (b"", 0),
        (b'event: a\ndata: {"type":"a","sequence_number":7}\n\n', 8),
        (b'data: {"sequence_number":7}\n\n: a comment\n\n', 8),
        (b'data: {"sequence_number":7}\n\ndata: {"sequence_number":8}\n\n', 9),
        (b'data: {"sequence_number":7}\n\ndata: {"sequence_number":"x"}\n\ndata: {}\n\n', 8),
        (b"data: not JSON\n\n", 0),
    ],
)
def test_an_error_goes_on_counting_where_the_stream_was(last: bytes, number: int) -> None:
    (frame,) = split(render_error_after(ProviderUnavailable("gone"), last))
    assert msgspec.json.decode(read_event(frame).data or b"")["sequence_number"] == number


@given(answers())
def test_an_answer_is_read_back(events: list[Event]) -> None:
    body = render_answer(events, request())
    assert plain(read_whole(body).events) == plain(events)


@given(answers())
def test_a_stream_is_read_back(events: list[Event]) -> None:
    chunks, reader = Chunks(request()), Reader()
    heard: list[Event] = []
    for event in events[:-1]:
        heard += reader.feed(chunks.event(event))
    before, last = chunks.closing(tuple(events[-1:]))
    heard += reader.feed(before)
    assert reader.finish == "error"
    heard += reader.feed(last)
    assert reader.end() is None
    assert plain([*heard, *reader.closing]) == plain(events)
