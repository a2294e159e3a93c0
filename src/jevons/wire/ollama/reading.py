"""An answer of Ollama's dialect, read line by line into canonical events.

A whole answer is read as one line.

Rule 1: one line may hold thinking, text and calls at once, and the end too; each is heard, in
    this order.
Rule 2: calls come whole, and often without ids; one without is given an id that is its own
    among all answers.
Rule 3: what has no name here goes on: beside the message with the beginning or the end, in
    it as a block.
Rule 4: usage that counts nothing is no usage. Thinking is counted with the answer, and a
    prompt that a cache had may not be counted at all.

Source: Ollama docs, "API", "Generate a chat message", "Thinking" and "Errors", read 2026-11.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled, ProviderUnavailable
from jevons.types.event import (
    Finished,
    OpaqueBlock,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.blame import told
from jevons.wire.refusal import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.errors import JevonsError, ProviderError
    from jevons.types.event import Event

__all__ = ("Reading",)

_Fields = dict[str, msgspec.Raw]
_NULL = msgspec.Raw(b"null")

# `load` and `unload` end a request that only asked for the model's weights to come or go.
_FINISH: Mapping[str, str] = MappingProxyType(
    {"stop": "stop", "length": "length", "tool_calls": "tool_calls"}
)


class _Function(msgspec.Struct):
    name: str = ""
    arguments: msgspec.Raw = _NULL


class _Call(msgspec.Struct):
    id: str | None = None
    function: _Function | None = None


class _Line(msgspec.Struct):
    model: str | None = None
    created_at: str | None = None
    message: _Fields | None = None
    done: bool | None = None
    done_reason: str | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    error: msgspec.Raw = _NULL


_LINE = msgspec.json.Decoder(_Line)
_BESIDE = msgspec.json.Decoder(_Fields)
_STRING = msgspec.json.Decoder(str | None)
_CALLS = msgspec.json.Decoder(list[_Call] | None)

_NOTHING = frozenset({b"null", b'""', b"[]", b"{}"})
_NAMED_BESIDE = frozenset(_Line.__struct_fields__) - {"created_at"}
_NAMED_IN_MESSAGE = frozenset({"role", "content", "thinking", "tool_calls"})
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")

_WRONG = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Reading:
    """One answer under way.

    Args:
        owner: Whose its thinking is.
    """

    def __init__(self, *, owner: str) -> None:
        self.usage: Usage | None = None
        self.native: str | None = None
        """Why the answer ended, in the endpoint's words; None until it has."""
        self.pieces = 0
        """Lines so far that said something of the answer."""
        self._owner = owner
        self._made = ""
        self._begun = False
        self._reason = ""
        self._calls = 0
        self._block = -1
        self._kind: type[TextDelta | ReasoningDelta] | None = None
        self._after: _Fields = {}

    @property
    def finish(self) -> str:
        """Why the answer ended; `error` until it has, or when it failed."""
        is_called = self._reason == "stop" and self._calls
        return "tool_calls" if is_called else self._reason or "error"

    @property
    def finished(self) -> Finished:
        """The event that ends the answer."""
        return Finished(
            reason=self.finish,
            usage=self.usage or Usage(),
            native=self.native or "",
            extra=self._after or None,
        )

    def line(self, data: bytes) -> tuple[list[Event], JevonsError | None]:
        """Read the JSON of one line: what it says, and what went wrong after that."""
        events: list[Event] = []
        try:
            line = _LINE.decode(data)
            if bytes(line.error) not in _NOTHING:
                return events, _fault_of(data)
            return events, self._read(line, data, events)
        except _WRONG as garbled:
            message = f"it is not an answer of Ollama's dialect: {garbled}"
            return events, ProviderGarbled(message)

    def _read(self, line: _Line, data: bytes, events: list[Event]) -> JevonsError | None:
        if line.message is None and not line.done:
            return ProviderGarbled("it is not an answer of Ollama's dialect: it has no message")
        if not self._begun:
            self._start(line, data, events)
        self.pieces += 1
        error = self._message(line.message or {}, events)
        if error is not None or not line.done:
            return error
        self.usage = _usage_of(line)
        self._after = _unnamed(_BESIDE.decode(data), _NAMED_BESIDE | {"created_at"})
        self.native = line.done_reason or ""
        self._reason = _FINISH.get(line.done_reason or "stop", "")
        if self._reason:
            return None
        return ProviderUnavailable(f"the model gave no answer: {line.done_reason}")

    def _start(self, line: _Line, data: bytes, events: list[Event]) -> None:
        self._begun = True
        self._made = _NOT_IN_IDS.sub("", line.created_at or "")
        before = {} if line.done else _unnamed(_BESIDE.decode(data), _NAMED_BESIDE)
        events.append(Started(model=line.model or "", extra=before or None))

    def _message(self, message: _Fields, events: list[Event]) -> JevonsError | None:
        thought = _STRING.decode(message.get("thinking", _NULL))
        if thought:
            block = self._enter(ReasoningDelta)
            events.append(ReasoningDelta(thought, owner=self._owner, block=block))
        text = _STRING.decode(message.get("content", _NULL))
        if text:
            events.append(TextDelta(text, block=self._enter(TextDelta)))
        for call in _CALLS.decode(message.get("tool_calls", _NULL)) or ():
            if call.function is None or not call.function.name:
                return ProviderGarbled("a call to a tool has no name")
            events.append(self._call(call.id, call.function))
        if not message.keys() <= _NAMED_IN_MESSAGE:
            left = _unnamed(message, _NAMED_IN_MESSAGE)
            events += [OpaqueBlock(kind=name, fields={name: left[name]}) for name in left]
        return None

    def _call(self, given: str | None, function: _Function) -> ToolCallDelta:
        index, self._calls, self._kind = self._calls, self._calls + 1, None
        id_ = given or f"call_{self._made}_{index}"
        return ToolCallDelta(
            index=index, id=id_, name=function.name, arguments=_arguments(function.arguments)
        )

    def _enter(self, kind: type[TextDelta | ReasoningDelta]) -> int:
        """Say of which block the next delta is."""
        if kind is not self._kind:
            self._kind = kind
            self._block += 1
        return self._block


def _usage_of(line: _Line) -> Usage | None:
    prompt, answer = max(line.prompt_eval_count or 0, 0), max(line.eval_count or 0, 0)
    if not prompt + answer:
        return None
    return Usage(input=prompt, output=answer, counted_by="endpoint")


def _fault_of(body: bytes) -> ProviderError:
    """Turn an error's envelope into the error that it tells of."""
    return told(read(body), before="upstream answered 200: ")


def _arguments(value: msgspec.Raw) -> str:
    """Read arguments: an object, or the text of one."""
    data = bytes(value)
    if data == b"null":
        return "{}"
    return msgspec.json.decode(data, type=str) if data.startswith(b'"') else data.decode()


def _unnamed(fields: _Fields, named: frozenset[str]) -> _Fields:
    """Find the fields that have no name here, and say something."""
    return {
        name: value
        for name, value in fields.items()
        if name not in named and bytes(value) not in _NOTHING
    }
