"""Thinking that is passed on as it came says whose it is, and goes back to its owner as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jevons.testing.reply import DONE, chunk, event
from jevons.types.errors import ProviderGarbled
from jevons.types.message import Reasoning, Text
from jevons.wire.openai_chat import Reader, Relay, own_answer, parse_request, render_request
from jevons.wire.sse import read_event, split

MARK = [{"type": "reasoning.text", "text": "", "format": "deepseek", "index": 0}]
THINKS = chunk("", role="assistant") + chunk(None, reasoning_content="hm")
SAYS = chunk("yes")
FINISH = chunk(finish="stop")


def relayed(*chunks: bytes, owner: str = "deepseek", choices: int = 1) -> tuple[bytes, bytes]:
    """Relay a stream: what went on, and what ended it."""
    it = Relay(choices=choices, want_usage=True, owner=owner)
    passed = b"".join([it.feed(each) for each in chunks])
    assert it.end() is None
    return passed, it.closing


def answer(message: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], **more}).encode()


def test_a_stream_that_thought_says_before_its_end_whose_it_was() -> None:
    passed, closing = relayed(THINKS, SAYS, FINISH, DONE)
    assert passed == THINKS + SAYS
    mark = closing.removesuffix(FINISH + DONE)
    said = json.loads(read_event(mark).data or b"")
    head = json.loads(read_event(FINISH).data or b"")
    assert said == {
        **head,
        "choices": [{"index": 0, "delta": {"reasoning_details": MARK}, "finish_reason": None}],
    }


def test_a_stream_that_is_marked_is_read_with_no_more_in_it() -> None:
    passed, closing = relayed(THINKS, SAYS, FINISH, DONE)
    reader = Reader()
    events = reader.feed(passed + closing)
    assert (reader.end(), events) == (None, Reader().feed(THINKS + SAYS))


def test_each_choice_is_marked() -> None:
    ends = [chunk(index=1, finish="stop"), FINISH]
    passed, closing = relayed(THINKS, *ends, DONE, choices=2)
    assert passed == THINKS + ends[0]
    mark = next(split(closing))
    assert [each["index"] for each in json.loads(mark[6:])["choices"]] == [0, 1]


@pytest.mark.parametrize(
    ("chunks", "owner"),
    [
        ((THINKS, SAYS), ""),
        ((THINKS, SAYS), "openrouter"),
        ((chunk("", reasoning_content=None), SAYS), "deepseek"),
        ((chunk(None, reasoning_content=""), SAYS), "deepseek"),
        ((chunk(None, reasoning="hm", reasoning_details=[{"type": "x"}]),), "deepseek"),
        ((*[SAYS] * 9, THINKS), "deepseek"),
    ],
)
def test_a_stream_whose_thinking_needs_no_mark_is_not_touched(
    chunks: tuple[bytes, ...], owner: str
) -> None:
    assert relayed(*chunks, FINISH, DONE, owner=owner) == (b"".join(chunks), FINISH + DONE)


def test_thinking_beside_the_end_is_marked() -> None:
    both = chunk("yes", finish="stop", reasoning="hm")
    _, closing = relayed(both, DONE)
    assert closing.endswith(both + DONE)
    assert json.dumps(MARK, separators=(",", ":")).encode() in closing


def test_a_chunk_that_cannot_be_marked_is_garbled() -> None:
    it = Relay(choices=1, want_usage=True, owner="deepseek")
    it.feed(THINKS + FINISH.replace(b"{", b'{"\xff":1,', 1))
    assert isinstance(it.end(), ProviderGarbled)


def test_a_whole_answer_that_thought_says_whose_it_was() -> None:
    message = {"role": "assistant", "content": "yes", "reasoning_content": "hm"}
    owned = json.loads(own_answer(answer(message, model="m"), "deepseek"))
    assert owned["model"] == "m"
    (choice,) = owned["choices"]
    assert choice["message"] == {**message, "reasoning_details": MARK}
    assert choice["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("body", "owner"),
    [
        (answer({"reasoning_content": "hm"}), ""),
        (answer({"reasoning": "hm"}), "openrouter"),
        (answer({"content": "yes", "reasoning_content": None}), "deepseek"),
        (answer({"reasoning": "hm", "reasoning_details": [{}]}), "deepseek"),
    ],
)
def test_a_whole_answer_whose_thinking_needs_no_mark_is_not_touched(
    body: bytes, owner: str
) -> None:
    assert own_answer(body, owner) == body


def test_thinking_outside_of_messages_is_none() -> None:
    body = answer({"content": "a"}, debug={"reasoning": "hm"})
    assert json.loads(own_answer(body, "deepseek")) == json.loads(body)
    none = b'{"reasoning":"hm","choices":null}'
    assert json.loads(own_answer(none, "deepseek")) == {"reasoning": "hm", "choices": []}


MARKED: dict[str, Any] = {
    "role": "assistant",
    "content": "yes",
    "reasoning_content": "hm",
    "encrypted_content": "e",
    "reasoning_details": [{**MARK[0], "format": "volcengine"}],
}


def test_what_was_marked_goes_back_to_its_owner_as_it_was_and_to_nobody_else() -> None:
    body = json.dumps({"model": "m", "messages": [MARKED]}).encode()
    request = parse_request(body, id="req_1", at_ms=1, actor=None)
    assert request.messages[0].parts == (
        Reasoning(text="hm", owner="volcengine"),
        Text(text="yes"),
    )
    sent = json.loads(render_request(request, model="m", owner="volcengine").body)
    assert sent["messages"] == [
        {name: MARKED[name] for name in MARKED if name != "reasoning_details"}
    ]
    other = render_request(request, model="m", owner="moonshot")
    assert json.loads(other.body)["messages"] == [{"role": "assistant", "content": "yes"}]
    assert len(other.changed) == 1


def test_an_event_is_marked_without_its_usage() -> None:
    both = event(
        {
            "choices": [{"index": 0, "delta": {"reasoning": "hm"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2},
        }
    )
    _, closing = relayed(both, DONE)
    assert b"usage" not in next(split(closing))
