"""Requests of Anthropic's Messages dialect: bytes to `Generate`.

Rule 1: whatever a body holds, parsing it gives a `Generate` or raises `Malformed`.
Rule 2: what we do not know passes through: every top-level field is kept as it came.
Rule 3: servers whose tools the endpoint is to use (`mcp_servers`) are a tool that only this
    dialect has a meaning for: they are never lost on the way to an endpoint of another.

Sources, read 2026-11: Anthropic API reference, "Create a Message" and "Count tokens in a
Message"; Anthropic docs, "Effort" (for the effort that is meant where none is named).
"""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from jevons.types.errors import Malformed
from jevons.types.message import File, Image, ToolResult
from jevons.types.request import (
    Effort,
    Generate,
    HostedTool,
    Output,
    Sampling,
    Source,
    Thinking,
    Tool,
)
from jevons.wire.fields import OBJECT, WRONG, Fields, malformed
from jevons.wire.messages.turns_in import read_messages, read_system

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jevons.types.actor import Actor
    from jevons.types.message import Message, Part
    from jevons.types.request import Need

__all__ = ("parse_count", "parse_request")

_USUAL_EFFORT: Effort = "high"
_NOTHING = frozenset({b"null", b"[]"})


class _Thinking(msgspec.Struct):
    type: str
    budget_tokens: Annotated[int, Meta(ge=0)] | None = None
    display: str | None = None


class _Format(msgspec.Struct):
    type: Literal["json_schema"]
    schema: msgspec.Raw = msgspec.Raw(b"{}")
    name: str | None = None


class _OutputConfig(msgspec.Struct):
    effort: Effort | None = None
    format: _Format | None = None


class _Choice(msgspec.Struct):
    type: Literal["auto", "any", "tool", "none"] = "auto"
    name: str = ""
    disable_parallel_tool_use: bool | None = None


class _Body(msgspec.Struct):
    """The fields that we read. The rest stays in `Source.fields`."""

    model: str
    messages: list[msgspec.Raw]
    max_tokens: Annotated[int, Meta(ge=0)] | None = None
    """0 warms the endpoint's cache and asks for no answer."""
    system: msgspec.Raw = msgspec.Raw(b"null")
    stream: bool | None = None
    stop_sequences: list[str] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: int | None = None
    tools: list[msgspec.Raw] | None = None
    tool_choice: _Choice | None = None
    thinking: _Thinking | None = None
    output_config: _OutputConfig | None = None
    output_format: _Format | None = None
    """Its name until 2026, when it was in beta."""


_BODY = msgspec.json.Decoder(_Body)
_BOOL = msgspec.json.Decoder(bool | None)


def parse_request(body: bytes, *, id: str, at_ms: int, actor: Actor | None) -> Generate:  # noqa: A002 the field's name
    """Read the body of `POST /v1/messages`.

    Args:
        body: As it came.
        id: Name for the request, `req_…`.
        at_ms: When it arrived, Unix milliseconds.
        actor: Whose key came with it, if it is one of ours.

    Raises:
        Malformed: It is not JSON, not UTF-8, or not this dialect; the message says where.
    """
    request = _read(body, id, at_ms, actor)
    if request.sampling.max_tokens is None:
        message = "max_tokens is missing; the most tokens of answer are needed"
        raise Malformed(message, param="max_tokens")
    return request


def parse_count(body: bytes, *, id: str, at_ms: int, actor: Actor | None) -> Generate:  # noqa: A002 the field's name
    """Read the body of `POST /v1/messages/count_tokens`: a request that needs no `max_tokens`.

    Args:
        body: As it came.
        id: Name for the request, `req_…`.
        at_ms: When it arrived, Unix milliseconds.
        actor: Whose key came with it, if it is one of ours.

    Raises:
        Malformed: It is not JSON, not UTF-8, or not this dialect; the message says where.
    """
    return msgspec.structs.replace(_read(body, id, at_ms, actor), counts=True)


