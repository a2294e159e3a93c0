"""Calls to tools, put together from the pieces in which endpoints send them.

Rule 1: calls are numbered from 0 in the order in which they begin, whatever numbers they
    come with: Anthropic's own compatible surface begins with 1.
Rule 2: the first piece that goes on has the call's id and name. Pieces that come before
    both are known are kept, up to a bound; a call that never gets an id is given one.
Rule 3: a piece with a name begins a new call where it says so by an id of its own, or where
    the call before it was whole already: Gemini's compatible surface numbers each call 0
    and leaves ids empty. A piece with an id alone continues: some engines make one up for
    each piece.

Sources, read 2026-11: OpenAI API reference, "Chat Completions", streaming; Gemini API docs,
"OpenAI compatibility", for `extra_content`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import msgspec

from jevons.types.errors import ProviderGarbled
from jevons.types.event import ToolCallDelta

__all__ = ("Calls", "Function", "Piece", "mark_of")

_LONGEST_HELD = 64 * 1024  # characters of arguments, waiting for an id
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")
_ABSENT = msgspec.Raw(b"null")


class Function(msgspec.Struct):
    """What a call asks for."""

    name: str | None = None
    arguments: msgspec.Raw = _ABSENT
    """JSON text; some servers send the object itself."""


class Piece(msgspec.Struct):
    """A piece of a call, as it comes."""

    index: int | None = None
    id: str | int | None = None
    function: Function | None = None
    custom: msgspec.Raw = _ABSENT
    """A call whose input is no JSON: only this dialect has a meaning for it."""
    extra_content: msgspec.Raw = _ABSENT
    """Google's place for the mark of a call's thinking."""


class _Call:
    """A call under way; it waits until it is `known`."""

    __slots__ = ("arguments", "id", "index", "known", "mark", "name", "number")

    def __init__(self, number: int, index: int | None) -> None:
        self.number = number
        self.index = index
        self.id = ""
        self.name = ""
        self.mark: tuple[str, str] | None = None
        self.arguments = ""
        self.known = False


class Calls:
    """The calls of one answer."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: list[_Call] = []

    def __len__(self) -> int:
        return len(self._calls)

    def feed(self, piece: Piece, *, answer: str) -> list[ToolCallDelta]:
        """Take a piece; return what may go on.

        Args:
            piece: As it came.
            answer: Id of the answer, from which an id that is missing is made.

        Raises:
            ProviderGarbled: It cannot be part of any call.
        """
        function = piece.function or Function()
        arguments = _text(function.arguments)
        call = self._of(piece, function.name or "")
        before = [] if call is not None else self.end(answer=answer)
        if call is None:
            call = _Call(len(self._calls), piece.index)
            self._calls.append(call)
        call.mark = mark_of(piece.extra_content) or call.mark
        if call.known:
            return [*before, _continued(call, arguments)] if arguments else before
        call.id = call.id or _id(piece)
        call.name = call.name or function.name or ""
        call.arguments += arguments
        is_long = len(call.arguments) > _LONGEST_HELD
        if call.name and (call.id or is_long):
            before.append(_begun(call, answer))
        elif is_long:
            message = "a call to a tool has arguments, but no name"
            raise ProviderGarbled(message)
        return before

    def end(self, *, answer: str) -> list[ToolCallDelta]:
        """Say that no piece follows for the calls so far; return what was kept."""
        return [_begun(call, answer) for call in self._calls if call.name and not call.known]

    @property
    def nameless(self) -> bool:
        """Whether a call never got a name."""
        return any(not call.name for call in self._calls)

    def _of(self, piece: Piece, name: str) -> _Call | None:
        """Find the call that a piece continues."""
        if piece.index is None:
            known = [call for call in self._calls if _id(piece) and call.id == _id(piece)]
            call = known[-1] if known else self._calls[-1] if self._calls else None
        else:
            call = next((each for each in self._calls[::-1] if each.index == piece.index), None)
        return None if call is None or _is_another(call, piece, name) else call


def _is_another(call: _Call, piece: Piece, name: str) -> bool:
    """Whether a piece that seems to continue a call begins one."""
    if not name or not call.name:
        return False
    if _id(piece) and call.id:
        return _id(piece) != call.id
    return not call.id and not _id(piece) and _is_whole(call.arguments)


def _id(piece: Piece) -> str:
    return "" if piece.id is None else str(piece.id)


def _is_whole(arguments: str) -> bool:
    with suppress(msgspec.DecodeError, RecursionError):
        msgspec.json.decode(arguments)
        return True
    return False


def _begun(call: _Call, answer: str) -> ToolCallDelta:
    """Write the first piece of a call, with all that was kept of it."""
    call.known = True
    call.id = call.id or f"call_{_NOT_IN_IDS.sub('', answer)[-48:]}_{call.number}"
    return _continued(call, call.arguments, id=call.id, name=call.name)


def _continued(call: _Call, arguments: str, *, id: str = "", name: str = "") -> ToolCallDelta:  # noqa: A002 the field's name
    owner, opaque = call.mark or ("", None)
    call.mark = None
    return ToolCallDelta(
        index=call.number, id=id, name=name, arguments=arguments, opaque=opaque, owner=owner
    )


def _text(value: msgspec.Raw) -> str:
    """Read a text that some servers send as the object that it should hold.

    Raises:
        msgspec.MsgspecError: It is not JSON.
        UnicodeDecodeError: It is not UTF-8.
    """
    data = bytes(value)
    if data == b"null":
        return ""
    return msgspec.json.decode(data, type=str) if data.startswith(b'"') else data.decode()


def mark_of(extra: msgspec.Raw) -> tuple[str, str] | None:
    """Find whose mark a call carries, and the mark: `{"google": {"thought_signature": …}}`."""
    marks: Any = msgspec.json.decode(extra)
    for owner, said in marks.items() if isinstance(marks, dict) else ():  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] foreign JSON
        mark: Any = said.get("thought_signature") if isinstance(said, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] as above
        if isinstance(mark, str):
            return str(owner), mark  # pyright: ignore[reportUnknownArgumentType] as above
    return None
