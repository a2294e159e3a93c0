"""An answer of OpenAI's chat dialect, read chunk by chunk into canonical events.

A whole answer is read as one chunk whose message is its only delta.

Rule 1: one chunk may hold thinking, text and calls at once, and its end too; each is heard,
    in this order.
Rule 2: what has no name here goes on: with the delta that it came with if it is one value,
    as a block of its own if it is more, at the answer's beginning or end if it is beside
    the choices.
Rule 3: one choice is read, the first that speaks. Another, which nobody asked for, is kept
    as a block without a name.

Sources: as `answer`, `calls`, `reasoning` and `tags` name them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled
from jevons.types.event import (
    Finished,
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.openai_chat.answer import (
    Counts,
    Measures,
    Status,
    fault_of,
    finish_of,
    garbled_by,
    gave_up,
    is_blank,
    usage_of,
)
from jevons.wire.openai_chat.calls import Calls, Function, Piece
from jevons.wire.openai_chat.reasoning import FIELDS, read_deltas, read_thinking
from jevons.wire.openai_chat.tags import Tags

if TYPE_CHECKING:
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event

__all__ = ("Reading",)

_Fields = dict[str, msgspec.Raw]
_NULL = msgspec.Raw(b"null")
_NOTHING = frozenset({b"null", b'""', b"[]", b"{}"})

_NAMED_BESIDE = frozenset(
    {"id", "object", "model", "choices", "usage", "error", "base_resp", "obfuscation"}
)
_NAMED_IN_CHOICE = frozenset(
    {
        "index",
        "delta",
        "message",
        "finish_reason",
        "native_finish_reason",
        "logprobs",
        "usage",
        "obfuscation",
    }
)
_NAMED_IN_DELTA = FIELDS | {"role", "index", "content", "refusal", "tool_calls", "function_call"}
_NOBODY: frozenset[str] = frozenset()
_NAMED_IN_USAGE = frozenset(Counts.__struct_fields__)


class _Choice(msgspec.Struct):
    index: int | None = None
    delta: _Fields | None = None
    message: _Fields | None = None
    finish_reason: str | msgspec.UnsetType | None = msgspec.UNSET
    native_finish_reason: str | None = None
    """The reason in the words of the endpoint behind OpenRouter."""
    logprobs: msgspec.Raw = _NULL
    usage: Counts | None = None


class _Chunk(msgspec.Struct):
    id: str | int | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: Counts | None = None
    x_groq: Measures | None = None
    error: msgspec.Raw = _NULL
    base_resp: Status | None = None


_CHUNK = msgspec.json.Decoder(_Chunk)
_BESIDE = msgspec.json.Decoder(_Fields)
_ALL = msgspec.json.Decoder(list[_Fields] | None)
_PIECES = msgspec.json.Decoder(list[Piece] | None)
_PARTS = msgspec.json.Decoder(list[_Fields])
_STRING = msgspec.json.Decoder(str | None)
_FUNCTION = msgspec.json.Decoder(Function | None)
_COUNTS = msgspec.json.Decoder(_Fields | None)

_WRONG = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Reading:
    """One answer under way.

    Args:
        owner: Whose its thinking is.
        inside: Whether its text begins in the middle of thinking; see `Tags`.
        is_whole: Whether it came in one piece: then a message counts more than a delta beside it,
            and a reason to end may be empty.
    """

    def __init__(self, *, owner: str, inside: bool = False, is_whole: bool = False) -> None:
        self.usage: Usage | None = None
        """The last usage that came; it is cumulative where there are several."""
        self.native: str | None = None
        """Why the answer ended, in the endpoint's words; None until it has."""
        self.pieces = 0
        """Chunks so far that said something of the answer."""
        self._owner = owner
        self._is_whole = is_whole
        self._id = ""
        self._index = 0
        self._begun = False
        self._reason = ""
        self._tags = Tags(inside=inside)
        self._calls = Calls()
        self._before: _Fields = {}
        self._after: _Fields = {}

    @property
    def finish(self) -> str:
        """Why the answer ended; `error` until it has."""
        if self.native is None:
            return "error"
        finish = finish_of(self._reason)
        return "tool_calls" if finish == "stop" and len(self._calls) else finish

    @property
    def finished(self) -> Finished:
        """The event that ends the answer."""
        return Finished(
            reason=self.finish,
            usage=self.usage or Usage(),
            native=self.native or "",
            extra=self._after or None,
        )

    def chunk(self, data: bytes) -> tuple[list[Event], JevonsError | None]:
        """Read the JSON of one chunk: what it says, and what went wrong after that."""
        try:
            chunk = _CHUNK.decode(data)
            error = fault_of(chunk.error, chunk.base_resp)
            if error is not None:
                return [], error
            return self._read(chunk, data)
        except _WRONG as garbled:
            return [], garbled_by(garbled)
        except ProviderGarbled as garbled:
            return [], garbled

    def flush(self) -> list[Event]:
        """Say that nothing more comes; return what was kept."""
        return [*self._told(self._tags.end()), *self._calls.end(answer=self._id)]

    def fault(self) -> JevonsError | None:
        """Say what is wrong with an answer that has ended."""
        if self._calls.nameless:
            return ProviderGarbled("a call to a tool has no name")
        return None

    def _read(self, chunk: _Chunk, data: bytes) -> tuple[list[Event], JevonsError | None]:
        choices = chunk.choices or ()
        usage = usage_of(chunk.usage, chunk.x_groq, *[each.usage for each in choices])
        self.usage = usage or self.usage
        if not self._begun or not choices or choices[0].finish_reason or usage is not None:
            self._note_beside(data)
        if not choices:
            return [], None
        self.pieces += 1
        events = self._start(chunk, choices[0].index or 0)
        error = None
        for at, choice in enumerate(choices):
            if (choice.index or 0) == self._index:
                error = self._choose(choice, events)
            else:
                events.append(OpaqueBlock(kind="choice", fields=_whole_choice(data, at)))
        return events, error

    def _start(self, chunk: _Chunk, index: int) -> list[Event]:
        if self._begun:
            return []
        self._begun = True
        self._index = index
        self._id = "" if chunk.id is None else str(chunk.id)
        return [Started(id=self._id, model=chunk.model or "", extra=self._before or None)]

    def _choose(self, choice: _Choice, events: list[Event]) -> JevonsError | None:
        """Read the choice of a chunk; say what went wrong."""
        said = (choice.message if self._is_whole else None) or choice.delta or choice.message
        self._delta(said or {}, choice.logprobs, events)
        reason = choice.finish_reason or ""
        is_counted = self.usage is not None
        ends_blank = self._is_whole and is_blank(choice.finish_reason, is_counted=is_counted)
        if not (reason or ends_blank):
            return None
        self._reason = reason
        self.native = choice.native_finish_reason or reason
        events += self.flush()
        return gave_up(self._reason) or gave_up(choice.native_finish_reason)

    def _delta(self, fields: _Fields, logprobs: msgspec.Raw, events: list[Event]) -> None:
        """Read a delta, or the message of a whole answer."""
        already = len(events)
        thinking = read_deltas(fields, self._owner)
        if thinking:
            events += self._told(self._tags.close())
            events += thinking
        content = fields.get("content")
        if content is not None:
            events += self._content(bytes(content))
        refusal = _string(fields, "refusal")
        if refusal:
            events.append(RefusalDelta(refusal))
        if "tool_calls" in fields or "function_call" in fields:
            events += self._told(self._tags.end())
            events += self._called(fields)
        if bytes(logprobs) != b"null":
            _add_logprobs(events, already, logprobs)
        if not fields.keys() <= _NAMED_IN_DELTA:
            _add_unnamed(events, already, fields)

    def _content(self, content: bytes) -> list[Event]:
        """Read the content: a text, or parts."""
        if not content.startswith(b"["):
            text = _STRING.decode(content)
            return self._told(self._tags.feed(text)) if text else []
        return [event for part in _PARTS.decode(content) for event in self._part(part)]

    def _part(self, part: _Fields) -> list[Event]:
        kind = _string(part, "type") or ""
        if kind == "text":
            return self._told(self._tags.feed(_string(part, "text") or ""))
        if kind != "thinking":
            return [OpaqueBlock(kind=kind, fields=part)]
        text = read_thinking(part)
        signature = _string(part, "signature")
        self._tags.close()
        return [ReasoningDelta(text, opaque=signature, owner=self._owner)]

    def _told(self, runs: list[tuple[bool, str]]) -> list[Event]:
        owner = self._owner
        return [
            ReasoningDelta(text, owner=owner) if is_thinking else TextDelta(text)
            for is_thinking, text in runs
        ]

    def _called(self, fields: _Fields) -> list[Event]:
        events: list[Event] = []
        pieces = fields.get("tool_calls", _NULL)
        for at, piece in enumerate(_PIECES.decode(pieces) or ()):
            is_custom = piece.function is None or not piece.function.name
            if is_custom and bytes(piece.custom) != b"null":
                events.append(OpaqueBlock(kind="custom", fields=(_ALL.decode(pieces) or ())[at]))
            else:
                events += self._calls.feed(piece, answer=self._id)
        old = _FUNCTION.decode(fields.get("function_call", b"null"))
        if old is not None and (old.name or bytes(old.arguments) not in _NOTHING):
            events += self._calls.feed(Piece(index=0, function=old), answer=self._id)
        return events

    def _note_beside(self, data: bytes) -> None:
        """Keep what stands beside the delta and has no name here."""
        fields = _BESIDE.decode(data)
        noted = self._after if self._begun else self._before
        for name, value in fields.items():
            is_known = name in _NAMED_BESIDE or bytes(value) in _NOTHING
            if not is_known and self._before.get(name) != value:
                noted[name] = value
        for choice in (_ALL.decode(fields.get("choices", b"null")) or ())[:1]:
            self._after.update(_unnamed(choice, _NAMED_IN_CHOICE))
        counts = _COUNTS.decode(fields.get("usage", b"null"))
        if counts and not counts.keys() <= _NAMED_IN_USAGE:
            self._after["usage"] = fields["usage"]


