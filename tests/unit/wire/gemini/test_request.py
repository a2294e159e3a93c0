"""A request of any dialect is written in Gemini's, or refused where that would change its meaning."""

from __future__ import annotations

import json
from itertools import pairwise
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
from jevons.wire.gemini import render_request

OURS = "google"
CALL = ToolCall(id="c1", name="f", arguments='{"a":1}')
CALLED = {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}}


def sent(
    request: Generate, *, model: str = "gemini-2.5-flash", owner: str = OURS
) -> dict[str, Any]:
    return json.loads(render_request(request, model=model, owner=owner).body)


def changed(request: Generate, *, model: str = "gemini-2.5-flash") -> tuple[str, ...]:
    return render_request(request, model=model, owner=OURS).changed


def message(role: Role, *parts: Part | str) -> Message:
    said = [Text(text=part) if isinstance(part, str) else part for part in parts]
    return Message(role=role, parts=tuple(said))


def talk(*messages: Message) -> Generate:
    return a_request(messages=messages)


def contents(*messages: Message, **options: Any) -> list[tuple[str, list[dict[str, Any]]]]:
    said = sent(talk(*messages), **options)["contents"]
    return [(content["role"], content["parts"]) for content in said]


def result(call: str, *parts: Part | str, failed: bool = False) -> ToolResult:
    said = [Text(text=part) if isinstance(part, str) else part for part in parts]
    return ToolResult(call=call, parts=tuple(said), failed=failed)


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def of_chat(**fields: Any) -> Source:
    named = {name: raw(value) for name, value in fields.items()}
    return Source(dialect="openai-chat", fields=named, digest=b"", size_bytes=0)


def test_what_came_in_this_dialect_goes_as_it_came() -> None:
    fields = {"contents": raw([{"parts": [{"text": "a"}]}]), "labels": raw({"a": "b"})}
    source = Source(dialect="gemini", fields=fields, digest=b"", size_bytes=0)
    rendered = render_request(a_request(source=source), model="m")
    assert json.loads(rendered.body) == {name: json.loads(bytes(fields[name])) for name in fields}
    assert rendered.changed == ()


def test_a_plain_question_has_nothing_beside_it() -> None:
    assert sent(a_request("hello")) == {
        "contents": [{"role": "user", "parts": [{"text": "hello"}]}]
    }
    assert changed(a_request("hello")) == ()


