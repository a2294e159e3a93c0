"""The output of an answer, put together from canonical events as items and their events.

Rule 1: every item has a place, in the order in which items begin, and all of it is told
    again at its end, as the dialect wants it.
Rule 2: calls may be told piece by piece in turns; they end when the answer does. All else
    ends when something else begins.
Rule 3: thinking goes out with its mark sealed, so that its owner is known when the caller
    hands it back.
Rule 4: a block of another dialect, which has no meaning here, is not written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jevons.types.event import (
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.responses.blocks import Block, Call, Message, Thought
from jevons.wire.responses.turns import OWN_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.types.event import Event
    from jevons.wire.responses.blocks import Said, Spoken

__all__ = ("Output",)

_HOSTED = (
    "apply_patch_call",
    "code_interpreter_call",
    "compaction",
    "computer_call",
    "custom_tool_call",
    "file_search_call",
    "image_generation_call",
    "local_shell_call",
    "mcp_",
    "program",
    "shell_call",
    "tool_search_",
    "web_search_call",
    "x_search_call",
)
"""Beginnings of the types of items that this dialect has and we have no name for."""


class Output:
    """The items of one answer.

    Args:
        stem: What the ids of items are made from.
    """

    def __init__(self, stem: str) -> None:
        self.items: list[dict[str, Any]] = []
        """All items so far; those that have ended are whole."""
        self._stem = stem
        self._open: Block | None = None
        self._calls: dict[int, Call] = {}

    def event(self, event: Event) -> Iterator[Said]:
        """Write one event."""
        match event:
            case TextDelta() | RefusalDelta():
                yield from self._speak(event)
            case ReasoningDelta():
                yield from self._think(event)
            case ToolCallDelta():
                yield from self._call(event)
            case OpaqueBlock() if event.kind.startswith(_HOSTED):
                yield from self._opaque(event)
            case _:
                pass

    def end(self) -> Iterator[Said]:
        """End what has not ended."""
        yield from self._close()
        for call in self._calls.values():
            yield from call.end()
        self._calls = {}

    def _speak(self, event: Spoken) -> Iterator[Said]:
        block = self._open
        if not isinstance(block, Message):
            yield from self._close()
            block = Message(*self._place("msg"))
            yield from self._begin(block)
        yield from block.more(event)

    def _think(self, event: ReasoningDelta) -> Iterator[Said]:
        block = self._open
        if not isinstance(block, Thought) or not block.continues(event):
            yield from self._close()
            at, name = self._place("rs")
            block = Thought(at, event.id or name, event)
            yield from self._begin(block)
        yield from block.more(event)

    def _call(self, event: ToolCallDelta) -> Iterator[Said]:
        call = self._calls.get(event.index)
        if call is None:
            yield from self._close()
            call = self._calls[event.index] = Call(*self._place("fc"), event)
            self.items.append(call.item)
            yield call.added()
        yield from call.more(event)

    def _opaque(self, event: OpaqueBlock) -> Iterator[Said]:
        yield from self._close()
        at = len(self.items)
        item = {**event.fields, "type": event.kind}
        self.items.append(item)
        yield "response.output_item.added", {"output_index": at, "item": item}
        yield "response.output_item.done", {"output_index": at, "item": item}

    def _place(self, kind: str) -> tuple[int, str]:
        at = len(self.items)
        return at, f"{kind}{OWN_ID}{self._stem}_{at}"

    def _begin(self, block: Block) -> Iterator[Said]:
        self._open = block
        self.items.append(block.item)
        yield block.added()

    def _close(self) -> Iterator[Said]:
        block, self._open = self._open, None
        if block is not None:
            yield from block.end()
