"""A body of Anthropic's Messages dialect becomes a `Generate`, or `Malformed` says where not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.errors import Malformed
from jevons.types.message import (
    File,
    Image,
    Message,
    Opaque,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from jevons.types.request import HostedTool, Output, Thinking, Tool
from jevons.wire.messages import parse_count, parse_request

if TYPE_CHECKING:
    from jevons.types.request import Generate

HELLO = [{"role": "user", "content": "hello"}]


def parse(**fields: Any) -> Generate:
    body = msgspec.json.encode({"model": "m", "max_tokens": 9, "messages": HELLO, **fields})
    return parse_request(body, id="req_1", at_ms=7, actor=None)


def said(*turns: Any) -> tuple[Message, ...]:
    return parse(messages=list(turns)).messages


def parts(*blocks: Any, role: str = "user") -> tuple[Any, ...]:
    (message,) = said({"role": role, "content": list(blocks)})
    return message.parts


def bare(value: Any) -> Any:
    """Compare what is undecoded by its bytes: a `Raw` equals nothing."""
    return msgspec.json.decode(msgspec.json.encode(value))


def test_the_least_that_can_be_asked() -> None:
    body = b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hello"}]}'
    request = parse_request(body, id="req_1", at_ms=7, actor=None)
    assert request.messages == (Message(role="user", parts=(Text(text="hello"),)),)
    assert (request.id, request.at_ms, request.actor, request.model) == ("req_1", 7, None, "m")
    assert (request.sampling.max_tokens, request.thinking) == (9, Thinking())
    assert request.want_usage
    assert not request.stream
    assert request.needs == {"text"}
    source = request.source
    assert source.dialect == "anthropic-messages"
    assert (source.digest, source.size_bytes) == (hashlib.sha256(body).digest(), len(body))
    assert source.fields.keys() == {"model", "max_tokens", "messages"}


def test_how_to_draw_the_answer_is_read() -> None:
    request = parse(
        temperature=0.5, top_p=0.9, top_k=40, stop_sequences=["\n\n"], stream=True, metadata={}
    )
    sampling = request.sampling
    assert (sampling.temperature, sampling.top_p, sampling.top_k) == (0.5, 0.9, 40)
    assert sampling.stop == ("\n\n",)
    assert request.stream
    assert "metadata" in request.source.fields


def test_tokens_can_be_counted_without_a_limit_on_the_answer() -> None:
    body = msgspec.json.encode({"model": "m", "messages": HELLO})
    asked = parse_count(body, id="req_1", at_ms=7, actor=None)
    assert (asked.counts, asked.sampling.max_tokens) == (True, None)
    assert not parse().counts
    with pytest.raises(Malformed) as error:
        parse_request(body, id="req_1", at_ms=7, actor=None)
    assert error.value.param == "max_tokens"


@pytest.mark.parametrize("system", ["be brief", [{"type": "text", "text": "be brief"}]])
def test_the_system_prompt_is_the_first_message(system: Any) -> None:
    first, second = parse(system=system).messages
    assert first == Message(role="system", parts=(Text(text="be brief"),))
    assert second.role == "user"


@pytest.mark.parametrize("system", [None, []])
def test_no_system_prompt_is_no_message(system: Any) -> None:
    assert len(parse(system=system).messages) == 1


def test_a_system_turn_stays_where_it_is() -> None:
    roles = [each.role for each in said(*HELLO, {"role": "system", "content": "now in verse"})]
    assert roles == ["user", "system"]


def test_every_block_of_a_user_has_its_name() -> None:
    plain = {"type": "text", "media_type": "text/plain", "data": "hé"}
    assert parts(
        {"type": "text", "text": "look"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}},
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "BB"},
            "title": "a.pdf",
        },
        {"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}},
        {"type": "document", "source": plain},
    ) == (
        Text(text="look"),
        Image(url="data:image/png;base64,AA"),
        Image(url="https://x/y.png"),
        Image(id="file_1"),
        File(url="data:application/pdf;base64,BB", name="a.pdf"),
        File(url="https://x/y.pdf"),
        File(url="data:text/plain;base64,aMOp"),
    )


@pytest.mark.parametrize(
    "block",
    [
        {"type": "document", "source": {"type": "content", "content": "odd"}, "title": "t"},
        {"type": "image", "source": {"type": "newest", "at": 1}},
        {"type": "container_upload", "file_id": "file_1"},
        {"type": "search_result", "source": "s", "title": "t", "content": []},
    ],
)
def test_a_block_without_a_name_is_kept_whole(block: dict[str, Any]) -> None:
    (part,) = parts(block)
    assert isinstance(part, Opaque)
    assert (part.kind, bare(part.fields)) == (block["type"], block)


def test_what_stands_beside_is_kept() -> None:
    cached = {"cache_control": {"type": "ephemeral"}}
    source = {"type": "url", "url": "u", "odd": 1}
    text, image, file = parts(
        {"type": "text", "text": "a", **cached},
        {"type": "image", "source": source, **cached},
        {"type": "document", "source": source, "context": "c"},
    )
    assert bare(text.extra) == cached
    assert bare(image.extra) == {**cached, "source": {"odd": 1}}
    assert bare(file.extra) == {"context": "c", "source": {"odd": 1}}
    (message,) = said({"role": "user", "content": "a", "id": "m1"})
    assert bare(message.extra) == {"id": "m1"}


def test_a_call_has_its_arguments_as_they_came() -> None:
    body = (
        b'{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":'
        b'"tool_use","id":"t1","name":"f","input":{"b": 12345678901234567890, "a":1.0}}]}]}'
    )
    (message,) = parse_request(body, id="r", at_ms=0, actor=None).messages
    arguments = '{"b": 12345678901234567890, "a":1.0}'
    assert message.parts == (ToolCall(id="t1", name="f", arguments=arguments),)


@pytest.mark.parametrize(
    ("given", "arguments"),
    [({}, "{}"), ({"input": None}, "{}"), ({"input": ""}, "{}"), ({"input": '{"a":1}'}, '{"a":1}')],
)
def test_a_call_always_has_arguments(given: dict[str, Any], arguments: str) -> None:
    call = {"type": "tool_use", "id": "t1", "name": "f", **given, "caller": {"type": "direct"}}
    (part,) = parts(call, role="assistant")
    assert part.arguments == arguments
    assert bare(part.extra) == {"caller": {"type": "direct"}}


def test_a_mark_on_a_call_is_its_owners_if_it_is_under_our_seal() -> None:
    call: dict[str, Any] = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
    ours, others, odd = parts(
        {**call, "signature": "jevons:google:c2ln"},
        {**call, "signature": "jevons:google:not base64"},
        {**call, "signature": 1},
        role="assistant",
    )
    assert ours == ToolCall(id="t1", name="f", arguments="{}", opaque="sig", owner="google")
    assert (others.opaque, bare(others.extra)) == (None, {"signature": "jevons:google:not base64"})
    assert (odd.opaque, bare(odd.extra)) == (None, {"signature": 1})


def test_results_come_first_and_each_is_a_message() -> None:
    image = {"type": "image", "source": {"type": "file", "file_id": "file_1"}}
    messages = said(
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "so?"},
                {"type": "tool_result", "tool_use_id": "t1", "content": "42"},
                {"type": "tool_result", "tool_use_id": "t2", "is_error": True, "content": [image]},
                {"type": "tool_result", "tool_use_id": "t3"},
            ],
        }
    )
    assert messages == (
        Message(role="tool", parts=(ToolResult(call="t1", parts=(Text(text="42"),)),)),
        Message(
            role="tool", parts=(ToolResult(call="t2", parts=(Image(id="file_1"),), failed=True),)
        ),
        Message(role="tool", parts=(ToolResult(call="t3"),)),
        Message(role="user", parts=(Text(text="so?"),)),
    )


def test_results_alone_are_all_that_is_said() -> None:
    result: dict[str, Any] = {"type": "tool_result", "tool_use_id": "t1", "content": []}
    assert [each.role for each in said({"role": "user", "content": [result]})] == ["tool"]


def test_an_empty_turn_is_one() -> None:
    assert said({"role": "user", "content": []}) == (Message(role="user", parts=()),)


def test_thinking_belongs_to_whom_its_signature_says() -> None:
    assert parts(
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "thinking", "thinking": "hm", "signature": "jevons:minimax:c2ln"},
        {"type": "thinking", "thinking": "hm", "signature": "jevons:openai/summary/rs_1:ZW5j"},
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "thinking", "thinking": "hm"},
        {"type": "redacted_thinking", "data": "enc"},
        {"type": "redacted_thinking", "data": "jevons:openai/redacted/rs%2F1:ZW5j"},
        role="assistant",
    ) == (
        Reasoning(text="hm", opaque="sig", owner="anthropic"),
        Reasoning(text="hm", opaque="sig", owner="minimax"),
        Reasoning(text="hm", kind="summary", opaque="enc", id="rs_1", owner="openai"),
        Reasoning(text="hm"),
        Reasoning(text="hm"),
        Reasoning(kind="redacted", opaque="enc", owner="anthropic"),
        Reasoning(kind="redacted", opaque="enc", id="rs/1", owner="openai"),
    )


@pytest.mark.parametrize(
    ("asked", "thinking"),
    [
        ({"thinking": {"type": "disabled"}}, Thinking(effort="none")),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 1024}},
            Thinking(budget_tokens=1024),
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 1024, "display": "omitted"}},
            Thinking(budget_tokens=1024, visible=False),
        ),
        ({"thinking": {"type": "adaptive"}}, Thinking(effort="high")),
        (
            {
                "thinking": {"type": "adaptive", "display": "summarized"},
                "output_config": {"effort": "low"},
            },
            Thinking(effort="low", visible=True),
        ),
        ({"output_config": {"effort": "max"}}, Thinking(effort="max")),
        ({"thinking": None, "output_config": None}, Thinking()),
    ],
)
def test_how_much_to_think_is_read(asked: dict[str, Any], thinking: Thinking) -> None:
    assert parse(**asked).thinking == thinking


def test_thinking_without_a_name_is_kept() -> None:
    asked = {"type": "between_tools"}
    thinking = parse(thinking=asked, output_config={"effort": "low"}).thinking
    assert (thinking.effort, bare(thinking.extra)) == ("low", {"thinking": asked})


def test_tools_are_the_callers_or_the_endpoints() -> None:
    schema = {"type": "object"}
    hosted = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
    servers = [{"type": "url", "url": "https://x", "name": "x"}]
    request = parse(
        tools=[
            {"name": "f", "description": "does f", "input_schema": schema, "strict": True},
            {"type": "custom", "name": "g", "cache_control": {"type": "ephemeral"}},
            hosted,
        ],
        mcp_servers=servers,
    )
    first, second, third, fourth = request.tools
    assert isinstance(first, Tool)
    assert (first.name, first.description, first.strict) == ("f", "does f", True)
    assert (bare(first.parameters), first.extra) == (schema, None)
    assert isinstance(second, Tool)
    assert (bare(second.parameters), second.strict) == ({}, None)
    assert bare(second.extra) == {"cache_control": {"type": "ephemeral"}}
    assert isinstance(third, HostedTool)
    assert (third.kind, bare(third.fields)) == ("web_search_20250305", hosted)
    assert isinstance(fourth, HostedTool)
    assert (fourth.kind, bare(fourth.fields)) == ("mcp_servers", {"mcp_servers": servers})
    assert request.needs == {"text", "tools"}


def test_no_servers_are_no_tool() -> None:
    assert parse(mcp_servers=[]).tools == ()


@pytest.mark.parametrize(
    ("choice", "mode", "tool", "parallel"),
    [
        ({"type": "auto"}, "auto", "", None),
        ({"type": "any", "disable_parallel_tool_use": True}, "required", "", False),
        ({"type": "tool", "name": "f", "disable_parallel_tool_use": False}, "named", "f", True),
        ({"type": "none"}, "none", "", None),
        (None, "auto", "", None),
    ],
)
def test_a_choice_of_tools_is_read(choice: Any, mode: str, tool: str, parallel: object) -> None:
    request = parse(tool_choice=choice)
    assert (request.tool_choice, request.tool, request.parallel_tools) == (mode, tool, parallel)


@pytest.mark.parametrize(
    "asked",
    [
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        {"output_format": {"type": "json_schema", "schema": {"type": "object"}}},
    ],
)
def test_the_shape_of_the_answer_is_read(asked: dict[str, Any]) -> None:
    request = parse(**asked)
    assert (request.output.kind, bare(request.output.schema)) == ("json_schema", {"type": "object"})
    assert request.needs == {"text", "json_schema"}
    assert bare(parse().output) == bare(Output())


def test_needs_are_what_the_blocks_need() -> None:
    image = {"type": "image", "source": {"type": "file", "file_id": "f"}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [image]}
    file = {"type": "document", "source": {"type": "file", "file_id": "f"}}
    turns = [{"role": "user", "content": [result, file]}]
    tool = {"name": "f"}
    assert parse(messages=turns, tools=[tool]).needs == {"text", "image", "file", "tools"}
    assert parse(tools=[tool], tool_choice={"type": "none"}).needs == {"text"}


BAD_INPUT = (
    b'{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":'
    b'"tool_use","id":"t1","name":"f","input":"\\q"}]}]}'
)


def turn(content: Any, role: Any = "user") -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content}]}


MISPLACED: list[tuple[dict[str, Any], str]] = [
    ({"messages": []}, "messages"),
    ({"messages": [1]}, "messages[0]"),
    ({"messages": "hello"}, "messages"),
    ({"max_tokens": -1}, "max_tokens"),
    ({"temperature": 3}, "temperature"),
    ({"system": 1}, "system"),
    ({"system": [{}]}, "system[0].type"),
    (turn("x", "tool"), "messages[0].role"),
    (turn("x", None), "messages[0].role"),
    ({"messages": [{"content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "user"}]}, "messages[0].content"),
    (turn(None), "messages[0].content"),
    (turn(1), "messages[0].content"),
    (turn([{}]), "messages[0].content[0].type"),
    (turn([{"type": "text"}]), "messages[0].content[0].text"),
    (turn([{"type": "image"}]), "messages[0].content[0].source"),
    (turn([{"type": "image", "source": {}}]), "messages[0].content[0].source.type"),
    (
        turn([{"type": "image", "source": {"type": "base64", "data": ""}}]),
        "messages[0].content[0].source.media_type",
    ),
    (turn([{"type": "tool_use", "name": "f"}]), "messages[0].content[0].id"),
    (turn([{"type": "tool_result"}]), "messages[0].content[0].tool_use_id"),
    (
        turn([{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text"}]}]),
        "messages[0].content[0].content[0].text",
    ),
    (turn([{"type": "thinking"}]), "messages[0].content[0].thinking"),
    (turn([{"type": "redacted_thinking"}]), "messages[0].content[0].data"),
    ({"thinking": {}}, "thinking"),
    ({"thinking": {"type": "enabled", "budget_tokens": "x"}}, "thinking.budget_tokens"),
    ({"tools": [{}]}, "tools[0].name"),
    ({"tools": [{"type": 1}]}, "tools[0].type"),
    ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
    ({"tool_choice": "auto"}, "tool_choice"),
    ({"output_config": {"format": {"type": "xml"}}}, "output_config.format.type"),
]


@pytest.mark.parametrize(("fields", "where"), MISPLACED)
def test_what_is_wrong_is_said_with_its_place(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(Malformed) as error:
        parse(**fields)
    assert error.value.param == where
    assert where in str(error.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"\xff"',
        b'{"model":"m","max_tokens":1}',
        b"[" * 100_000,
        b'{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":"\\q"}]}',
        BAD_INPUT,
    ],
)
def test_what_is_no_request_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_request(body, id="req_1", at_ms=7, actor=None)


NAMES = [
    "type", "text", "source", "content", "role", "id", "name", "input", "thinking", "signature",
    "data", "tool_use_id", "is_error", "title", "url", "media_type", "file_id",
]  # fmt: skip
WORDS = [
    "text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking",
    "base64", "url", "file", "user", "assistant", "odd", "jevons:x:", "jevons:x/y/%zz:AA==",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=12,
)
BLOCKS = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5)
TURNS = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system"]), "content": st.lists(BLOCKS)}
)
FIELDS = st.dictionaries(
    st.sampled_from(["system", "tools", "tool_choice", "thinking", "output_config", "mcp_servers"]),
    JSON,
)


@given(FIELDS, JSON | st.lists(TURNS, max_size=3))
def test_any_body_is_a_request_or_malformed(fields: dict[str, Any], turns: Any) -> None:
    try:
        request = parse(**fields, messages=turns)
    except Malformed:
        return
    msgspec.json.encode(request.messages)


@given(st.binary())
def test_any_bytes_are_a_request_or_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_request(body, id="req_1", at_ms=0, actor=None)
