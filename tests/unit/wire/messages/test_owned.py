"""Thinking that is passed on says whose it is; nothing else is touched."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.wire.messages.stream import block, delta, ended, event, message, started, stopped

from jevons.types.message import Reasoning
from jevons.wire.messages import Relay, own_answer, parse_request
from jevons.wire.sse import read_event, split

THOUGHT: dict[str, Any] = {"type": "thinking", "thinking": "hm"}
SIGNED = {**THOUGHT, "signature": "sig"}
SEALED = {**THOUGHT, "signature": "jevons:minimax:c2ln"}
BARE = {**THOUGHT, "signature": "jevons:minimax:"}
REDACTED = {"type": "redacted_thinking", "data": "enc"}
HIDDEN = {"type": "redacted_thinking", "data": "jevons:minimax:ZW5j"}
TEXT = {"type": "text", "text": "hi"}


def owned(*content: Any, owner: str = "minimax") -> list[Any]:
    body = own_answer(msgspec.json.encode(message(*content)), owner)
    return msgspec.json.decode(body)["content"]


def passed(*events: bytes, owner: str = "minimax") -> list[Any]:
    relay = Relay(owner=owner)
    body = relay.feed(b"".join([started(), *events, ended()]))
    assert relay.end() is None
    datas = [read_event(each).data for each in split(body + relay.closing)]
    return [msgspec.json.decode(data) for data in datas if data]


def test_thinking_is_sealed_with_or_without_a_signature() -> None:
    unsigned = {**THOUGHT, "signature": None}
    assert owned(SIGNED, THOUGHT, unsigned, REDACTED, TEXT) == [SEALED, BARE, BARE, HIDDEN, TEXT]


def test_a_seal_that_is_there_stays() -> None:
    body = msgspec.json.encode(message({**THOUGHT, "signature": "jevons:google:c2ln"}))
    assert own_answer(body, "minimax") is body


@pytest.mark.parametrize("owner", ["anthropic", ""])
def test_what_is_anthropics_or_nobodys_is_not_touched(owner: str) -> None:
    body = msgspec.json.encode(message(SIGNED))
    assert own_answer(body, owner) is body
    relay = Relay(owner=owner)
    thought = block(0, delta("sig", kind="signature_delta"), **THOUGHT)
    assert relay.feed(thought) == thought


@pytest.mark.parametrize(
    "body", [message(TEXT), {"thinking": 1}, {"thinking": "", "content": None}]
)
def test_an_answer_without_thinking_goes_on_as_it_came(body: Any) -> None:
    encoded = msgspec.json.encode(body)
    assert own_answer(encoded, "minimax") is encoded


def test_a_signature_in_a_stream_is_sealed() -> None:
    words = delta("hm", kind="thinking_delta")
    signature = delta("sig", kind="signature_delta")
    seen = passed(block(0, words, signature, type="thinking", thinking="", signature=""))
    assert seen[1]["content_block"] == {"type": "thinking", "thinking": "", "signature": ""}
    assert seen[2] == msgspec.json.decode(read_event(words).data or b"")
    assert seen[3]["delta"] == {"type": "signature_delta", "signature": "jevons:minimax:c2ln"}
    assert [each["type"] for each in seen[4:]] == [
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


@pytest.mark.parametrize("begins", [{}, {"signature": ""}, {"signature": None}])
def test_thinking_without_a_signature_is_sealed_before_its_end(begins: dict[str, Any]) -> None:
    first = delta("hm", at=1, kind="thinking_delta")
    seen = passed(block(1, first, type="thinking", thinking="", **begins), block(2, **TEXT))
    assert seen[3] == {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "signature_delta", "signature": "jevons:minimax:"},
    }
    assert [each.get("index") for each in seen] == [None, 1, 1, 1, 1, 2, 2, None, None]


def test_thinking_that_begins_whole_is_sealed_there() -> None:
    seen = passed(block(0, **SIGNED), block(1, **REDACTED))
    assert [each["content_block"] for each in seen if "content_block" in each] == [SEALED, HIDDEN]
    assert len(seen) == 7


def test_a_message_that_begins_with_thinking_has_it_sealed() -> None:
    relay = Relay(owner="minimax")
    begin = event("message_start", message=message(SIGNED, TEXT))
    relay.feed(begin + event("message_stop"))
    data = read_event(next(split(relay.closing))).data or b""
    assert msgspec.json.decode(data)["message"]["content"] == [SEALED, TEXT]


def test_a_stream_without_the_names_of_events_keeps_none() -> None:
    relay = Relay(owner="minimax")
    bare = delta("sig", kind="signature_delta").partition(b"\n")[2]
    assert relay.feed(bare).startswith(b"data: ")
    assert relay.feed(stopped(0).partition(b"\n")[2]) == stopped(0).partition(b"\n")[2]


def test_what_a_caller_hands_back_is_its_owners() -> None:
    turn = {"role": "assistant", "content": owned(SIGNED, THOUGHT)}
    body = msgspec.json.encode({"model": "m", "max_tokens": 1, "messages": [turn]})
    (said,) = parse_request(body, id="r", at_ms=0, actor=None).messages
    assert said.parts == (
        Reasoning(text="hm", opaque="sig", owner="minimax"),
        Reasoning(text="hm", owner="minimax"),
    )
