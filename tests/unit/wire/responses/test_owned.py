"""Thinking that is passed on says whose it is; nothing else is touched."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.wire.responses.stream import added, delta, done, ended, message, response

from jevons.wire.responses import Relay, own_answer, parse_request, render_request
from jevons.wire.sse import read_event, split

THOUGHT: dict[str, Any] = {"type": "reasoning", "id": "rs_1", "summary": []}
SEALED = {**THOUGHT, "encrypted_content": "jevons:deepseek:bWFyaw=="}
MARKED = {**THOUGHT, "encrypted_content": "mark"}


def owned(*output: Any, owner: str = "deepseek") -> list[Any]:
    body = own_answer(msgspec.json.encode(response(*output)), owner)
    return msgspec.json.decode(body)["output"]


def test_thinking_is_sealed_with_or_without_a_mark() -> None:
    unmarked = {**THOUGHT, "encrypted_content": None}
    assert owned(MARKED, THOUGHT, unmarked, message("hi")) == [
        SEALED,
        {**THOUGHT, "encrypted_content": "jevons:deepseek:"},
        {**THOUGHT, "encrypted_content": "jevons:deepseek:"},
        message("hi"),
    ]


def test_a_seal_that_is_there_stays() -> None:
    other = {**THOUGHT, "encrypted_content": "jevons:google:c2ln"}
    assert owned(other) == [other]


@pytest.mark.parametrize("owner", ["openai", ""])
def test_what_is_openais_or_nobodys_is_not_touched(owner: str) -> None:
    body = msgspec.json.encode(response(MARKED))
    assert own_answer(body, owner) is body


@pytest.mark.parametrize("body", [b'{"output":[]}', b'{"output":null,"x":"reasoning"}'])
def test_an_answer_without_thinking_says_what_it_said(body: bytes) -> None:
    assert msgspec.json.decode(own_answer(body, "deepseek")) == msgspec.json.decode(body)


def test_a_relayed_stream_is_sealed_where_it_thinks_and_is_as_it_came_elsewhere() -> None:
    text = delta("hi", at=1) + done(1, **message("hi"))
    nameless = added(0, **MARKED).partition(b"\n")[2]
    relay = Relay(owner="deepseek")
    gone = relay.feed(nameless + done(0, **MARKED) + text + ended(MARKED, message("hi")))
    assert relay.end() is None
    assert gone.endswith(text)
    first, second, *_ = [read_event(frame) for frame in split(gone)]
    (last,) = [read_event(frame) for frame in split(relay.closing)]
    assert (first.name, second.name) == (b"", b"response.output_item.done")
    assert last.name == b"response.completed"
    for said in (first, second):
        assert msgspec.json.decode(said.data or b"")["item"] == SEALED
    assert msgspec.json.decode(last.data or b"")["response"]["output"][0] == SEALED


def test_what_a_caller_hands_back_goes_to_its_owner_as_it_was_and_to_nobody_else() -> None:
    items = [*owned(MARKED), {"role": "user", "content": "go on"}]
    body = msgspec.json.encode({"model": "m", "input": items, "store": False})
    request = parse_request(body, id="req_1", at_ms=0, actor=None)
    again = render_request(request, model="m", owner="deepseek")
    assert msgspec.json.decode(again.body)["input"][0] == MARKED
    other = render_request(request, model="m", owner="openai")
    assert len(msgspec.json.decode(other.body)["input"]) == 1
    assert other.changed == ("input.reasoning: dropped, its mark is deepseek's",)
