"""A stream of Ollama's dialect, or a whole answer, into canonical events.

Rule 1: an answer is a success only if a line says that it is done. Nothing after it is read.
Rule 2: a line is whole if its JSON is: the end of the last one may be missing.
Rule 3: any bytes give events or an error, and the same ones however they are cut.

Source: Ollama docs, "API", "Streaming responses", read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.errors import ProviderGarbled, ProviderTruncated
from jevons.wire.ndjson import Framing, split
from jevons.wire.ollama.reading import Reading
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
        self._framing = Framing()
        self._reading = Reading(owner=owner)
        self._kept: list[Event] = []

    @property
    def done(self) -> bool:
        """Whether the line came that says so; nothing after it is read."""
        return self._reading.native is not None

    @property
    def usage(self) -> Usage | None:
        """What was used; None until the end."""
        return self._reading.usage

    @property
    def finish(self) -> str:
        """Why the answer ended; `error` until it has."""
        return self._reading.finish

    @property
    def pieces(self) -> int:
        """Lines so far: about one a token."""
        return self._reading.pieces

    @property
    def closing(self) -> tuple[Event, ...]:
        """What ends the answer."""
        return (*self._kept, self._reading.finished)

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes as they were read; return the events that may go on."""
        events: list[Event] = []
        try:
            whole = self._framing.feed(data)
        except ProviderGarbled as error:
            self._fail(error)
            return events
        for line in split(whole):
            events += self._read(line)
        return events

    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""
        for line in split(self._framing.rest):
            is_well = self.error is None
            self._kept += self._read(line)
            if is_well and isinstance(self.error, ProviderGarbled):
                self.error = ProviderTruncated("the stream ended inside a line")
        if not self.done:
            self._fail(ProviderTruncated("the stream ended before it was done"))
        return self.error

    def _read(self, line: bytes) -> list[Event]:
        if self.done or self.error is not None:
            return []
        events, error = self._reading.line(line)
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
    events, error = reading.line(body.removeprefix(b"\xef\xbb\xbf"))
    if isinstance(error, ProviderGarbled):
        raise error
    if error is None and reading.native is None:
        error = ProviderTruncated("the answer does not say that it is done")
    if error is not None:
        return Whole(tuple(events), None, reading.usage, error)
    return Whole((*events, reading.finished), reading.finish, reading.usage, None)
