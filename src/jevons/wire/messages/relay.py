"""A stream of Anthropic's Messages dialect, passed on as it came and read only where it must be.

Rule 1: a plain delta is not decoded.
Rule 2: the event that says why an answer ends is the first that ends it. It is a success only
    if `message_stop` came after that.
Rule 3: thinking goes on under its owner's seal, if its owner is known and is not Anthropic.

Source: Anthropic API reference, "Streaming Messages", read 2026-11.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from jevons.types.errors import ProviderTruncated
from jevons.wire.fields import WRONG
from jevons.wire.messages.answer import (
    NULL,
    Body,
    Identity,
    ending_of,
    error_of,
    garbled_by,
)
from jevons.wire.messages.owned import is_sealable, own_event, seal_event
from jevons.wire.messages.tally import Counts, Tally
from jevons.wire.sse import read_event
from jevons.wire.stream_relay import StreamRelay, rewritten

if TYPE_CHECKING:
    from jevons.types.account import Usage
    from jevons.types.errors import JevonsError

__all__ = ("Relay",)

_SAYS_MORE = re.compile(rb'"(?:message_(?:start|delta|stop)|content_block_st(?:art|op)|error)"')
_NO_SIGNATURE = frozenset({b"null", b'""'})


class _Block(msgspec.Struct):
    type: str = ""
    signature: msgspec.Raw = NULL


class _End(msgspec.Struct):
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    type: str | None = None
    index: int | None = None
    message: msgspec.Raw = NULL
    content_block: msgspec.Raw = NULL
    delta: msgspec.Raw = NULL
    usage: msgspec.Raw = NULL
    error: msgspec.Raw = NULL


_EVENT = msgspec.json.Decoder(_Event)
_BODY = msgspec.json.Decoder(Body)
_BLOCK = msgspec.json.Decoder(_Block)
_END = msgspec.json.Decoder(_End | None)
_COUNTS = msgspec.json.Decoder(Counts | None)


class Relay(StreamRelay):
    """One answer under way.

    Args:
        owner: Vendor that writes it; empty if nobody knows.
    """

    def __init__(self, *, owner: str = "") -> None:
        super().__init__(owner=owner)
        self._seals = is_sealable(owner)
        self._bare: set[int] = set()
        """Places of thinking that has no signature yet."""
        self._tally = Tally()
        self._identity = Identity()
        self._has_spoken = False
        self._called = False
        self._reason: str | None = None

    @property
    def usage(self) -> Usage | None:
        """What was used, as far as it was counted; see `Tally`."""
        return self._tally.usage(self.pieces)

    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""
        if self.finish == "error":
            where = "inside" if self._framing.rest.strip() else "before"
            self._fail(ProviderTruncated(f"the stream ended {where} an event, and not with one"))
        return self.error

    def _read(self, event: bytes) -> bytes:
        """Take from an event what the books need; return it as it goes on."""
        name, data = read_event(event)
        if data is None or not data.strip():
            return event
        if data.strip() == b"[DONE]":
            self.done = True  # it ends nothing here, and what it follows is no end
            return b""
        try:
            sealed = self._note(data, name.decode("utf-8", "replace"))
            owned = own_event(data, self._owner)
        except WRONG as garbled:
            self._fail(garbled_by(garbled))
            return b""
        return sealed + (event if owned is data else rewritten(name, owned))

    def _note(self, data: bytes, name: str) -> bytes:
        """Note what an event says; return what must go before it."""
        read = _EVENT.decode(data)
        at, kind = read.index or 0, read.type or name
        match kind:
            case "message_start":
                self._begin(_BODY.decode(read.message))
            case "content_block_start":
                self._begin_block(at, _BLOCK.decode(read.content_block))
            case "content_block_delta":
                self.pieces += 1
                if _BLOCK.decode(read.delta).type == "signature_delta":
                    self._bare.discard(at)
            case "content_block_stop":
                return self._seal(at)
            case "message_delta":
                end = _END.decode(read.delta) or _End()
                self._begin_end(end.stop_reason)
                self._tally.take(_COUNTS.decode(read.usage), is_final=True)
            case "message_stop":
                self._end()
            case _:
                self._fail(error_of(kind, read.error, data))
        return b""

    def _begin(self, message: Body) -> None:
        self._fail(self._identity.take(message, has_spoken=self._has_spoken or self.pieces > 0))
        self._tally.take(message.usage, is_final=bool(message.stop_reason))
        self._begin_end(message.stop_reason)
        for raw in message.content or ():
            self._has_spoken = True
            self._called = self._called or _BLOCK.decode(raw).type == "tool_use"

    def _begin_end(self, reason: str | None) -> None:
        self._reason = reason or self._reason
        self._ends = self._reason is not None

    def _begin_block(self, at: int, block: _Block) -> None:
        self._has_spoken = True
        self._called = self._called or block.type == "tool_use"
        if self._seals and block.type == "thinking" and bytes(block.signature) in _NO_SIGNATURE:
            self._bare.add(at)

    def _seal(self, at: int) -> bytes:
        """Write the seal of thinking that ends without a signature."""
        if at not in self._bare:
            return b""
        self._bare.remove(at)
        return seal_event(at, self._owner)

    def _end(self) -> None:
        ending = ending_of(self._reason, called=self._called)
        self.finish, self.done = ending.finish, True
        self._fail(ending.error)

    def _plain_events(self, block: bytes) -> int:
        """Count the events of a block of which each is plainly a delta; else 0.

        Inside text quotes are escaped, so that no type of an event can be found there.
        """
        count = block.count(b"\n\n")
        plain = (
            block.startswith((b"event: content_block_delta\n", b'data: {"'))
            and block.endswith(b"}\n\n")
            and block.count(b'"content_block_delta"') == count
            and block.count(b"}\n\n") == count
            and not _SAYS_MORE.search(block)
            and not (self._seals and b'"signature_delta"' in block)
        )
        return count if plain else 0
