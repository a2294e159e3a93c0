"""A caller that remembers what it heard, and that a test can make slow or hang up."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from jevons.types.errors import CallerLeft
from jevons.types.event import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons import ports
    from jevons.types.account import Receipt
    from jevons.types.custody import DataClass
    from jevons.types.event import Event

__all__ = ("Listener",)


class Listener:
    """Whoever asked, in memory.

    Args:
        room: Events taken without waiting; after that `push` takes nothing.
    """

    def __init__(self, *, room: int = 1_000_000) -> None:
        self.heard: list[Event] = []
        """Events it was given, what ends the answer included once it was closed."""
        self.receipt: Receipt | None = None
        """The receipt that came with the end."""
        self.kept: tuple[Event, ...] = ()
        """What `keep` was given last."""
        self.kept_class: DataClass | None = None
        """And what its data were said to be."""
        self.age_s: int | None = None
        """How old the answer is said to be, if it is given again."""
        self._room = room
        self.sealed: tuple[Event, ...] = ()
        """What ends the answer, held until it is closed."""
        self._left = False
        self._callback: Callable[[], None] | None = None

    @property
    def left(self) -> bool:
        """Whether it has hung up."""
        return self._left

    def leave(self) -> None:
        """Hang up."""
        self._left = True
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        """Have `callback` called once if it hangs up; at once if it has already."""
        self._callback = callback
        if self._left:
            self.leave()

    def push(self, event: Event) -> bool:
        """Give an event without waiting; False if it has hung up or has no room."""
        if self._left or len(self.heard) >= self._room:
            return False
        self.heard.append(event)
        return True

    async def send(self, event: Event) -> None:
        """Give an event; one turn of the loop makes room for it.

        Raises:
            CallerLeft: It hung up.
        """
        await asyncio.sleep(0)
        if self._left:
            message = "the listener hung up"
            raise CallerLeft(message)
        self.heard.append(event)

    def again(self, age_s: int) -> None:
        """Remember that an answer is given again."""
        self.age_s = age_s

    async def keep(self, closing: tuple[Event, ...], *, data_class: DataClass) -> None:
        """Remember what would be kept."""
        self.kept = (*self.heard, *closing)
        self.kept_class = data_class

    def seal(self, closing: tuple[Event, ...]) -> bytes:
        """Keep what ends the answer; return SHA-256 of the whole."""
        self.sealed = closing
        return sha256(b"".join([_rendered(event) for event in (*self.heard, *closing)])).digest()

    async def close(self, receipt: Receipt) -> None:
        """Give what was sealed, and the receipt."""
        if not self._left:
            self.heard.extend(self.sealed)
            self.receipt = receipt


def _rendered(event: Event) -> bytes:
    return event.body if isinstance(event, Frame) else msgspec.json.encode(event)


if TYPE_CHECKING:
    _caller: type[ports.Caller] = Listener
