"""Requests of OpenAI's chat dialect: bytes to `Generate`, and back to bytes for an endpoint.

Rule 1: whatever a body holds, parsing it gives a `Generate` or raises `Malformed`.
Rule 2: what we do not know passes through: every top-level field is kept as it came.
"""

from __future__ import annotations

import hashlib
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from jevons.types.errors import Malformed
from jevons.types.message import (
    Audio,
    File,
    Image,
    Message,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from jevons.types.request import Generate, Output, Sampling, Source, Tool
from jevons.wire.rendered import Rendered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.actor import Actor
    from jevons.types.message import Part
    from jevons.types.request import Need

__all__ = ("parse_request", "render_request")


class _ImageUrl(msgspec.Struct):
    url: str
    detail: str | None = None


class _InputAudio(msgspec.Struct):
    data: str
    format: str


class _TextPart(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class _RefusalPart(msgspec.Struct, tag_field="type", tag="refusal"):
    refusal: str


class _ImagePart(msgspec.Struct, tag_field="type", tag="image_url"):
    image_url: _ImageUrl


class _AudioPart(msgspec.Struct, tag_field="type", tag="input_audio"):
    input_audio: _InputAudio


class _File(msgspec.Struct):
    file_data: str = ""
    file_id: str = ""
    filename: str = ""


class _FilePart(msgspec.Struct, tag_field="type", tag="file"):
    file: _File


_Part = _TextPart | _RefusalPart | _ImagePart | _AudioPart | _FilePart


class _Called(msgspec.Struct):
    name: str
    arguments: str = ""


class _Call(msgspec.Struct):
    function: _Called
    id: str = ""
    type: Literal["function"] = "function"


class _Turn(msgspec.Struct):
    role: Role
    content: str | list[_Part] | None = None
    name: str | None = None
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None


class _Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: msgspec.Raw = msgspec.Raw(b"{}")
    strict: bool | None = None


class _Tool(msgspec.Struct):
    function: _Function
    type: Literal["function"] = "function"


_Mode = Literal["auto", "none", "required"]


class _Chosen(msgspec.Struct):
    name: str


class _Choice(msgspec.Struct):
    function: _Chosen
    type: Literal["function"] = "function"


class _Schema(msgspec.Struct):
    name: str = ""
    schema: msgspec.Raw = msgspec.Raw(b"{}")
    strict: bool | None = None


class _Format(msgspec.Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: _Schema | None = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Body(msgspec.Struct):
    """The fields that we read. The rest stays in `Source.fields`."""

    model: str
    messages: Annotated[list[_Turn], Meta(min_length=1)]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    tools: list[_Tool] | None = None
    tool_choice: _Mode | _Choice | None = None
    parallel_tool_calls: bool | None = None
    response_format: _Format | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None


_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BODY = msgspec.json.Decoder(_Body)
_ENCODER = msgspec.json.Encoder()


def parse_request(body: bytes, *, id: str, at_ms: int, actor: Actor | None) -> Generate:  # noqa: A002 the field's name
    """Read the body of `POST /v1/chat/completions`.

    Args:
        body: As it came.
        id: Name for the request, `req_…`.
        at_ms: When it arrived, Unix milliseconds.
        actor: Whose key came with it, if it is one of ours.

    Raises:
        Malformed: It is not JSON, not UTF-8, or not this dialect; the message says where.
    """
    try:
        body.decode()  # msgspec does not look inside fields that it keeps raw
        fields = _FIELDS.decode(body)
        read = _BODY.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(error) from None
    return Generate(
        id=id,
        at_ms=at_ms,
        actor=actor,
        model=read.model,
        messages=tuple([_message(turn) for turn in read.messages]),
        sampling=_sampling(read),
        tools=tuple([_tool(tool.function) for tool in read.tools or ()]),
        tool_choice=_choice(read.tool_choice),
        tool=read.tool_choice.function.name if isinstance(read.tool_choice, _Choice) else "",
        parallel_tools=read.parallel_tool_calls,
        output=_output(read.response_format),
        stream=bool(read.stream),
        want_usage=bool(read.stream_options and read.stream_options.include_usage),
        needs=_needs(read),
        source=Source(
            dialect="openai-chat",
            fields=fields,
            digest=hashlib.sha256(body).digest(),
            size_bytes=len(body),
        ),
    )


def render_request(request: Generate, *, model: str) -> Rendered:
    """Write a request for an endpoint that speaks this dialect.

    Everything goes as the caller sent it but the model's name, and, for a stream, that
    usage must come at its end: without it nobody could say what the answer cost.

    Args:
        request: What was asked.
        model: What the endpoint calls the model.
    """
    fields = request.source.fields.copy()
    fields["model"] = msgspec.Raw(_ENCODER.encode(model))
    if not request.stream or request.want_usage:
        return Rendered(_ENCODER.encode(fields), ())
    given = fields.get("stream_options")
    options = {} if given is None or bytes(given) == b"null" else _FIELDS.decode(given)
    options["include_usage"] = msgspec.Raw(b"true")
    fields["stream_options"] = msgspec.Raw(_ENCODER.encode(options))
    return Rendered(_ENCODER.encode(fields), ())


_NO_SAMPLING = Sampling()
_NO_OUTPUT = Output()
_TEXT_ONLY: frozenset[Need] = frozenset({"text"})


def _message(turn: _Turn) -> Message:
    parts: list[Part] = []
    if turn.reasoning_content:
        parts.append(Reasoning(text=turn.reasoning_content))
    content = turn.content
    if turn.role == "tool":
        parts.append(_result(turn))
    elif isinstance(content, str):
        parts.append(Text(text=content))
    elif content:
        parts.extend([_part(part) for part in content])
    for call in turn.tool_calls or ():
        called = call.function
        parts.append(ToolCall(id=call.id, name=called.name, arguments=called.arguments))
    return Message(role=turn.role, parts=tuple(parts), name=turn.name)


def _part(part: _Part) -> Part:
    match part:
        case _TextPart():
            return Text(text=part.text)
        case _RefusalPart():
            return Refusal(text=part.refusal)
        case _ImagePart():
            return Image(url=part.image_url.url, detail=part.image_url.detail)
        case _AudioPart():
            return Audio(data=part.input_audio.data, format=part.input_audio.format)
        case _:
            file = part.file
            return File(url=file.file_data, id=file.file_id, name=file.filename)


def _result(turn: _Turn) -> ToolResult:
    content = turn.content
    if isinstance(content, str):
        content = [_TextPart(content)]
    parts = tuple([_part(part) for part in content or ()])
    return ToolResult(call=turn.tool_call_id or "", parts=parts)


def _sampling(read: _Body) -> Sampling:
    stop = read.stop
    return Sampling(
        temperature=read.temperature,
        top_p=read.top_p,
        max_tokens=read.max_completion_tokens or read.max_tokens,
        stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
        seed=read.seed,
        n=read.n or 1,
        logprobs=bool(read.logprobs),
        top_logprobs=read.top_logprobs,
    )


def _tool(function: _Function) -> Tool:
    return Tool(
        name=function.name,
        description=function.description or "",
        parameters=function.parameters,
        strict=function.strict,
    )


def _choice(choice: _Mode | _Choice | None) -> Literal["auto", "none", "required", "named"]:
    if isinstance(choice, _Choice):
        return "named"
    return choice or "auto"


def _output(asked: _Format | None) -> Output:
    if asked is None or asked.type == "text":
        return _NO_OUTPUT
    if asked.type == "json_object":
        return Output(kind="json")
    schema = asked.json_schema
    if schema is None:
        message = "response_format.json_schema is missing; type 'json_schema' needs it"
        raise Malformed(message, param="response_format.json_schema")
    return Output(kind="json_schema", name=schema.name, schema=schema.schema, strict=schema.strict)


def _needs(read: _Body) -> frozenset[Need]:
    needs: set[Need] = {"text"}
    for turn in read.messages:
        if isinstance(turn.content, list):
            needs.update([_NEEDED[type(part)] for part in turn.content])
    if read.tools and read.tool_choice != "none":
        needs.add("tools")
    if read.response_format is not None and read.response_format.type != "text":
        needs.add("json" if read.response_format.type == "json_object" else "json_schema")
    if read.logprobs:
        needs.add("logprobs")
    if (read.n or 1) > 1:
        needs.add("n")
    return _TEXT_ONLY if len(needs) == 1 else frozenset(needs)


_NEEDED: Mapping[type, Need] = MappingProxyType(
    {
        _TextPart: "text",
        _RefusalPart: "text",
        _ImagePart: "image",
        _AudioPart: "audio",
        _FilePart: "file",
    }
)

_PATH = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")


def _malformed(error: Exception) -> Malformed:
    """Say what is wrong, and where, in the caller's words."""
    if isinstance(error, RecursionError):
        return Malformed("the body is nested too deeply")
    text = str(error)
    found = _PATH.search(text)
    if found is None:
        return Malformed(f"the body is not JSON of this dialect: {text}")
    path = found["path"].lstrip(".").replace("[...]", "[]")
    return Malformed(f"{path or 'body'}: {text[: found.start()]}", param=path or None)
