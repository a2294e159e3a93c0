"""An answer of OpenAI's Responses dialect, read event by event into canonical events.

Rule 1: what an event is, its `type` says; where there is none, the name of its frame.
Rule 2: what is told of an item in other ways than text comes with the item's end, whole. An
    event that belongs to no item and has no name here is a block of its own.
Rule 3: the answer's end holds all of it again. It is read where nothing came before.

Source: OpenAI API reference, "Streaming events", read 2026-11.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled
from jevons.types.event import Finished, OpaqueBlock, Started
from jevons.wire.responses.answer import (
    NULL,
    Body,
    Ending,
    ending_of,
    error_of,
    fault_of,
    garbled_by,
    left_over,
    usage_of,
)
from jevons.wire.responses.items import Items

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.errors import JevonsError
    from jevons.types.event import Event
    from jevons.types.message import Extra
    from jevons.wire.responses.items import Family

__all__ = ("ENDS", "WRONG", "Reading")

WRONG = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises: not JSON or not its type, not UTF-8, nested too deeply."""

ENDS = MappingProxyType(
    {
        "response.completed": "completed",
        "response.incomplete": "incomplete",
        "response.failed": "failed",
        "response.cancelled": "cancelled",
    }
)
"""Events that end an answer, and the status that they mean."""

_BEGINS = frozenset({"response.created", "response.in_progress", "response.queued"})
_SAYS: Mapping[str, Family] = MappingProxyType(
    {
        "response.output_text.delta": "text",
        "response.refusal.delta": "refusal",
        "response.reasoning_text.delta": "thinking",
        "response.reasoning_summary_text.delta": "summary",
    }
)
_NO_BLOCKS = frozenset({"keepalive", "ping", "response.keepalive"})


class _Event(msgspec.Struct):
    type: str | None = None
    output_index: int | None = None
    content_index: int | None = None
    summary_index: int | None = None
    item_id: str | None = None
    delta: msgspec.Raw = NULL
    logprobs: msgspec.Raw = NULL
    item: msgspec.Raw = NULL
    response: msgspec.Raw = NULL
    error: msgspec.Raw = NULL


_EVENT = msgspec.json.Decoder(_Event)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_STRING = msgspec.json.Decoder(str)
_BODY = msgspec.json.Decoder(Body)


class Reading:
    """One answer under way.

    Args:
        owner: Whose its thinking is; empty if nobody knows.
    """

    def __init__(self, *, owner: str) -> None:
        self.usage: Usage | None = None
        """What the answer's end says that it used."""
        self.ending: Ending | None = None
        """How it ended; None until it has."""
        self.pieces = 0
        """Deltas so far: about one a token."""
        self._items = Items(owner=owner)
        self._begun = False
        self._extra: Extra = None

    @property
    def finish(self) -> str:
        """Why the answer ended; `error` until it has."""
        return self.ending.finish if self.ending else "error"

    @property
    def finished(self) -> Finished:
        """The event that ends the answer."""
        return Finished(
            reason=self.finish,
            usage=self.usage or Usage(),
            native=self.ending.native if self.ending else "",
            extra=self._extra,
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

    def whole(self, response: msgspec.Raw | bytes) -> tuple[list[Event], JevonsError | None]:
        """Read an answer that came in one piece.

        Raises:
            ProviderGarbled: It is not an answer.
        """
        events: list[Event] = []
        try:
            body = _BODY.decode(response)
            if body.output is None and fault_of(body.error) is None:
                message = "the answer has no output"
                raise ProviderGarbled(message)
            return events, self._end(body, msgspec.Raw(response), events)
        except WRONG as garbled:
            raise garbled_by(garbled) from None

    def _read(
        self, event: _Event, kind: str, data: bytes, events: list[Event]
    ) -> JevonsError | None:
        at = event.output_index or 0
        self.pieces += kind.endswith(".delta")
        if kind in _SAYS:
            part = event.content_index or event.summary_index or 0
            text = _STRING.decode(event.delta)
            events += self._items.delta(at, _SAYS[kind], part, text, event.logprobs)
        elif kind == "response.function_call_arguments.delta":
            events += self._items.arguments(at, _STRING.decode(event.delta))
        elif kind == "response.output_item.added":
            events += self._items.added(at, event.item)
        elif kind == "response.output_item.done":
            events += self._items.done(at, event.item)
        elif kind in _BEGINS:
            self._begin(_BODY.decode(event.response), events)
        elif kind in ENDS:
            body = _BODY.decode(event.response)
            body.status = body.status if kind == "response.completed" else ENDS[kind]
            body.status = body.status or ENDS[kind]
            return self._end(body, event.response, events)
        else:
            return self._other(event, kind, data, events)
        return None

    def _other(
        self, event: _Event, kind: str, data: bytes, events: list[Event]
    ) -> JevonsError | None:
        """Read an event that is an error, or that has no name here."""
        error = error_of(kind, event.error, data)
        if error is not None:
            return error
        if event.output_index is None and event.item_id is None and kind not in _NO_BLOCKS:
            events.append(OpaqueBlock(kind=kind, fields=_FIELDS.decode(data)))
        return None

    def _begin(self, body: Body, events: list[Event]) -> None:
        if not self._begun:
            self._begun = True
            events.append(Started(id=body.id or "", model=body.model or ""))

    def _end(self, body: Body, raw: msgspec.Raw, events: list[Event]) -> JevonsError | None:
        """Read the whole answer, at its end."""
        self.usage = usage_of(body.usage)
        self._extra = left_over(raw)
        self._begin(body, events)
        events += self._items.whole(body.output or ())
        self.ending = ending_of(body, called=self._items.called)
        if self.ending.error is None and self._items.nameless:
            self.ending = Ending(
                "error", self.ending.native, ProviderGarbled("a call to a tool has no name")
            )
        return self.ending.error
