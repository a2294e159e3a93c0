"""How deep a request may go: tokens of reasoning that it asks for, rounds of tools behind it.

Rule 1: nothing is changed in a request: what asks for too much is refused, and told what would do.
Rule 2: only what it asks for is judged. One that says nothing of reasoning gets what its endpoint
    gives unasked; `max_tokens` and budgets bound that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.errors import TooDeep
from jevons.types.message import Text, ToolCall
from jevons.wire.effort import BUDGETS, USUAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jevons.types.budget import Limit
    from jevons.types.message import Message
    from jevons.types.request import Generate, Thinking

__all__ = ("asked_for", "refuse_depth", "rounds")


def refuse_depth(request: Generate, limits: Iterable[Limit]) -> None:
    """Let a request pass if no limit of its line is below what it asks for.

    Raises:
        TooDeep: One is.
    """
    for limit in limits:
        asked = 0 if limit.reasoning is None else asked_for(request.thinking)
        if limit.reasoning is not None and asked > limit.reasoning:
            message = (
                f"{limit.account!r} may ask for {limit.reasoning} tokens of reasoning, and this asks "
                f"for {asked}; a lower effort, or a budget of its own, asks for less"
            )
            raise TooDeep(message)
        steps = 0 if limit.steps is None else rounds(request.messages)
        if limit.steps is not None and steps > limit.steps:
            message = (
                f"{limit.account!r} may go on from {limit.steps} rounds of tools, and this goes on "
                f"from {steps}; a word of the user's begins anew"
            )
            raise TooDeep(message)


def asked_for(thinking: Thinking) -> int:
    """Tell how many tokens of reasoning are asked for; nothing said is 0."""
    if thinking.budget_tokens is not None:
        return thinking.budget_tokens
    if thinking.effort is not None:
        return BUDGETS[thinking.effort]
    return BUDGETS[USUAL] if thinking.on else 0


def rounds(messages: Sequence[Message]) -> int:
    """Count how often the model called tools since the user last said something."""
    found = 0
    for message in reversed(messages):
        if message.role == "user" and any(isinstance(part, Text) for part in message.parts):
            break
        found += any(isinstance(part, ToolCall) for part in message.parts)
    return found
