"""A caller who is given the answer with the identifiers put back.

Rule 1: what may still become a token is held back until more of its text comes, something else
    begins, or the answer ends; nothing that was held back is lost.
Rule 2: only the words of an answer are looked at. What an endpoint wrote for itself alone, as the
    mark of its thinking, stays as it is.
Rule 3: bytes of a wire pass: they answer a request that was not veiled, of the same dialect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from jevons.privacy.literal import rewritten
from jevons.privacy.restoration import Restoration, Tally
from jevons.types.event import (
    Finished,
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jevons import ports
    from jevons.ports import Caller
    from jevons.privacy.literal import Literal
    from jevons.privacy.pseudonym import Pseudonyms
    from jevons.types.account import Receipt
    from jevons.types.custody import DataClass
    from jevons.types.event import Event
    from jevons.types.message import Extra

__all__ = ("Unveiling",)

_Worded = TextDelta | RefusalDelta | ReasoningDelta | ToolCallDelta

_RAW = msgspec.json.Decoder(msgspec.Raw)


class Unveiling:
    """Stands before a caller.

    Args:
        caller: Who asked.
        pseudonyms: What tokens stand for.
        is_json: Whether the answer is to be JSON.
    """

    __slots__ = ("_caller", "_closing", "_held", "_is_json", "_pseudonyms", "_waiting", "tally")

    def __init__(self, caller: Caller, pseudonyms: Pseudonyms, *, is_json: bool) -> None:
        self.tally = Tally()
        self._caller = caller
        self._pseudonyms = pseudonyms
        self._is_json = is_json
        self._held: tuple[_Worded, Restoration] | None = None
        """The last words, and what is held back of their text."""
        self._waiting: list[Event] = []
        """What the caller had no room for."""
        self._closing: tuple[Event, ...] | None = None

    @property
    def left(self) -> bool:
        """Whether they have closed the connection."""
        return self._caller.left

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        """Have `callback` called once if they leave."""
        self._caller.on_leave(callback)

    def push(self, event: Event) -> bool:
        """Give an event without waiting; False if there is no room for it."""
        if not self._drained():
            return False
        self._waiting += self._restored(event)
        self._drained()
        return True

    async def send(self, event: Event) -> None:
        """Give an event, waiting until there is room.

        Raises:
            CallerLeft: They have gone.
        """
        self._waiting += self._restored(event)
        while self._waiting:
            await self._caller.send(self._waiting[0])
            del self._waiting[0]

    def again(self, age_s: int) -> None:
        """Say that an answer is given again."""
        self._caller.again(age_s)

    async def keep(self, closing: tuple[Event, ...], *, data_class: DataClass) -> None:
        """Have the answer kept as they hear it.

        Raises:
            StoreUnavailable: It is not kept.
        """
        await self._caller.keep(self._ended(closing), data_class=data_class)

    def seal(self, closing: tuple[Event, ...]) -> bytes:
        """Render what ends the answer, and hold it for `close`."""
        if closing:
            return self._caller.seal(self._ended(closing))
        self._waiting += self._rest()
        self._drained()  # it broke off: what still finds room is theirs
        return self._caller.seal(())

    async def close(self, receipt: Receipt) -> None:
        """Send what was sealed, and the receipt with it."""
        await self._caller.close(receipt)

    def _drained(self) -> bool:
        """Give what is waiting; False if some of it still is."""
        while self._waiting:
            if not self._caller.push(self._waiting[0]):
                return False
            del self._waiting[0]
        return True

    def _ended(self, closing: tuple[Event, ...]) -> tuple[Event, ...]:
        """Restore what ends the answer; once, though it is asked for twice."""
        if self._closing is None:
            said = [each for event in closing for each in self._restored(event)]
            self._closing = (*self._waiting, *said, *self._rest())
            self._waiting.clear()
        return self._closing

    def _restored(self, event: Event) -> Iterator[Event]:
        """Restore one event; what was held back goes first if something else begins."""
        match event:
            case TextDelta() | RefusalDelta() | ReasoningDelta() | ToolCallDelta():
                yield from self._words(event)
            case OpaqueBlock():
                yield from self._rest()
                yield OpaqueBlock(kind=event.kind, fields=self._extra(event.fields) or {})
            case Finished():
                yield from self._rest()
                yield replace(event, extra=self._extra(event.extra))
            case _:
                yield event

    def _words(self, event: _Worded) -> Iterator[Event]:
        held = self._held
        if held is None or _of(held[0]) != _of(event):
            yield from self._rest()
            is_json = self._is_json if isinstance(event, TextDelta) else False
            is_json = is_json or isinstance(event, ToolCallDelta)
            held = event, Restoration(self._pseudonyms, self.tally, is_json=is_json)
        self._held = event, held[1]
        text = held[1].feed(_text(event))
        if isinstance(event, ReasoningDelta) and event.opaque is not None:
            text += held[1].end()  # nothing of it follows its mark
        said = _saying(replace(event, extra=self._extra(event.extra)), text)
        if text or said != _more(said, ""):
            yield said

    def _rest(self) -> Iterator[Event]:
        """Say what was held back."""
        if self._held is None:
            return
        event, restoration = self._held
        self._held = None
        text = restoration.end()
        if text:
            yield _more(event, text)

    def _extra(self, extra: Extra) -> Extra:
        """Restore what stands beside words, as what they cite."""
        if not extra:
            return extra
        return {name: self._raw(raw) for name, raw in extra.items()}

    def _raw(self, raw: msgspec.Raw) -> msgspec.Raw:
        text = bytes(raw).decode()
        anew = rewritten(text, self._literal)
        return raw if anew == text else _RAW.decode(anew)

    def _literal(self, literal: Literal) -> str:
        restoration = Restoration(self._pseudonyms, self.tally)
        return restoration.feed(literal.said) + restoration.end()


def _of(event: _Worded) -> tuple[type, int]:
    """Name the text that words belong to."""
    return type(event), event.index if isinstance(event, ToolCallDelta) else event.block


def _text(event: _Worded) -> str:
    return event.arguments if isinstance(event, ToolCallDelta) else event.text


def _saying(event: _Worded, text: str) -> _Worded:
    if isinstance(event, ToolCallDelta):
        return replace(event, arguments=text)
    return replace(event, text=text)


def _more(event: _Worded, text: str) -> _Worded:
    """Say more in the text that words belong to, and nothing twice that stands beside them."""
    match event:
        case TextDelta():
            return TextDelta(text, block=event.block)
        case RefusalDelta():
            return RefusalDelta(text, block=event.block)
        case ReasoningDelta():
            return ReasoningDelta(text, kind=event.kind, owner=event.owner, block=event.block)
        case _:
            return ToolCallDelta(index=event.index, arguments=text)


if TYPE_CHECKING:
    _caller: type[ports.Caller] = Unveiling
