"""What a model says, as it says it.

A provider pushes events to the caller. Where caller and endpoint speak one dialect and
nothing has to be rewritten it pushes `Frame`s, the wire's own bytes; everywhere else it
pushes the others, and the edge renders them. The events that end an answer (finish,
usage) are not pushed: they come back in `Outcome.closing`, and the corridor sends them
once the receipt is durable.

An answer is a row of blocks: text, reasoning, calls to tools, in the order in which the
model wrote them. Deltas that follow each other and have the same type and `block` belong
to one block.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from jevons.types.account import Usage
from jevons.types.message import Extra

__all__ = (
    "Event",
    "Finished",
    "Frame",
    "OpaqueBlock",
    "ReasoningDelta",
    "RefusalDelta",
    "Started",
    "TextDelta",
    "ToolCallDelta",
    "Vector",
)


class Frame(msgspec.Struct, frozen=True, tag="frame"):
    """Bytes of the dialect, whole frames only (SSE events; or one whole JSON body)."""

    body: bytes


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    """An answer has begun."""

    id: str = ""
    """What the endpoint calls the answer."""
    model: str = ""
    """The model that answers, in the endpoint's words: an alias may hide another."""
    extra: Extra = None


class TextDelta(msgspec.Struct, frozen=True, tag="text"):
    """Some more text."""

    text: str
    logprobs: msgspec.Raw | None = None
    """Log probabilities of its tokens, in OpenAI chat's `logprobs` shape, if asked for."""
    block: int = 0
    extra: Extra = None


class RefusalDelta(msgspec.Struct, frozen=True, tag="refusal"):
    """Some more of the model's own words for not answering."""

    text: str
    block: int = 0
    extra: Extra = None


class ReasoningDelta(msgspec.Struct, frozen=True, tag="reasoning"):
    """Some more thinking. See `jevons.types.message.Reasoning`."""

    text: str
    kind: Literal["thinking", "summary", "redacted"] = "thinking"
    opaque: str | None = None
    id: str = ""
    owner: str = ""
    block: int = 0
    extra: Extra = None


class ToolCallDelta(msgspec.Struct, frozen=True, kw_only=True, tag="tool_call"):
    """A piece of a call to a tool. The first piece of each carries `id` and `name`."""

    index: int
    """Of the call among the calls of this answer, from 0."""
    id: str = ""
    name: str = ""
    arguments: str = ""
    opaque: str | None = None
    owner: str = ""
    extra: Extra = None


class OpaqueBlock(msgspec.Struct, frozen=True, kw_only=True, tag="opaque"):
    """A block that only its dialect has a meaning for, whole."""

    kind: str
    fields: dict[str, msgspec.Raw]


class Vector(msgspec.Struct, frozen=True, kw_only=True, tag="vector"):
    """One text as a vector; those of an answer come in the order of the texts."""

    values: bytes
    """Its numbers, little-endian binary32, finite."""
    said: msgspec.Raw | None = None
    """The same as a JSON array, if its endpoint wrote one: it may be more exact."""


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """The end of an answer."""

    reason: str
    """`stop`, `length`, `tool_calls` or `content_filter`."""
    usage: Usage
    native: str = ""
    """The reason in the endpoint's own words."""
    extra: Extra = None


Event = (
    Frame
    | Started
    | TextDelta
    | RefusalDelta
    | ReasoningDelta
    | ToolCallDelta
    | OpaqueBlock
    | Vector
    | Finished
)
