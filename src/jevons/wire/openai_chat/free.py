"""Messages and tools with more in them than OpenAI's chat dialect names.

Rule 1: what has no name is kept as it came, with the message, part or tool it came with.
Rule 2: a part, call or tool of a kind without a name is kept whole.
Rule 3: an error says where in the body it is.

Sources, read 2026-11: OpenAI API reference, "Create chat completion"; Mistral docs,
"Reasoning", for parts that are thinking; Mistral API reference, "Chat", for `any`;
OpenRouter docs, "Reasoning Tokens".
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from jevons.types.message import Message, Opaque, Reasoning, Refusal, ToolCall
from jevons.types.request import HostedTool, Tool
from jevons.wire.openai_chat import plain, shapes
from jevons.wire.openai_chat.calls import mark_of
from jevons.wire.openai_chat.reasoning import parts_of, read_thinking
from jevons.wire.openai_chat.shapes import Fields, Free, FreeTurn, Mode

if TYPE_CHECKING:
    from collections.abc import Generator

    from jevons.types.message import Extra, Part

__all__ = ("Chosen", "Misplaced", "choose", "read_messages", "read_tools")


class Misplaced(Exception):
    """Something is not of the dialect.

    Args:
        message: What is wrong, with its place within `where`.
        where: Where in the body.
    """

    def __init__(self, message: str, where: str) -> None:
        super().__init__(message)
        self.where = where


class Chosen(NamedTuple):
    """Whether a tool must be called, and which."""

    mode: Literal["auto", "none", "required", "named"] = "auto"
    tool: str = ""
    allowed: frozenset[str] | None = None
    """The tools that may be called, if not all may."""


class _Allowed(msgspec.Struct):
    mode: Mode = "auto"
    tools: list[shapes.Choice] = []


class _AllowedTools(msgspec.Struct):
    allowed_tools: _Allowed


_NAMED_IN_TURN = frozenset(FreeTurn.__struct_fields__)
_NAMED_IN_CALL = frozenset({"id", "type", "function"})
_NAMED_IN_TOOL = frozenset({"type", "function"})
_TOOLS = frozenset({"tool", "function"})
_NOTHING = frozenset({b"null", b'""', b"[]", b"{}"})

_encode = msgspec.json.encode
_decode = msgspec.json.decode


def read_messages(read: Free, messages: msgspec.Raw) -> list[Message]:
    """Read messages that may hold more than is named.

    Args:
        read: What is named of them.
        messages: All of them.

    Raises:
        Misplaced: A part or a call is not of the dialect.
    """
    every = zip(read.messages, _decode(messages, type=list[Fields]), strict=True)
    return [
        _message(turn, fields, f"messages[{index}]") for index, (turn, fields) in enumerate(every)
    ]


def read_tools(tools: list[Fields]) -> list[Tool | HostedTool]:
    """Read tools of any kind.

    Raises:
        Misplaced: One is not of the dialect.
    """
    return [_tool(fields, f"tools[{index}]") for index, fields in enumerate(tools)]


def choose(choice: msgspec.Raw) -> Chosen:
    """Read whether a tool must be called, and which.

    A choice of a tool that the endpoint runs has no name here: it goes with the tool.

    Raises:
        Misplaced: It is not of the dialect.
    """
    with _within("tool_choice"):
        if bytes(choice).startswith(b"{"):
            return _choose_one(choice)
        mode = _decode(choice, type=Mode | Literal["any"] | None)
        return Chosen("required" if mode == "any" else mode or "auto")  # `any` is Mistral's word


def _choose_one(choice: msgspec.Raw) -> Chosen:
    kind = _kind(_decode(choice, type=Fields), "function")
    if kind == "function":
        return Chosen("named", _decode(choice, type=shapes.Choice).function.name)
    if kind != "allowed_tools":
        return Chosen()
    allowed = _decode(choice, type=_AllowedTools).allowed_tools
    return Chosen(allowed.mode, "", frozenset([tool.function.name for tool in allowed.tools]))


def _message(turn: FreeTurn, fields: Fields, where: str) -> Message:
    parts: list[Part] = [
        *parts_of(turn.reasoning_content or turn.reasoning, turn.reasoning_details)
    ]
    content = turn.content
    if isinstance(content, list):
        said = [_part(part, f"{where}.content[{index}]") for index, part in enumerate(content)]
    else:
        said = plain.text_parts(content)
    if turn.role in _TOOLS:
        said = [plain.result(turn.tool_call_id or turn.name, said)]
    parts.extend(said)
    if turn.refusal:
        parts.append(Refusal(text=turn.refusal))
    for index, call in enumerate(turn.tool_calls or ()):
        parts.append(_call(call, f"{where}.tool_calls[{index}]"))
    old = turn.function_call
    if old is not None:
        parts.append(ToolCall(id=old.name, name=old.name, arguments=old.arguments))
    extra = _beside(fields, _NAMED_IN_TURN)
    role = "tool" if turn.role == "function" else turn.role
    return Message(role=role, parts=tuple(parts), name=turn.name, extra=extra)


def _part(fields: Fields, where: str) -> Part:
    with _within(where):
        kind = _kind(fields, "")
        if kind == "thinking":
            mark = _decode(fields.get("signature", b"null"), type=str | None)
            return Reasoning(text=read_thinking(fields), opaque=mark, owner="mistral")
        if kind not in plain.KINDS:
            return Opaque(kind=kind, fields=fields)
        named = {"type", kind}
        kept = {name: value for name, value in fields.items() if name in named}
        part = plain.part(_decode(_encode(kept), type=shapes.Part))
        extra = _beside(fields, named)
        return part if extra is None else msgspec.structs.replace(part, extra=extra)


def _call(fields: Fields, where: str) -> Part:
    with _within(where):
        kind = _kind(fields, "function")
        if kind != "function":
            return Opaque(kind=kind, fields=fields)
        kept = {name: value for name, value in fields.items() if name in _NAMED_IN_CALL}
        call = plain.call(_decode(_encode(kept), type=shapes.Call))
        owner, opaque = mark_of(fields.get("extra_content", msgspec.Raw(b"null"))) or ("", None)
        extra = _beside(fields, _NAMED_IN_CALL | {"index", "extra_content"})
        return msgspec.structs.replace(call, owner=owner, opaque=opaque, extra=extra)


def _tool(fields: Fields, where: str) -> Tool | HostedTool:
    with _within(where):
        kind = _kind(fields, "function")
        if kind != "function":
            return HostedTool(kind=kind, fields=fields)
        kept = {name: value for name, value in fields.items() if name in _NAMED_IN_TOOL}
        tool = plain.tool(_decode(_encode(kept), type=shapes.Tool).function)
        return msgspec.structs.replace(tool, extra=_beside(fields, _NAMED_IN_TOOL))


def _kind(fields: Fields, usual: str) -> str:
    kind = fields.get("type")
    return usual if kind is None else _decode(kind, type=str)


def _beside(fields: Fields, named: frozenset[str] | set[str]) -> Extra:
    """Find what has no name here and says something."""
    extra = {
        name: value
        for name, value in fields.items()
        if name not in named and bytes(value) not in _NOTHING
    }
    return extra or None


@contextmanager
def _within(where: str) -> Generator[None]:
    """Say where in the body something is that is not of the dialect."""
    try:
        yield
    except msgspec.MsgspecError as error:
        raise Misplaced(str(error), where) from None
