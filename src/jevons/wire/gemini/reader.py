"""A stream of Gemini's dialect, or a whole answer, into canonical events.

Rule 1: the dialect has no last word. An answer is a success only if it has a finish reason;
    what follows it, as usage does, is read too.
Rule 2: a chunk is whole if its JSON is: the blank line after the last one may be missing.
Rule 3: JSON amid the events, or in place of them, is an error's envelope. The `[DONE]` of other
    dialects, which some proxies add, says nothing.
Rule 4: any bytes give events or an error, and the same ones however they are cut.

Source: Gemini API reference, "models.streamGenerateContent" with `alt=sse`, read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.types.errors import ProviderGarbled, ProviderTruncated
from jevons.wire.gemini.answer import fault_of, garbled_by
from jevons.wire.gemini.reading import Reading
from jevons.wire.sse import Framing, read_event, split
from jevons.wire.stream_reader import StreamReader
from jevons.wire.whole import Whole

if TYPE_CHECKING:
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event

__all__ = ("Reader", "read_whole")

_CHUNKS = msgspec.json.Decoder(list[msgspec.Raw])
_BOM = b"\xef\xbb\xbf"


class Reader(StreamReader):
    """One answer under way; it has no last word but the end of its body.

    Args:
        owner: Vendor that writes it: its thinking is handed back to nobody else.
    """

    def __init__(self, *, owner: str = "") -> None:
        self._reading = Reading(owner=owner)
        super().__init__(Framing(), split, self._reading)

    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""
        rest = self._framing.rest
        if not self.done and self.error is None and rest.strip():
            self._kept = self._last(rest)
        self.done = True
        if self._reading.native is None:
            self._fail(ProviderTruncated("the stream ended without a finish reason"))
        return self.error

    def _last(self, rest: bytes) -> list[Event]:
        """Read what no blank line ends: a chunk, or an error that came instead of a stream."""
        if _is_bare(rest):
            self._fail(fault_of(rest))
            return []
        events, error = self._reading.chunk(read_event(rest).data or b"")
        if isinstance(error, ProviderGarbled):
            error = ProviderTruncated("the stream ended inside an event")
        self._fail(error)
        return events

    def _read(self, event: bytes, /) -> list[Event]:
        _, data = read_event(event)
        if data is None and _is_bare(event):
            self._fail(fault_of(event))
        if data is None or data.strip() in {b"", b"[DONE]"}:
            return []
        events, error = self._reading.chunk(data)
        self._fail(error)
        return events


def read_whole(body: bytes, *, owner: str = "") -> Whole:
    """Read an answer that came in one piece: an object, or the list of a stream's chunks.

    Args:
        body: As it came.
        owner: See `Reader`.

    Raises:
        ProviderGarbled: It is not an answer.
    """
    reading = Reading(owner=owner)
    events: list[Event] = []
    error: JevonsError | None = None
    for chunk in _chunks(body.removeprefix(_BOM)):
        said, error = reading.chunk(chunk)
        events += said
        if error is not None:
            break
    if error is None and not reading.pieces:
        error = ProviderGarbled("the answer has no candidates")
    if isinstance(error, ProviderGarbled):
        raise error
    if error is None and reading.native is None:
        events += reading.flush()
        error = ProviderTruncated("the answer has no finish reason")
    if error is not None:
        return Whole(tuple(events), None, reading.usage, error)
    return Whole((*events, reading.finished), reading.finish, reading.usage, None)


def _is_bare(event: bytes) -> bool:
    """Whether JSON came as it is, in no event: so the endpoint tells of errors."""
    return event.lstrip(_BOM + b" \r\n").startswith((b"{", b"["))


def _chunks(body: bytes) -> list[bytes]:
    if not body.lstrip().startswith(b"["):
        return [body]
    try:
        return [bytes(chunk) for chunk in _CHUNKS.decode(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise garbled_by(error) from error
