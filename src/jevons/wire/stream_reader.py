"""A stream under way, whatever its dialect: what is whole is read, and the first fault stands.

Rule 1: only whole frames are read. What a truncated one says is not heard.
Rule 2: nothing is read after a fault, nor after the dialect's last word.
Rule 3: any bytes give events or an error, and the same ones however they are cut.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

from jevons.types.errors import ProviderGarbled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jevons.types.account import Usage
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event, Finished

__all__ = ("Framing", "Reading", "StreamReader")


class Framing(Protocol):
    """Puts frames together."""

    @property
    def rest(self) -> bytes:
        """The beginning of a frame that has not ended."""
        ...

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they were read; return all that belongs to whole frames.

        Raises:
            ProviderGarbled: A frame is too long.
        """
        ...


class Reading(Protocol):
    """What an answer has said so far."""

    @property
    def usage(self) -> Usage | None:
        """Usage, as far as the endpoint reported it."""
        ...

    @property
    def finish(self) -> str:
        """Why the answer ended; `error` until it has."""
        ...

    @property
    def pieces(self) -> int:
        """About how many tokens came, where nobody counted."""
        ...

    @property
    def finished(self) -> Finished:
        """The end of the answer."""
        ...


class StreamReader(ABC):
    """One answer under way. A dialect says how a frame is read, and what its end is.

    Args:
        framing: Puts frames together.
        split: Takes apart what `framing` gave.
        reading: What the answer has said so far.
    """

    def __init__(
        self, framing: Framing, split: Callable[[bytes], Iterator[bytes]], reading: Reading
    ) -> None:
        self.error: JevonsError | None = None
        """What went wrong; nothing more is read once it is set."""
        self.done = False
        """Whether the dialect's last word came; nothing after it is read."""
        self._framing = framing
        self._split = split
        self._heard = reading
        self._kept: list[Event] = []
        """What was heard only at the end of the body."""

    @property
    def usage(self) -> Usage | None:
        """Usage, as far as the endpoint reported it; the last word, where there are several."""
        return self._heard.usage

    @property
    def finish(self) -> str:
        """Why the answer ended; `error` until it has."""
        return self._heard.finish

    @property
    def pieces(self) -> int:
        """About how many tokens came: the guess where nobody counted."""
        return self._heard.pieces

    @property
    def closing(self) -> tuple[Event, ...]:
        """What ends the answer."""
        return (*self._kept, self._heard.finished)

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes as they were read; return the events that may go on."""
        events: list[Event] = []
        try:
            whole = self._framing.feed(data)
        except ProviderGarbled as error:
            self._fail(error)
            return events
        for frame in self._split(whole):
            if self.error is None and not self.done:
                events += self._read(frame)
        return events

    @abstractmethod
    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""

    @abstractmethod
    def _read(self, frame: bytes, /) -> list[Event]:
        """Read one frame; a fault in it is told to `_fail`."""

    def _fail(self, error: JevonsError | None) -> None:
        self.error = self.error or error
