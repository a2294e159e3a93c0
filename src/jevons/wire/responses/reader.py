"""A stream of OpenAI's Responses dialect, or a whole answer, into canonical events.

Rule 1: only whole events are read. What a truncated one says is not heard.
Rule 2: an answer is a success only if its last event says so; one that stops before is
    truncated, whatever it said.
Rule 3: any bytes give events or an error, and the same ones however they are cut.

Source: OpenAI API reference, "Streaming events", read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.errors import ProviderGarbled, ProviderTruncated
from jevons.wire.responses.reading import Reading
from jevons.wire.sse import Framing, read_event, split
from jevons.wire.whole import Whole

if TYPE_CHECKING:
    from jevons.types.account import Usage
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event

__all__ = ("Reader", "read_whole")


class Reader:
    """One answer under way.

    Args:
        owner: Vendor that writes it: its thinking is handed back to nobody else.
    """

    def __init__(self, *, owner: str = "") -> None:
        self.error: JevonsError | None = None
        """What went wrong; nothing more is read once it is set."""
        self.done = False
        """Whether the event came that ends the answer; nothing after it is read."""
        self._framing = Framing()
        self._reading = Reading(owner=owner)

    @property
    def usage(self) -> Usage | None:
        """What the answer's end says that it used."""
        return self._reading.usage

    @property
    def finish(self) -> str:
        """Why the answer ended; `error` until it has."""
        return self._reading.finish

    @property
    def pieces(self) -> int:
        """Deltas so far: about one a token, and the guess where nobody counted."""
        return self._reading.pieces

    @property
    def closing(self) -> tuple[Event, ...]:
        """What ends the answer."""
        return (self._reading.finished,)

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes as they were read; return the events that may go on."""
        events: list[Event] = []
        try:
            whole = self._framing.feed(data)
        except ProviderGarbled as error:
            self._fail(error)
            return events
        for event in split(whole):
            if self.error is None and not self.done:
                events += self._read(event)
        return events

    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""
        if self._reading.ending is None:
            where = "inside" if self._framing.rest.strip() else "before"
            self._fail(ProviderTruncated(f"the stream ended {where} an event, and not with one"))
        return self.error

    def _read(self, event: bytes) -> list[Event]:
        name, data = read_event(event)
        if data is None or not data.strip():
            return []
        if data.strip() == b"[DONE]":
            self.done = True
            return []
        events, error = self._reading.event(name.decode("utf-8", "replace"), data)
        self.done = self._reading.ending is not None
        self._fail(error)
        return events

    def _fail(self, error: JevonsError | None) -> None:
        self.error = self.error or error


def read_whole(body: bytes, *, owner: str = "") -> Whole:
    """Read an answer that came in one piece.

    Args:
        body: As it came.
        owner: See `Reader`.

    Raises:
        ProviderGarbled: It is not an answer.
    """
    reading = Reading(owner=owner)
    events, error = reading.whole(body.removeprefix(b"\xef\xbb\xbf"))
    if error is not None:
        return Whole(tuple(events), None, reading.usage, error)
    return Whole((*events, reading.finished), reading.finish, reading.usage, None)
