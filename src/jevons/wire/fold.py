"""An answer's events with neighbours joined: the same answer, however it was cut into deltas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.types.event import ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jevons.types.event import Event

__all__ = ("fold",)


def fold(events: Iterable[Event]) -> tuple[Event, ...]:
    """Join neighbouring deltas of one block."""
    folded: list[Event] = []
    for event in events:
        joined = _joined(folded[-1], event) if folded else None
        if joined is None:
            folded.append(event)
        else:
            folded[-1] = joined
    return tuple(folded)


def _joined(first: Event, then: Event) -> Event | None:
    """Make one of two events; None if they are of two blocks."""
    match first, then:
        case TextDelta(), TextDelta() if first.block == then.block:
            return msgspec.structs.replace(
                first,
                text=first.text + then.text,
                logprobs=_logprobs(first.logprobs, then.logprobs),
                extra=_extra(first, then),
            )
        case RefusalDelta(), RefusalDelta() if first.block == then.block:
            return msgspec.structs.replace(
                first, text=first.text + then.text, extra=_extra(first, then)
            )
        case ReasoningDelta(), ReasoningDelta() if _is_same_thought(first, then):
            return msgspec.structs.replace(
                first,
                text=first.text + then.text,
                opaque=_text(first.opaque, then.opaque),
                id=first.id or then.id,
                extra=_extra(first, then),
            )
        case ToolCallDelta(), ToolCallDelta() if first.index == then.index:
            return msgspec.structs.replace(
                first,
                id=first.id or then.id,
                name=first.name or then.name,
                arguments=first.arguments + then.arguments,
                opaque=_text(first.opaque, then.opaque),
                owner=first.owner or then.owner,
                extra=_extra(first, then),
            )
        case _:
            return None


def _is_same_thought(first: ReasoningDelta, then: ReasoningDelta) -> bool:
    return (first.block, first.kind, first.owner) == (then.block, then.kind, then.owner)


def _text(first: str | None, then: str | None) -> str | None:
    return then if first is None else first + (then or "")


def _extra(
    first: TextDelta | RefusalDelta | ReasoningDelta | ToolCallDelta,
    then: TextDelta | RefusalDelta | ReasoningDelta | ToolCallDelta,
) -> dict[str, msgspec.Raw] | None:
    return {**(first.extra or {}), **(then.extra or {})} or None


def _logprobs(first: msgspec.Raw | None, then: msgspec.Raw | None) -> msgspec.Raw | None:
    """Join OpenAI chat's `logprobs`, whose lists have an entry a token."""
    if first is None or then is None:
        return then if first is None else first
    tokens = [*_tokens(first), *_tokens(then)]
    return msgspec.Raw(msgspec.json.encode({"content": tokens}))


def _tokens(logprobs: msgspec.Raw) -> list[object]:
    return msgspec.json.decode(logprobs, type=dict[str, list[object] | None]).get("content") or []
