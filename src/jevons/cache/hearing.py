"""Hearing an answer on its way to whoever asked, so that it can be given again.

Rule 1: the caller comes first: what they were not given was not heard.
Rule 2: what grows too long is let go of while it still grows; that is looked at once in a while, since
    a piece is heard on the way to whoever waits for it.
"""

from __future__ import annotations

from itertools import groupby
from sys import getsizeof
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from jevons.types.event import Frame, ReasoningDelta, TextDelta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jevons import ports
    from jevons.ports import Caller
    from jevons.types.account import Receipt
    from jevons.types.custody import DataClass
    from jevons.types.event import Event

__all__ = ("Hearing", "pressed", "size_of")

_EACH = 128
"""Pieces after which it is looked how long an answer has become."""
_EVENT_BYTES = 120
"""What an event takes besides its words."""
_encode = msgspec.json.Encoder().encode


class Hearing:
    """Stands before a caller, and remembers what they are told.

    Args:
        caller: Who asked.
        most_bytes: Longest answer that is remembered.
    """

    __slots__ = (
        "_caller", "_most_bytes", "_next", "_push", "_seen", "_size", "closing", "events",
    )  # fmt: skip

    def __init__(self, caller: Caller, *, most_bytes: int) -> None:
        self.events: list[Event] | None = []
        """What was said so far; None if that is too long."""
        self.closing: tuple[Event, ...] = ()
        """What ended it, as they were told it."""
        self._caller = caller
        self._push = caller.push
        self._most_bytes = most_bytes
        self._size = self._seen = 0
        self._next = _EACH

    @property
    def left(self) -> bool:
        """Whether they have closed the connection."""
        return self._caller.left

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        """Have `callback` called once if they leave."""
        self._caller.on_leave(callback)

    def push(self, event: Event) -> bool:
        """Give an event without waiting; False if there is no room for it."""
        if not self._push(event):
            return False
        events = self.events
        if events is not None:
            events.append(event)
            if len(events) >= self._next:
                self._look(events)
        return True

    async def send(self, event: Event) -> None:
        """Give an event, waiting until there is room.

        Raises:
            CallerLeft: They have gone.
        """
        await self._caller.send(event)
        if self.events is not None:
            self.events.append(event)
            self._look(self.events)

    def again(self, age_s: int) -> None:
        """Say that an answer is given again."""
        self._caller.again(age_s)

    async def keep(self, closing: tuple[Event, ...], *, data_class: DataClass) -> None:
        """Have the answer kept.

        Raises:
            StoreUnavailable: It is not kept.
        """
        await self._caller.keep(closing, data_class=data_class)

    def seal(self, closing: tuple[Event, ...]) -> bytes:
        """Render what ends the answer, and hold it for `close`."""
        self.closing = closing
        return self._caller.seal(closing)

    async def close(self, receipt: Receipt) -> None:
        """Send what was sealed, and the receipt with it."""
        await self._caller.close(receipt)

    def _look(self, events: list[Event]) -> None:
        """Let go of what has become too long."""
        self._size += size_of(events[self._seen :])
        self._seen, self._next = len(events), len(events) + _EACH
        if self._size > self._most_bytes:
            self.events = None


def pressed(events: Sequence[Event]) -> tuple[Event, ...]:
    """Say the same in as few events as may be: each takes more memory than its words."""
    frames = [each.body for each in events if type(each) is Frame]
    if frames and len(frames) == len(events):  # as most answers are heard
        return (Frame(b"".join(frames)),)
    said: list[Event] = []
    for kind, run in groupby(events, _kind):
        if kind is None:
            said += run
        elif kind is Frame:
            said.append(Frame(b"".join([each.body for each in run if isinstance(each, Frame)])))
        else:
            some = [each for each in run if isinstance(each, TextDelta | ReasoningDelta)]
            said.append(replace(some[0], text="".join([each.text for each in some])))
    return tuple(said)


def size_of(events: Iterable[Event]) -> int:
    """Say how many bytes of memory events take, about."""
    return sum(map(_size, events))


def _kind(event: Event) -> object:
    """Tell what an event may be joined with; None is nothing."""
    match event:
        case Frame():
            return Frame
        case TextDelta(logprobs=None, extra=None):
            return TextDelta, event.block
        case ReasoningDelta(opaque=None, id="", extra=None):
            return ReasoningDelta, event.block, event.kind, event.owner
        case _:
            return None


def _size(event: Event) -> int:
    if type(event) is Frame:
        return _EVENT_BYTES + len(event.body)
    if type(event) is TextDelta and event.logprobs is None and event.extra is None:
        return _EVENT_BYTES + getsizeof(event.text)
    return _EVENT_BYTES + 2 * len(_encode(event))


if TYPE_CHECKING:
    _caller: type[ports.Caller] = Hearing