def test_first_instructions_stand_beside_the_contents() -> None:
    said = sent(talk(message("system", "a", "b"), message("developer", "c"), message("user", "d")))
    assert said["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "b"}, {"text": "c"}]}
    assert said["contents"] == [{"role": "user", "parts": [{"text": "d"}]}]


def test_an_instruction_amid_the_messages_keeps_its_place() -> None:
    asked = talk(message("user", "a"), message("assistant", "b"), message("system", "c"))
    marked = [{"text": "<system>"}, {"text": "c"}, {"text": "</system>"}]
    assert sent(asked)["contents"][-1] == {"role": "user", "parts": marked}
    assert changed(asked) == (
        "messages[2]: an instruction amid the messages was sent as the user's, marked so",
    )
    assert contents(message("user", "a"), message("system", "")) == [("user", [{"text": "a"}])]


def test_an_instruction_that_is_all_is_asked() -> None:
    asked = talk(message("system", "a"))
    assert sent(asked) == {"contents": [{"role": "user", "parts": [{"text": "a"}]}]}
    assert changed(asked) == ("messages: an instruction that was all was sent as the user's",)


def test_sides_alternate_and_an_empty_text_is_not_sent() -> None:
    said = contents(
        message("user", "a", ""),
        message("user", "b"),
        message("assistant", ""),
        message("user", "c"),
    )
    assert said == [
        ("user", [{"text": "a"}, {"text": "b"}]),
        ("model", [{"text": ""}]),
        ("user", [{"text": "c"}]),
    ]


def test_what_tools_said_is_one_content_in_the_order_of_the_calls() -> None:
    second = ToolCall(id="c2", name="g", arguments=" ")
    said = contents(
        message("user", "a"),
        message("assistant", CALL, second),
        message("tool", result("c2", "two")),
        message("user", "so?", result("c1", '{"one":1}')),
    )
    empty: dict[str, Any] = {"functionCall": {"id": "c2", "name": "g", "args": {}}}
    assert said[1] == ("model", [CALLED, empty])
    assert said[2] == (
        "user",
        [
            {"functionResponse": {"id": "c1", "name": "f", "response": {"one": 1}}},
            {"functionResponse": {"id": "c2", "name": "g", "response": {"output": "two"}}},
            {"text": "so?"},
        ],
    )


def test_a_tool_that_failed_says_so() -> None:
    said = contents(message("assistant", CALL), message("tool", result("c1", "{}", failed=True)))
    assert said[1][1][0]["functionResponse"]["response"] == {"error": "{}"}


def test_what_a_tool_showed_follows_what_it_said() -> None:
    shown = result("c1", "see", Image(url="data:image/png;base64,AA"))
    asked = talk(message("assistant", CALL), message("tool", shown))
    assert sent(asked)["contents"][1]["parts"] == [
        {"functionResponse": {"id": "c1", "name": "f", "response": {"output": "see"}}},
        {"inlineData": {"mimeType": "image/png", "data": "AA"}},
    ]
    assert changed(asked) == ("messages[1]: what a tool showed follows what it said",)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Refusal(text="no"), {"text": "no"}),
        (
            Image(url="data:image/png;base64,AA"),
            {"inlineData": {"mimeType": "image/png", "data": "AA"}},
        ),
        (
            Image(url="https://a.b/c.png?d=e"),
            {"fileData": {"mimeType": "image/png", "fileUri": "https://a.b/c.png?d=e"}},
        ),
        (
            Image(url="https://a.b/c"),
            {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://a.b/c"}},
        ),
        (Audio(data="AA", format="wav"), {"inlineData": {"mimeType": "audio/wav", "data": "AA"}}),
        (Audio(data="AA", format="flac"), {"inlineData": {"mimeType": "audio/flac", "data": "AA"}}),
        (
            File(url="data:text/plain;charset=utf-8;base64,AA"),
            {"inlineData": {"mimeType": "text/plain", "data": "AA"}},
        ),
        (
            File(url="data:;base64,AA", name="a.md"),
            {"inlineData": {"mimeType": "text/markdown", "data": "AA"}},
        ),
        (
            File(url="https://a.b/c", name="d.csv"),
            {"fileData": {"mimeType": "text/csv", "fileUri": "https://a.b/c"}},
        ),
        (
            File(url="https://a.b/c"),
            {"fileData": {"mimeType": "application/pdf", "fileUri": "https://a.b/c"}},
        ),
    ],
)
def test_parts_are_written_by_kind(part: Part, said: dict[str, Any]) -> None:
    assert contents(message("user", part)) == [("user", [said])]


def test_hints_are_dropped_and_named() -> None:
    picture = Image(url="data:image/png;base64,AA", detail="low")
    document = File(url="data:text/plain;base64,AA", name="a.txt")
    asked = talk(Message(role="user", parts=(picture, document), name="ann"))
    assert changed(asked) == (
        "messages: names of speakers are dropped, there is no field for them",
        "messages: how closely to look at an image is dropped",
        "messages: names of documents are dropped",
    )


@pytest.mark.parametrize(
    "part",
    [
        Image(id="file-1"),
        Image(url="data:image/svg+xml,%3Csvg/%3E"),
        File(id="file-1"),
        Opaque(kind="video", fields={}),
        ToolCall(id="c", name="f", arguments="[1]"),
        ToolCall(id="c", name="f", arguments="{"),
        ToolResult(call="nobody"),
    ],
)
def test_a_part_that_cannot_be_said_is_refused(part: Part) -> None:
    role: Role = "assistant" if isinstance(part, ToolCall) else "user"
    with pytest.raises(Unsupported) as refused:
        sent(talk(message("user", "a"), message(role, part)))
    assert refused.value.param == "messages[1]"


