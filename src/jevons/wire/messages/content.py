"""The content of an answer under way: blocks, and the events that tell of each.

Rule 1: a block begins once and ends once; blocks are numbered in the order in which they begin.
Rule 2: calls may be told piece by piece in turns. One whose arguments are whole ends when
    something else begins, and so does all else; the other calls end when the answer does.
Rule 3: thinking goes out with its mark sealed, at its end: so that its owner is known when the
    caller hands it back. A call has its mark from its beginning.
Rule 4: a block of another dialect, which has no meaning here, is not written.

Source: Anthropic API reference, "Streaming Messages", read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.event import (
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.messages.arguments import input_of
from jevons.wire.messages.signature import signed
from jevons.wire.seal import ANTHROPIC, Mark
from jevons.wire.sse import one_line

if TYPE_CHECKING:
    from jevons.types.event import Event

__all__ = ("Content",)

_encode = msgspec.json.Encoder().encode
_Key = tuple[object, ...]

_HOSTED = frozenset({"server_tool_use", "mcp_tool_use", "container_upload", "fallback"})
_HOSTED_ENDING = "_tool_result"
"""Types of blocks that this dialect has and we have no name for."""


class _Block:
    """A block under way.

    Args:
        at: Its number.
        fields: As it begins.
    """

    delta = b""
    """Type of what it grows by, and the name of that."""

    def __init__(self, at: int, fields: dict[str, Any]) -> None:
        self.at = at
        self.fields = fields
        self.said: list[str] = []

    def begin(self) -> bytes:
        """Say that it begins."""
        body = one_line(_encode(self.fields))
        return (
            b"event: content_block_start\n"
            b'data: {"type":"content_block_start","index":%d,"content_block":%b}\n\n'
        ) % (self.at, body)

    def more(self, text: str) -> bytes:
        """Say some more of it."""
        self.said.append(text)
        return self._grow(self.delta, text)

    def end(self) -> bytes:
        """Say that it ends."""
        return (
            b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
        ) % self.at

    def whole(self) -> dict[str, Any]:
        """Write all of it."""
        return self.fields

    def _grow(self, delta: bytes, text: str) -> bytes:
        return (
            b"event: content_block_delta\n"
            b'data: {"type":"content_block_delta","index":%d,"delta":{%b:%b}}\n\n'
        ) % (self.at, delta, _encode(text))


class _Text(_Block):
    """Text, or a refusal: they are one here."""

    delta = b'"type":"text_delta","text"'

    def __init__(self, at: int) -> None:
        super().__init__(at, {"type": "text", "text": ""})

    def whole(self) -> dict[str, Any]:
        return {"type": "text", "text": "".join(self.said)}


class _Thinking(_Block):
    """Thinking, or its summary, and its mark."""

    delta = b'"type":"thinking_delta","thinking"'

    def __init__(self, at: int, first: ReasoningDelta) -> None:
        super().__init__(at, {"type": "thinking", "thinking": "", "signature": ""})
        self._first = first
        self._opaque: str | None = None

    def mark(self, event: ReasoningDelta) -> None:
        """Take what has no words: its mark and its name."""
        if event.opaque is not None:
            self._opaque = (self._opaque or "") + event.opaque
        if event.id and not self._first.id:
            self._first = event

    def end(self) -> bytes:
        signature = signed(self._first, self._opaque)
        said = self._grow(b'"type":"signature_delta","signature"', signature) if signature else b""
        return said + super().end()

    def whole(self) -> dict[str, Any]:
        signature = signed(self._first, self._opaque) or ""
        return {"type": "thinking", "thinking": "".join(self.said), "signature": signature}


class _Call(_Block):
    """A call to a tool."""

    delta = b'"type":"input_json_delta","partial_json"'

    def __init__(self, at: int, first: ToolCallDelta) -> None:
        fields: dict[str, Any] = {"type": "tool_use", "id": first.id, "name": first.name}
        fields["input"] = {}
        mark = first.opaque and ANTHROPIC.write(Mark(first.owner, first.opaque))
        super().__init__(at, {**fields, "signature": mark} if mark else fields)
        self.has_ended = False

    @property
    def is_whole(self) -> bool:
        """Whether its arguments are all there."""
        arguments = "".join(self.said)
        return bool(arguments) and not input_of(arguments).is_wrapped

    def end(self) -> bytes:
        """Say that it ends, once."""
        said = b"" if self.has_ended else super().end()
        self.has_ended = True
        return said

    def whole(self) -> dict[str, Any]:
        return {**self.fields, "input": input_of("".join(self.said)).raw}


class Content:
    """The blocks of one answer."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._open: _Block | None = None
        self._key: _Key = ()
        self._calls: dict[int, _Call] = {}

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """All blocks so far, whole."""
        return [block.whole() for block in self._blocks]

    def event(self, event: Event) -> bytes:
        """Write one event."""
        match event:
            case TextDelta() | RefusalDelta():
                return self._speak(event)
            case ReasoningDelta():
                return self._think(event)
            case ToolCallDelta():
                return self._call(event)
            case OpaqueBlock() if event.kind in _HOSTED or event.kind.endswith(_HOSTED_ENDING):
                fields = {**event.fields, "type": event.kind}
                return self._at_once(fields)
            case _:
                return b""

    def end(self) -> bytes:
        """End what has not ended."""
        return b"".join([self._close(), *[call.end() for call in self._calls.values()]])

    def _speak(self, event: TextDelta | RefusalDelta) -> bytes:
        if not event.text:
            return b""
        key = (type(event), event.block)
        block = self._open
        if block is not None and key == self._key:
            return block.more(event.text)
        return self._begin(_Text(self._next), key) + self._blocks[-1].more(event.text)

    def _think(self, event: ReasoningDelta) -> bytes:
        if event.kind == "redacted":
            data = signed(event, event.opaque) or ""
            return self._at_once({"type": "redacted_thinking", "data": data})
        if not (event.text or event.opaque is not None or event.id):
            return b""
        key = (event.kind, event.block, event.owner)
        block, said = self._open, b""
        if not isinstance(block, _Thinking) or key != self._key:
            block = _Thinking(self._next, event)
            said = self._begin(block, key)
        block.mark(event)
        return said + block.more(event.text) if event.text else said

    def _call(self, event: ToolCallDelta) -> bytes:
        call, said = self._calls.get(event.index), b""
        if call is None:
            call = _Call(self._next, event)
            said = self._begin(call, ())
            self._open = None  # it goes on while others do
            self._calls[event.index] = call
        if call.has_ended or not event.arguments:
            return said
        return said + call.more(event.arguments)

    def _at_once(self, fields: dict[str, Any]) -> bytes:
        block = _Block(self._next, fields)
        said = self._begin(block, ())
        return said + self._close()

    @property
    def _next(self) -> int:
        return len(self._blocks)

    def _begin(self, block: _Block, key: _Key) -> bytes:
        whole = [call for call in self._calls.values() if not call.has_ended and call.is_whole]
        ended = [self._close(), *[call.end() for call in whole]]
        self._blocks.append(block)
        self._open, self._key = block, key
        return b"".join([*ended, block.begin()])

    def _close(self) -> bytes:
        block, self._open = self._open, None
        return b"" if block is None else block.end()