def _whole_choice(data: bytes, at: int) -> _Fields:
    """Find all of one choice of a chunk."""
    choices = _ALL.decode(_BESIDE.decode(data)["choices"]) or ()
    return choices[at]


def _string(fields: _Fields, name: str) -> str | None:
    found = fields.get(name)
    return None if found is None else _STRING.decode(found)


def _unnamed(fields: _Fields, named: frozenset[str]) -> _Fields:
    """Find the fields that have no name here, and say something."""
    return {
        name: value
        for name, value in fields.items()
        if name not in named and bytes(value) not in _NOTHING
    }


def _add_logprobs(events: list[Event], begin: int, logprobs: msgspec.Raw) -> None:
    """Put log probabilities with the text that they are of, or with what came in its place."""
    if not _unnamed(_BESIDE.decode(logprobs), _NOBODY):
        return
    for index, event in enumerate(events[begin:], begin):
        if isinstance(event, TextDelta):
            events[index] = msgspec.structs.replace(event, logprobs=logprobs)
            return
    if not _extend(events, begin, {"logprobs": logprobs}):
        events.append(TextDelta("", logprobs))


def _add_unnamed(events: list[Event], begin: int, fields: _Fields) -> None:
    """Keep fields of a delta that have no name here."""
    for name, value in _unnamed(fields, _NAMED_IN_DELTA).items():
        kept = {name: value}
        if bytes(value)[:1] in b"[{" or not _extend(events, begin, kept):
            events.append(OpaqueBlock(kind=name, fields=kept))


def _extend(events: list[Event], begin: int, extra: _Fields) -> bool:
    """Add to what the first of some events has beside its name; say whether there is one."""
    for index, event in enumerate(events[begin:], begin):
        if isinstance(event, TextDelta | RefusalDelta | ReasoningDelta | ToolCallDelta):
            whole = {**(event.extra or {}), **extra}
            events[index] = msgspec.structs.replace(event, extra=whole)
            return True
    return False
