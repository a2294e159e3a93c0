"""An answer of Gemini's dialect, read chunk by chunk into canonical events.

A whole answer is read as one chunk.

Rule 1: a mark on a text becomes thinking without words, right before the text that it is on:
    so it is in its place again when the answer is handed back. A mark ends its block: it is
    not for what follows.
Rule 2: what has no name here goes on: a part as a block, an object beside the parts as a block
    when it is new, a single value with the end.
Rule 3: one candidate is read. More than one is not what was asked for.

Sources, read 2026-11: Gemini API reference, "GenerateContentResponse" and "Content"; Gemini API
docs, "Thinking" and "Thought signatures".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled
from jevons.types.event import Finished, OpaqueBlock, ReasoningDelta, Started, TextDelta
from jevons.wire.gemini.answer import (
    Counts,
    Feedback,
    blocked,
    fault_of,
    finish_of,
    garbled_by,
    reason_of,
    usage_of,
)
from jevons.wire.gemini.calls import Calls, FunctionCall

if TYPE_CHECKING:
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event

__all__ = ("Reading",)

_Fields = dict[str, msgspec.Raw]
_Kind = Literal["", "text", "thinking"]


class _Content(msgspec.Struct):
    parts: list[_Fields] | None = None


_CHUNK = msgspec.json.Decoder(_Fields)
_CANDIDATES = msgspec.json.Decoder(list[_Fields] | None)
_CONTENT = msgspec.json.Decoder(_Content | None)
_STRING = msgspec.json.Decoder(str | None)
_BOOL = msgspec.json.Decoder(bool | None)
_INT = msgspec.json.Decoder(int | None)
_CALL = msgspec.json.Decoder(FunctionCall)
_COUNTS = msgspec.json.Decoder(Counts | None)
_COUNTED = msgspec.json.Decoder(_Fields | None)
_FEEDBACK = msgspec.json.Decoder(Feedback | None)

_NULL = msgspec.Raw(b"null")
_NOTHING = frozenset({b"null", b'""', b"[]", b"{}"})
_NAMED_BESIDE = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId"})
_NAMED_IN_CANDIDATE = frozenset({"content", "finishReason", "index"})
# Of details we read what has a price of its own; who asked in this dialect gets all of them.
_NAMED_IN_COUNTS = frozenset(
    name for name in Counts.__struct_encode_fields__ if not name.endswith("Details")
)
_NAMED_IN_TEXT = frozenset({"text", "thought", "thoughtSignature"})
_NAMED_IN_CALL = frozenset({"functionCall", "thoughtSignature"})

_WRONG = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Reading:
    """One answer under way.

    Args:
        owner: Whose its thinking and its marks are.
    """

    def __init__(self, *, owner: str) -> None:
        self.usage: Usage | None = None
        """The last usage that came; it is cumulative."""
        self.native: str | None = None
        """Why the answer ended, in the endpoint's words; None until it has."""
        self.pieces = 0
        """Chunks so far that said something of the answer."""
        self._owner = owner
        self._id = ""
        self._begun = False
        self._reason = ""
        self._calls = Calls(owner=owner)
        self._block = -1
        self._kind: _Kind = ""
        self._beside: _Fields = {}
        self._after: _Fields = {}

    @property
    def finish(self) -> str:
        """Why the answer ended; `error` until it has, or when it failed."""
        is_called = self._reason == "stop" and self._calls.count
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

    def chunk(self, data: bytes) -> tuple[list[Event], JevonsError | None]:
        """Read the JSON of one chunk: what it says, and what went wrong after that."""
        events: list[Event] = []
        try:
            fields = _CHUNK.decode(data)
            if bytes(fields.get("error", b"null")) != b"null":
                return events, fault_of(data)
            return events, self._read(fields, events)
        except _WRONG as garbled:
            return events, garbled_by(garbled)
        except ProviderGarbled as garbled:
            return events, garbled

    def flush(self) -> list[Event]:
        """Say that nothing more comes; return what was kept."""
        return [*self._calls.close()]

    def _read(self, fields: _Fields, events: list[Event]) -> JevonsError | None:
        candidates: list[_Fields] = _CANDIDATES.decode(fields.get("candidates", b"null")) or []
        if len(candidates) > 1 or (candidates and _INT.decode(candidates[0].get("index", b"null"))):
            return ProviderGarbled("it has several candidates; one was asked for")
        self._count(fields.get("usageMetadata", msgspec.Raw(b"null")))
        is_first = not self._begun
        if is_first:
            self._start(fields, events)
        else:
            self._note(fields, _NAMED_BESIDE, events)
        error = blocked(_FEEDBACK.decode(fields.get("promptFeedback", b"null")))
        if error is not None or not candidates:
            return error
        self.pieces += 1
        return self._candidate(candidates[0], events)

    def _count(self, counts: msgspec.Raw) -> None:
        usage = usage_of(_COUNTS.decode(counts))
        self.usage = usage or self.usage
        if (_COUNTED.decode(counts) or {}).keys() - _NAMED_IN_COUNTS:
            self._after["usageMetadata"] = counts

    def _start(self, fields: _Fields, events: list[Event]) -> None:
        self._begun = True
        self._id = _string(fields, "responseId")
        before = _unnamed(fields, _NAMED_BESIDE)
        self._beside.update(before)
        model = _string(fields, "modelVersion")
        events.append(Started(id=self._id, model=model, extra=before or None))

    def _candidate(self, candidate: _Fields, events: list[Event]) -> JevonsError | None:
        content = _CONTENT.decode(candidate.get("content", b"null"))
        for part in (content and content.parts) or ():
            self._part(part, events)
        self._note(candidate, _NAMED_IN_CANDIDATE, events)
        native = reason_of(candidate.get("finishReason", _NULL))
        if not native:
            return None
        return self._finish(native, _string(candidate, "finishMessage"), events)

    def _finish(self, native: str, message: str, events: list[Event]) -> JevonsError | None:
        """Read why the answer ended; a call that the end cut off is no call to make."""
        reason = finish_of(native, message)
        is_cut = self._calls.is_cut and reason == "stop"
        events += self.flush()
        self.native = native
        if not isinstance(reason, str):
            return reason
        self._reason = reason
        return ProviderGarbled("the answer ended inside a call to a tool") if is_cut else None

    def _part(self, part: _Fields, events: list[Event]) -> None:
        mark = _string(part, "thoughtSignature") or None
        if "functionCall" in part:
            call = _CALL.decode(part["functionCall"])
            self._kind = ""
            events += self._calls.feed(call, answer=self._id, mark=mark)
            self._keep(_unnamed(part, _NAMED_IN_CALL), events)
        elif "text" in part or part.keys() <= _NAMED_IN_TEXT:
            self._text(part, _string(part, "text"), mark, events)
            self._keep(_unnamed(part, _NAMED_IN_TEXT), events)
        else:
            self._kind = ""
            events.append(OpaqueBlock(kind=_kind_of(part), fields=part))

    def _text(self, part: _Fields, text: str, mark: str | None, events: list[Event]) -> None:
        owner = self._owner
        if _BOOL.decode(part.get("thought", b"null")):
            if text or mark:
                block = self._enter("thinking")
                events.append(
                    ReasoningDelta(text, kind="summary", opaque=mark, owner=owner, block=block)
                )
                self._kind = "" if mark else self._kind
            return
        if mark:
            self._kind = ""
            block = self._enter("thinking")
            events.append(
                ReasoningDelta("", kind="redacted", opaque=mark, owner=owner, block=block)
            )
            self._kind = ""
        if text:
            events.append(TextDelta(text, block=self._enter("text")))
            self._kind = "" if mark else self._kind

    def _enter(self, kind: _Kind) -> int:
        """Say of which block the next delta is."""
        if kind != self._kind:
            self._kind = kind
            self._block += 1
        return self._block

    def _note(self, fields: _Fields, named: frozenset[str], events: list[Event]) -> None:
        """Keep what stands beside the parts and has no name here."""
        for name, value in _unnamed(fields, named).items():
            if self._beside.get(name) == value:
                continue
            self._beside[name] = value
            if bytes(value)[:1] in b"[{":
                self._keep({name: value}, events)
            else:
                self._after[name] = value

    def _keep(self, fields: _Fields, events: list[Event]) -> None:
        events += [OpaqueBlock(kind=name, fields={name: fields[name]}) for name in fields]


def _string(fields: _Fields, name: str) -> str:
    found = fields.get(name)
    return "" if found is None else _STRING.decode(found) or ""


def _unnamed(fields: _Fields, named: frozenset[str]) -> _Fields:
    """Find the fields that have no name here, and say something."""
    if fields.keys() <= named:
        return {}
    return {
        name: value
        for name, value in fields.items()
        if name not in named and bytes(value) not in _NOTHING
    }


def _kind_of(part: _Fields) -> str:
    """Find what a part is: its first field that says more than a mark does."""
    return next((name for name in part if name not in _NAMED_IN_TEXT), "")
