"""A request of any dialect is written in Ollama's, or refused where that would change its meaning."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.testing.make import a_request
from jevons.types.errors import Unsupported
from jevons.types.message import (
    Audio,
    File,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from jevons.types.request import Generate, HostedTool, Output, Sampling, Source, Thinking, Tool
from jevons.wire.ollama import render_request

OURS = "ollama"
CALL = ToolCall(id="c1", name="f", arguments='{"a":1}')
PICTURE = Image(url="data:image/png;base64,AA")


def sent(request: Generate, *, owner: str = OURS) -> dict[str, Any]:
    return json.loads(render_request(request, model="m", owner=owner).body)


def changed(request: Generate) -> tuple[str, ...]:
    return render_request(request, model="m", owner=OURS).changed


def message(role: Role, *parts: Part | str) -> Message:
    said = [Text(text=part) if isinstance(part, str) else part for part in parts]
    return Message(role=role, parts=tuple(said))


def talk(*messages: Message) -> Generate:
    return a_request(messages=messages)


def messages(*said: Message, **options: Any) -> list[dict[str, Any]]:
    return sent(talk(*said), **options)["messages"]


def result(call: str, *parts: Part | str, failed: bool = False) -> ToolResult:
    said = [Text(text=part) if isinstance(part, str) else part for part in parts]
    return ToolResult(call=call, parts=tuple(said), failed=failed)


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def test_what_came_in_this_dialect_goes_as_it_came_but_for_the_model() -> None:
    fields = {"model": raw("alias"), "messages": raw([]), "keep_alive": raw("5m")}
    source = Source(dialect="ollama", fields=fields, digest=b"", size_bytes=0)
    rendered = render_request(a_request(source=source), model="m")
    assert json.loads(rendered.body) == {"model": "m", "messages": [], "keep_alive": "5m"}
    assert rendered.changed == ()


@pytest.mark.parametrize("stream", [True, False])
def test_whether_to_stream_is_always_said(stream: bool) -> None:  # noqa: FBT001 a parameter of the test
    assert sent(a_request("hello", stream=stream)) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": stream,
    }


def test_a_message_has_one_text_its_pictures_its_thinking_and_its_calls() -> None:
    assert messages(
        message("developer", "a"),
        message("user", "b", PICTURE, "c"),
        message("assistant", Reasoning(text="hm", owner=OURS), "d", Refusal(text="e"), CALL),
    ) == [
        {"role": "system", "content": "a"},
        {"role": "user", "content": "b\n\nc", "images": ["AA"]},
        {
            "role": "assistant",
            "content": "de",
            "thinking": "hm",
            "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}],
        },
    ]


def test_what_a_tool_said_comes_with_its_name_and_what_it_showed_after_all() -> None:
    second = ToolCall(id="c2", name="g", arguments="")
    asked = talk(
        message("assistant", CALL, second),
        message("tool", result("c1", "one", PICTURE)),
        message("tool", result("c2", "two", failed=True)),
        message("user", "so?"),
    )
    assert sent(asked)["messages"][1:] == [
        {"role": "tool", "content": "one", "tool_name": "f"},
        {"role": "tool", "content": "two", "tool_name": "g"},
        {"role": "user", "content": "", "images": ["AA"]},
        {"role": "user", "content": "so?"},
    ]
    assert changed(asked) == (
        "messages[1]: what a tool showed follows in a message of the user",
        "messages[2]: that a tool failed is dropped, only its words tell",
    )


def test_a_message_with_what_a_tool_said_and_more_becomes_two() -> None:
    said = messages(message("assistant", CALL), message("user", result("c1", "one"), "so?"))
    assert [each["role"] for each in said] == ["assistant", "tool", "user"]


def test_what_is_anothers_or_only_a_hint_is_dropped_and_named() -> None:
    marked = msgspec.structs.replace(CALL, opaque="s", owner="google")
    thoughts = (Reasoning(text="x", owner="google"), Reasoning(text="y"))
    asked = talk(Message(role="assistant", parts=(*thoughts, marked), name="ann"))
    assert "thinking" not in sent(asked)["messages"][0]
    assert changed(asked) == (
        "messages: names of speakers are dropped, there is no field for them",
        "messages: reasoning of 'google' was dropped, it is its owner's alone",
        "messages: reasoning of nobody knows whom was dropped, it is its owner's alone",
        "messages: a mark of 'google' on a call to a tool was dropped",
    )
    assert "thinking" not in messages(message("assistant", Reasoning(text="x")), owner="")[0]


@pytest.mark.parametrize(
    "part",
    [
        Image(url="https://a.b/c.png"),
        Image(id="file-1"),
        Audio(data="AA", format="wav"),
        File(url="data:text/plain;base64,AA"),
        Opaque(kind="video", fields={}),
        ToolCall(id="c", name="f", arguments="[1]"),
        ToolResult(call="nobody"),
    ],
)
def test_a_part_that_cannot_be_said_is_refused(part: Part) -> None:
    with pytest.raises(Unsupported) as refused:
        sent(talk(message("user", part)))
    assert refused.value.param == "messages[0]"


def test_sampling_is_told_as_options() -> None:
    sampling = Sampling(temperature=0.5, top_p=0.9, top_k=3, max_tokens=7, stop=("x",), seed=1)
    assert sent(a_request(sampling=sampling))["options"] == {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 3,
        "num_predict": 7,
        "stop": ["x"],
        "seed": 1,
    }


TOOLS = (Tool(name="f", description="d", parameters=raw({"type": "object"}), strict=True),)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"sampling": Sampling(n=2)}, "n"),
        ({"sampling": Sampling(logprobs=True)}, "logprobs"),
        ({"tools": (HostedTool(kind="web_search", fields={}),)}, "tools[0]"),
        ({"tools": TOOLS, "tool_choice": "required"}, "tool_choice"),
        ({"tools": TOOLS, "tool_choice": "named", "tool": "f"}, "tool_choice"),
    ],
)
def test_what_would_change_the_meaning_is_refused(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(Unsupported) as refused:
        sent(a_request(**fields))
    assert refused.value.param == param


def test_tools_are_functions() -> None:
    asked = a_request(tools=TOOLS, parallel_tools=False)
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    assert sent(asked)["tools"] == [{"type": "function", "function": function}]
    assert changed(asked) == (
        "tools[0].strict: dropped, Ollama's dialect has no such field",
        "parallel tool calls: Ollama cannot be told to make one call at a time",
    )


def test_tools_that_may_be_called_at_once_change_nothing() -> None:
    asked = a_request(tools=(Tool(name="f"),))
    assert len(sent(asked)["tools"]) == 1
    assert changed(asked) == ()


def test_tools_that_must_not_be_called_are_not_sent() -> None:
    asked = a_request(tools=(Tool(name="f"),), tool_choice="none")
    assert "tools" not in sent(asked)
    assert changed(asked) == ("tools: not sent, so that none is called",)


def test_the_shape_of_an_answer_is_its_format() -> None:
    schema = Output(kind="json_schema", schema=raw({"type": "object"}))
    assert sent(a_request(output=schema))["format"] == {"type": "object"}
    assert sent(a_request(output=Output(kind="json")))["format"] == "json"


@pytest.mark.parametrize(
    ("asked", "think", "note"),
    [
        (Thinking(effort="none"), False, ""),
        (Thinking(effort="low"), "low", ""),
        (
            Thinking(effort="max"),
            "high",
            "reasoning.effort: 'max' became 'high', the nearest that there is",
        ),
        (
            Thinking(budget_tokens=4096),
            "medium",
            "reasoning.budget_tokens: 4096 became effort 'medium'",
        ),
        (
            Thinking(budget_tokens=99999),
            "high",
            "reasoning.budget_tokens: 99999 became effort 'xhigh'",
        ),
        (Thinking(on=True), True, ""),
        (
            Thinking(visible=True),
            None,
            "reasoning.visible: dropped, what Ollama's models think always comes",
        ),
    ],
)
def test_how_much_to_think_is_a_level(asked: Thinking, think: Any, note: str) -> None:
    request = a_request(thinking=asked)
    assert sent(request).get("think") == think
    assert changed(request)[:1] == ((note,) if note else ())


def test_fields_without_a_name_here_are_dropped_and_named() -> None:
    source = Source(dialect="openai-chat", fields={"user": raw("u")}, digest=b"", size_bytes=0)
    assert changed(a_request(source=source)) == (
        "user: dropped, Ollama's dialect has no such field",
    )


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant", "system"]), st.text(max_size=5))))
def test_every_text_is_sent_in_its_order_and_by_its_side(said: list[tuple[Role, str]]) -> None:
    told = messages(*[message(role, text) for role, text in said])
    assert [(each["role"], each["content"]) for each in told] == said


def test_the_same_note_is_made_once() -> None:
    thought = Reasoning(text="x", owner="google")
    assert len(changed(talk(message("assistant", thought, thought)))) == 1
