"""What the house says of how hard to think stands in a request in the words of its dialect."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jevons.testing.make import a_request
from jevons.types.message import Message, Reasoning, Text, ToolCall, ToolResult
from jevons.types.request import Generate, Thinking
from jevons.wire import messages, openai_chat, responses
from jevons.wire.told_effort import says_effort, with_effort


def asked(dialect: str, **said: Any) -> Generate:
    request = a_request()
    said = {"messages": [], **said} if dialect == "anthropic-messages" else said
    fields = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in said.items()}
    source = msgspec.structs.replace(request.source, dialect=dialect, fields=fields)
    return msgspec.structs.replace(request, source=source)


def told(request: Generate, model: str = "m", effort: Any = "low") -> dict[str, Any]:
    sent, note = with_effort(request, effort, model=model)
    assert sent.thinking.effort == effort
    assert note == f"thinking.effort: set to {effort!r}, as its arm has it"
    render = {
        "openai-chat": openai_chat.render_request,
        "openai-responses": responses.render_request,
        "anthropic-messages": messages.render_request,
        "gemini": openai_chat.render_request,
    }[request.source.dialect]
    return msgspec.json.decode(render(sent, model=model).body)


@pytest.mark.parametrize(
    "thinking",
    [Thinking(effort="none"), Thinking(on=True), Thinking(budget_tokens=0), Thinking(extra={})],
)
def test_any_word_of_a_caller_s_is_one(thinking: Thinking) -> None:
    assert says_effort(a_request(thinking=thinking))


def test_whether_it_is_seen_says_nothing_of_how_hard() -> None:
    assert not says_effort(a_request(thinking=Thinking(visible=True)))
    assert not says_effort(a_request())


def test_chat_is_told_in_its_own_field() -> None:
    assert told(asked("openai-chat", model="x", top_p=1)) == {
        "model": "m",
        "top_p": 1,
        "reasoning_effort": "low",
    }


def test_responses_keep_what_else_was_said_of_reasoning() -> None:
    sent = told(asked("openai-responses", model="x", input="hi", reasoning={"summary": "auto"}))
    assert sent["reasoning"] == {"summary": "auto", "effort": "low"}
    assert told(asked("openai-responses", model="x", input="hi"))["reasoning"] == {"effort": "low"}


def test_what_is_written_anew_is_told_too() -> None:
    assert told(asked("gemini"))["reasoning_effort"] == "low"


def test_messages_are_told_a_budget_within_their_limit() -> None:
    request = asked("anthropic-messages", model="x", max_tokens=4096, temperature=0.5)
    sampling = msgspec.structs.replace(request.sampling, max_tokens=4096)
    sent = told(msgspec.structs.replace(request, sampling=sampling), "claude-sonnet-4-5", "low")
    assert sent["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert sent["max_tokens"] == 4096
    assert "temperature" not in sent, "it cannot be set while the model thinks"


def test_messages_to_other_models_keep_how_they_are_drawn() -> None:
    sent = told(asked("anthropic-messages", model="x", max_tokens=9, temperature=0.5), "m", "none")
    assert (sent["thinking"], sent["temperature"]) == ({"type": "disabled"}, 0.5)


def test_messages_keep_the_shape_of_the_answer_beside_the_effort() -> None:
    shape: dict[str, Any] = {"format": {"type": "json_schema", "schema": {}}}
    sent = told(asked("anthropic-messages", model="x", output_config=shape), "claude-opus-4-6")
    assert sent["output_config"] == {**shape, "effort": "low"}
    assert sent["thinking"] == {"type": "adaptive"}


def turn(*parts: Any) -> tuple[Message, ...]:
    """Have a model call a tool, and be told what that said."""
    return (
        Message(role="user", parts=(Text(text="hi"),)),
        Message(role="assistant", parts=parts),
        Message(role="user", parts=(ToolResult(call="1", parts=(Text(text="ok"),)),)),
    )


def test_a_turn_that_was_begun_without_thinking_goes_on_without() -> None:
    call = ToolCall(id="1", name="t", arguments="{}")
    thought = Reasoning(text="hm", opaque="sig", owner="anthropic")
    for parts, thinks in (((call,), False), ((thought, call), True)):
        request = asked("anthropic-messages", model="x")
        request = msgspec.structs.replace(request, messages=turn(*parts))
        sent = told(request, "claude-sonnet-4-5")
        assert ("thinking" in sent) is thinks
