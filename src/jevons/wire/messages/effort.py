"""How much to think, and how long an answer may be, which here are one sum.

Rule 1: a budget of thinking is less than `max_tokens`, which must always be said. Where the
    caller gave a limit the budget gives way; where they gave none there is one.
Rule 2: models that are told an effort are told no budget, and the other way round; one is sent
    for the other by the table, and that is named.
Rule 3: a Claude that is told a budget takes none amid a turn of its own that it began without
    thinking, as when another model began it.
Rule 4: nothing asked, nothing sent.

Sources, read 2026-11: Anthropic API reference, "Create a Message"; Anthropic docs, "Adaptive
thinking", "Effort" and "Extended thinking".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from jevons.wire.effort import BUDGETS, USUAL
from jevons.wire.messages.claude import is_claude, takes_effort

if TYPE_CHECKING:
    from jevons.types.request import Effort, Generate, Thinking
    from jevons.wire.messages.blocks import Blocks

__all__ = ("write_thinking",)

_Said = dict[str, Any]

_USUAL_ANSWER = 8192  # tokens, where the caller gave no limit; jevons' own
_LEAST_BUDGET = 1024  # "Extended thinking"


def write_thinking(
    request: Generate, model: str, blocks: Blocks, *, goes_on_bare: bool = False
) -> _Said:
    """Write `max_tokens`, `thinking` and `output_config`, as far as they are asked for.

    Args:
        request: What was asked.
        model: What the endpoint calls the model.
        blocks: Takes what was dropped or altered.
        goes_on_bare: Whether the model goes on with a turn that it began without thinking.
    """
    asked = _named(request.thinking, blocks)
    limit = request.sampling.max_tokens
    effort = _effort(asked, model, blocks)
    if asked.effort == "none" or (asked.budget_tokens == 0 and asked.effort is None):
        said: _Said = {"thinking": {"type": "disabled"}}
        more = 0
    elif effort is not None:
        said = {"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}}
        more = BUDGETS[effort]
    else:
        more = _budget(asked, limit, blocks)
        if more and goes_on_bare and is_claude(model):
            blocks.note("thinking: dropped, the turn to go on with was begun without it")
            more = 0
        said = {"thinking": {"type": "enabled", "budget_tokens": more}} if more else {}
    _show(asked, said, model, blocks)
    if limit is None:
        limit = _USUAL_ANSWER + more
        blocks.note(f"max_tokens: sent as {limit}, the dialect wants a limit")
    return {"max_tokens": limit, **said}


def _named(asked: Thinking, blocks: Blocks) -> Thinking:
    """Name how hard to think where it was only said that."""
    if not asked.on or asked.effort is not None or asked.budget_tokens is not None:
        return asked
    blocks.note(f"thinking.enabled: sent as effort {USUAL!r}")
    return structs.replace(asked, effort=USUAL)


def _effort(asked: Thinking, model: str, blocks: Blocks) -> Effort | None:
    """Find the effort to send; None if none is."""
    if asked.effort == "none" or not takes_effort(model):
        return None
    budget = asked.budget_tokens
    if asked.effort is not None:
        if budget is not None:
            blocks.note("thinking.budget_tokens: dropped, this model is told an effort")
        if asked.effort == "minimal":
            blocks.note("thinking.effort: 'minimal' sent as 'low', the least that there is")
            return "low"
        return asked.effort
    if not budget:
        return None
    effort: Effort = "xhigh"
    for named in _STEPS_DOWN:
        effort = named if budget <= BUDGETS[named] else effort
    blocks.note(f"thinking.budget_tokens: {budget} sent as effort {effort!r}")
    return effort


_STEPS_DOWN: tuple[Effort, ...] = ("high", "medium", "low")


def _budget(asked: Thinking, limit: int | None, blocks: Blocks) -> int:
    """Find the budget to send; 0 if none is."""
    budget = asked.budget_tokens
    if budget is None:
        if asked.effort is None:
            return 0
        budget = BUDGETS[asked.effort]
        blocks.note(f"thinking.effort: {asked.effort!r} sent as a budget of {budget} tokens")
    elif asked.effort is not None:
        blocks.note("thinking.effort: dropped, a budget was sent")
    fits = _fit(budget, limit)
    if not fits:
        blocks.note(f"thinking: dropped, max_tokens of {limit} leaves no room for it")
    elif fits != budget:
        blocks.note(f"thinking.budget_tokens: {budget} sent as {fits}, what can be sent")
    return fits


def _fit(budget: int, limit: int | None) -> int:
    """Make a budget one that can be sent: not too small, and less than the limit."""
    budget = max(budget, _LEAST_BUDGET)
    if limit is None or budget < limit:
        return budget
    return max(limit // 2, _LEAST_BUDGET) if limit > _LEAST_BUDGET else 0


def _show(asked: Thinking, said: _Said, model: str, blocks: Blocks) -> None:
    """Write whether thinking is to be seen."""
    if asked.visible is None:
        return
    thinking = said.get("thinking", {})
    if is_claude(model) and thinking.get("type") in {"adaptive", "enabled"}:
        thinking["display"] = "summarized" if asked.visible else "omitted"
    else:
        blocks.note(f"thinking.visible: {asked.visible} dropped, it cannot be asked for here")
