"""A stream of OpenAI's Responses dialect, passed on as it came and read only where it must be.

A relay is fed what was read from an endpoint and gives back what may go to the caller at
once. What ends the answer it keeps, for the corridor to send once the receipt is durable.

Rule 1: only whole events go on. A truncated one never leaves.
Rule 2: a plain delta is not decoded: decoding each would cost more than relaying it.
Rule 3: from the first event that ends the answer on, nothing goes; order is kept.
Rule 4: an answer is a success only if its last event says so.
Rule 5: thinking goes on under its owner's seal, if its owner is known and is not OpenAI.

Source: OpenAI API reference, "Streaming events", read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.types.errors import ProviderGarbled, ProviderTruncated
from jevons.wire.responses.answer import NULL, Body, ending_of, error_of, garbled_by, usage_of
from jevons.wire.responses.owned import own_event
from jevons.wire.responses.reading import ENDS, WRONG
from jevons.wire.sse import Framing, read_event, split

if TYPE_CHECKING:
    from jevons.types.account import Usage
    from jevons.types.errors import JevonsError

__all__ = ("Relay",)


class _Item(msgspec.Struct):
    type: str | None = None


class _Event(msgspec.Struct):
    type: str | None = None
    item: _Item | None = None
    response: Body | None = None
    error: msgspec.Raw = NULL


_EVENT = msgspec.json.Decoder(_Event)
_ITEM = msgspec.json.Decoder(_Item)


class Relay:
    """One answer under way.

    Args:
        owner: Vendor that writes it; empty if nobody knows.
    """

    def __init__(self, *, owner: str = "") -> None:
        self.usage: Usage | None = None
        """What the answer's end says that it used."""
        self.finish = "error"
        """Why the answer ended; `error` until it has."""
        self.error: JevonsError | None = None
        """What went wrong; nothing more goes on once it is set."""
        self.pieces = 0
        """Deltas so far: about one a token, and the guess where nobody counted."""
        self.done = False
        """Whether the event came that ends the answer."""
        self._owner = owner
        self._framing = Framing()
        self._called = False
        self._closing: list[bytes] = []

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they were read; return the whole events that may go on."""
        try:
            whole = self._framing.feed(data)
        except ProviderGarbled as error:
            self._fail(error)
            return b""
        if not self.done and self.error is None:
            count = _plain_events(whole)
            if count:
                self.pieces += count
                return whole
        return b"".join([self._passed(event) for event in split(whole)])

    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""
        if not self._closing:
            where = "inside" if self._framing.rest.strip() else "before"
            self._fail(ProviderTruncated(f"the stream ended {where} an event, and not with one"))
        return self.error

    @property
    def closing(self) -> bytes:
        """What ends the answer."""
        return b"".join(self._closing)

    def _passed(self, event: bytes) -> bytes:
        """Look at one event; keep it for the end, or return what may go on now."""
        if self.error is not None or self.done:
            return b""
        if _plain_events(event):
            self.pieces += 1
            return event
        name, data = read_event(event)
        if data is None or not data.strip():
            return event
        if data.strip() == b"[DONE]":
            self.done = True  # it ends nothing here, and what it follows is no end
            return b""
        try:
            kept = self._note(_EVENT.decode(data), name.decode("utf-8", "replace"), data)
            owned = own_event(data, self._owner)
        except WRONG as garbled:
            self._fail(garbled_by(garbled))
            return b""
        event = event if owned is data else _written(name, owned)
        if kept:
            self._closing.append(event)
        return b"" if kept or self.error is not None else event

    def _note(self, read: _Event, name: str, data: bytes) -> bool:
        """Take from an event what the books need; say whether it ends the answer."""
        kind = read.type or name
        if kind in ENDS:
            self._end(read.response or Body(), ENDS[kind])
            return True
        self._fail(error_of(kind, read.error, data))
        self._called = self._called or bool(read.item and read.item.type == "function_call")
        return False

    def _end(self, body: Body, status: str) -> None:
        self.usage = usage_of(body.usage)
        if status != "completed" or not body.status:
            body.status = status
        called = self._called or any(
            _ITEM.decode(item).type == "function_call" for item in body.output or ()
        )
        ending = ending_of(body, called=called)
        self.finish, self.done = ending.finish, True
        self._fail(ending.error)

    def _fail(self, error: JevonsError | None) -> None:
        self.error = self.error or error


def _written(name: bytes, data: bytes) -> bytes:
    """Write an event anew."""
    head = b"event: %b\n" % name if name else b""
    return b"%bdata: %b\n\n" % (head, data)


def _plain_events(block: bytes) -> int:
    """Count the events of a block of which each is plainly a delta; else 0.

    Inside text quotes are escaped, so that neither a delta's type nor an error's name can be
    found there. The names of what ends an answer can: such a delta is decoded for nothing.
    """
    count = block.count(b"\n\n")
    plain = (
        block.startswith((b"event: response.", b'data: {"'))
        and block.endswith(b"}\n\n")
        and block.count(b'.delta"') == count
        and block.count(b"}\n\n") == count
        and not _may_end(block)
    )
    return count if plain else 0


def _may_end(block: bytes) -> bool:
    """Whether a block looks as if it ended something, or failed."""
    return (
        b"response.completed" in block
        or b"response.incomplete" in block
        or b"response.failed" in block
        or b"response.cancelled" in block
        or b'"error"' in block
        or b"event: error" in block
        or b"[DONE]" in block
    )
