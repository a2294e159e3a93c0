"""Holding a draft of an answer back until it is known whether it goes out.

Rule 1: nothing of a draft reaches the caller before another came to the same: half of one could not
    be taken back.
Rule 2: what is held has a bound. A draft beyond it is stopped at its endpoint, and is no draft.
Rule 3: a caller that leaves stops a draft as it stops an answer.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from jevons.pick.drafts import form_of
from jevons.types.errors import Bug, CallerLeft
from jevons.types.event import Frame, ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from jevons import ports
    from jevons.types.account import Receipt
    from jevons.types.custody import DataClass
    from jevons.types.decision import Outcome
    from jevons.types.event import Event
    from jevons.types.request import Generate

__all__ = ("Draft",)

_MOST_BYTES = 2 * 1024 * 1024
"""About 8,000 tokens of a stream, each in a frame of its own."""
_LONG_BYTES = 16 * 1024
"""Of a draft that is read beside the loop: a stream of so much takes a millisecond or two."""
_EVENT_BYTES = 100
"""Of an event without its words."""


class Draft:
    """Stands where the caller would, while an answer is drafted.

    Args:
        caller: Who asked; only whether they have left matters yet.
        ignore: Names of fields of JSON that do not count.
    """

    def __init__(self, caller: ports.Caller, ignore: Collection[str] = ()) -> None:
        self._caller = caller
        self._ignore = ignore
        self._events: list[Event] = []
        self._size_bytes = 0

    @property
    def is_too_long(self) -> bool:
        """Whether it is beyond what is held back."""
        return self._size_bytes > _MOST_BYTES

    @property
    def left(self) -> bool:
        """Whether nobody waits for more of it."""
        return self.is_too_long or self._caller.left

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        """Have `callback` called if the caller leaves."""
        self._caller.on_leave(callback)

    def push(self, event: Event) -> bool:
        """Hold an event back; False if it is too much."""
        self._size_bytes += _size(event)
        if self.is_too_long:
            self._events.clear()
            return False
        self._events.append(event)
        return True

    async def send(self, event: Event) -> None:
        """Hold an event back.

        Raises:
            CallerLeft: It is too much, so its endpoint is to stop.
        """
        if not self.push(event):
            message = "the draft is too long"
            raise CallerLeft(message)

    def again(self, age_s: int) -> None:
        """Says nothing: what is given again is no draft."""

    async def keep(self, closing: tuple[Event, ...], *, data_class: DataClass) -> None:
        """Keeps nothing: only an answer that goes out is kept.

        Raises:
            Bug: Always.
        """
        raise Bug(_NOT_YET)

    def seal(self, closing: tuple[Event, ...]) -> bytes:
        """Seals nothing, likewise."""
        raise Bug(_NOT_YET)

    async def close(self, receipt: Receipt) -> None:
        """Closes nothing, likewise."""
        raise Bug(_NOT_YET)

    async def weigh(self, outcome: Outcome, request: Generate) -> Outcome:
        """Say what became of it: none of it went out, and what it comes to.

        Args:
            outcome: As its endpoint's door tells it.
            request: What the endpoint was sent.
        """
        events = (*self._events, *outcome.closing)
        if not self.is_too_long:
            self._size_bytes = sum(map(_size, events))
        if self._caller.left:
            left = outcome.error or CallerLeft("the caller left")
            return structs.replace(outcome, committed=False, error=left, finish="error")
        if self.is_too_long and isinstance(outcome.error, CallerLeft):
            return structs.replace(outcome, committed=False, error=None)
        if outcome.error is not None or self.is_too_long:
            return structs.replace(outcome, committed=False)
        read = partial(form_of, events, outcome.finish, request, self._ignore)
        is_long = self._size_bytes > _LONG_BYTES
        form = await asyncio.to_thread(read) if is_long else read()
        return structs.replace(outcome, committed=False, form=form)

    async def release(self, outcome: Outcome, *, now_s: float) -> Outcome:
        """Give the caller what was held back, but not what ends it.

        Args:
            outcome: What became of it, as `weigh` has it.
            now_s: By the monotonic clock.

        Returns:
            What has become of it now: the caller may have left.
        """
        caller, is_begun = self._caller, False
        try:
            for event in self._events:
                if not caller.push(event):
                    await caller.send(event)
                is_begun = True
        except CallerLeft as left:
            return structs.replace(
                outcome, committed=is_begun, error=left, finish="error", first_byte_s=now_s
            )
        return structs.replace(outcome, committed=is_begun, first_byte_s=now_s)


def _size(event: Event) -> int:
    match event:
        case Frame():
            return len(event.body)
        case TextDelta() | RefusalDelta():
            return _EVENT_BYTES + len(event.text)
        case ReasoningDelta():
            return _EVENT_BYTES + len(event.text) + len(event.opaque or "")
        case ToolCallDelta():
            return _EVENT_BYTES + len(event.arguments) + len(event.opaque or "")
        case _:
            return _EVENT_BYTES


_NOT_YET = "a draft was taken for an answer"


if TYPE_CHECKING:
    _caller: type[ports.Caller] = Draft
