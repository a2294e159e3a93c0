"""Any bytes are a request of the dialect or malformed; what we do not know passes through."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from jevons.types.errors import Malformed
from jevons.types.message import (
    Audio,
    File,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from jevons.types.request import HostedTool, Thinking, Tool
from jevons.wire.openai_chat import parse_request, render_request

if TYPE_CHECKING:
    from jevons.types.request import Generate

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def parse(body: bytes) -> Generate:
    return parse_request(body, id="req_1", at_ms=1, actor=None)


def asked(**fields: Any) -> Generate:
    return parse(json.dumps({**ASK, **fields}).encode())


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b"\xff\xfe", None),
        (b'{"model":1,"messages":[]}', "model"),
        (b'{"model":"m","messages":[]}', "messages"),
        (b'{"model":"m","messages":[{"role":"nobody"}]}', "messages[0].role"),
        (b'{"model":"m","messages":[{"role":"user","content":"a"}],"n":0}', "n"),
        (b'{"model":"m","messages":[{"role":"user","content":"a"}],"top_p":2}', "top_p"),
    ],
)
def test_what_is_not_the_dialect_is_malformed_and_says_where(
    body: bytes, param: str | None
) -> None:
    with pytest.raises(Malformed) as caught:
        parse(body)
    assert caught.value.param == param


def test_nesting_without_end_is_malformed() -> None:
    deep = b'{"model":"m","messages":' + b"[" * 100_000
    with pytest.raises(Malformed):
        parse(deep)
    whole = b'{"model":"m","messages":[{"role":"user","content":"a"}],"x":%b%b}'
    with pytest.raises(Malformed):
        parse(whole % (b"[" * 100_000, b"]" * 100_000))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_malformed(body: bytes) -> None:
    with suppress(Malformed):
        parse(body)


@given(JSON, st.sampled_from(["messages", "tools", "stop", "response_format", "stream_options"]))
def test_any_json_in_any_field_is_a_request_or_malformed(value: Any, field: str) -> None:
    with suppress(Malformed):
        asked(**{field: value})


@given(st.dictionaries(st.text(min_size=1).map(lambda name: f"x-{name}"), JSON))
def test_fields_we_do_not_know_go_through_as_they_came(fields: dict[str, Any]) -> None:
    request = asked(**fields)
    sent = json.loads(render_request(request, model="theirs").body)
    assert sent == {**ASK, **json.loads(json.dumps(fields)), "model": "theirs"}


def test_a_stream_asks_for_usage_whatever_the_caller_asked() -> None:
    silent = asked(stream=True, stream_options={"other": 1})
    sent = json.loads(render_request(silent, model="m").body)
    assert sent["stream_options"] == {"other": 1, "include_usage": True}
    assert not silent.want_usage
    null = asked(stream=True, stream_options=None)
    assert json.loads(render_request(null, model="m").body)["stream_options"] == {
        "include_usage": True
    }
    wanted = asked(stream=True, stream_options={"include_usage": True})
    assert wanted.want_usage
    assert json.loads(render_request(wanted, model="m").body)["stream_options"] == {
        "include_usage": True
    }


def test_parts_of_every_kind_are_read() -> None:
    request = asked(
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "a"},
                    {"type": "refusal", "refusal": "no"},
                    {"type": "image_url", "image_url": {"url": "data:,", "detail": "low"}},
                    {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
                    {"type": "file", "file": {"file_id": "f"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "reasoning_content": "hm",
                "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "4"}]},
            {"role": "tool", "tool_call_id": "d", "content": None},
        ]
    )
    user, assistant, first, second = request.messages
    assert user.parts == (
        Text(text="a"),
        Refusal(text="no"),
        Image(url="data:,", detail="low"),
        Audio(data="AA==", format="wav"),
        File(id="f"),
    )
    assert assistant.parts == (Reasoning(text="hm"), ToolCall(id="c", name="f", arguments="{}"))
    assert first.parts == (ToolResult(call="c", parts=(Text(text="4"),)),)
    assert second.parts == (ToolResult(call="d"),)
    assert request.needs == {"text", "image", "audio", "file"}


def test_what_a_tool_gave_is_a_need_as_what_a_user_said_is() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:,"}}
    result = {"role": "tool", "tool_call_id": "c", "content": [picture]}
    assert asked(messages=[result]).needs == {"text", "image"}


def test_a_picture_may_be_its_address_alone() -> None:
    """Mistral takes it so."""
    picture = {"type": "image_url", "image_url": "https://x/y.png"}
    (message,) = asked(messages=[{"role": "user", "content": [picture]}]).messages
    assert message.parts == (Image(url="https://x/y.png"),)


def test_needs_follow_from_what_is_asked() -> None:
    tool = {"type": "function", "function": {"name": "f", "description": "does"}}
    schema = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}
    assert asked().needs == {"text"}
    assert asked(tools=[tool]).needs == {"text", "tools"}
    assert asked(tools=[tool], tool_choice="none").needs == {"text"}
    assert asked(logprobs=True, top_logprobs=3, n=2).needs == {"text", "logprobs", "n"}
    assert asked(modalities=["text"], web_search_options=None).needs == {"text"}
    assert asked(modalities=["text", "audio"], audio={}).needs == {"text", "speech"}
    assert asked(web_search_options={}).needs == {"text", "search"}
    assert asked(response_format={"type": "text"}).output.kind == "text"
    assert asked(response_format={"type": "json_object"}).needs == {"text", "json"}
    request = asked(response_format=schema)
    assert (request.output.kind, request.output.name) == ("json_schema", "s")
    assert request.needs == {"text", "json_schema"}


def test_a_schema_that_is_promised_and_missing_is_malformed() -> None:
    with pytest.raises(Malformed) as caught:
        asked(response_format={"type": "json_schema"})
    assert caught.value.param == "response_format.json_schema"


def test_sampling_is_read_whatever_its_spelling() -> None:
    request = asked(stop="a", max_tokens=5, max_completion_tokens=7, seed=3, temperature=0.5)
    assert request.sampling.stop == ("a",)
    assert (request.sampling.max_tokens, request.sampling.seed) == (7, 3)
    assert asked(max_tokens=0).sampling.max_tokens is None
    assert asked(stop=["a", "b"]).sampling.stop == ("a", "b")
    tools = [{"type": "function", "function": {"name": "f"}}]
    named = {"type": "function", "function": {"name": "f"}}
    assert asked(tools=tools, tool_choice=named).tool_choice == "named"
    assert asked(tools=tools, tool_choice=named).tool == "f"
    assert asked(tools=tools, tool_choice="required").tool_choice == "required"
    (tool,) = asked(tools=tools).tools
    assert isinstance(tool, Tool)
    assert tool.name == "f"


def test_a_message_of_more_than_is_named_is_read_with_what_is_beside() -> None:
    request = asked(
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
                    {"type": "video_url", "video_url": {"url": "u"}},
                    {"type": "image_url", "image_url": {"url": "u"}},
                    {"untyped": 1},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "text", "text": "b"},
                ],
                "refusal": "no",
                "annotations": [],
                "audio": {"id": "x"},
                "tool_calls": [
                    {
                        "id": "c",
                        "type": "function",
                        "index": 0,
                        "function": {"name": "f", "arguments": "{}"},
                        "extra_content": {"google": {"thought_signature": "s"}},
                        "other": 1,
                    },
                    {"id": "d", "function": {"name": "g"}},
                    {"id": "e", "type": "custom", "custom": {"name": "h", "input": "x"}},
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": "4", "other": 1},
        ]
    )
    user, assistant, tool = request.messages
    text, video, image, untyped = user.parts
    assert text == Text(text="a", extra={"cache_control": Raw(b'{"type": "ephemeral"}')})
    assert isinstance(video, Opaque)
    assert (video.kind, video.fields.keys()) == ("video_url", {"type", "video_url"})
    assert image == Image(url="u")
    assert untyped == Opaque(kind="", fields={"untyped": Raw(b"1")})
    *parts, custom = assistant.parts
    assert parts == [
        Reasoning(text="hm", owner="mistral"),
        Text(text="b"),
        Refusal(text="no"),
        ToolCall(
            id="c",
            name="f",
            arguments="{}",
            opaque="s",
            owner="google",
            extra={"other": Raw(b"1")},
        ),
        ToolCall(id="d", name="g", arguments=""),
    ]
    assert isinstance(custom, Opaque)
    assert custom.kind == "custom"
    assert assistant.extra == {"audio": Raw(b'{"id": "x"}')}
    assert tool.parts == (ToolResult(call="c", parts=(Text(text="4"),)),)
    assert tool.extra == {"other": Raw(b"1")}
    assert request.needs == {"text", "image"}


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({"reasoning": "hm"}, [Reasoning(text="hm")]),
        ({"reasoning_content": "", "reasoning_details": []}, []),
        (
            {
                "reasoning_content": "hm",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "h", "format": "v", "index": 0},
                    {"type": "reasoning.text", "text": "m", "signature": "s", "index": 0},
                    {"type": "reasoning.text", "text": "so", "index": 0},
                    {"type": "reasoning.summary", "summary": "in", "id": "r"},
                    {"type": "reasoning.encrypted", "data": "e", "format": "xai-v1"},
                    {"type": "reasoning.encrypted", "data": "f", "index": 3},
                    {"type": "reasoning.encrypted", "data": "g", "index": 3},
                ],
            },
            [
                Reasoning(text="hm", opaque="s", owner="v"),
                Reasoning(text="so"),
                Reasoning(text="in", kind="summary", id="r"),
                Reasoning(
                    kind="redacted",
                    opaque="e",
                    owner="openrouter",
                    extra={"format": Raw(b'"xai-v1"')},
                ),
                Reasoning(kind="redacted", opaque="fg"),
            ],
        ),
        (
            {
                "reasoning_content": "hm",
                "reasoning_details": [{"type": "reasoning.encrypted", "data": "e", "format": "v"}],
            },
            [
                Reasoning(text="hm", owner="v"),
                Reasoning(kind="redacted", opaque="e", owner="v"),
            ],
        ),
    ],
)
def test_thinking_that_is_handed_back_is_read_with_its_owner(
    fields: dict[str, Any], parts: list[Reasoning]
) -> None:
    request = asked(messages=[{"role": "assistant", "content": None, **fields}])
    assert list(request.messages[0].parts) == parts


def test_tools_of_any_kind_are_read() -> None:
    request = asked(
        tools=[
            {"type": "function", "function": {"name": "f"}, "cache_control": 1},
            {"type": "web_search"},
        ]
    )
    assert request.tools == (
        Tool(name="f", extra={"cache_control": Raw(b"1")}),
        HostedTool(kind="web_search", fields={"type": Raw(b'"web_search"')}),
    )
    assert request.needs == {"text", "tools"}


@pytest.mark.parametrize(
    ("choice", "mode", "tool", "tools"),
    [
        ("any", "required", "", 2),
        ({"type": "custom", "custom": {"name": "x"}}, "auto", "", 2),
        ({"type": "function", "function": {"name": "f"}}, "named", "f", 2),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": "g"}}],
                },
            },
            "required",
            "",
            1,
        ),
    ],
)
def test_how_tools_must_be_called_is_read(choice: Any, mode: str, tool: str, tools: int) -> None:
    known = [{"function": {"name": name}, "extra": 1} for name in "fg"]
    request = asked(tools=known, tool_choice=choice)
    assert (request.tool_choice, request.tool, len(request.tools)) == (mode, tool, tools)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0]"),
        (
            {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": 1}}]}]},
            "messages[0].content[0].file.file_id",
        ),
        ({"messages": [{"role": "user", "content": [{"type": 1}]}]}, "messages[0].content[0]"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {"x": 1}}]}]},
            "messages[0].tool_calls[0].function",
        ),
        ({"tools": [{"function": {"name": "f"}}, {"function": 1}]}, "tools[1].function"),
        ({"tool_choice": "sometimes"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice"),
    ],
)
def test_what_is_wrong_within_messages_and_tools_says_where(
    fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(Malformed) as caught:
        asked(**fields)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("fields", "thinking"),
    [
        ({"reasoning_effort": "low"}, Thinking(effort="low")),
        ({"reasoning_effort": "default"}, Thinking()),
        (
            {"reasoning": {"effort": "high", "budget_tokens": 9, "visible": True}},
            Thinking(effort="high", budget_tokens=9, visible=True),
        ),
        (
            {"reasoning": {"max_tokens": 9, "exclude": True}},
            Thinking(budget_tokens=9, visible=False),
        ),
        ({"reasoning": {"enabled": False}}, Thinking(effort="none")),
        ({"thinking": {"type": "disabled"}}, Thinking(effort="none")),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}}, Thinking(on=True, budget_tokens=9)),
        ({"thinking": {"type": "newest"}}, Thinking()),
        ({"enable_thinking": True}, Thinking(on=True)),
        ({"enable_thinking": True, "thinking": {"type": "disabled"}}, Thinking(effort="none")),
        ({"chat_template_kwargs": None}, Thinking()),
        ({"chat_template_kwargs": {"enable_thinking": False}}, Thinking(effort="none")),
        (
            {"chat_template_kwargs": {"thinking": True, "odd": 1}},
            Thinking(on=True, extra={"chat_template_kwargs": Raw(b'{"odd":1}')}),
        ),
        (
            {"enable_thinking": False, "thinking_budget": 9},
            Thinking(effort="none", budget_tokens=9),
        ),
        ({"reasoning": "yes"}, Thinking(extra={"reasoning": Raw(b'"yes"')})),
    ],
)
def test_how_much_to_think_is_read_under_any_of_its_names(
    fields: dict[str, Any], thinking: Thinking
) -> None:
    assert asked(**fields).thinking == thinking


@pytest.mark.parametrize(
    ("call", "mode", "tool", "needs"),
    [
        (None, "auto", "", {"text", "tools"}),
        ("none", "none", "", {"text"}),
        ({"name": "f"}, "named", "f", {"text", "tools"}),
    ],
)
def test_functions_are_tools_by_their_old_name(
    call: Any, mode: str, tool: str, needs: set[str]
) -> None:
    request = asked(functions=[{"name": "f", "description": "does"}], function_call=call)
    assert request.tools == (Tool(name="f", description="does"),)
    assert (request.tool_choice, request.tool, request.needs) == (mode, tool, needs)
    assert asked(functions=None).tools == ()
    with pytest.raises(Malformed) as caught:
        asked(functions=[{"name": 1}])
    assert caught.value.param == "functions[0].name"


def test_what_functions_said_is_what_tools_said() -> None:
    request = asked(
        messages=[
            {
                "role": "assistant",
                "content": None,
                "function_call": {"name": "f", "arguments": "1"},
            },
            {"role": "function", "name": "f", "content": "4"},
        ]
    )
    assistant, function = request.messages
    assert assistant.parts == (ToolCall(id="f", name="f", arguments="1"),)
    assert function.role == "tool"
    assert function.parts == (ToolResult(call="f", parts=(Text(text="4"),)),)


@pytest.mark.parametrize(("asked_for", "top_k"), [(5, 5), (0, None), (-1, None), (None, None)])
def test_engines_may_be_told_how_many_tokens_to_draw_from(
    asked_for: int | None, top_k: int | None
) -> None:
    assert asked(top_k=asked_for).sampling.top_k == top_k


def sent(request: Generate, owner: str = "") -> tuple[dict[str, Any], tuple[str, ...]]:
    rendered = render_request(request, model="m", owner=owner)
    return json.loads(rendered.body), rendered.changed


@pytest.mark.parametrize(
    ("owner", "knob", "fields"),
    [
        ("openai", {"effort": "low"}, {"reasoning_effort": "low"}),
        ("", {"effort": "low"}, {"reasoning": {"effort": "low"}}),
        ("openrouter", {"effort": "low", "x": 1}, {"reasoning": {"effort": "low", "x": 1}}),
        ("", {"effort": "low", "visible": True}, {"reasoning_effort": "low"}),
        ("openrouter", {"budget_tokens": 9}, {"reasoning": {"max_tokens": 9}}),
        ("openai", "yes", {"reasoning": "yes"}),
    ],
)
def test_our_own_knob_is_written_in_the_endpoints_words(
    owner: str, knob: Any, fields: dict[str, Any]
) -> None:
    body, _ = sent(asked(reasoning=knob), owner)
    assert {name: body[name] for name in body if name.startswith("reasoning")} == fields


OWNED = {
    "role": "assistant",
    "content": "a",
    "reasoning_content": "hm",
    "reasoning_details": [
        {"type": "reasoning.text", "text": "hm", "signature": "s", "format": "deepseek"}
    ],
}


def test_thinking_goes_back_to_its_owner_in_its_owners_words() -> None:
    request = asked(messages=[ASK["messages"][0], OWNED, {"role": "assistant", "content": "b"}])
    body, notes = sent(request, "deepseek")
    assert body["messages"][1] == {"role": "assistant", "content": "a", "reasoning_content": "hm"}
    assert body["messages"][2] == {"role": "assistant", "content": "b"}
    assert notes == ()


@pytest.mark.parametrize("owner", ["", "openai", "openrouter"])
def test_thinking_never_goes_to_another(owner: str) -> None:
    body, notes = sent(asked(messages=[OWNED, OWNED]), owner)
    assert body["messages"] == [{"role": "assistant", "content": "a"}] * 2
    assert notes == ("messages: reasoning of 'deepseek' was dropped, it is its owner's alone",)


@pytest.mark.parametrize("owner", ["", "openrouter"])
def test_thinking_in_openrouters_own_format_goes_as_it_came(owner: str) -> None:
    details = [{"type": "reasoning.encrypted", "data": "e", "format": "xai-v1", "x": 1}]
    message = {"role": "assistant", "content": "a", "reasoning_details": details}
    assert sent(asked(messages=[message]), owner) == (
        {"model": "m", "messages": [message]},
        (),
    )


def test_thinking_of_nobody_known_goes_as_it_came() -> None:
    message = {"role": "assistant", "content": "a", "reasoning_content": "hm"}
    assert sent(asked(messages=[message]), "openai")[0]["messages"] == [message]


def test_parts_that_are_thinking_go_to_mistral_alone() -> None:
    text = {"type": "text", "text": "a"}
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, text, {"x": 1}]
    request = asked(messages=[{"role": "assistant", "content": parts}])
    assert sent(request, "mistral")[0]["messages"][0]["content"] == parts
    assert sent(request, "openai")[0]["messages"][0]["content"] == [text, {"x": 1}]
