"""What Gemini wrote comes back to it unchanged by way of every surface, and goes to nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from jevons.testing.make import a_request
from jevons.wire import gemini, messages, ollama, openai_chat, responses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jevons.types.event import Event
    from jevons.types.request import Generate

    Surface = Callable[[Sequence[Event]], Generate]

PARTS: list[dict[str, Any]] = [
    {"text": "hm", "thought": True, "thoughtSignature": "c2lnMA=="},
    {"text": "I look.", "thoughtSignature": "c2lnMQ=="},
    {
        "functionCall": {"id": "c1", "name": "find", "args": {"what": "é", "most": 3}},
        "thoughtSignature": "c2lnMg==",
    },
    {"functionCall": {"id": "c2", "name": "find", "args": {}}},
]
ANSWER = {
    "responseId": "r1",
    "modelVersion": "gemini-3-pro",
    "candidates": [{"content": {"role": "model", "parts": PARTS}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7},
}
RESULTS = {"c1": "one", "c2": "two"}


def by_chat(events: Sequence[Event]) -> Generate:
    """Hand an answer to a caller of OpenAI's chat dialect, and take it back."""
    said = json.loads(openai_chat.render_answer(events, a_request()))["choices"][0]["message"]
    results = [
        {"role": "tool", "tool_call_id": call, "content": text} for call, text in RESULTS.items()
    ]
    body = {"model": "m", "messages": [{"role": "user", "content": "q"}, said, *results]}
    return openai_chat.parse_request(json.dumps(body).encode(), id="req_1", at_ms=1, actor=None)


def by_responses(events: Sequence[Event]) -> Generate:
    """Hand an answer to a caller of OpenAI's Responses dialect, and take it back."""
    said = json.loads(responses.render_answer(events, a_request()))["output"]
    results = [
        {"type": "function_call_output", "call_id": call, "output": text}
        for call, text in RESULTS.items()
    ]
    body = {"model": "m", "input": [{"role": "user", "content": "q"}, *said, *results]}
    return responses.parse_request(json.dumps(body).encode(), id="req_1", at_ms=1, actor=None)


def by_messages(events: Sequence[Event]) -> Generate:
    """Hand an answer to a caller of Anthropic's Messages dialect, and take it back."""
    said = json.loads(messages.render_answer(events, a_request()))["content"]
    results = [
        {"type": "tool_result", "tool_use_id": call, "content": text}
        for call, text in RESULTS.items()
    ]
    turns: list[dict[str, Any]] = [{"role": "user", "content": "q"}]
    turns += [{"role": "assistant", "content": said}, {"role": "user", "content": results}]
    body = {"model": "m", "max_tokens": 9, "messages": turns}
    return messages.parse_request(json.dumps(body).encode(), id="req_1", at_ms=1, actor=None)


SURFACES = pytest.mark.parametrize("surface", [by_chat, by_responses, by_messages])


@SURFACES
@pytest.mark.parametrize("is_stream", [True, False])
def test_thoughts_marks_and_calls_come_back_in_their_places(
    surface: Surface,
    is_stream: bool,  # noqa: FBT001 a parameter of the test
) -> None:
    asked = surface(streamed() if is_stream else whole())
    sent = json.loads(gemini.render_request(asked, model="gemini-3-pro", owner="google").body)
    _, answer, results = sent["contents"]
    assert answer == {"role": "model", "parts": PARTS}
    told = [part["functionResponse"] for part in results["parts"]]
    assert [(each["id"], each["response"]) for each in told] == [
        (call, {"output": text}) for call, text in RESULTS.items()
    ]


def whole() -> tuple[Event, ...]:
    return gemini.read_whole(json.dumps(ANSWER).encode(), owner="google").events


def streamed() -> tuple[Event, ...]:
    """Read the answer as a stream of a part each."""
    reader = gemini.Reader(owner="google")
    events: list[Event] = []
    for part in PARTS:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": [part]}}
        candidate |= {"finishReason": "STOP"} if part is PARTS[-1] else {}
        chunk = {**ANSWER, "candidates": [candidate]}
        events += reader.feed(b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n")
    assert reader.end() is None
    return (*events, *reader.closing)


@SURFACES
def test_nobody_else_sees_thoughts_or_marks(surface: Surface) -> None:
    asked = surface(whole())
    for rendered in (
        ollama.render_request(asked, model="m", owner="ollama"),
        gemini.render_request(asked, model="gemini-2.5-pro", owner="else"),
    ):
        assert b"hm" not in rendered.body
        assert b"c2ln" not in rendered.body
        assert any("'google' was dropped" in each for each in rendered.changed)
