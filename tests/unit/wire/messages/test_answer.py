"""An answer that came whole is read into events that end as it did, with what it used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.unit.wire.messages.stream import message

from jevons.types.account import Usage
from jevons.types.errors import (
    ProviderDenied,
    ProviderError,
    ProviderGarbled,
    ProviderThrottled,
    ProviderTruncated,
    ProviderUnavailable,
    ProviderUnpaid,
)
from jevons.types.event import (
    Finished,
    OpaqueBlock,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.messages import read_whole

if TYPE_CHECKING:
    from jevons.wire.whole import Whole

CALL = {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}


def read(body: Any, owner: str = "") -> Whole:
    return read_whole(msgspec.json.encode(body), owner=owner)


def bare(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def finished(body: Any) -> Finished:
    last = read(body).events[-1]
    assert isinstance(last, Finished)
    return last


def test_an_answer_is_its_blocks_in_order() -> None:
    search = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"q": "x"}}
    events = read(
        message(
            {"type": "thinking", "thinking": "hm", "signature": "sig"},
            {"type": "redacted_thinking", "data": "enc"},
            {"type": "text", "text": "a", "citations": None},
            search,
            {"type": "text", "text": "b"},
            {**CALL, "caller": {"type": "direct"}},
            {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
            stop_reason="tool_use",
        ),
        owner="anthropic",
    ).events
    assert bare(events) == bare(
        [
            Started(id="msg_far", model="model-1"),
            ReasoningDelta("hm", opaque="sig", owner="anthropic", block=0),
            ReasoningDelta("", kind="redacted", opaque="enc", owner="anthropic", block=1),
            TextDelta("a", block=2),
            OpaqueBlock(kind="server_tool_use", fields=bare(search)),
            TextDelta("b", block=3),
            ToolCallDelta(
                index=0, id="t1", name="f", arguments='{"a":1}', extra=bare({"caller": {"type": "direct"}})
            ),
            ToolCallDelta(index=1, id="t2", name="g", arguments="{}"),
            Finished(
                reason="tool_calls",
                native="tool_use",
                usage=Usage(input=5, output=2, counted_by="endpoint"),
            ),
        ]
    )  # fmt: skip


def test_a_byte_order_mark_is_not_read() -> None:
    assert read_whole(b"\xef\xbb\xbf" + msgspec.json.encode(message())).error is None


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("newest", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("sensitive", "content_filter"),
    ],
)
def test_a_stop_reason_has_one_of_our_names(reason: str, finish: str) -> None:
    whole = read(message(stop_reason=reason))
    assert whole.finish == finish
    last = whole.events[-1]
    assert isinstance(last, Finished)
    assert (last.reason, last.native) == (finish, reason)


def test_an_answer_ends_with_its_call_if_what_it_says_is_no_reason_of_the_dialect() -> None:
    assert finished(message(CALL, stop_reason="stop")).reason == "tool_calls"
    assert finished(message(CALL, stop_reason="end_turn")).reason == "stop"
    assert finished(message(CALL, stop_reason="max_tokens")).reason == "length"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (None, ProviderTruncated),
        ("", ProviderTruncated),
        ("error", ProviderUnavailable),
        ("network_error", ProviderUnavailable),
    ],
)
def test_a_reason_that_is_none_is_an_error(reason: Any, kind: type[ProviderError]) -> None:
    whole = read(message({"type": "text", "text": "a"}, stop_reason=reason))
    assert isinstance(whole.error, kind)
    assert whole.finish is None
    assert len(whole.events) == 2


def test_a_call_without_a_name_is_garbled() -> None:
    whole = read(message({"type": "tool_use"}))
    assert isinstance(whole.error, ProviderGarbled)


PLAIN = Usage(input=1, output=4, counted_by="endpoint")


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        (
            {
                "input_tokens": 3,
                "cache_read_input_tokens": 4,
                "cache_creation_input_tokens": 5,
                "output_tokens": 6,
                "output_tokens_details": {"thinking_tokens": 2},
            },
            Usage(
                input=3,
                cache_read=4,
                cache_write=5,
                output=4,
                reasoning=2,
                counted_by="endpoint",
            ),
        ),
        (
            {
                "input_tokens": 1,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 2,
                    "ephemeral_1h_input_tokens": 3,
                },
                "output_tokens": 4,
            },
            Usage(input=1, cache_write=5, cache_write_1h=3, output=4, counted_by="endpoint"),
        ),
        (
            {"cache_creation": {}, "input_tokens": -1, "output_tokens": 4},
            Usage(output=4, counted_by="endpoint"),
        ),
        (
            {"output_tokens": 4, "output_tokens_details": {"thinking_tokens": 9}},
            Usage(reasoning=4, counted_by="endpoint"),
        ),
        (
            {
                "input_tokens": 9,
                "prompt_tokens": 9,
                "cache_read_input_tokens": 4,
                "cache_creation_input_tokens": 2,
                "output_tokens": 4,
            },
            Usage(input=3, cache_read=4, cache_write=2, output=4, counted_by="endpoint"),
        ),
        (
            {"input_tokens": 9, "prompt_tokens": 9, "output_tokens": 4},
            Usage(input=9, output=4, counted_by="endpoint"),
        ),
        (
            {
                "input_tokens": 9,
                "prompt_tokens": 13,
                "cache_read_input_tokens": 4,
                "output_tokens": 4,
            },
            Usage(input=9, cache_read=4, output=4, counted_by="endpoint"),
        ),
        ({"input_tokens": 1, "output_tokens": 4, "iterations": 2}, PLAIN),
        ({"input_tokens": 1, "output_tokens": 4, "iterations": []}, PLAIN),
        ({"input_tokens": 1, "output_tokens": 4, "iterations": [{}, {"type": "newest"}]}, PLAIN),
        ({"input_tokens": 0, "output_tokens": 0}, None),
        ({}, None),
        (None, None),
    ],
)
def test_usage_comes_in_buckets_that_do_not_overlap(counts: Any, usage: Usage | None) -> None:
    whole = read(message(usage=counts))
    assert whole.usage == usage
    assert finished(message(usage=counts)).usage == (usage or Usage())


def counts_of(tokens: int) -> dict[str, Any]:
    """Counts that tell their buckets apart."""
    return {
        "input_tokens": tokens,
        "cache_read_input_tokens": tokens + 1,
        "cache_creation_input_tokens": tokens + 2,
        "cache_creation": {"ephemeral_1h_input_tokens": tokens},
        "output_tokens": tokens + 3,
    }


def turn(kind: str, tokens: int) -> dict[str, Any]:
    return {"type": kind, **counts_of(tokens)}


def test_a_summary_of_what_was_said_is_used_though_it_is_listed_apart() -> None:
    counts = {**counts_of(1), "iterations": [turn("compaction", 100), turn("message", 1)]}
    whole = read(message(usage=counts))
    assert whole.usage == Usage(
        input=101, cache_read=103, cache_write=105, cache_write_1h=101, output=107,
        counted_by="endpoint",
    )  # fmt: skip
    assert bare(finished(message(usage=counts)).extra)["usage"] == {
        "cache_creation": counts["cache_creation"],
        "iterations": counts["iterations"],
    }


@pytest.mark.parametrize("kind", ["advisor_message", "fallback_message"])
def test_what_another_model_used_is_told_apart(kind: str) -> None:
    """Anthropic's counts of the answer hold nothing of an adviser's, and all of a stand-in's."""
    counts = {**counts_of(1), "iterations": [turn("message", 1), turn(kind, 100)]}
    used = read(message(usage=counts)).usage
    assert used == Usage(
        input=1, cache_read=2, cache_write=3, cache_write_1h=1, output=4,
        other_models=100 + 101 + 102 + 103, counted_by="endpoint",
    )  # fmt: skip


