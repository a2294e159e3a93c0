"""What a model says, as it says it.

A provider pushes events to the caller. Where caller and endpoint speak one dialect and
nothing has to be rewritten it pushes `Frame`s, the wire's own bytes; everywhere else it
pushes the others, and the edge renders them. The events that end an answer (finish,
usage) are not pushed: they come back in `Outcome.closing`, and the corridor sends them
once the receipt is durable.
"""

from __future__ import annotations

import msgspec

from jevons.types.account import Usage

__all__ = ("Event", "Finished", "Frame", "ReasoningDelta", "TextDelta", "ToolCallDelta")


class Frame(msgspec.Struct, frozen=True, tag="frame"):
    """Bytes of the dialect, whole frames only (SSE events; or one whole JSON body)."""

    body: bytes


class TextDelta(msgspec.Struct, frozen=True, tag="text"):
    """Some more text."""

    text: str
    logprobs: msgspec.Raw | None = None
    """Log probabilities of its tokens, in OpenAI chat's `logprobs` shape, if asked for."""


class ReasoningDelta(msgspec.Struct, frozen=True, tag="reasoning"):
    """Some more thinking."""

    text: str


class ToolCallDelta(msgspec.Struct, frozen=True, kw_only=True, tag="tool_call"):
    """A piece of a call to a tool. The first piece of each carries `id` and `name`."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """The end of an answer."""

    reason: str
    """`stop`, `length`, `tool_calls` or `content_filter`."""
    usage: Usage


Event = Frame | TextDelta | ReasoningDelta | ToolCallDelta | Finished
