"""A stream passed on as it came, whatever its dialect, and read only where it must be.

A relay is fed what was read from an endpoint and gives back what may go to the caller at
once. What ends the answer it keeps, for the corridor to send once the receipt is durable.

Rule 1: only whole events go on. A truncated one never leaves.
Rule 2: an event is decoded only if a cheap look says that it is not plainly one more piece:
    decoding each would cost more than relaying it.
Rule 3: from the first event that ends the answer on, nothing goes; order is kept.
Rule 4: nothing is read after a fault, nor after the dialect's last word.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from jevons.types.errors import ProviderGarbled
from jevons.wire.sse import Framing, split

if TYPE_CHECKING:
    from jevons.types.errors import JevonsError

__all__ = ("StreamRelay", "rewritten")


class StreamRelay(ABC):
    """One answer under way. A dialect says what is plain, and how all else is read.

    Args:
        owner: Vendor that writes it; empty if nobody knows.
    """

    def __init__(self, *, owner: str = "") -> None:
        self.finish = "error"
        """Why the answer ended; `error` until it has."""
        self.error: JevonsError | None = None
        """What went wrong; nothing more goes on once it is set."""
        self.pieces: int = 0
        """About how many tokens came, where nobody counted."""
        self.done = False
        """Whether the dialect's last word came; nothing after it is read."""
        self._owner = owner
        self._framing = Framing()
        self._ends = False
        """Whether the answer has begun to end, so that nothing goes on at once any more."""
        self._closing: list[bytes] = []

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they were read; return the whole events that may go on."""
        try:
            whole = self._framing.feed(data)
        except ProviderGarbled as error:
            self._fail(error)
            return b""
        if not (self._ends or self.done or self.error is not None):
            count = self._plain_events(whole)
            if count:
                self._count(whole, count)
                return whole
        return b"".join([self._passed(event) for event in split(whole)])

    @abstractmethod
    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""

    @property
    def closing(self) -> bytes:
        """What ends the answer."""
        return b"".join(self._closing)

    @abstractmethod
    def _plain_events(self, block: bytes) -> int:
        """Count the events of a block of which each is plainly a piece; else 0."""

    @abstractmethod
    def _read(self, event: bytes) -> bytes:
        """Take from an event what the books need; return it as it goes on, or nothing."""

    def _count(self, block: bytes, count: int) -> None:
        """Note plain events that go on."""
        self.pieces += count

    def _passed(self, event: bytes) -> bytes:
        """Look at one event; keep it for the end, or return what may go on now."""
        if self.error is not None or self.done:
            return b""
        if self._plain_events(event):
            self._count(event, 1)
        else:
            event = self._read(event)
        if self.error is not None:
            return b""
        if not self._ends:
            return event
        self._closing.append(event)
        return b""

    def _fail(self, error: JevonsError | None) -> None:
        self.error = self.error or error


def rewritten(name: bytes, data: bytes) -> bytes:
    """Write an event anew."""
    head = b"event: %b\n" % name if name else b""
    return b"%bdata: %b\n\n" % (head, data)