def test_thinking_and_marks_go_to_their_owner_in_their_places() -> None:
    own = message(
        "assistant",
        Reasoning(text="hm", kind="summary", opaque="s1", owner=OURS),
        Reasoning(kind="redacted", opaque="s2", owner=OURS),
        Text(text="a"),
        Reasoning(kind="redacted", opaque="s3", owner=OURS),
        msgspec.structs.replace(CALL, opaque="s4", owner=OURS),
        Reasoning(kind="redacted", opaque="s5", owner=OURS),
        Image(url="data:image/png;base64,AA"),
        Reasoning(kind="redacted", opaque="s6", owner=OURS),
    )
    assert contents(own) == [
        (
            "model",
            [
                {"text": "hm", "thought": True, "thoughtSignature": "s1"},
                {"text": "a", "thoughtSignature": "s2"},
                {"text": "", "thoughtSignature": "s3"},
                {**CALLED, "thoughtSignature": "s4"},
                {"text": "", "thoughtSignature": "s5"},
                {"inlineData": {"mimeType": "image/png", "data": "AA"}},
                {"text": "", "thoughtSignature": "s6"},
            ],
        )
    ]


def test_thinking_and_marks_of_others_are_dropped_and_named() -> None:
    other = message(
        "assistant",
        Reasoning(text="hm", owner="anthropic"),
        Reasoning(text="hm"),
        msgspec.structs.replace(CALL, opaque="s", owner="openai"),
    )
    assert contents(other) == [("model", [CALLED])]
    assert changed(talk(other)) == (
        "messages: reasoning of 'anthropic' was dropped, it is its owner's alone",
        "messages: reasoning of nobody knows whom was dropped, it is its owner's alone",
        "messages: a mark of 'openai' on a call to a tool was dropped",
    )


def test_nothing_is_handed_back_to_an_endpoint_without_an_owner() -> None:
    own = message("assistant", Reasoning(text="hm"), msgspec.structs.replace(CALL, opaque="s"))
    assert contents(own, owner="") == [("model", [CALLED])]


@pytest.mark.parametrize(
    "model", ["gemini-3-pro-preview", "gemini-10.1-flash", "gemini-flash-latest"]
)
def test_a_model_that_demands_marks_has_one_on_the_first_call_of_another(model: str) -> None:
    second = ToolCall(id="c2", name="g", arguments="{}")
    ((_, parts),) = contents(message("assistant", CALL, second), model=model)
    assert [part.get("thoughtSignature") for part in parts] == [
        "skip_thought_signature_validator",
        None,
    ]
    assert changed(talk(message("assistant", CALL)), model=model) == (
        "messages: calls that another model made have a mark that stands for any",
    )


