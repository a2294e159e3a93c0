"""A stream of OpenAI's Responses dialect, passed on as it came and read only where it must be.

Rule 1: a plain delta is not decoded.
Rule 2: the event that ends an answer is its last, and says whether it is a success.
Rule 3: thinking goes on under its owner's seal, if its owner is known and is not OpenAI.

Source: OpenAI API reference, "Streaming events", read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.types.errors import ProviderTruncated
from jevons.wire.responses.answer import NULL, Body, ending_of, error_of, garbled_by, usage_of
from jevons.wire.responses.owned import own_event
from jevons.wire.responses.reading import ENDS, WRONG
from jevons.wire.sse import read_event
from jevons.wire.stream_relay import StreamRelay, rewritten

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


class Relay(StreamRelay):
    """One answer under way.

    Args:
        owner: Vendor that writes it; empty if nobody knows.
    """

    def __init__(self, *, owner: str = "") -> None:
        super().__init__(owner=owner)
        self.usage: Usage | None = None
        """What the answer's end says that it used."""
        self._called = False

    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""
        if not self._ends:
            where = "inside" if self._framing.rest.strip() else "before"
            self._fail(ProviderTruncated(f"the stream ended {where} an event, and not with one"))
        return self.error

    def _read(self, event: bytes) -> bytes:
        name, data = read_event(event)
        if data is None or not data.strip():
            return event
        if data.strip() == b"[DONE]":
            self.done = True  # it ends nothing here, and what it follows is no end
            return b""
        try:
            self._note(_EVENT.decode(data), name.decode("utf-8", "replace"), data)
            owned = own_event(data, self._owner)
        except WRONG as garbled:
            self._fail(garbled_by(garbled))
            return b""
        return event if owned is data else rewritten(name, owned)

    def _note(self, read: _Event, name: str, data: bytes) -> None:
        """Take from an event what the books need."""
        kind = read.type or name
        if kind in ENDS:
            self._end(read.response or Body(), ENDS[kind])
            return
        self.pieces += kind.endswith(".delta")
        self._fail(error_of(kind, read.error, data))
        self._called = self._called or bool(read.item and read.item.type == "function_call")

    def _end(self, body: Body, status: str) -> None:
        self.usage = usage_of(body.usage)
        if status != "completed" or not body.status:
            body.status = status
        called = self._called or any(
            _ITEM.decode(item).type == "function_call" for item in body.output or ()
        )
        ending = ending_of(body, called=called)
        self.finish, self.done, self._ends = ending.finish, True, True
        self._fail(ending.error)

    def _plain_events(self, block: bytes) -> int:
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
