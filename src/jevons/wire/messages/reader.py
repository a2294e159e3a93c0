"""A stream of Anthropic's Messages dialect, or a whole answer, into canonical events.

Rule 1: only whole events are read. What a truncated one says is not heard.
Rule 2: an answer is a success only if `message_stop` came; one that stops before is
    truncated, whatever it said.
Rule 3: any bytes give events or an error, and the same ones however they are cut.

Source: Anthropic API reference, "Streaming Messages", read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.errors import ProviderTruncated
from jevons.wire.fold import fold
from jevons.wire.messages.reading import Reading
from jevons.wire.sse import Framing, read_event, split
from jevons.wire.stream_reader import StreamReader
from jevons.wire.whole import Whole

if TYPE_CHECKING:
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event

__all__ = ("Reader", "read_whole")


class Reader(StreamReader):
    """One answer under way; its last word is `message_stop`.

    Args:
        owner: Vendor that writes it: its thinking is handed back to nobody else.
    """

    def __init__(self, *, owner: str = "") -> None:
        self._reading = Reading(owner=owner)
        super().__init__(Framing(), split, self._reading)

    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""
        if self._reading.ending is None:
            where = "inside" if self._framing.rest.strip() else "before"
            self._fail(ProviderTruncated(f"the stream ended {where} an event, and not with one"))
        return self.error

    def _read(self, event: bytes, /) -> list[Event]:
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
        return Whole(fold(events), None, reading.usage, error)
    return Whole((*fold(events), reading.finished), reading.finish, reading.usage, None)