def test_sampling_has_its_own_names() -> None:
    sampling = Sampling(temperature=0.5, top_p=0.9, top_k=3, max_tokens=7, stop=("x",), seed=1)
    assert sent(a_request(sampling=sampling))["generationConfig"] == {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 3,
        "maxOutputTokens": 7,
        "stopSequences": ["x"],
        "seed": 1,
    }


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"sampling": Sampling(n=2)}, "n"),
        ({"sampling": Sampling(logprobs=True)}, "logprobs"),
        ({"sampling": Sampling(stop=tuple("abcdef"))}, "stop"),
        ({"tools": (HostedTool(kind="web_search", fields={}),)}, "tools[0]"),
        ({"tools": (Tool(name="f", parameters=raw([])),)}, "tools[0]"),
        ({"output": Output(kind="json_schema", schema=raw(1))}, "response_format"),
    ],
)
def test_what_would_change_the_meaning_is_refused(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(Unsupported) as refused:
        sent(a_request(**fields))
    assert refused.value.param == param


def test_tools_are_declared_with_their_schema_but_for_its_draft() -> None:
    schema = {"$schema": "https://json-schema.org/draft", "type": "object"}
    tools = (Tool(name="f", description="d", parameters=raw(schema), strict=True), Tool(name="g"))
    asked = a_request(tools=tools, parallel_tools=False)
    assert sent(asked) == {
        "contents": [{"role": "user", "parts": [{"text": "hello"}]}],
        "tools": [
            {
                "functionDeclarations": [
                    {"name": "f", "description": "d", "parametersJsonSchema": {"type": "object"}},
                    {"name": "g", "description": ""},
                ]
            }
        ],
    }
    assert changed(asked) == (
        "tools[0].strict: dropped, Gemini's dialect has no such field",
        "parallel tool calls: Gemini cannot be told to make one call at a time",
    )


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ("named", {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_the_choice_of_a_tool_has_its_own_words(choice: str, said: dict[str, Any]) -> None:
    asked = a_request(tools=(Tool(name="f"),), tool_choice=choice, tool="f")
    assert sent(asked)["toolConfig"] == {"functionCallingConfig": said}


def test_the_shape_of_an_answer_is_asked_for() -> None:
    shape = Output(kind="json_schema", schema=raw({"type": "object", "$schema": "x"}))
    assert sent(a_request(output=shape))["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object"},
    }
    plain = {"responseMimeType": "application/json"}
    assert sent(a_request(output=Output(kind="json")))["generationConfig"] == plain


@pytest.mark.parametrize(
    ("model", "asked", "said", "note"),
    [
        ("gemini-2.5-flash", Thinking(visible=True), {"includeThoughts": True}, ""),
        ("gemini-2.5-flash", Thinking(budget_tokens=9), {"thinkingBudget": 9}, ""),
        ("gemini-2.5-flash", Thinking(on=True), {"thinkingBudget": -1}, ""),
        (
            "gemini-2.5-flash",
            Thinking(effort="medium"),
            {"thinkingBudget": 8192},
            "reasoning.effort: 'medium' became 8192 tokens of thinking",
        ),
        (
            "gemini-2.5-flash",
            Thinking(effort="max"),
            {"thinkingBudget": 24576},
            "reasoning.effort: 'max' became 24576 tokens of thinking",
        ),
        (
            "gemini-2.5-pro",
            Thinking(effort="none"),
            {"thinkingBudget": 128},
            "reasoning.effort: 'none' became 128 tokens of thinking",
        ),
        ("gemini-3-pro", Thinking(effort="low"), {"thinkingLevel": "LOW"}, ""),
        (
            "gemini-3-pro",
            Thinking(effort="max"),
            {"thinkingLevel": "XHIGH"},
            "reasoning.effort: 'max' became 'XHIGH', the nearest that there is",
        ),
        (
            "gemini-3-pro",
            Thinking(effort="low", budget_tokens=9),
            {"thinkingLevel": "LOW"},
            "reasoning.budget_tokens: dropped, a level of thinking was sent",
        ),
        ("gemini-3-pro", Thinking(budget_tokens=9), {"thinkingBudget": 9}, ""),
    ],
)
def test_how_much_to_think_is_said_as_the_model_knows_it(
    model: str, asked: Thinking, said: dict[str, Any], note: str
) -> None:
    request = a_request(thinking=asked)
    assert sent(request, model=model)["generationConfig"] == {"thinkingConfig": said}
    assert changed(request, model=model) == ((note,) if note else ())


def test_fields_without_a_name_here_are_dropped_and_named() -> None:
    asked = a_request(source=of_chat(model="m", user="u", metadata=None, prompt_cache_key="k"))
    assert changed(asked) == (
        "prompt_cache_key: dropped, Gemini's dialect has no such field",
        "user: dropped, Gemini's dialect has no such field",
    )


TEXTS = st.text(min_size=1, max_size=5)


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), TEXTS), min_size=1, max_size=6))
def test_every_text_is_sent_in_its_order_and_by_its_side(said: list[tuple[Role, str]]) -> None:
    told = contents(*[message(role, text) for role, text in said])
    texts = [(role, part["text"]) for role, parts in told for part in parts]
    assert texts == [("model" if role == "assistant" else role, text) for role, text in said]
    assert all(first[0] != then[0] for first, then in pairwise(told))


@given(st.dictionaries(st.text(max_size=4), st.integers() | TEXTS | st.none(), max_size=3))
def test_arguments_go_back_as_they_were(arguments: dict[str, Any]) -> None:
    call = ToolCall(id="c", name="f", arguments=json.dumps(arguments))
    ((_, (part,)),) = contents(message("assistant", call))
    assert part["functionCall"]["args"] == arguments


def test_the_same_note_is_made_once() -> None:
    thought = Reasoning(text="x", owner="openai")
    assert len(changed(talk(message("assistant", thought, thought)))) == 1
