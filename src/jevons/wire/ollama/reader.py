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
from jevons.wire.stream_reader import StreamReader
from jevons.wire.whole import Whole

if TYPE_CHECKING:
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event

__all__ = ("Reader", "read_whole")


class Reader(StreamReader):
    """One answer under way; its last word is the line that says so.

    Args:
        owner: Vendor that writes it: its thinking is handed back to nobody else.
    """

    def __init__(self, *, owner: str = "") -> None:
        self._reading = Reading(owner=owner)
        super().__init__(Framing(), split, self._reading)

    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""
        for line in split(self._framing.rest):
            is_heard = self.error is None and not self.done
            if is_heard:
                self._kept += self._read(line)
            if is_heard and isinstance(self.error, ProviderGarbled):
                self.error = ProviderTruncated("the stream ended inside a line")
        if not self.done:
            self._fail(ProviderTruncated("the stream ended before it was done"))
        return self.error

    def _read(self, line: bytes, /) -> list[Event]:
        events, error = self._reading.line(line)
        self.done = self._reading.native is not None
        self._fail(error)
        return events


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
