"""A body of OpenAI's Responses dialect becomes a `Generate`, or `Malformed` says where it is not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.errors import Malformed, Unsupported
from jevons.types.message import (
    Audio,
    File,
    Image,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from jevons.types.request import HostedTool, Output, Thinking, Tool
from jevons.wire.responses import parse_request

if TYPE_CHECKING:
    from jevons.types.request import Generate


def parse(**fields: Any) -> Generate:
    body = msgspec.json.encode({"model": "m", "input": "hello", **fields})
    return parse_request(body, id="req_1", at_ms=7, actor=None)


def said(*items: Any) -> tuple[Message, ...]:
    return parse(input=list(items)).messages


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def bare(value: Any) -> Any:
    """Compare what is undecoded by its bytes: a `Raw` equals nothing."""
    return msgspec.json.decode(msgspec.json.encode(value))


def test_the_least_that_can_be_asked() -> None:
    body = b'{"model":"m","input":"hello"}'
    request = parse_request(body, id="req_1", at_ms=7, actor=None)
    assert request.messages == (Message(role="user", parts=(Text(text="hello"),)),)
    assert (request.id, request.at_ms, request.actor, request.model) == ("req_1", 7, None, "m")
    assert request.want_usage
    assert not request.stream
    assert request.needs == {"text"}
    source = request.source
    assert source.dialect == "openai-responses"
    assert (source.digest, source.size_bytes) == (hashlib.sha256(body).digest(), len(body))
    assert source.fields.keys() == {"model", "input"}


def test_how_to_draw_the_answer_is_read() -> None:
    request = parse(
        temperature=0.5,
        top_p=0.9,
        max_output_tokens=64,
        top_logprobs=3,
        include=["message.output_text.logprobs"],
        stream=True,
        parallel_tool_calls=False,
    )
    sampling = request.sampling
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (0.5, 0.9, 64)
    assert (sampling.logprobs, sampling.top_logprobs) == (True, 3)
    assert request.stream
    assert request.parallel_tools is False
    assert request.needs == {"text", "logprobs"}


def test_instructions_are_the_first_message() -> None:
    first, second = parse(instructions="be brief").messages
    assert first == Message(role="system", parts=(Text(text="be brief"),))
    assert second.role == "user"


def test_every_part_of_a_message_has_its_name() -> None:
    (message,) = said(
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "look"},
                {"type": "input_image", "image_url": "https://x/y.png", "detail": "low"},
                {"type": "input_image", "file_id": "file_1", "image_url": None},
                {"type": "input_file", "file_data": "data:a;base64,", "filename": "a.pdf"},
                {"type": "input_file", "file_url": "https://x/y.pdf"},
                {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            ],
        }
    )
    assert message.parts == (
        Text(text="look"),
        Image(url="https://x/y.png", detail="low"),
        Image(id="file_1"),
        File(url="data:a;base64,", name="a.pdf"),
        File(url="https://x/y.pdf"),
        Audio(data="AAAA", format="wav"),
    )


def test_needs_are_what_the_parts_and_options_need() -> None:
    image = {"type": "input_image", "file_id": "f"}
    sound = {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}
    result = {"type": "function_call_output", "call_id": "c", "output": [image]}
    tool = {"type": "function", "name": "f"}
    asked = [result, {"role": "user", "content": [sound, {"type": "input_file", "file_id": "f"}]}]
    assert parse(input=asked, tools=[tool]).needs == {"text", "image", "audio", "file", "tools"}
    assert parse(tools=[tool], tool_choice="none").needs == {"text"}


def test_what_the_model_said_without_a_break_is_one_message() -> None:
    messages = said(
        {"role": "user", "content": "weather?"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "c2", "name": "g"},
        {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
        {"type": "function_call_output", "call_id": "c2", "output": None},
    )
    assert [message.role for message in messages] == ["user", "assistant", "tool", "tool"]
    assert messages[1].parts == (
        Reasoning(kind="redacted", opaque="gAAA", id="rs_1", owner="openai"),
        Refusal(text="no"),
        ToolCall(id="c1", name="f", arguments="{}"),
        ToolCall(id="c2", name="g", arguments=""),
    )
    assert messages[2].parts == (ToolResult(call="c1", parts=(Text(text="sunny"),)),)
    assert messages[3].parts == (ToolResult(call="c2"),)


def test_thinking_of_one_item_has_one_id_and_its_mark_comes_last() -> None:
    (message,) = said(
        {
            "type": "reasoning",
            "id": "rs_1",
            "content": [{"type": "reasoning_text", "text": "long"}],
            "summary": [{"type": "summary_text", "text": "short"}],
            "encrypted_content": "jevons:deepseek:bWFyaw==",
        }
    )
    assert message.parts == (
        Reasoning(text="long", id="rs_1", owner="deepseek"),
        Reasoning(text="short", kind="summary", id="rs_1", owner="deepseek", opaque="mark"),
    )


def test_an_id_that_we_gave_is_not_its_owners() -> None:
    (message,) = said({"type": "reasoning", "id": "rs_jevons_1_0", "summary": None})
    assert message.parts == (Reasoning(kind="redacted"),)


def test_the_mark_of_a_call_comes_back_with_its_owner() -> None:
    item = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    (message,) = said({**item, "encrypted_content": "jevons:google:c2ln"})
    assert message.parts == (
        ToolCall(id="c", name="f", arguments="{}", opaque="sig", owner="google"),
    )


def test_what_has_no_name_is_kept_where_it_was() -> None:
    text = {"type": "output_text", "text": "hi", "annotations": [1]}
    call = {"type": "function_call", "call_id": "c", "name": "f", "id": "fc_1"}
    (message,) = said({"role": "assistant", "phase": "final", "content": [text]}, call)
    spoken, called = message.parts
    assert bare(spoken) == bare(
        Text(text="hi", extra={"phase": raw("final"), "annotations": raw([1])})
    )
    assert bare(called) == bare(ToolCall(id="c", name="f", arguments="", extra={"id": raw("fc_1")}))


@pytest.mark.parametrize("kind", [{"type": "item_reference"}, {}])
def test_an_item_of_ours_that_is_only_referred_to_is_asked_for_whole(kind: dict[str, Any]) -> None:
    with pytest.raises(Unsupported, match="send it whole") as caught:
        said({**kind, "id": "rs_jevons_01X_0"})
    assert caught.value.param == "input[0]"


@pytest.mark.parametrize(
    ("item", "role", "kind"),
    [
        ({"type": "web_search_call", "id": "ws"}, "assistant", "web_search_call"),
        ({"type": "computer_call_output", "call_id": "c"}, "tool", "computer_call_output"),
        ({"type": "mcp_approval_response", "approve": True}, "tool", "mcp_approval_response"),
        ({"id": "msg_1"}, "assistant", "item_reference"),
    ],
)
def test_an_item_without_a_name_of_ours_is_kept_whole(
    item: dict[str, Any], role: str, kind: str
) -> None:
    (message,) = said(item)
    assert message.role == role
    (part,) = message.parts
    assert isinstance(part, Opaque)
    assert part.kind == kind
    assert bare(part.fields) == bare({"type": raw(kind), **{k: raw(v) for k, v in item.items()}})


def test_a_part_without_a_name_of_ours_is_kept_whole() -> None:
    (message,) = said({"role": "user", "id": "m", "content": [{"type": "video", "url": "u"}]})
    (part,) = message.parts
    assert bare(part) == bare(Opaque(kind="video", fields={"type": raw("video"), "url": raw("u")}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("conversation", {"id": "conv_1"}),
        ("prompt", {"id": "pmpt_1"}),
        ("background", True),
        ("tool_choice", {"type": "web_search"}),
        ("tool_choice", {"type": "allowed_tools", "mode": "auto", "tools": []}),
    ],
)
def test_what_only_this_dialect_can_ask_is_a_part_that_cannot_be_lost(
    field: str, value: Any
) -> None:
    kept, asked = parse(**{field: value}).messages
    (part,) = kept.parts
    assert bare(part) == bare(Opaque(kind=field, fields={field: raw(value)}))
    assert asked.role == "user"


def test_a_conversation_that_is_kept_elsewhere_may_go_on_without_input() -> None:
    (message,) = parse(input=[], conversation="conv_1").messages
    assert isinstance(message.parts[0], Opaque)
    assert parse(input=[], previous_response_id="resp_0").messages == ()


@pytest.mark.parametrize(("store", "keep"), [(None, False), (False, False), (True, True)])
def test_an_answer_is_kept_only_if_that_is_said(*, store: bool | None, keep: bool) -> None:
    assert parse(store=store).keep is keep


def test_what_is_asked_of_this_house_goes_to_no_endpoint() -> None:
    request = parse(store=True, previous_response_id="resp_0")
    assert request.previous == "resp_0"
    assert request.source.fields.keys() == {"model", "input"}
    assert bytes(parse(store=False).source.fields["store"]) == b"false"


def test_a_request_has_one_past() -> None:
    with pytest.raises(Malformed) as caught:
        parse(conversation="conv_1", previous_response_id="resp_0")
    assert caught.value.param == "previous_response_id"


def test_what_was_not_asked_is_no_part() -> None:
    request = parse(previous_response_id=None, background=False, conversation=None)
    assert len(request.messages) == 1


def test_tools_are_read_and_those_of_the_endpoint_kept_whole() -> None:
    tools = parse(
        tools=[
            {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True},
            {"type": "function", "name": "g", "parameters": None, "description": "d", "x": 1},
            {"type": "web_search", "size": "low"},
        ]
    ).tools
    assert bare(tools) == bare(
        (
            Tool(name="f", parameters=raw({"type": "object"}), strict=True),
            Tool(name="g", description="d", extra={"x": raw(1)}),
            HostedTool(kind="web_search", fields={"type": raw("web_search"), "size": raw("low")}),
        )
    )


def test_a_choice_of_tools_is_read() -> None:
    assert parse(tool_choice="required").tool_choice == "required"
    named = parse(tool_choice={"type": "function", "name": "f"})
    assert (named.tool_choice, named.tool) == ("named", "f")
    assert parse(tool_choice=None).tool_choice == "auto"


def test_the_shape_of_the_answer_is_read() -> None:
    assert parse(text={"format": {"type": "text"}}).output == Output()
    assert parse(text={"verbosity": "low"}).output == Output()
    assert parse(text={"format": {"type": "json_object"}}).output == Output(kind="json")
    shape = {"type": "json_schema", "name": "s", "schema": {"a": 1}, "strict": True}
    request = parse(text={"format": shape})
    expected = Output(kind="json_schema", name="s", schema=raw({"a": 1}), strict=True)
    assert bare(request.output) == bare(expected)
    assert request.needs == {"text", "json_schema"}


def test_how_much_to_think_is_read() -> None:
    assert parse(reasoning=None).thinking == Thinking()
    assert parse(reasoning={"effort": "high"}).thinking == Thinking(effort="high")
    shown = Thinking(visible=True, extra={"summary": raw("auto")})
    assert bare(parse(reasoning={"summary": "auto"}).thinking) == bare(shown)
    assert bare(parse(reasoning={"generate_summary": "auto"}).thinking) == bare(shown)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"input": []}, "input"),
    ({"input": None}, "input"),
    ({"input": [1]}, "input[0]"),
    ({"input": [{"content": "hi"}]}, "input[0].type"),
    ({"input": [{"role": None}]}, "input[0].role"),
    ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
    ({"input": [{"role": "critic", "content": "x"}]}, "input[0].role"),
    ({"input": [{"role": "user", "content": 5}]}, "input[0].content"),
    ({"input": [{"role": "user", "content": [5]}]}, "input[0].content[0]"),
    (
        {"input": [{"role": "user", "content": [{"type": "input_text"}]}]},
        "input[0].content[0].text",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_audio"}]}]},
        "input[0].content[0].input_audio",
    ),
    ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content[0]"),
    ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input[0].content[0]"),
    ({"input": [{"type": "function_call", "name": "f"}]}, "input[0].call_id"),
    ({"input": [{"type": "reasoning", "summary": [{}]}]}, "input[0].summary[0].text"),
    ({"input": [{"type": "reasoning", "summary": "no"}]}, "input[0].summary"),
    ({"model": 5}, "model"),
    ({"temperature": 3}, "temperature"),
    ({"max_output_tokens": 0}, "max_output_tokens"),
    ({"tools": [{"name": "f"}]}, "tools[0].type"),
    ({"tools": [{"type": "function"}]}, "tools[0].name"),
    ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
    ({"tool_choice": {"type": "function", "name": 5}}, "tool_choice.name"),
    ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
    ({"reasoning": {"effort": "enough"}}, "reasoning.effort"),
]


@pytest.mark.parametrize(("fields", "param"), WRONG)
def test_what_is_wrong_is_said_with_its_place(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(**fields)
    assert caught.value.param == param
    assert param in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff", b'{"input":"x"}', b"[" * 100_000, b'{"model":"\xff"}'],
)
def test_what_is_no_request_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_request(body, id="req_1", at_ms=0, actor=None)


def test_an_item_that_is_nested_too_deeply_is_malformed() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    body = b'{"model":"m","input":[{"role":"user","content":%b}]}' % deep
    with pytest.raises(Malformed):
        parse_request(body, id="req_1", at_ms=0, actor=None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "role", "content", "text", "id", "name", "call_id", "summary"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
FIELD = st.sampled_from(
    ["model", "input", "instructions", "tools", "tool_choice", "text", "reasoning", "include"]
)


@given(st.binary() | st.dictionaries(FIELD, JSON).map(msgspec.json.encode))
def test_any_body_is_read_or_malformed(body: bytes) -> None:
    try:
        request = parse_request(body, id="req_1", at_ms=0, actor=None)
    except Malformed:
        return
    assert request.messages


@given(st.lists(JSON, min_size=1, max_size=4))
def test_any_items_are_read_or_malformed(items: list[Any]) -> None:
    try:
        request = parse(input=items)
    except Malformed:
        return
    assert request.messages
