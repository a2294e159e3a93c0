"""Any bytes are a request of the dialect or malformed; what we do not know passes through."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.errors import Malformed
from jevons.types.message import Audio, File, Image, Reasoning, Refusal, Text, ToolCall, ToolResult
from jevons.types.request import Tool
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


def test_needs_follow_from_what_is_asked() -> None:
    tool = {"type": "function", "function": {"name": "f", "description": "does"}}
    schema = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}
    assert asked().needs == {"text"}
    assert asked(tools=[tool]).needs == {"text", "tools"}
    assert asked(tools=[tool], tool_choice="none").needs == {"text"}
    assert asked(logprobs=True, top_logprobs=3, n=2).needs == {"text", "logprobs", "n"}
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
    assert asked(stop=["a", "b"]).sampling.stop == ("a", "b")
    tools = [{"type": "function", "function": {"name": "f"}}]
    named = {"type": "function", "function": {"name": "f"}}
    assert asked(tools=tools, tool_choice=named).tool_choice == "named"
    assert asked(tools=tools, tool_choice=named).tool == "f"
    assert asked(tools=tools, tool_choice="required").tool_choice == "required"
    (tool,) = asked(tools=tools).tools
    assert isinstance(tool, Tool)
    assert tool.name == "f"
