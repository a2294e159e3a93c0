"""What was said before: messages and their parts, whatever the dialect they came in."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = (
    "Audio",
    "File",
    "Image",
    "Message",
    "Part",
    "Reasoning",
    "Role",
    "Text",
    "ToolCall",
    "ToolResult",
)

Role = Literal["system", "developer", "user", "assistant", "tool"]


class Text(msgspec.Struct, frozen=True, kw_only=True, tag="text"):
    """Plain text."""

    text: str


class Image(msgspec.Struct, frozen=True, kw_only=True, tag="image"):
    """A picture, by URL (`https:` or `data:`). Never fetched by us."""

    url: str
    detail: str | None = None


class Audio(msgspec.Struct, frozen=True, kw_only=True, tag="audio"):
    """Sound, base64."""

    data: str
    format: str


class File(msgspec.Struct, frozen=True, kw_only=True, tag="file"):
    """A document; its fields as the dialect gave them."""

    fields: dict[str, msgspec.Raw]


class ToolCall(msgspec.Struct, frozen=True, kw_only=True, tag="tool_call"):
    """The model asked for a tool."""

    id: str
    name: str
    arguments: str
    """JSON text, as the model wrote it: not always valid."""


class ToolResult(msgspec.Struct, frozen=True, kw_only=True, tag="tool_result"):
    """What the tool said."""

    call: str
    text: str


class Reasoning(msgspec.Struct, frozen=True, kw_only=True, tag="reasoning"):
    """Thinking that some endpoint wrote, and that belongs to it."""

    text: str


Part = Text | Image | Audio | File | ToolCall | ToolResult | Reasoning


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None
