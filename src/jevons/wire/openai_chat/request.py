"""Requests of OpenAI's chat dialect: bytes to `Generate`.

Rule 1: whatever a body holds, parsing it gives a `Generate` or raises `Malformed`.
Rule 2: what we do not know passes through: every top-level field is kept as it came.
Rule 3: a body that holds nothing but what the dialect names is read in one pass.

Source: OpenAI API reference, "Create chat completion", read 2026-11.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from jevons.types.errors import Malformed
from jevons.types.message import ToolResult
from jevons.types.request import Generate, Output, Sampling, Source
from jevons.wire.openai_chat.free import Chosen, Misplaced, choose, read_messages, read_tools
from jevons.wire.openai_chat.knob import KNOBS, read_knobs
from jevons.wire.openai_chat.plain import message as plain_message
from jevons.wire.openai_chat.plain import need_of
from jevons.wire.openai_chat.plain import tool as plain_tool
from jevons.wire.openai_chat.shapes import Choice, Free, Function, Plain

if TYPE_CHECKING:
    from jevons.types.actor import Actor
    from jevons.types.message import Message, Part
    from jevons.types.request import HostedTool, Need, Tool
    from jevons.wire.openai_chat.shapes import Common, Fields, Format, Mode

__all__ = ("parse_request",)

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_PLAIN = msgspec.json.Decoder(Plain)
_FREE = msgspec.json.Decoder(Free)


class _Freely(NamedTuple):
    common: Common
    messages: tuple[Message, ...]
    tools: tuple[Tool | HostedTool, ...]
    chosen: Chosen


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
        try:
            read = _PLAIN.decode(body)
            messages = tuple([plain_message(turn) for turn in read.messages])
            tools = (
                ()
                if read.tools is None
                else tuple([plain_tool(tool.function) for tool in read.tools])
            )
            chosen = _AUTO if read.tool_choice is None else _chosen(read.tool_choice)
        except msgspec.ValidationError:
            read, messages, tools, chosen = _read_freely(_FREE.decode(body), fields)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Misplaced) as error:
        raise _malformed(error) from None
    # Python passes up to fifteen named arguments without making a dict of them.
    request = Generate(
        id=id,
        at_ms=at_ms,
        actor=actor,
        model=read.model,
        messages=messages,
        sampling=_sampling(read),
        tools=tools,
        tool_choice=chosen.mode,
        tool=chosen.tool,
        parallel_tools=read.parallel_tool_calls,
        output=_output(read.response_format),
        stream=bool(read.stream),
        want_usage=bool(read.stream_options and read.stream_options.include_usage),
        needs=_needs(read, messages, asks_tools=bool(tools) and chosen.mode != "none"),
        source=Source(
            dialect="openai-chat",
            fields=fields,
            digest=hashlib.sha256(body).digest(),
            size_bytes=len(body),
        ),
    )
    if _RARE.isdisjoint(fields):
        return request
    return _with_rare(request, fields)


_AUTO = Chosen()
_NO_OUTPUT = Output()
_TEXT_ONLY: frozenset[Need] = frozenset({"text"})
_SPEECH = "modalities"
_SEARCH = "web_search_options"
_RARE = KNOBS | {"functions", _SPEECH, _SEARCH}


def _chosen(choice: Mode | Choice) -> Chosen:
    if isinstance(choice, Choice):
        return Chosen("named", choice.function.name)
    return Chosen(choice)


def _read_freely(read: Free, fields: Fields) -> _Freely:
    tools = read_tools(read.tools or [])
    chosen = choose(read.tool_choice)
    if chosen.allowed is not None:
        tools = [tool for tool in tools if getattr(tool, "name", "") in chosen.allowed]
    messages = read_messages(read, fields["messages"])
    return _Freely(read, tuple(messages), tuple(tools), chosen)


def _sampling(read: Common) -> Sampling:
    stop = read.stop
    return Sampling(
        temperature=read.temperature,
        top_p=read.top_p,
        top_k=read.top_k if read.top_k and read.top_k > 0 else None,
        max_tokens=read.max_completion_tokens or read.max_tokens or None,
        stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
        seed=read.seed,
        n=read.n or 1,
        logprobs=bool(read.logprobs),
        top_logprobs=read.top_logprobs,
    )


def _with_rare(request: Generate, fields: Fields) -> Generate:
    """Read what few requests hold."""
    request = msgspec.structs.replace(
        request, thinking=read_knobs(fields), needs=request.needs | _rare_needs(fields)
    )
    return request if "functions" not in fields else _with_functions(request, fields)


def _rare_needs(fields: Fields) -> set[Need]:
    needs: set[Need] = set()
    if _SPEECH in fields and b'"audio"' in bytes(fields[_SPEECH]):
        needs.add("speech")
    if _SEARCH in fields and bytes(fields[_SEARCH]) != b"null":
        needs.add("search")
    return needs


class _Name(msgspec.Struct):
    name: str


class _Functions(msgspec.Struct):
    """What tools were called before they were called tools."""

    functions: list[Function] | None = None
    function_call: Literal["auto", "none"] | _Name | None = None


def _with_functions(request: Generate, fields: Fields) -> Generate:
    kept = {name: fields[name] for name in ("functions", "function_call") if name in fields}
    try:
        read = _FUNCTIONS.decode(msgspec.json.encode(kept))
    except msgspec.MsgspecError as error:
        raise _malformed(error) from None
    asked = read.function_call or "auto"
    tools = tuple([plain_tool(function) for function in read.functions or ()])
    needs: set[Need] = {"tools"} if tools and asked != "none" else set()
    return msgspec.structs.replace(
        request,
        tools=(*request.tools, *tools),
        tool_choice="named" if isinstance(asked, _Name) else asked,
        tool=asked.name if isinstance(asked, _Name) else "",
        needs=request.needs | needs,
    )


_FUNCTIONS = msgspec.json.Decoder(_Functions)


def _output(asked: Format | None) -> Output:
    if asked is None or asked.type == "text":
        return _NO_OUTPUT
    if asked.type == "json_object":
        return Output(kind="json")
    schema = asked.json_schema
    if schema is None:
        message = "response_format.json_schema is missing; type 'json_schema' needs it"
        raise Malformed(message, param="response_format.json_schema")
    return Output(kind="json_schema", name=schema.name, schema=schema.schema, strict=schema.strict)


def _needs(read: Common, messages: tuple[Message, ...], *, asks_tools: bool) -> frozenset[Need]:
    needs: set[Need] = {"text"}
    for message in messages:
        _add_needs(message.parts, needs)
    if asks_tools:
        needs.add("tools")
    if read.response_format is not None and read.response_format.type != "text":
        needs.add("json" if read.response_format.type == "json_object" else "json_schema")
    if read.logprobs:
        needs.add("logprobs")
    if (read.n or 1) > 1:
        needs.add("n")
    return _TEXT_ONLY if len(needs) == 1 else frozenset(needs)


def _add_needs(parts: tuple[Part, ...], needs: set[Need]) -> None:
    """Add what an endpoint must be able to take to be told these, results of tools included."""
    for part in parts:
        need = need_of(type(part))
        if need is not None:
            needs.add(need)
        elif isinstance(part, ToolResult):
            _add_needs(part.parts, needs)


_PATH = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")


def _malformed(error: Exception) -> Malformed:
    """Say what is wrong, and where, in the caller's words."""
    if isinstance(error, RecursionError):
        return Malformed("the body is nested too deeply")
    text = str(error)
    where = error.where if isinstance(error, Misplaced) else ""
    found = _PATH.search(text)
    if found is None and not where:
        return Malformed(f"the body is not JSON of this dialect: {text}")
    path = where + (found["path"].replace("[...]", "[]") if found else "")
    path = path.lstrip(".")
    return Malformed(
        f"{path or 'body'}: {text[: found.start() if found else None]}", param=path or None
    )
