"""An answer's deltas put together into the one message that OpenAI's chat dialect has for it.

Rule 1: what was said in turns (thinking, text, thinking) has one place for each kind; each
    kind keeps its own order.
Rule 2: the work grows with the answer's length and no faster.

Source: OpenAI API reference, "Chat Completions", the chat completion object, read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.account import Usage
from jevons.types.event import Finished, ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta
from jevons.wire.openai_chat.reasoning import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.event import Event

__all__ = ("Gathered", "write_call")

_NOBODY_SAID = Finished(reason="stop", usage=Usage())


class Gathered:
    """A whole answer.

    Args:
        events: Of which none is a `Frame`.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self.logprobs: list[Any] = []
        """Log probabilities of its tokens, if they were asked for."""
        self.finished = _NOBODY_SAID
        """How it ended."""
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._thoughts: list[tuple[ReasoningDelta, list[str]]] = []
        self._calls: dict[int, tuple[ToolCallDelta, list[str]]] = {}
        before: Event | None = None
        for event in events:
            self._add(event, before)
            before = event

    def message(self) -> dict[str, Any]:
        """Write the message."""
        text, refusal = "".join(self._text), "".join(self._refusal)
        calls = [_whole_call(*self._calls[index]) for index in sorted(self._calls)]
        message: dict[str, Any] = {
            "role": "assistant",
            "content": text or (None if calls or refusal else ""),
            "refusal": refusal or None,
            **show([_whole_thought(*thought) for thought in self._thoughts]),
        }
        return {**message, "tool_calls": calls} if calls else message

    def _add(self, event: Event, before: Event | None) -> None:
        match event:
            case TextDelta():
                self._text.append(event.text)
                if event.logprobs is not None:
                    self.logprobs.extend(msgspec.json.decode(event.logprobs)["content"] or ())
            case RefusalDelta():
                self._refusal.append(event.text)
            case ReasoningDelta():
                self._think(event, before)
            case ToolCallDelta():
                self._call(event)
            case Finished():
                self.finished = event
            case _:
                pass

    def _think(self, event: ReasoningDelta, before: Event | None) -> None:
        if not isinstance(before, ReasoningDelta) or _thought(before) != _thought(event):
            self._thoughts.append((event, [event.text]))
            return
        first, words = self._thoughts[-1]
        words.append(event.text)
        if event.opaque is not None or event.id:
            opaque = (first.opaque or "") + (event.opaque or "")
            first = msgspec.structs.replace(first, opaque=opaque or None, id=first.id or event.id)
            self._thoughts[-1] = (first, words)

    def _call(self, event: ToolCallDelta) -> None:
        if event.index not in self._calls:
            self._calls[event.index] = (event, [event.arguments])
            return
        first, pieces = self._calls[event.index]
        pieces.append(event.arguments)
        if event.opaque is not None:
            first = msgspec.structs.replace(first, opaque=event.opaque, owner=event.owner)
            self._calls[event.index] = (first, pieces)


def write_call(event: ToolCallDelta) -> dict[str, Any]:
    """Write a call, or a piece of one. Its owner's mark has the place that Google gave it."""
    call: dict[str, Any] = {"function": {"arguments": event.arguments}}
    if event.id:
        function = {"name": event.name, **call["function"]}
        call = {"id": event.id, "type": "function", "function": function}
    if event.opaque is not None:
        call["extra_content"] = {event.owner: {"thought_signature": event.opaque}}
    return call


def _thought(event: ReasoningDelta) -> tuple[int, str, str]:
    """Name the block of thinking that a delta belongs to."""
    return event.block, event.kind, event.owner


def _whole_thought(first: ReasoningDelta, words: list[str]) -> ReasoningDelta:
    return msgspec.structs.replace(first, text="".join(words))


def _whole_call(first: ToolCallDelta, pieces: list[str]) -> dict[str, Any]:
    return write_call(msgspec.structs.replace(first, arguments="".join(pieces)))
