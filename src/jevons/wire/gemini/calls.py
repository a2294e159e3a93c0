"""Calls to functions, whole or in pieces.

Rule 1: calls are numbered from 0 in the order in which they begin; one without an id is given
    one that is its own among all answers.
Rule 2: arguments go on as the endpoint wrote them; where it sent them by places they go on
    in one piece, once the call is whole.

Source: Gemini API reference, "FunctionCall"; Vertex AI docs, "Function calling", read 2026-11.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from jevons.types.errors import ProviderGarbled
from jevons.types.event import ToolCallDelta
from jevons.wire.gemini.partial import Arguments, PartialArg

__all__ = ("Calls", "FunctionCall")

_OBJECT = msgspec.json.Decoder(dict[str, Any] | None)
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_ANSWER = 48  # characters of the answer's id in an id of ours


class FunctionCall(msgspec.Struct, rename="camel"):
    """A call, or a piece of one."""

    id: str | None = None
    name: str | None = None
    args: msgspec.Raw = msgspec.Raw(b"null")
    partial_args: list[PartialArg] | None = None
    will_continue: bool | None = None


class Calls:
    """The calls of one answer under way.

    Args:
        owner: Whose marks they carry.
    """

    def __init__(self, *, owner: str) -> None:
        self.count = 0
        self._owner = owner
        self._open: Arguments | None = None

    @property
    def is_cut(self) -> bool:
        """Whether a text among the arguments of a call has not come to its end."""
        return self._open is not None and self._open.is_cut

    def feed(self, piece: FunctionCall, *, answer: str, mark: str | None) -> list[ToolCallDelta]:
        """Take a call or a piece of one.

        Args:
            piece: As it came.
            answer: What the endpoint calls the answer.
            mark: Signature that came with it.

        Raises:
            ProviderGarbled: An argument has no place, or the call no name.
            msgspec.ValidationError: Arguments of a call in pieces are no object.
        """
        if piece.name or self._open is None:
            return [*self.close(), *self._begin(piece, answer, mark)]
        _put(piece, self._open)
        events = [self._piece(opaque=mark)] if mark else []
        return events if piece.will_continue else [*events, *self.close()]

    def close(self) -> list[ToolCallDelta]:
        """Say that the call under way is whole; return its arguments."""
        if self._open is None:
            return []
        arguments, self._open = self._open.text, None
        return [self._piece(arguments=arguments)]

    def _begin(self, piece: FunctionCall, answer: str, mark: str | None) -> list[ToolCallDelta]:
        if not piece.name:
            if bytes(piece.args) == b"null" and not piece.partial_args:
                return []  # the empty last piece of a call that was whole already
            message = "a call to a function has no name"
            raise ProviderGarbled(message)
        self.count += 1
        id_ = piece.id or f"call_{_NOT_IN_IDS.sub('', answer)[-_LONGEST_ANSWER:]}_{self.count - 1}"
        args = bytes(piece.args)
        is_whole = not (piece.will_continue or piece.partial_args)
        arguments = "" if not is_whole else "{}" if args == b"null" else args.decode()
        begun = self._piece(id=id_, name=piece.name, arguments=arguments, opaque=mark)
        if is_whole:
            return [begun]
        self._open = Arguments()
        _put(piece, self._open)
        return [begun] if piece.will_continue else [begun, *self.close()]

    def _piece(
        self,
        *,
        id: str = "",  # noqa: A002 the field's name
        name: str = "",
        arguments: str = "",
        opaque: str | None = None,
    ) -> ToolCallDelta:
        return ToolCallDelta(
            index=self.count - 1,
            id=id,
            name=name,
            arguments=arguments,
            opaque=opaque,
            owner="" if opaque is None else self._owner,
        )


def _put(piece: FunctionCall, arguments: Arguments) -> None:
    arguments.add(_OBJECT.decode(piece.args) or {})
    for each in piece.partial_args or ():
        arguments.put(each)
