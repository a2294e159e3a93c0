"""The blocks of an answer, from the events in which they come, into canonical deltas.

Rule 1: a delta goes where its type says: thinking that comes inside a block of text is
    thinking. Blocks are numbered in the order in which they first say something.
Rule 2: calls are numbered from 0; the first piece of each has its id and its name. One whose
    arguments never came has those that it began with, an empty object if none.
Rule 3: a block that has no name here goes on whole, at its end, with its deltas put in.
Rule 4: citations go with their text, all of a block at its end.

Source: Anthropic API reference, "Streaming Messages", read 2026-11.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from jevons.types.errors import ProviderGarbled
from jevons.types.event import OpaqueBlock, ReasoningDelta, TextDelta, ToolCallDelta
from jevons.wire.messages.answer import NULL
from jevons.wire.messages.blocks_in import arguments_of
from jevons.wire.messages.open_block import OpenBlock
from jevons.wire.messages.signature import mark_of_call, unsigned
from jevons.wire.seal import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.event import Event
    from jevons.types.message import Extra
    from jevons.wire.messages.open_block import Family
    from jevons.wire.messages.signature import Signed

__all__ = ("Told",)

_Fields = dict[str, msgspec.Raw]

_LIMIT_BYTES = 8 * 1024 * 1024  # of what is kept until blocks end
_NOTHING = frozenset({b"null", b"[]"})
_NAMED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "text": frozenset({"type", "text", "citations"}),
        "thinking": frozenset({"type", "thinking", "signature"}),
        "redacted_thinking": frozenset({"type", "data"}),
        "tool_use": frozenset({"type", "id", "name", "input"}),
    }
)
"""Types of blocks that have a name, and their fields that have one."""


class _Block(msgspec.Struct):
    """A block that begins, or all of it."""

    type: str = ""
    text: str | None = None
    citations: list[msgspec.Raw] | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = NULL


class _Delta(msgspec.Struct):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    citation: msgspec.Raw = NULL


class _Kind(msgspec.Struct):
    type: str = ""


_BLOCK = msgspec.json.Decoder(_Block)
_DELTA = msgspec.json.Decoder(_Delta)
_KIND = msgspec.json.Decoder(_Kind)
_FIELDS = msgspec.json.Decoder(_Fields)


class Told:
    """What the blocks of one answer tell.

    Args:
        owner: Vendor that writes it; empty if nobody said.
    """

    def __init__(self, *, owner: str = "") -> None:
        self.called = False
        """Whether one of them is a call to a tool."""
        self.nameless = False
        """Whether a call has no name."""
        self._owner = owner
        self._open: dict[int, OpenBlock] = {}
        self._count = 0
        self._calls = 0
        self._kept_bytes = 0

    def whole(self, raw: msgspec.Raw) -> list[Event]:
        """Take a block that came in one piece."""
        at = -1  # where no event of a stream belongs
        return [*self._begin(at, raw), *self.stop(at)]

    def start(self, at: int, raw: msgspec.Raw) -> list[Event]:
        """Take a block that begins."""
        events = [*self.stop(at), *self._begin(at, raw)]
        self._keep(self._open[at], raw)
        return events

    def delta(self, at: int, raw: msgspec.Raw) -> list[Event]:
        """Take some more of a block."""
        kind = _KIND.decode(raw).type
        if kind not in _DELTAS:
            return self._other(at, kind, raw)
        delta = _DELTA.decode(raw)
        opened = self._open.get(at)
        if opened is None:  # some servers do not say that a block begins
            opened = self._open[at] = OpenBlock()
            self._keep(opened, raw)
        match kind:
            case "text_delta":
                return self._text(opened, delta.text or "", None)
            case "thinking_delta":
                return self._thinking(opened, delta.thinking or "", None, None)
            case "signature_delta":
                return self._thinking(opened, "", delta.signature, None)
            case "citations_delta":
                self._keep(opened, raw)
                opened.citations.append(delta.citation)
                return []
            case _:
                return self._arguments(at, opened, delta.partial_json or "", raw)

    def stop(self, at: int) -> list[Event]:
        """Take the end of a block."""
        opened = self._open.pop(at, None)
        if opened is None:
            return []
        self._kept_bytes -= opened.size_bytes
        if opened.is_opaque:
            return [OpaqueBlock(kind=opened.kind, fields=opened.whole())]
        if opened.call is not None and not opened.written:
            return [ToolCallDelta(index=opened.call, arguments=arguments_of(opened.input))]
        if opened.citations:
            said = msgspec.Raw(msgspec.json.encode(opened.citations))
            return self._text(opened, "", {"citations": said})
        return []

    def end(self) -> list[Event]:
        """End what has not ended."""
        return [event for at in list(self._open) for event in self.stop(at)]

    def _begin(self, at: int, raw: msgspec.Raw) -> list[Event]:
        kind = _KIND.decode(raw).type
        fields = None if kind in _NAMED else _FIELDS.decode(raw)
        opened = self._open[at] = OpenBlock(kind, fields)
        if opened.is_opaque:
            return []
        return self._named(opened, _BLOCK.decode(raw), _left(raw, _NAMED[kind]))

    def _named(self, opened: OpenBlock, block: _Block, extra: Extra) -> list[Event]:
        match opened.kind:
            case "text":
                opened.citations += block.citations or ()
                return self._text(opened, block.text or "", extra)
            case "thinking":
                return self._thinking(opened, block.thinking or "", block.signature, extra)
            case "redacted_thinking":
                return [self._redacted(block, extra)]
            case _:
                return [self._call(opened, block, extra)]

    def _text(self, opened: OpenBlock, text: str, extra: Extra) -> list[Event]:
        if not text and extra is None:
            return []
        return [TextDelta(text, block=self._place(opened, "text"), extra=extra)]

    def _thinking(
        self, opened: OpenBlock, text: str, signature: str | None, extra: Extra
    ) -> list[Event]:
        said, is_told = _signed(signature), "thinking" in opened.places
        if said.owner and not (opened.signed.owner or is_told):
            opened.signed = said
        if not text and said.opaque is None and extra is None:
            return []
        thought = ReasoningDelta(
            text,
            kind=opened.signed.kind,
            opaque=said.opaque,
            id=opened.signed.id or said.id,
            owner=self._owner or opened.signed.owner,
            block=self._place(opened, "thinking"),
            extra=extra,
        )
        return [thought]

    def _redacted(self, block: _Block, extra: Extra) -> Event:
        owner, opaque, _, own_id = _signed(block.data)
        self._count += 1
        return ReasoningDelta(
            "",
            kind="redacted",
            opaque=opaque,
            id=own_id,
            owner=self._owner or owner,
            block=self._count - 1,
            extra=extra,
        )

    def _call(self, opened: OpenBlock, block: _Block, extra: Extra) -> Event:
        opened.call = self._calls
        opened.input = block.input
        mark = mark_of_call(block.signature)
        owner, opaque = mark or ("", None)
        self._calls += 1
        self.called = True
        self.nameless = self.nameless or not block.name
        name = block.id or f"call_{opened.call}"
        return ToolCallDelta(
            index=opened.call,
            id=name,
            name=block.name or "",
            opaque=opaque,
            owner=owner,
            extra=extra if mark is None else _without_signature(extra),
        )

    def _arguments(self, at: int, opened: OpenBlock, text: str, raw: msgspec.Raw) -> list[Event]:
        if opened.call is None and not opened.is_opaque:
            return self._other(at, "input_json_delta", raw)
        if not text:
            return []
        if opened.call is not None:
            opened.written = [""]
            return [ToolCallDelta(index=opened.call, arguments=text)]
        self._keep(opened, raw)
        opened.written.append(text)
        return []

    def _other(self, at: int, kind: str, raw: msgspec.Raw) -> list[Event]:
        """Put a delta that has no name here into its block; else it is a block of its own."""
        fields = _FIELDS.decode(raw)
        opened = self._open.get(at)
        if opened is None or not opened.is_opaque:
            return [OpaqueBlock(kind=kind or "delta", fields=fields)]
        self._keep(opened, raw)
        opened.grow(fields)
        return []

    def _place(self, opened: OpenBlock, family: Family) -> int:
        if family not in opened.places:
            opened.places[family] = self._count
            self._count += 1
        return opened.places[family]

    def _keep(self, opened: OpenBlock, said: msgspec.Raw) -> None:
        """Count what is kept of blocks that are open; there is an end to it."""
        size_bytes = len(bytes(said))
        opened.size_bytes += size_bytes
        self._kept_bytes += size_bytes
        if self._kept_bytes > _LIMIT_BYTES:
            message = f"blocks that have not ended are longer than {_LIMIT_BYTES} bytes"
            raise ProviderGarbled(message)


_DELTAS = frozenset(
    {"text_delta", "thinking_delta", "signature_delta", "citations_delta", "input_json_delta"}
)


def _left(raw: msgspec.Raw, named: frozenset[str]) -> Extra:
    """Find what has no name of ours, and says something."""
    fields = _FIELDS.decode(raw)
    return {
        name: each
        for name, each in fields.items()
        if name not in named and bytes(each) not in _NOTHING
    } or None


def _signed(signature: str | None) -> Signed:
    """Read a signature; one without a seal of ours is its endpoint's own, whoever that is."""
    said = unsigned(signature)
    return said if (signature or "").startswith(PREFIX) else said._replace(owner="")


def _without_signature(extra: Extra) -> Extra:
    return {name: raw for name, raw in (extra or {}).items() if name != "signature"} or None
