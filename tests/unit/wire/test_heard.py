"""What an answer said is read off its events, also where they are bytes of a caller's dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from jevons.testing.make import a_request
from jevons.testing.reply import DONE, chunk
from jevons.types.account import Usage
from jevons.types.event import (
    Finished,
    Frame,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.heard import Heard, heard

if TYPE_CHECKING:
    from jevons.types.request import Generate

END = Finished(reason="stop", usage=Usage())


def asked(dialect: str, *, stream: bool) -> Generate:
    request = a_request(stream=stream)
    source = msgspec.structs.replace(request.source, dialect=dialect)
    return msgspec.structs.replace(request, source=source)


def event(kind: str, **fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (
        kind.encode(),
        msgspec.json.encode({"type": kind, **fields}),
    )


def test_words_are_put_together_and_thinking_is_left_out() -> None:
    said = (Started(), ReasoningDelta("hm"), TextDelta("4"), TextDelta("2"), END)
    assert heard(said, a_request()) == Heard("42")


def test_calls_are_put_together_by_their_place() -> None:
    said = (
        ToolCallDelta(index=1, name="b", arguments=""),
        ToolCallDelta(index=0, id="1", name="a", arguments='{"x"'),
        ToolCallDelta(index=0, arguments=":1}"),
        END,
    )
    assert heard(said, a_request()).calls == (("a", '{"x":1}'), ("b", ""))


def test_a_refusal_is_not_plain_and_nothing_is_not_either() -> None:
    assert not heard((RefusalDelta("no"), END), a_request()).is_plain
    assert not heard((), a_request()).is_plain


CHAT = [chunk("4"), chunk("2", finish="stop"), DONE]
WHOLE = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "42"}, "finish_reason": "stop"}
    ],
}
MESSAGE: dict[str, Any] = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
MESSAGES = [
    event("message_start", message=MESSAGE),
    event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    event("content_block_delta", index=0, delta={"type": "text_delta", "text": "42"}),
    event("content_block_stop", index=0),
    event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 1}),
    event("message_stop"),
]


@pytest.mark.parametrize(
    ("dialect", "frames"), [("openai-chat", CHAT), ("anthropic-messages", MESSAGES)]
)
def test_a_stream_s_bytes_say_the_same(dialect: str, frames: list[bytes]) -> None:
    events = [Frame(each) for each in frames]
    assert heard(events, asked(dialect, stream=True)) == Heard("42")
    cut = heard(events[:1], asked(dialect, stream=True))
    assert not cut.is_plain, "what broke off is no answer"


def test_a_whole_answer_s_bytes_say_the_same() -> None:
    message = {**MESSAGE, "content": [{"type": "text", "text": "42"}], "stop_reason": "end_turn"}
    for dialect, body in (("openai-chat", WHOLE), ("anthropic-messages", message)):
        frame = Frame(msgspec.json.encode(body))
        assert heard((frame,), asked(dialect, stream=False)) == Heard("42")


@pytest.mark.parametrize("body", [b"no answer", b'{"error":{"message":"no"}}'])
def test_bytes_that_are_no_answer_say_nothing(body: bytes) -> None:
    assert not heard((Frame(body),), asked("openai-chat", stream=False)).is_plain
