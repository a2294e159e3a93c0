"""A request of another dialect says the same here, or what it cannot say is refused or named."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
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
from jevons.wire.openai_chat import parse_request, render_request

CALL = ToolCall(id="a", name="f", arguments="{}")
PICTURE = Image(url="data:image/png;base64,AA==")


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def came(fields: dict[str, Any] | None = None, **asked: Any) -> Generate:
    """Make a request that came in another dialect."""
    kept = {name: raw(value) for name, value in (fields or {}).items()}
    source = Source(dialect="anthropic-messages", fields=kept, digest=b"", size_bytes=0)
    return a_request(source=source, **asked)


def said(*parts: Part, role: Role = "user") -> Message:
    return Message(role=role, parts=parts)


def sent(request: Generate, owner: str = "") -> tuple[dict[str, Any], tuple[str, ...]]:
    rendered = render_request(request, model="theirs", owner=owner)
    return json.loads(rendered.body), rendered.changed


def turns(*messages: Message, owner: str = "") -> list[dict[str, Any]]:
    return sent(came(messages=messages), owner)[0]["messages"]


def changed(*messages: Message, owner: str = "") -> tuple[str, ...]:
    return sent(came(messages=messages), owner)[1]


def test_the_least_request_is_a_model_and_messages() -> None:
    body, notes = sent(came())
    assert body == {"model": "theirs", "messages": [{"role": "user", "content": "hello"}]}
    assert notes == ()


def test_a_stream_asks_for_usage() -> None:
    body, _ = sent(came(stream=True))
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


def test_parts_are_written_in_their_order() -> None:
    parts = (
        Text(text="a"),
        Text(text=""),
        Image(url="https://x/y.png", detail="low"),
        Audio(data="AA==", format="wav"),
        File(url="data:application/pdf;base64,AA==", name="a.pdf"),
        File(id="f"),
    )
    (message,) = turns(said(*parts))
    assert message["content"] == [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
        {
            "type": "file",
            "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"},
        },
        {"type": "file", "file": {"file_id": "f"}},
    ]


@pytest.mark.parametrize(
    "message",
    [
        said(Opaque(kind="video", fields={})),
        said(Image(id="f")),
        said(File(url="https://x/y.pdf")),
        said(PICTURE, role="assistant"),
        said(Opaque(kind="search", fields={}), role="assistant"),
        said(ToolResult(call="a", parts=(Opaque(kind="video", fields={}),)), role="tool"),
    ],
)
def test_a_part_that_cannot_be_said_is_refused(message: Message) -> None:
    with pytest.raises(Unsupported) as caught:
        turns(said(Text(text="a")), message)
    assert caught.value.param == "messages[1]"


def test_texts_are_one_string_where_only_strings_are_taken() -> None:
    message = said(Text(text="a"), Text(text="b"), role="system")
    assert turns(message)[0]["content"] == [
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b"},
    ]
    assert turns(message, owner="deepseek")[0]["content"] == "a\n\nb"
    assert turns(said(Text(text=""), Text(text="")))[0]["content"] == ""
    assert turns(said())[0]["content"] == ""


def test_developers_speak_as_the_system_where_the_role_is_unknown() -> None:
    message = said(Text(text="a"), role="developer")
    assert turns(message, owner="openai")[0]["role"] == "developer"
    assert turns(message, owner="moonshot")[0]["role"] == "system"


def test_a_name_goes_with_its_message() -> None:
    message = Message(role="user", parts=(Text(text="a"),), name="Ann")
    assert turns(message) == [{"role": "user", "name": "Ann", "content": "a"}]


def test_what_tools_said_comes_before_what_the_user_says() -> None:
    written = turns(
        said(CALL, role="assistant"),
        said(
            Text(text="and?"),
            ToolResult(call="a", parts=(Text(text="4"),)),
            ToolResult(call="b"),
        ),
    )
    assert written[1:] == [
        {"role": "tool", "tool_call_id": "a", "content": "4"},
        {"role": "tool", "tool_call_id": "b", "content": ""},
        {"role": "user", "content": "and?"},
    ]


def test_what_tools_showed_follows_when_all_have_spoken() -> None:
    first = said(ToolResult(call="a", parts=(PICTURE, Text(text="4")), failed=True), role="tool")
    second = said(ToolResult(call="b", parts=(Text(text="5"),)), role="tool")
    picture = {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": PICTURE.url}}],
    }
    heard = [
        {"role": "tool", "tool_call_id": "a", "content": "4"},
        {"role": "tool", "tool_call_id": "b", "content": "5"},
        picture,
    ]
    assert turns(first, second) == heard
    assert turns(first, second, said(Text(text="and?"))) == [
        *heard,
        {"role": "user", "content": "and?"},
    ]
    assert len(changed(first, second)) == 2


def test_an_assistant_says_calls_and_refuses() -> None:
    (message,) = turns(said(Text(text="a"), Text(text="b"), CALL, role="assistant"))
    function = {"name": "f", "arguments": "{}"}
    assert message == {
        "role": "assistant",
        "content": "ab",
        "tool_calls": [{"id": "a", "type": "function", "function": function}],
    }
    (message,) = turns(said(Refusal(text="no"), role="assistant"))
    assert message == {"role": "assistant", "content": None, "refusal": "no"}


def test_an_assistant_that_only_calls_has_no_content() -> None:
    assert turns(said(CALL, role="assistant"))[0]["content"] is None
    assert turns(said(CALL, role="assistant"), owner="deepseek")[0]["content"] == ""


@pytest.mark.parametrize("arguments", ["", " "])
def test_no_arguments_are_an_empty_object(arguments: str) -> None:
    call = ToolCall(id="a", name="f", arguments=arguments)
    (message,) = turns(said(call, role="assistant"))
    assert message["tool_calls"][0]["function"]["arguments"] == "{}"


@pytest.mark.parametrize(
    ("owner", "fields"),
    [
        ("deepseek", {"reasoning_content": "hm"}),
        ("groq", {"reasoning": "hm"}),
        ("volcengine", {"reasoning_content": "hm", "encrypted_content": "s"}),
        (
            "openrouter",
            {
                "reasoning": "hm",
                "reasoning_details": [
                    {
                        "type": "reasoning.text",
                        "text": "hm",
                        "signature": "s",
                        "id": "r",
                        "format": "xai-v1",
                        "index": 0,
                    }
                ],
            },
        ),
    ],
)
def test_thinking_goes_back_to_its_owner_where_it_wrote_it(
    owner: str, fields: dict[str, Any]
) -> None:
    extra = {"format": raw("xai-v1")}
    thought = Reasoning(text="hm", opaque="s", id="r", owner=owner, extra=extra)
    (message,) = turns(said(thought, Text(text="a"), role="assistant"), owner=owner)
    assert message == {"role": "assistant", "content": "a", **fields}


def test_thinking_goes_back_to_mistral_as_a_part() -> None:
    signed = Reasoning(text="hm", opaque="s", owner="mistral")
    plain = Reasoning(text="", owner="mistral")
    (message,) = turns(said(signed, plain, Text(text="a"), role="assistant"), owner="mistral")
    assert message["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "signature": "s"},
        {"type": "thinking", "thinking": []},
        {"type": "text", "text": "a"},
    ]


def test_encrypted_thinking_without_a_mark_is_its_text() -> None:
    thought = Reasoning(text="hm", owner="volcengine")
    (message,) = turns(said(thought, CALL, role="assistant"), owner="volcengine")
    assert message["reasoning_content"] == "hm"
    assert "encrypted_content" not in message


@pytest.mark.parametrize("owner", ["", "deepseek"])
def test_thinking_goes_to_nobody_but_its_owner(owner: str) -> None:
    thoughts = (Reasoning(text="hm", owner="anthropic"), Reasoning(text="so"))
    messages = [said(*thoughts, Text(text="a"), role="assistant")] * 2
    assert turns(*messages, owner=owner) == [{"role": "assistant", "content": "a"}] * 2
    assert changed(*messages, owner=owner) == (
        "messages: reasoning of nobody knows whom was dropped, it is its owner's alone",
        "messages: reasoning of 'anthropic' was dropped, it is its owner's alone",
    )


def test_a_message_of_nothing_but_anothers_thinking_is_not_sent() -> None:
    assert turns(said(Reasoning(text="hm", owner="anthropic"), role="assistant")) == []
    assert len(turns(said(Text(text=""), role="assistant"))) == 1


def test_a_mark_on_a_call_goes_to_its_owner_alone() -> None:
    call = ToolCall(id="a", name="f", arguments="{}", opaque="s", owner="google")
    (message,) = turns(said(call, role="assistant"), owner="google")
    (written,) = message["tool_calls"]
    assert written["extra_content"] == {"google": {"thought_signature": "s"}}
    (message,) = turns(said(call, role="assistant"), owner="openai")
    assert "extra_content" not in message["tool_calls"][0]
    assert len(changed(said(call, role="assistant"), owner="openai")) == 1


def test_sampling_is_written_in_the_endpoints_words() -> None:
    sampling = Sampling(
        temperature=0.5,
        top_p=0.9,
        top_k=5,
        max_tokens=7,
        stop=("x",),
        seed=3,
        logprobs=True,
        top_logprobs=2,
    )
    body, notes = sent(came(sampling=sampling), "vllm")
    assert {name: body[name] for name in body.keys() - {"model", "messages"}} == {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 5,
        "max_tokens": 7,
        "stop": ["x"],
        "seed": 3,
        "logprobs": True,
        "top_logprobs": 2,
    }
    assert notes == ()
    body, notes = sent(came(sampling=sampling), "openai")
    assert (body["max_completion_tokens"], "max_tokens" in body, "top_k" in body) == (
        7,
        False,
        False,
    )
    assert notes == ("top_k: dropped, OpenAI chat has no such field",)


def test_several_answers_are_refused_across_dialects() -> None:
    with pytest.raises(Unsupported) as caught:
        sent(came(sampling=Sampling(n=2)))
    assert caught.value.param == "n"


def test_tools_are_written_with_how_they_must_be_called() -> None:
    tools = (
        Tool(name="f", description="does", parameters=raw({"type": "object"}), strict=True),
        Tool(name="g"),
    )
    body, _ = sent(came(tools=tools, tool_choice="named", tool="f", parallel_tools=False))
    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "f",
                "description": "does",
                "parameters": {"type": "object"},
                "strict": True,
            },
        },
        {"type": "function", "function": {"name": "g", "parameters": {}}},
    ]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert body["parallel_tool_calls"] is False
    assert sent(came(tools=tools, tool_choice="required"))[0]["tool_choice"] == "required"
    assert "tool_choice" not in sent(came(tools=tools))[0]
    assert "tool_choice" not in sent(came(tool_choice="none"))[0]


def test_a_tool_that_its_dialect_alone_can_run_is_refused() -> None:
    with pytest.raises(Unsupported) as caught:
        sent(came(tools=(Tool(name="f"), HostedTool(kind="web_search", fields={}))))
    assert caught.value.param == "tools[1]"


@pytest.mark.parametrize(
    ("output", "written"),
    [
        (Output(), None),
        (Output(kind="json"), {"type": "json_object"}),
        (
            Output(kind="json_schema"),
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": {}}},
        ),
        (
            Output(kind="json_schema", name="s", strict=True),
            {"type": "json_schema", "json_schema": {"name": "s", "schema": {}, "strict": True}},
        ),
    ],
)
def test_the_shape_of_the_answer_is_written(output: Output, written: Any) -> None:
    assert sent(came(output=output))[0].get("response_format") == written


@pytest.mark.parametrize(
    ("thinking", "owner", "fields", "notes"),
    [
        (Thinking(), "openai", {}, 0),
        (Thinking(), "openrouter", {}, 0),
        (Thinking(effort="low"), "openai", {"reasoning_effort": "low"}, 0),
        (Thinking(effort="max"), "openai", {"reasoning_effort": "xhigh"}, 1),
        (Thinking(effort="max"), "deepseek", {"reasoning_effort": "max"}, 0),
        (Thinking(budget_tokens=1000), "", {"reasoning_effort": "minimal"}, 1),
        (Thinking(on=True), "", {"reasoning_effort": "medium"}, 1),
        (Thinking(on=True), "openrouter", {"reasoning": {"enabled": True}}, 0),
        (Thinking(budget_tokens=8192), "", {"reasoning_effort": "medium"}, 1),
        (Thinking(budget_tokens=8193), "", {"reasoning_effort": "high"}, 1),
        (Thinking(budget_tokens=99_999), "", {"reasoning_effort": "xhigh"}, 1),
        (Thinking(effort="low", budget_tokens=9999), "", {"reasoning_effort": "low"}, 1),
        (Thinking(visible=False), "", {}, 1),
        (
            Thinking(effort="low", budget_tokens=9, visible=False),
            "openrouter",
            {"reasoning": {"effort": "low", "max_tokens": 9, "exclude": True}},
            0,
        ),
    ],
)
def test_the_one_knob_is_written_in_the_endpoints_words(
    thinking: Thinking, owner: str, fields: dict[str, Any], notes: int
) -> None:
    body, told = sent(came(thinking=thinking), owner)
    assert {name: body[name] for name in body.keys() - {"model", "messages"}} == fields
    assert len(told) == notes


def test_hints_that_the_dialect_lacks_are_dropped_and_named() -> None:
    beside = {"cache_control": raw({"type": "ephemeral"})}
    message = said(Text(text="a", extra=beside), ToolResult(call="a", parts=(Text(text="b"),)))
    fields = {"metadata": {"user_id": "u"}, "model": "m", "service_tier": None, "other": 1}
    body, notes = sent(came(fields, messages=(message,), tools=(Tool(name="f", extra=beside),)))
    assert notes == tuple(
        f"{name}: dropped, OpenAI chat has no such field"
        for name in ("metadata", "other", "cache_control")
    )
    assert body.keys() == {"model", "messages", "tools"}


def test_what_stands_for_something_said_elsewhere_is_refused() -> None:
    assert sent(came({"previous_response_id": None}))[1] == ()
    with pytest.raises(Unsupported) as caught:
        sent(came({"previous_response_id": "resp_1"}))
    assert caught.value.param == "previous_response_id"


TEXTS = st.text(min_size=1, max_size=8)
SAYS = st.builds(Text, text=TEXTS)
CALLS = st.builds(
    ToolCall, id=TEXTS, name=TEXTS, arguments=st.sampled_from(["{}", '{"a":1}', "not JSON"])
)
SEEN = (
    SAYS
    | st.builds(Image, url=TEXTS, detail=st.none() | st.just("low"))
    | st.builds(Audio, data=TEXTS, format=TEXTS)
    | st.builds(File, id=TEXTS, name=st.just("") | TEXTS)
)


def message_of(role: str, parts: Any) -> Any:
    return st.builds(Message, role=st.just(role), parts=parts.map(tuple))


MESSAGES = st.lists(
    message_of("system", st.lists(SAYS, min_size=1, max_size=2))
    | message_of("developer", st.lists(SAYS, min_size=1, max_size=1))
    | message_of("user", st.lists(SEEN, min_size=1, max_size=3))
    | message_of(
        "assistant",
        st.tuples(
            st.lists(SAYS, max_size=1),
            st.lists(st.builds(Refusal, text=TEXTS), max_size=1),
            st.lists(CALLS, min_size=1, max_size=2),
        ).map(lambda each: [*each[0], *each[1], *each[2]]),
    )
    | message_of(
        "tool",
        st.builds(ToolResult, call=TEXTS, parts=st.lists(SAYS, min_size=1).map(tuple)).map(
            lambda each: [each]
        ),
    ),
    min_size=1,
    max_size=5,
).map(tuple)
TOOLS = st.lists(
    st.builds(
        Tool,
        name=TEXTS,
        description=st.text(max_size=5),
        parameters=st.just(msgspec.Raw(b'{"type":"object"}')),
        strict=st.none() | st.booleans(),
    ),
    min_size=1,
    max_size=2,
).map(tuple)


REQUESTS = st.builds(
    came,
    messages=MESSAGES,
    tools=TOOLS,
    tool_choice=st.sampled_from(["auto", "none", "required"]),
    sampling=st.builds(
        Sampling,
        temperature=st.none() | st.floats(0, 2),
        top_p=st.none() | st.floats(0, 1),
        max_tokens=st.none() | st.integers(1, 9999),
        stop=st.lists(TEXTS, max_size=3).map(tuple),
        seed=st.none() | st.integers(0, 99),
        logprobs=st.booleans(),
        top_logprobs=st.none() | st.integers(0, 20),
    ),
    thinking=st.builds(Thinking, effort=st.sampled_from([None, "none", "low", "high", "xhigh"])),
    output=st.just(Output())
    | st.just(Output(kind="json"))
    | st.builds(Output, kind=st.just("json_schema"), name=TEXTS, strict=st.none() | st.booleans()),
    parallel_tools=st.none() | st.booleans(),
)


@settings(deadline=None)
@given(REQUESTS)
def test_what_is_written_anew_is_read_back(request: Generate) -> None:
    body = render_request(request, model=request.model, owner="openai").body
    back = parse_request(body, id=request.id, at_ms=request.at_ms, actor=request.actor)
    for name in ("tools", "tool_choice", "sampling", "thinking", "output", "parallel_tools"):
        assert getattr(back, name) == getattr(request, name)
    assert [in_order(each) for each in back.messages] == [
        in_order(each) for each in request.messages
    ]


def in_order(message: Message) -> tuple[Role, list[Part]]:
    """A refusal has a field of its own, so that it has no place among the parts."""
    parts = sorted(message.parts, key=lambda part: isinstance(part, Refusal))
    return message.role, parts
