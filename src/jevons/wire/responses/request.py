"""Requests of OpenAI's Responses dialect: bytes to `Generate`.

Rule 1: whatever a body holds, parsing it gives a `Generate` or raises `Malformed`.
Rule 2: what we do not know passes through: every top-level field is kept as it came.
Rule 3: what stands for a conversation that the endpoint keeps (`conversation`, `prompt`), or
    asks of it what no other dialect can say (`background`, a choice among several tools),
    becomes a part that only this dialect has a meaning for: it is never lost on the way to
    an endpoint of another.
Rule 4: what is asked of this house, to keep the answer (`store`) or to go on from a kept one
    (`previous_response_id`), is no endpoint's business and goes to none.
"""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from jevons.types.errors import Malformed
from jevons.types.message import Audio, File, Image, Message, Opaque, Text, ToolResult
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
from jevons.wire.fields import OBJECT, STRING, WRONG, Fields, malformed, read
from jevons.wire.responses.turns import read_input

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jevons.types.actor import Actor
    from jevons.types.message import Part
    from jevons.types.request import Need

__all__ = ("LOGPROBS", "needed", "parse_request")

LOGPROBS = "message.output_text.logprobs"
"""What to put into `include` for log probabilities."""

_KEPT_ELSEWHERE = ("conversation", "prompt", "background")
_NOTHING = frozenset({b"null", b"false", b'""'})

_Mode = Literal["auto", "none", "required"]


class _Reasoning(msgspec.Struct):
    effort: Effort | None = None
    summary: str | None = None
    generate_summary: str | None = None
    """Its name until 2025."""


class _Format(msgspec.Struct):
    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema: msgspec.Raw = msgspec.Raw(b"{}")
    strict: bool | None = None


class _TextOptions(msgspec.Struct):
    format: _Format | None = None


class _Body(msgspec.Struct):
    """The fields that we read. The rest stays in `Source.fields`."""

    model: str
    input: str | list[msgspec.Raw] | None = None
    instructions: str | None = None
    stream: bool | None = None
    tools: list[msgspec.Raw] | None = None
    tool_choice: _Mode | dict[str, msgspec.Raw] | None = None
    parallel_tool_calls: bool | None = None
    text: _TextOptions | None = None
    reasoning: _Reasoning | None = None
    include: list[str] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    store: bool | None = None
    previous_response_id: str | None = None


_BODY = msgspec.json.Decoder(_Body)
_BOOL = msgspec.json.Decoder(bool | None)


def parse_request(body: bytes, *, id: str, at_ms: int, actor: Actor | None) -> Generate:  # noqa: A002 the field's name
    """Read the body of `POST /v1/responses`.

    Args:
        body: As it came.
        id: Name for the request, `req_…`.
        at_ms: When it arrived, Unix milliseconds.
        actor: Whose key came with it, if it is one of ours.

    Raises:
        Malformed: It is not JSON, not UTF-8, or not this dialect; the message says where.
        Unsupported: It refers to an item of ours, which are not found by their names.
    """
    try:
        body.decode()  # msgspec does not look inside fields that it keeps raw
        fields = OBJECT.decode(body)
        asked = _BODY.decode(body)
    except WRONG as error:
        raise malformed(error) from None
    tools = tuple([_tool(Fields(raw, f"tools[{at}]")) for at, raw in enumerate(asked.tools or ())])
    choice, tool = _choice(asked.tool_choice)
    output = _output(asked.text)
    messages = tuple(_messages(asked, fields))
    _take_ours(asked, fields)
    return Generate(
        id=id,
        at_ms=at_ms,
        actor=actor,
        model=asked.model,
        messages=messages,
        sampling=_sampling(asked),
        thinking=_thinking(asked.reasoning),
        tools=tools,
        tool_choice=choice,
        tool=tool,
        parallel_tools=asked.parallel_tool_calls,
        output=output,
        stream=bool(asked.stream),
        want_usage=True,
        needs=_needs(asked, messages, output),
        keep=bool(asked.store),
        previous=asked.previous_response_id or "",
        source=Source(
            dialect="openai-responses",
            fields=fields,
            digest=hashlib.sha256(body).digest(),
            size_bytes=len(body),
        ),
    )


