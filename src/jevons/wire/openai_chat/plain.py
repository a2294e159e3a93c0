"""Messages and tools that hold what OpenAI's chat dialect names, as canonical values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.message import (
    Audio,
    File,
    Image,
    Message,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from jevons.types.request import Need, Tool
from jevons.wire.openai_chat.shapes import (
    AudioPart,
    ImagePart,
    RefusalPart,
    TextPart,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types import message as canonical
    from jevons.wire.openai_chat.shapes import Call, Function, Part, Turn

__all__ = ("KINDS", "call", "message", "need_of", "part", "result", "text_parts", "tool")

KINDS = frozenset({"text", "refusal", "image_url", "input_audio", "file"})
"""Parts that have a name; each has its content in a field of the same name."""

_ONLY_SAY = frozenset({"user", "system", "developer"})

need_of = dict[type, Need]({Image: "image", Audio: "audio", File: "file"}).get
"""Name what an endpoint must be able to take for a part of a type, if not each can."""


def message(turn: Turn) -> Message:
    """Read a message."""
    content = turn.content
    if type(content) is str and turn.role in _ONLY_SAY:
        return Message(role=turn.role, parts=(Text(text=content),), name=turn.name)
    parts: list[canonical.Part] = []
    if turn.reasoning_content:
        parts.append(Reasoning(text=turn.reasoning_content))
    said = [part(each) for each in content] if isinstance(content, list) else text_parts(content)
    parts.extend([result(turn.tool_call_id, said)] if turn.role == "tool" else said)
    parts.extend([call(each) for each in turn.tool_calls or ()])
    return Message(role=turn.role, parts=tuple(parts), name=turn.name)


def text_parts(content: str | None) -> list[canonical.Part]:
    """Read content that is no list."""
    return [] if content is None else [Text(text=content)]


def part(part: Part) -> canonical.Part:
    """Read a part of the content."""
    match part:
        case TextPart():
            return Text(text=part.text)
        case RefusalPart():
            return Refusal(text=part.refusal)
        case ImagePart():
            shown = part.image_url
            if isinstance(shown, str):
                return Image(url=shown)
            return Image(url=shown.url, detail=shown.detail)
        case AudioPart():
            return Audio(data=part.input_audio.data, format=part.input_audio.format)
        case _:
            file = part.file
            return File(url=file.file_data, id=file.file_id, name=file.filename)


def result(call: str | None, parts: Sequence[canonical.Part]) -> ToolResult:
    """Read what a tool said."""
    return ToolResult(call=call or "", parts=tuple(parts))


def call(call: Call) -> ToolCall:
    """Read a call to a tool."""
    called = call.function
    return ToolCall(id=call.id, name=called.name, arguments=called.arguments)


def tool(function: Function) -> Tool:
    """Read a tool that the caller runs."""
    return Tool(
        name=function.name,
        description=function.description or "",
        parameters=function.parameters,
        strict=function.strict,
    )