def test_what_an_answer_says_beside_is_kept() -> None:
    said: dict[str, Any] = {
        "stop_sequence": "\n\n",
        "stop_details": {"type": "refusal"},
        "container": None,
        "usage": {"input_tokens": 1, "output_tokens": 1, "service_tier": "standard", "odd": None},
    }
    assert bare(finished(message(**said)).extra) == {
        "stop_sequence": "\n\n",
        "stop_details": {"type": "refusal"},
        "usage": {"service_tier": "standard"},
    }
    assert finished(message()).extra is None


def test_citations_go_with_their_text() -> None:
    cited = {"type": "text", "text": "a", "citations": [{"cited_text": "b"}], "odd": 1}
    _, text, _ = read(message(cited)).events
    assert isinstance(text, TextDelta)
    assert (text.text, bare(text.extra)) == ("a", {"citations": [{"cited_text": "b"}], "odd": 1})


def test_thinking_is_its_writers() -> None:
    other = {"type": "thinking", "thinking": "hm", "signature": "jevons:openai/summary/rs_1:ZW5j"}
    bare_one = {"type": "thinking", "thinking": "hm"}
    _, known, without, _ = read(message(other, bare_one), owner="minimax").events
    assert known == ReasoningDelta(
        "hm", kind="summary", opaque="enc", id="rs_1", owner="minimax", block=0
    )
    assert without == ReasoningDelta("hm", owner="minimax", block=1)
    _, sealed, without, _ = read(message(other, bare_one)).events
    assert isinstance(sealed, ReasoningDelta)
    assert sealed.owner == "openai"
    assert without == ReasoningDelta("hm", block=1)