def _messages(asked: _Body, fields: dict[str, msgspec.Raw]) -> Iterable[Message]:
    """Put together what was said before, what stands for it, and what is said now."""
    kept = [Opaque(kind=name, fields={name: raw}) for name, raw in _elsewhere(asked, fields)]
    if asked.instructions is not None:
        yield Message(role="system", parts=(Text(text=asked.instructions),))
    if kept:
        yield Message(role="user", parts=tuple(kept))
    said = read_input(asked.input or ())
    if not said and not kept and not asked.previous_response_id:
        message = "input is missing or empty; a string or a list of items is needed"
        raise Malformed(message, param="input")
    yield from said


def _take_ours(asked: _Body, fields: dict[str, msgspec.Raw]) -> None:
    """Take out what is asked of this house. That nothing be stored is asked of all."""
    fields.pop("previous_response_id", None)
    if asked.store is not False:
        fields.pop("store", None)
    if asked.previous_response_id and _says(fields.get("conversation")):
        message = "previous_response_id and conversation are two pasts; one is accepted"
        raise Malformed(message, param="previous_response_id")


def _says(raw: msgspec.Raw | None) -> bool:
    return raw is not None and bytes(raw) not in _NOTHING


def _elsewhere(asked: _Body, fields: dict[str, msgspec.Raw]) -> Iterable[tuple[str, msgspec.Raw]]:
    for name in _KEPT_ELSEWHERE:
        if _says(fields.get(name)):
            yield name, fields[name]
    choice = asked.tool_choice
    if isinstance(choice, dict) and bytes(choice.get("type", b"")) != b'"function"':
        yield "tool_choice", fields["tool_choice"]


def _sampling(asked: _Body) -> Sampling:
    return Sampling(
        temperature=asked.temperature,
        top_p=asked.top_p,
        max_tokens=asked.max_output_tokens,
        logprobs=LOGPROBS in (asked.include or ()),
        top_logprobs=asked.top_logprobs,
    )


def _thinking(asked: _Reasoning | None) -> Thinking:
    if asked is None:
        return Thinking()
    summary = asked.summary or asked.generate_summary
    if summary is None:
        return Thinking(effort=asked.effort)
    extra = {"summary": msgspec.Raw(msgspec.json.encode(summary))}
    return Thinking(effort=asked.effort, visible=True, extra=extra)


def _tool(tool: Fields) -> Tool | HostedTool:
    kind = tool.need("type")
    if kind != "function":
        fields = {"type": msgspec.Raw(msgspec.json.encode(kind)), **tool.left}
        return HostedTool(kind=kind, fields=fields)
    return Tool(
        name=tool.need("name"),
        description=tool.text("description"),
        parameters=tool.raw("parameters") or msgspec.Raw(b"{}"),
        strict=tool.take("strict", _BOOL),
        extra=tool.extra,
    )


def _choice(
    choice: _Mode | dict[str, msgspec.Raw] | None,
) -> tuple[Literal["auto", "none", "required", "named"], str]:
    if not isinstance(choice, dict):
        return choice or "auto", ""
    if bytes(choice.get("type", b"")) != b'"function"':
        return "auto", ""  # it goes on as a part; see rule 3
    name = read(STRING, choice.get("name", b"null"), "tool_choice.name")
    if not name:
        message = "tool_choice.name is missing; a function's name is needed"
        raise Malformed(message, param="tool_choice.name")
    return "named", name


def _output(options: _TextOptions | None) -> Output:
    asked = options and options.format
    if asked is None or asked.type == "text":
        return Output()
    if asked.type == "json_object":
        return Output(kind="json")
    return Output(
        kind="json_schema", name=asked.name or "", schema=asked.schema, strict=asked.strict
    )


def _needs(asked: _Body, messages: tuple[Message, ...], output: Output) -> frozenset[Need]:
    needs: set[Need] = {"text"}
    for message in messages:
        needs.update(needed(message.parts))
    if asked.tools and asked.tool_choice != "none":
        needs.add("tools")
    if output.kind != "text":
        needs.add(output.kind)
    if LOGPROBS in (asked.include or ()):
        needs.add("logprobs")
    return frozenset(needs)


def needed(parts: tuple[Part, ...]) -> Iterable[Need]:
    """Say what an endpoint must be able to do to be told these."""
    for part in parts:
        if isinstance(part, ToolResult):
            yield from needed(part.parts)
        else:
            yield _NEEDED.get(type(part), "text")


_NEEDED: Mapping[type, Need] = MappingProxyType({Image: "image", Audio: "audio", File: "file"})
