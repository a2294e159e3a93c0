"""Earlier thinking is handed back, stood in for or taken out, as the model's rule wants it."""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec
import pytest

from jevons.wire.openai_chat import replay

Rule = Literal["forbidden", "tool-loop", "always-with-tools", "optional", "unknown"]

USER: dict[str, Any] = {"role": "user", "content": "hello"}
SAYS: dict[str, Any] = {"role": "assistant", "content": "a"}
THINKS: dict[str, Any] = {**SAYS, "reasoning_content": "hm"}
CALLS: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [{"id": "c"}]}
TOOLS: list[Any] = [{"type": "function"}]


def played(
    rule: Rule, *messages: dict[str, Any], tools: list[Any] | None = None
) -> tuple[list[Any], int]:
    """Say what became of messages, and how many changes were named."""
    body = {"messages": messages, "tools": tools}
    fields = msgspec.json.decode(json.dumps(body), type=dict[str, msgspec.Raw])
    before = dict(fields)
    done = replay(fields, rule)
    assert fields == before
    assert bytes(done.fields["tools"]) == bytes(before["tools"])
    return json.loads(bytes(done.fields["messages"])), len(done.changed)


@pytest.mark.parametrize("rule", ["optional", "unknown", "forbidden", "tool-loop"])
def test_what_the_rule_does_not_ask_about_goes_as_it_came(rule: Rule) -> None:
    assert played(rule, USER, SAYS, tools=TOOLS) == ([USER, SAYS], 0)
    assert played("optional", THINKS, CALLS) == ([THINKS, CALLS], 0)
    assert played("always-with-tools", SAYS) == ([SAYS], 0)
    assert played("always-with-tools", USER, tools=TOOLS) == ([USER], 0)


def test_a_model_that_refuses_thinking_gets_none() -> None:
    details: dict[str, Any] = {**SAYS, "reasoning": "hm", "reasoning_details": []}
    assert played("forbidden", USER, THINKS, details) == ([USER, SAYS, SAYS], 1)
    quoting = {"role": "user", "content": 'what is "reasoning"?'}
    assert played("forbidden", quoting) == ([quoting], 0)
    named = {"role": "user", "content": "a", "name": "reasoning"}
    assert played("forbidden", named) == ([named], 0)


def test_a_model_that_wants_thinking_with_calls_gets_a_blank_where_there_is_none() -> None:
    blank = {**CALLS, "reasoning_content": " "}
    assert played("tool-loop", USER, SAYS, CALLS) == ([USER, SAYS, blank], 1)
    own = {**CALLS, "reasoning_content": "hm"}
    assert played("tool-loop", USER, own) == ([USER, own], 0)


def test_a_model_that_wants_thinking_with_tools_gets_it_in_every_message() -> None:
    empty = {**SAYS, "reasoning_content": ""}
    messages, changes = played("always-with-tools", USER, THINKS, empty, CALLS, tools=TOOLS)
    assert [each.get("reasoning_content") for each in messages] == [None, "hm", " ", " "]
    assert changes == 1


def test_a_body_without_messages_is_left_alone() -> None:
    assert replay({}, "forbidden") == ({}, ())