def _read(body: bytes, id: str, at_ms: int, actor: Actor | None) -> Generate:  # noqa: A002 the field's name
    try:
        body.decode()  # msgspec does not look inside fields that it keeps raw
        fields = OBJECT.decode(body)
        asked = _BODY.decode(body)
    except WRONG as error:
        raise malformed(error) from None
    messages = (*read_system(asked.system), *read_messages(asked.messages))
    tools = (*_tools(asked.tools or ()), *_servers(fields))
    choice = asked.tool_choice or _Choice()
    output = _output(asked)
    alone = choice.disable_parallel_tool_use
    return Generate(
        id=id,
        at_ms=at_ms,
        actor=actor,
        model=asked.model,
        messages=messages,
        sampling=_sampling(asked),
        thinking=_thinking(asked, fields),
        tools=tools,
        tool_choice=_CHOICES[choice.type],
        tool=_chosen(choice),
        parallel_tools=None if alone is None else not alone,
        output=output,
        stream=bool(asked.stream),
        want_usage=True,
        needs=_needs(messages, output, asks_tools=bool(tools) and choice.type != "none"),
        source=Source(
            dialect="anthropic-messages",
            fields=fields,
            digest=hashlib.sha256(body).digest(),
            size_bytes=len(body),
        ),
    )


_CHOICES: Mapping[str, Literal["auto", "none", "required", "named"]] = MappingProxyType(
    {"auto": "auto", "any": "required", "tool": "named", "none": "none"}
)


def _chosen(choice: _Choice) -> str:
    if choice.type != "tool":
        return ""
    if not choice.name:
        message = "tool_choice.name is missing; a tool's name is needed"
        raise Malformed(message, param="tool_choice.name")
    return choice.name


def _sampling(asked: _Body) -> Sampling:
    return Sampling(
        temperature=asked.temperature,
        top_p=asked.top_p,
        top_k=asked.top_k,
        max_tokens=asked.max_tokens,
        stop=tuple(asked.stop_sequences or ()),
    )


def _thinking(asked: _Body, fields: Mapping[str, msgspec.Raw]) -> Thinking:
    """Read how much to think. What has no canonical name is kept for this dialect."""
    effort = asked.output_config and asked.output_config.effort
    thinking = asked.thinking
    if thinking is None:
        return Thinking(effort=effort)
    visible = _VISIBLE.get(thinking.display or "")
    match thinking.type:
        case "disabled":
            return Thinking(effort="none")
        case "adaptive":
            return Thinking(effort=effort or _USUAL_EFFORT, visible=visible)
        case "enabled":
            budget = thinking.budget_tokens
            return Thinking(effort=effort, budget_tokens=budget, visible=visible)
        case _:
            return Thinking(effort=effort, extra={"thinking": fields["thinking"]})


_VISIBLE = MappingProxyType({"summarized": True, "omitted": False})


def _tools(tools: Sequence[msgspec.Raw]) -> Iterable[Tool | HostedTool]:
    for at, raw in enumerate(tools):
        yield _tool(Fields(raw, f"tools[{at}]"))


def _tool(tool: Fields) -> Tool | HostedTool:
    kind = tool.text("type") or "custom"
    if kind != "custom":
        return HostedTool(kind=kind, fields={"type": _raw(kind), **tool.left})
    return Tool(
        name=tool.need("name"),
        description=tool.text("description"),
        parameters=tool.raw("input_schema") or msgspec.Raw(b"{}"),
        strict=tool.take("strict", _BOOL),
        extra=tool.extra,
    )


def _servers(fields: Mapping[str, msgspec.Raw]) -> Iterable[HostedTool]:
    servers = fields.get("mcp_servers")
    if servers is not None and bytes(servers) not in _NOTHING:
        yield HostedTool(kind="mcp_servers", fields={"mcp_servers": servers})


def _output(asked: _Body) -> Output:
    wanted = (asked.output_config and asked.output_config.format) or asked.output_format
    if wanted is None:
        return Output()
    return Output(kind="json_schema", name=wanted.name or "", schema=wanted.schema)


def _needs(messages: Sequence[Message], output: Output, *, asks_tools: bool) -> frozenset[Need]:
    needs: set[Need] = {"text"}
    for message in messages:
        needs.update(_needed(message.parts))
    if asks_tools:
        needs.add("tools")
    if output.kind != "text":
        needs.add(output.kind)
    return frozenset(needs)


def _needed(parts: Sequence[Part]) -> Iterable[Need]:
    for part in parts:
        if isinstance(part, ToolResult):
            yield from _needed(part.parts)
        else:
            yield _NEEDED.get(type(part), "text")


_NEEDED: Mapping[type, Need] = MappingProxyType({Image: "image", File: "file"})


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
