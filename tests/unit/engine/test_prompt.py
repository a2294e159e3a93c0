"""What reaches the engine is what was asked, and what was left out is said."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jevons.engine.prompt import prompt_of
from jevons.testing.make import an_actor
from jevons.types.errors import Unsupported
from jevons.wire import embedding
from jevons.wire.openai_chat import parse_request

TOOLS: list[dict[str, Any]] = [
    {"type": "function", "function": {"name": name, "parameters": {"properties": {}}}}
    for name in ("look", "buy")
]


def prompt(**fields: Any) -> Any:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}
    return prompt_of(
        parse_request(msgspec.json.encode(body), id="req_1", at_ms=0, actor=an_actor())
    )


def names(prompted: Any) -> list[str]:
    """List the tools that the schema lets the model choose."""
    schema = prompted.body["response_format"]["json_schema"]["schema"]
    return [each["properties"]["tool"]["const"] for each in schema.get("anyOf", [schema])]


def test_what_is_known_passes_and_null_is_not_said() -> None:
    body = prompt(temperature=0.5, seed=3, stop=None, max_tokens=None).body
    assert (body["temperature"], body["seed"]) == (0.5, 3)
    assert not {"stop", "max_tokens", "model"} & set(body)


def test_texts_to_embed_are_refused() -> None:
    body = msgspec.json.encode({"model": "m", "input": "hi"})
    asked = embedding.parse_request(body, id="req_1", at_ms=0, actor=an_actor())
    with pytest.raises(Unsupported, match="makes no embeddings"):
        prompt_of(asked)


def test_a_stranger_is_dropped_and_named() -> None:
    prompted = prompt(cache_prompt=True, id_slot=1, store=False, user=None)
    assert [change.split(":")[0] for change in prompted.changed] == ["cache_prompt", "id_slot"]
    assert "id_slot" not in prompted.body


def test_the_engine_always_streams_and_counts() -> None:
    body = prompt(stream=False).body
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}


def test_tools_that_may_be_called_leave_room_for_a_reply() -> None:
    assert names(prompt(tools=TOOLS)) == ["look", "buy", "none"]
    assert names(prompt(tools=TOOLS, tool_choice="required")) == ["look", "buy"]
    named = {"type": "function", "function": {"name": "buy"}}
    assert names(prompt(tools=TOOLS, tool_choice=named)) == ["buy"]


def test_tools_that_must_not_be_called_are_not_shown_and_that_is_said() -> None:
    prompted = prompt(tools=TOOLS, tool_choice="none")
    assert not prompted.calls_tools
    assert "response_format" not in prompted.body
    assert prompted.changed == ("tools: not shown to the model, since tool_choice is none",)


def test_what_tools_take_the_place_of_is_said() -> None:
    prompted = prompt(tools=TOOLS, logprobs=True, response_format={"type": "json_object"})
    assert [change.split(":")[0] for change in prompted.changed] == [
        "tools", "logprobs", "response_format",
    ]  # fmt: skip
    assert "logprobs" not in prompted.body


def test_instructions_join_the_callers_own() -> None:
    own = {"role": "system", "content": "Be brief."}
    asked = {"role": "user", "content": "hi"}
    first, second = prompt(tools=TOOLS, messages=[own, asked]).body["messages"]
    assert first["content"].startswith("Be brief.\n\nYou can call tools.")
    assert second == asked
    parts = {"role": "system", "content": [{"type": "text", "text": "Be brief."}]}
    first, _ = prompt(tools=TOOLS, messages=[parts, asked]).body["messages"]
    assert [part["text"][:10] for part in first["content"]] == ["Be brief.", "You can ca"]
    assert prompt(tools=TOOLS).body["messages"][0]["role"] == "system"
