"""An answer of Anthropic's Messages dialect, read event by event into canonical events.

Rule 1: what an event is, its `type` says; where there is none, the name of its frame.
Rule 2: an answer begins once, however often that is said; one that begins with blocks or a
    stop reason in it has them.
Rule 3: an answer ends with `message_stop`, and for the reason that came last before it.
Rule 4: an event that has no name here is a block of its own.

Source: Anthropic API reference, "Streaming Messages", read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled
from jevons.types.event import Finished, OpaqueBlock, Started
from jevons.wire.fields import WRONG
from jevons.wire.messages.answer import (
    NULL,
    Body,
    Ending,
    Identity,
    ending_of,
    error_of,
    fault_of,
    garbled_by,
)
from jevons.wire.messages.tally import NOT_ONLY_COUNTS, Counts, Tally
from jevons.wire.messages.told import Told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jevons.types.errors import JevonsError
    from jevons.types.event import Event

__all__ = ("Reading",)

_Fields = dict[str, msgspec.Raw]

_SILENT = frozenset({"ping", "keepalive"})
_NAMED = frozenset({"type", "role", "id", "model", "content", "stop_reason", "usage"})
_NAMED_IN_END = frozenset({"type", "delta", "usage"})
_NAMED_IN_USAGE = frozenset(Counts.__struct_fields__) - NOT_ONLY_COUNTS


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
_END = msgspec.json.Decoder(_End | None)
_COUNTS = msgspec.json.Decoder(Counts | None)
_FIELDS = msgspec.json.Decoder(_Fields | None)
_OBJECT = msgspec.json.Decoder(_Fields)


class Reading:
    """One answer under way.

    Args:
        owner: Whose its thinking is; empty if nobody knows.
    """

    def __init__(self, *, owner: str) -> None:
        self.ending: Ending | None = None
        """How it ended; None until it has."""
        self.pieces = 0
        """Deltas so far: about one a token."""
        self._told = Told(owner=owner)
        self._tally = Tally()
        self._identity = Identity()
        self._begun = False
        self._has_spoken = False
        self._reason: str | None = None
        self._extra: _Fields = {}
        self._counted: _Fields = {}

    @property
    def usage(self) -> Usage | None:
        """What was used, as far as it was counted; see `Tally`."""
        return self._tally.usage(self.pieces)

    @property
    def finish(self) -> str:
        """Why the answer ended; `error` until it has."""
        return self.ending.finish if self.ending else "error"

    @property
    def finished(self) -> Finished:
        """The event that ends the answer."""
        counted = {"usage": _raw(self._counted)} if self._counted else {}
        return Finished(
            reason=self.finish,
            usage=self.usage or Usage(),
            native=self.ending.native if self.ending else "",
            extra={**self._extra, **counted} or None,
        )

    def event(self, name: str, data: bytes) -> tuple[list[Event], JevonsError | None]:
        """Read the JSON of one event: what it says, and what went wrong after that.

        Args:
            name: Name of its frame; empty if it has none.
            data: The JSON.
        """
        events: list[Event] = []
        try:
            event = _EVENT.decode(data)
            return events, self._read(event, event.type or name, data, events)
        except WRONG as garbled:
            return events, garbled_by(garbled)
        except ProviderGarbled as garbled:
            return events, garbled

    def whole(self, body: bytes) -> tuple[list[Event], JevonsError | None]:
        """Read an answer that came in one piece.

        Raises:
            ProviderGarbled: It is not an answer.
        """
        events: list[Event] = []
        try:
            message = _BODY.decode(body)
            error = fault_of(message.error)
            if error is not None or message.content is None:
                return events, error or _refusal(message, body)
            return events, self._begin(message, body, events) or self._end()
        except WRONG as garbled:
            raise garbled_by(garbled) from None

    def _read(
        self, event: _Event, kind: str, data: bytes, events: list[Event]
    ) -> JevonsError | None:
        at = event.index or 0
        self._has_spoken = self._has_spoken or kind.startswith("content_block")
        match kind:
            case "content_block_delta":
                self.pieces += 1
                events += self._told.delta(at, event.delta)
            case "content_block_start":
                events += self._told.start(at, event.content_block)
            case "content_block_stop":
                events += self._told.stop(at)
            case "message_start":
                return self._begin(_BODY.decode(event.message), event.message, events)
            case "message_delta":
                self._note(event, data)
            case "message_stop":
                events += self._told.end()
                return self._end()
            case _:
                return self._other(event, kind, data, events)
        return None

    def _other(
        self, event: _Event, kind: str, data: bytes, events: list[Event]
    ) -> JevonsError | None:
        """Read an event that is an error, or that has no name here."""
        error = error_of(kind, event.error, data)
        if error is None and kind not in _SILENT:
            events.append(OpaqueBlock(kind=kind, fields=_OBJECT.decode(data)))
        return error

    def _begin(
        self, message: Body, raw: msgspec.Raw | bytes, events: list[Event]
    ) -> JevonsError | None:
        """Read a message: how it begins, or all of it."""
        error = self._identity.take(message, has_spoken=self._has_spoken)
        if error is not None:
            return error
        self._reason = message.stop_reason or self._reason
        self._tally.take(message.usage, is_final=bool(message.stop_reason))
        fields = _OBJECT.decode(raw)
        self._keep(fields, _NAMED, fields.get("usage", NULL))
        if not self._begun:
            self._begun = True
            events.append(Started(id=message.id or "", model=message.model or ""))
        for block in () if self._has_spoken else message.content or ():
            self._has_spoken = True
            events += self._told.whole(block)
        return None

    def _note(self, event: _Event, data: bytes) -> None:
        """Read why a stream ends, and what it used."""
        end = _END.decode(event.delta) or _End()
        self._reason = end.stop_reason or self._reason
        self._tally.take(_COUNTS.decode(event.usage), is_final=True)
        self._keep(_FIELDS.decode(event.delta) or {}, _NAMED, event.usage)
        self._keep(_OBJECT.decode(data), _NAMED_IN_END, NULL)

    def _keep(self, fields: _Fields, named: Iterable[str], usage: msgspec.Raw) -> None:
        """Keep what has no name of ours; what comes later stands."""
        self._extra |= _left(fields, named)
        self._counted |= _left(_FIELDS.decode(usage) or {}, _NAMED_IN_USAGE)

    def _end(self) -> JevonsError | None:
        self.ending = ending_of(self._reason, called=self._told.called)
        if self.ending.error is None and self._told.nameless:
            nameless = ProviderGarbled("a call to a tool has no name")
            self.ending = Ending("error", self.ending.native, nameless)
        return self.ending.error


def _refusal(message: Body, body: bytes) -> JevonsError:
    """Read a body that holds no answer.

    Raises:
        ProviderGarbled: It holds no error either.
    """
    is_one = message.type == "error" or b'"base_resp"' in body  # MiniMax's own errors have that
    error = fault_of(body) if is_one else None
    if error is None:
        garbled = "the answer has no content"
        raise ProviderGarbled(garbled)
    return error


def _left(fields: _Fields, named: Iterable[str]) -> _Fields:
    return {
        name: raw for name, raw in fields.items() if name not in named and bytes(raw) != b"null"
    }


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
