"""The items of an answer, from the events in which they come, into canonical deltas.

Rule 1: an item is known by its place in the answer: some servers give each event another id.
Rule 2: what an item or a part says at its end and its deltas did not is said then: some
    servers send no deltas, and some leave the last out.
Rule 3: calls are numbered from 0; the first piece of each has its id and its name. One that
    has no id yet waits for its end.
Rule 4: an item that has no name here goes on whole, at its end.
"""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import msgspec

from jevons.types.errors import ProviderGarbled
from jevons.types.event import (
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.responses.turns import OWN_ID
from jevons.wire.seal import OPENAI, Mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.types.event import Event
    from jevons.types.message import Extra

__all__ = ("Family", "Items")

Family = Literal["text", "refusal", "thinking", "summary"]

_NOTHING = frozenset({b"null", b"[]"})
_NAMED_IN_PART = frozenset({"type", "text", "refusal", "logprobs"})
_NAMED_IN_MESSAGE = frozenset({"type", "id", "role", "status", "content"})
_NAMED_IN_CALL = frozenset(
    {"type", "call_id", "name", "arguments", "status", "id", "encrypted_content"}
)


class _Part(msgspec.Struct):
    """A part of an item's content or summary."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None
    logprobs: msgspec.Raw = msgspec.Raw(b"null")


class _Item(msgspec.Struct):
    type: str = ""
    id: str | None = None
    content: list[msgspec.Raw] | None = None
    summary: list[msgspec.Raw] | None = None
    encrypted_content: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: msgspec.Raw = msgspec.Raw(b"null")
    """JSON text; some servers send the object itself."""


class _Kind(msgspec.Struct):
    type: str = ""


class _Call:
    """A call under way."""

    __slots__ = ("known", "marked", "number", "sent")

    def __init__(self, number: int) -> None:
        self.number = number
        self.known = False
        self.marked = False
        self.sent = 0


_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEM = msgspec.json.Decoder(_Item)
_KIND = msgspec.json.Decoder(_Kind)
_TEXT = msgspec.json.Decoder(str | None)
_NAMED = frozenset({"message", "reasoning", "function_call"})
_PART = msgspec.json.Decoder(_Part)

_SPOKEN: Mapping[str, Family] = MappingProxyType(
    {"output_text": "text", "text": "text", "refusal": "refusal"}
)


class Items:
    """The items of one answer.

    Args:
        owner: Vendor that writes it; empty if nobody said.
    """

    def __init__(self, *, owner: str = "") -> None:
        self._owner = owner
        self._known: dict[int, _Item] = {}
        self._done: set[int] = set()
        self._blocks: dict[int, dict[tuple[Family, int], int]] = {}
        self._count = 0
        self._said: dict[int, int] = {}
        self._last: dict[int, str] = {}
        self._phases: dict[int, Extra] = {}
        self._calls: dict[int, _Call] = {}

    @property
    def called(self) -> bool:
        """Whether one of them is a call to a tool."""
        return bool(self._calls)

    @property
    def nameless(self) -> bool:
        """Whether a call never got its name."""
        return any(not call.known for call in self._calls.values())

    def added(self, at: int, raw: msgspec.Raw) -> list[Event]:
        """Take an item that begins."""
        item = self._known[at] = _read(raw)
        if item.type == "message":
            self._phases[at] = _left(raw, _NAMED_IN_MESSAGE)
        if item.type != "function_call":
            return []
        call = self._calls.setdefault(at, _Call(len(self._calls)))
        if call.known or not item.name or not item.call_id:
            return []
        return [self._begun(call, item, raw, "")]

    def delta(
        self, at: int, family: Family, part: int, text: str, logprobs: msgspec.Raw
    ) -> list[Event]:
        """Take some more of a part."""
        kept = None if bytes(logprobs) in _NOTHING else _logprobs(logprobs)
        return self._more(at, family, part, text, kept) if text or kept else []

    def arguments(self, at: int, text: str) -> list[Event]:
        """Take some more of a call's arguments."""
        call = self._calls.get(at)
        if call is None or not call.known or not text:
            return []
        call.sent += len(text)
        return [ToolCallDelta(index=call.number, arguments=text)]

    def whole(self, output: Sequence[msgspec.Raw]) -> list[Event]:
        """Take all items at the answer's end; return what those say that did not end by themselves.

        An item that never came is one behind all that came, and of which there are more than
        came of its type: places in a stream and at its end may differ.
        """
        kinds = [_KIND.decode(raw).type for raw in output]
        came = Counter([item.type for item in self._known.values()])
        more = Counter(kinds) - came
        behind = max(self._known, default=-1)
        events: list[Event] = []
        for at, (kind, raw) in enumerate(zip(kinds, output, strict=True)):
            begun = self._known.get(at)
            never_came = at > behind and kind in more
            if never_came or (begun is not None and begun.type == kind):
                events += self.done(at, raw)
        return events

    def done(self, at: int, raw: msgspec.Raw) -> list[Event]:
        """Take an item that ends; return what it says that was not said before."""
        if at in self._done:
            return []
        self._done.add(at)
        begun = self._known.get(at)
        item = self._known[at] = _read(raw)
        if begun is not None and begun.type != item.type:
            message = f"item {at} began as {begun.type!r} and ended as {item.type!r}"
            raise ProviderGarbled(message)
        match item.type:
            case "message":
                self._phases.setdefault(at, _left(raw, _NAMED_IN_MESSAGE))
                return self._spoken(at, item.content or ())
            case "reasoning":
                return self._thought(at, item)
            case "function_call":
                return self._complete(at, item, raw)
            case kind:
                return [OpaqueBlock(kind=kind, fields=_FIELDS.decode(raw))]

    def _spoken(self, at: int, parts: Sequence[msgspec.Raw]) -> list[Event]:
        """End the parts of a message; some servers count them otherwise at its end."""
        events: list[Event] = []
        said = [number for _, number in self._blocks.get(at, {})]
        first = max([number - len(parts) + 1 for number in said], default=0)
        for number, raw in enumerate(parts, start=max(first, 0)):
            part = _PART.decode(raw)
            family = _SPOKEN.get(part.type)
            if family is None:
                events.append(OpaqueBlock(kind=part.type, fields=_FIELDS.decode(raw)))
                continue
            events += self._rest_of(at, family, number, part)
            beside = _left(raw, _NAMED_IN_PART)
            if beside is not None and family == "text":
                block = self._block(at, family, number)
                events.append(TextDelta("", block=block, extra=beside))
        return events

    def _rest_of(self, at: int, family: Family, number: int, part: _Part) -> list[Event]:
        """Say what deltas left out of a part."""
        whole = (part.refusal if family == "refusal" else part.text) or ""
        block = self._block(at, family, number)
        said = self._said.get(block, 0)
        silent = block in self._said or bytes(part.logprobs) in _NOTHING
        kept = None if silent else _logprobs(part.logprobs)
        last = self._last.get(block, "")
        # Where its end says something else than its deltas did, nothing fits behind them.
        rest = whole[said:] if whole.startswith(last, said - len(last)) else ""
        return self._more(at, family, number, rest, kept) if rest or kept else []

    def _thought(self, at: int, item: _Item) -> list[Event]:
        """End an item of thinking; its mark comes with its last part."""
        events: list[Event] = []
        for number, raw in enumerate(item.content or ()):
            events += self._rest_of(at, "thinking", number, _PART.decode(raw))
        for number, raw in enumerate(item.summary or ()):
            events += self._rest_of(at, "summary", number, _PART.decode(raw))
        blocks = self._blocks.get(at, {})
        mark = self._mark(item)
        if not blocks:
            block = self._block(at, "summary", 0)
            thought = ReasoningDelta(
                "", kind="redacted", opaque=mark.opaque, id=_name(item), owner=mark.owner
            )
            return [msgspec.structs.replace(thought, block=block)]
        is_silent = not any(block in self._said for block in blocks.values())
        if mark.opaque is not None or is_silent:
            family, number = list(blocks)[-1]
            last = self._more(at, family, number, "", None)[0]
            events.append(msgspec.structs.replace(last, opaque=mark.opaque))
        return events

    def _complete(self, at: int, item: _Item, raw: msgspec.Raw) -> list[Event]:
        """End a call."""
        call = self._calls.setdefault(at, _Call(len(self._calls)))
        whole = _arguments(item)
        if not call.known:
            return [self._begun(call, item, raw, whole)] if item.name else []
        rest = self.arguments(at, whole[call.sent :])
        mark = self._mark(item)
        if mark.opaque is None or call.marked:
            return rest
        return [*rest, ToolCallDelta(index=call.number, opaque=mark.opaque, owner=mark.owner)]

    def _begun(self, call: _Call, item: _Item, raw: msgspec.Raw, arguments: str) -> Event:
        call.known = True
        call.sent = len(arguments)
        mark = self._mark(item)
        call.marked = mark.opaque is not None
        return ToolCallDelta(
            index=call.number,
            id=item.call_id or item.id or f"call_{call.number}",
            name=item.name or "",
            arguments=arguments,
            opaque=mark.opaque,
            owner=mark.owner if call.marked else "",
            extra=_left(raw, _NAMED_IN_CALL),
        )

    def _more(
        self, at: int, family: Family, part: int, text: str, logprobs: msgspec.Raw | None
    ) -> list[Event]:
        block = self._block(at, family, part)
        self._said[block] = self._said.get(block, 0) + len(text)
        self._last[block] = text
        if family == "text":
            extra = self._phases.pop(at, None)
            return [TextDelta(text, logprobs=logprobs, block=block, extra=extra)]
        if family == "refusal":
            return [RefusalDelta(text, block=block)]
        item = self._known.get(at, _Item())
        owner = self._mark(item).owner
        return [ReasoningDelta(text, kind=family, id=_name(item), owner=owner, block=block)]

    def _mark(self, item: _Item) -> Mark:
        """Read an item's mark: an endpoint writes its own, another jevons says whose it is."""
        mark = OPENAI.read(item.encrypted_content)
        return Mark(self._owner, mark.opaque) if self._owner else mark

    def _block(self, at: int, family: Family, part: int) -> int:
        blocks = self._blocks.setdefault(at, {})
        if (family, part) not in blocks:
            blocks[family, part] = self._count
            self._count += 1
        return blocks[family, part]


def _read(raw: msgspec.Raw) -> _Item:
    """Read an item; of one that has no name here only its type, for its fields may be others."""
    kind = _KIND.decode(raw).type
    return _ITEM.decode(raw) if kind in _NAMED else _Item(type=kind)


def _arguments(item: _Item) -> str:
    raw = bytes(item.arguments)
    return raw.decode() if raw.startswith(b"{") else _TEXT.decode(raw) or ""


def _name(item: _Item) -> str:
    """Find what an item of thinking is called by its owner."""
    name = item.id or ""
    return "" if OWN_ID in name else name


def _left(raw: msgspec.Raw, named: frozenset[str]) -> Extra:
    """Find what has no name of ours, and says something."""
    fields = _FIELDS.decode(raw)
    return {
        name: each
        for name, each in fields.items()
        if name not in named and bytes(each) not in _NOTHING
    } or None


def _logprobs(tokens: msgspec.Raw) -> msgspec.Raw:
    """Put a list of log probabilities into OpenAI chat's shape."""
    return msgspec.Raw(b'{"content":%b}' % bytes(tokens))
