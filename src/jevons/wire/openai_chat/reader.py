"""A stream of OpenAI's chat dialect, or a whole answer, into canonical events.

Rule 1: only whole events are read. What a truncated one says is not heard.
Rule 2: an answer is a success only if it has a finish reason; one that stops before is
    truncated, whatever followed it.
Rule 3: any bytes give events or an error, and the same ones however they are cut.

Source: OpenAI API reference, "Chat Completions", streaming, read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.errors import ProviderGarbled, ProviderTruncated, ProviderUnavailable
from jevons.wire.openai_chat.reading import Reading
from jevons.wire.sse import Framing, read_event, split
from jevons.wire.stream_reader import StreamReader
from jevons.wire.whole import Whole

if TYPE_CHECKING:
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event

__all__ = ("Reader", "read_whole")


class Reader(StreamReader):
    """One answer under way; its last word is `[DONE]`.

    Args:
        owner: Vendor that writes it: its thinking is handed back to nobody else.
        inside: Whether its text begins in the middle of thinking, because the engine's
            template writes the opening `<think>` itself.
    """

    def __init__(self, *, owner: str = "", inside: bool = False) -> None:
        self._reading = Reading(owner=owner, inside=inside)
        super().__init__(Framing(), split, self._reading)

    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""
        rest = self._framing.rest
        if not self.done and self.error is None and rest.strip():
            if read_event(rest).data == b"[DONE]":  # some servers forget the last blank line
                self.done = True
            else:
                self._fail(ProviderTruncated("the stream ended inside an event"))
        if self._reading.native is None:
            self._fail(ProviderTruncated("the stream ended without a finish reason"))
        self._kept = self._kept or self._reading.flush()
        self._fail(self._reading.fault())
        return self.error

    def _read(self, event: bytes, /) -> list[Event]:
        name, data = read_event(event)
        if data is None or not data.strip():
            return []
        if data.strip() == b"[DONE]":
            self.done = True
            return []
        events, error = self._reading.chunk(data)
        if error is None and name == b"error":
            error = ProviderUnavailable(data.decode("utf-8", "replace"))
        self._fail(error)
        return events


def read_whole(body: bytes, *, owner: str = "", inside: bool = False) -> Whole:
    """Read an answer that came in one piece.

    Args:
        body: As it came.
        owner: See `Reader`.
        inside: See `Reader`.

    Raises:
        ProviderGarbled: It is not an answer.
    """
    reading = Reading(owner=owner, inside=inside, is_whole=True)
    events, error = reading.chunk(body.removeprefix(b"\xef\xbb\xbf"))
    if isinstance(error, ProviderGarbled):
        raise error
    if error is None and not reading.pieces:
        message = "the answer has no choices"
        raise ProviderGarbled(message)
    if error is None and reading.native is None:
        error = ProviderTruncated("the answer has no finish reason")
    events += reading.flush()
    error = error or reading.fault()
    if error is not None:
        return Whole(tuple(events), None, reading.usage, error)
    return Whole((*events, reading.finished), reading.finish, reading.usage, None)
