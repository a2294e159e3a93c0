"""How hard to think, where the house says it in its caller's place.

A request goes to an endpoint of its own dialect as it came, so what the house says is put into its
fields too, in the words of that dialect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from jevons.types.message import Reasoning, ToolResult
from jevons.types.request import Thinking
from jevons.wire.messages.write import think_as_told

if TYPE_CHECKING:
    from jevons.types.message import Message
    from jevons.types.request import Effort, Generate

__all__ = ("says_effort", "with_effort")

_encode = msgspec.json.Encoder().encode
_REASONING = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)


def says_effort(request: Generate) -> bool:
    """Whether a caller says how hard to think, in whatever words."""
    said = request.thinking
    return any(each is not None for each in (said.effort, said.on, said.budget_tokens, said.extra))


def with_effort(request: Generate, effort: Effort, *, model: str) -> tuple[Generate, str]:
    """Tell an endpoint how hard to think.

    Args:
        request: What was asked; it says nothing of that.
        effort: How hard.
        model: What the endpoint calls the model.

    Returns:
        What to send, and what was done, as receipts name it.
    """
    told = structs.replace(
        request, thinking=Thinking(effort=effort, visible=request.thinking.visible)
    )
    source = request.source
    fields = source.fields
    if source.dialect == "openai-chat":
        fields = {**fields, "reasoning_effort": _raw(effort)}
    elif source.dialect == "openai-responses":
        asked: dict[str, Any] | None = _REASONING.decode(fields.get("reasoning", b"null"))
        fields = {**fields, "reasoning": _raw({**(asked or {}), "effort": effort})}
    elif source.dialect == "anthropic-messages":
        fields = think_as_told(told, model, goes_on_bare=_goes_on_bare(request.messages))
    told = structs.replace(told, source=structs.replace(source, fields=fields))
    return told, f"thinking.effort: set to {effort!r}, as its arm has it"


def _goes_on_bare(messages: tuple[Message, ...]) -> bool:
    """Whether the model goes on with a turn that it began without thinking."""
    if not any(isinstance(part, ToolResult) for part in messages[-1].parts):
        return False
    turns = [each for each in messages if each.role == "assistant"]
    return not any(isinstance(part, Reasoning) for each in turns[-1:] for part in each.parts)


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(_encode(value))