@pytest.mark.parametrize(
    ("block", "count"),
    [
        ({"type": "thinking", "thinking": "", "signature": "s"}, 1),
        ({"type": "thinking", "thinking": "", "odd": 1}, 1),
        ({"type": "thinking", "thinking": ""}, 0),
        ({"type": "text", "text": ""}, 0),
        ({"type": "text", "text": "", "odd": 1}, 1),
    ],
)
def test_a_block_that_says_nothing_is_none(block: dict[str, Any], count: int) -> None:
    assert len(read(message(block)).events) == 2 + count


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}},
            ProviderUnavailable,
        ),
        (
            {"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}},
            ProviderThrottled,
        ),
        ({"type": "error", "error": {"type": "authentication_error"}}, ProviderDenied),
        ({"error": {"type": "billing_error", "message": "pay"}}, ProviderUnpaid),
        (message(error={"type": "api_error"}), ProviderUnavailable),
        ({"type": "error", "message": "no"}, ProviderUnavailable),
        ({"base_resp": {"status_code": 1004, "status_msg": "login fail"}}, ProviderDenied),
    ],
)
def test_an_error_in_place_of_an_answer_is_one(body: Any, kind: type[ProviderError]) -> None:
    whole = read(body)
    assert type(whole.error) is kind
    assert whole.events == ()


def test_an_error_without_a_sentence_says_its_codes() -> None:
    error = read({"type": "error", "error": {"type": "overloaded_error"}}).error
    assert str(error) == "overloaded_error"
    assert str(read({"error": {}}).error) == "an error without a message"


def test_how_long_to_wait_is_heard() -> None:
    said = {"type": "rate_limit_error", "message": "please try again in 3s"}
    error = read({"type": "error", "error": said}).error
    assert isinstance(error, ProviderThrottled)
    assert (str(error), error.retry_after_s) == ("please try again in 3s", 3.0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices":[]}',
        b'{"content":"text"}',
        b'{"content":[1]}',
        b'{"content":[{"type":"text","text":1}]}',
        b'{"content":[{"type":"text","text":"\xff"}]}',
        b'{"content":[{"type":"tool_use","name":"f","input":"\\q"}]}',
        b'{"error":' + b"[" * 100_000,
        b'{"content":[],"usage":{"input_tokens":"many"}}',
    ],
)
def test_what_is_no_answer_is_garbled(body: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        read_whole(body)
