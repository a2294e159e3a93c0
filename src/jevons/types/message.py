"""What was said before: messages and their parts, whatever the dialect they came in.

Fields that a dialect has and we have no name for are kept in `extra`, as they came. They go
on to an endpoint of the same dialect and to no other.
"""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = (
    "Audio",
    "Extra",
    "File",
    "Image",
    "Message",
    "Opaque",
    "Part",
    "Reasoning",
    "Refusal",
    "Role",
    "Text",
    "ToolCall",
    "ToolResult",
)

Role = Literal["system", "developer", "user", "assistant", "tool"]

Extra = dict[str, msgspec.Raw] | None
"""Fields without a name of ours, undecoded; None where there are none."""


class Text(msgspec.Struct, frozen=True, kw_only=True, tag="text"):
    """Plain text."""

    text: str
    extra: Extra = None


class Refusal(msgspec.Struct, frozen=True, kw_only=True, tag="refusal"):
    """The model's own words for not answering."""

    text: str
    extra: Extra = None


class Image(msgspec.Struct, frozen=True, kw_only=True, tag="image"):
    """A picture, by URL (`https:` or `data:`) or by an id of its host. Never fetched by us."""

    url: str = ""
    id: str = ""
    detail: str | None = None
    extra: Extra = None


class Audio(msgspec.Struct, frozen=True, kw_only=True, tag="audio"):
    """Sound, base64."""

    data: str
    format: str
    extra: Extra = None


class File(msgspec.Struct, frozen=True, kw_only=True, tag="file"):
    """A document, by URL (`https:` or `data:`) or by an id of its host. Never fetched by us."""

    url: str = ""
    id: str = ""
    name: str = ""
    extra: Extra = None


class ToolCall(msgspec.Struct, frozen=True, kw_only=True, tag="tool_call"):
    """The model asked for a tool."""

    id: str
    name: str
    arguments: str
    """JSON text, as the model wrote it: not always valid."""
    opaque: str | None = None
    """Its owner's mark, to be handed back unread; see `Reasoning`."""
    owner: str = ""
    extra: Extra = None


class ToolResult(msgspec.Struct, frozen=True, kw_only=True, tag="tool_result"):
    """What the tool said."""

    call: str
    """Id of the call that it answers."""
    parts: tuple[Part, ...] = ()
    failed: bool = False
    extra: Extra = None

    @property
    def text(self) -> str:
        """All of it that is text."""
        return "".join([part.text for part in self.parts if isinstance(part, Text)])


class Reasoning(msgspec.Struct, frozen=True, kw_only=True, tag="reasoning"):
    """Thinking that some endpoint wrote, and that belongs to it.

    It is handed back to its owner exactly as it was, and to nobody else.
    """

    text: str = ""
    kind: Literal["thinking", "summary", "redacted"] = "thinking"
    opaque: str | None = None
    """Signature, or encrypted thinking: means something to its owner only."""
    id: str = ""
    """What its owner calls it, where it has a name."""
    owner: str = ""
    """Vendor that wrote it; empty if the caller did not say."""
    extra: Extra = None


class Opaque(msgspec.Struct, frozen=True, kw_only=True, tag="opaque"):
    """A part that only its dialect has a meaning for."""

    kind: str
    """What the dialect calls it."""
    fields: dict[str, msgspec.Raw]
    """All of it."""


Part = Text | Refusal | Image | Audio | File | ToolCall | ToolResult | Reasoning | Opaque


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None
    extra: Extra = None
