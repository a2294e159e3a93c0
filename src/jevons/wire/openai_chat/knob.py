"""How hard to think, under any of the names that callers of OpenAI's chat dialect have for it.

The dialect's own is `reasoning_effort`. `reasoning` is ours, and OpenRouter's of the same name;
`thinking` is DeepSeek's, Moonshot's, Volcengine's, Z.ai's and MiniMax's; `enable_thinking` and
`thinking_budget` are Alibaba's; `chat_template_kwargs` is what vLLM, SGLang and llama.cpp give
to the template of an open model.

Rule 1: whichever are said make one `Thinking`; who says not to think is heard before others.
Rule 2: what is not what we take it for is left to the endpoint.

Sources, read 2026-11: OpenAI API reference, "Create chat completion"; OpenRouter docs,
"Reasoning Tokens"; the API references of DeepSeek, Volcengine Ark and Z.ai; Alibaba Cloud Model
Studio docs, "Deep thinking"; vLLM docs, "Reasoning Outputs".
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

import msgspec

from jevons.types.request import Effort, Thinking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.wire.openai_chat.shapes import Fields

__all__ = ("KNOBS", "read_knobs")

_TEMPLATE = "chat_template_kwargs"

KNOBS = frozenset(
    {"reasoning_effort", "reasoning", "thinking", "enable_thinking", "thinking_budget", _TEMPLATE}
)
"""Top-level fields that say how hard to think."""

_EFFORTS: frozenset[str] = frozenset(get_args(Effort))
_SWITCHED: Mapping[str, bool] = MappingProxyType(
    {"enabled": True, "adaptive": True, "auto": True, "disabled": False}
)


class _Asked(msgspec.Struct):
    """Our own knob, and OpenRouter's, which has the same name."""

    effort: str | None = None
    budget_tokens: int | None = None
    max_tokens: int | None = None
    visible: bool | None = None
    exclude: bool | None = None
    enabled: bool | None = None


class _Switch(msgspec.Struct):
    type: str | None = None
    budget_tokens: int | None = None


class _Template(msgspec.Struct):
    """Templates have one or the other name for it."""

    enable_thinking: bool | None = None
    thinking: bool | None = None


class _Knobs(msgspec.Struct):
    reasoning_effort: str | None = None
    reasoning: _Asked | None = None
    thinking: _Switch | None = None
    enable_thinking: bool | None = None
    thinking_budget: int | None = None
    chat_template_kwargs: _Template | None = None


_KNOBS_OF = msgspec.json.Decoder(_Knobs)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)


def read_knobs(fields: Fields) -> Thinking:
    """Read how hard to think.

    Args:
        fields: Top-level fields of the body.
    """
    kept = {name: fields[name] for name in KNOBS if name in fields}
    try:
        knobs = _KNOBS_OF.decode(msgspec.json.encode(kept))
    except msgspec.MsgspecError:
        return Thinking(extra=kept)
    asked = knobs.reasoning or _Asked()
    switch = knobs.thinking or _Switch()
    effort = knobs.reasoning_effort or asked.effort
    said = _said(knobs, asked, switch)
    if False in said:
        effort = "none"
    visible = asked.visible
    if visible is None and asked.exclude is not None:
        visible = not asked.exclude
    budgets = (asked.budget_tokens, asked.max_tokens, knobs.thinking_budget, switch.budget_tokens)
    return Thinking(
        effort=msgspec.convert(effort, Effort) if effort in _EFFORTS else None,
        on=True if True in said and effort != "none" else None,
        budget_tokens=next((each for each in budgets if each is not None), None),
        visible=visible,
        extra=_untold(kept),
    )


def _said(knobs: _Knobs, asked: _Asked, switch: _Switch) -> set[bool | None]:
    """List what was said of whether to think."""
    template = knobs.chat_template_kwargs or _Template()
    return {
        asked.enabled,
        knobs.enable_thinking,
        _SWITCHED.get(switch.type or ""),
        template.enable_thinking,
        template.thinking,
    }


def _untold(kept: Fields) -> Fields | None:
    """Find what a template is told besides, which no other endpoint has a word for."""
    told: Fields = _FIELDS.decode(kept.get(_TEMPLATE, b"null")) or {}
    rest = {name: raw for name, raw in told.items() if name not in _Template.__struct_fields__}
    return {_TEMPLATE: msgspec.Raw(msgspec.json.encode(rest))} if rest else None
