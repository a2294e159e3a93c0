"""What a server says to the CLI, read: answers, receipts, refusals.

Rule 1: an answer is whole when the server has said so, and is none before that.
Rule 2: a receipt is what its leaf says, since that is what can be proven.
Rule 3: what is not jevons's is not read on: it is said that something else answers there.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import msgspec

from jevons.cli.failure import Failure
from jevons.types.account import Ended
from jevons.types.proof import Inclusion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = (
    "Answer",
    "Found",
    "Models",
    "Unanswered",
    "read",
    "read_error",
    "read_found",
    "read_stream",
    "read_whole",
)

T = TypeVar("T")

_ADVICE: Mapping[int | None, str] = MappingProxyType(
    {401: "; set JEVONS_API_KEY, or make a key with `jevons keys create NAME`"}
)


class Unanswered(Failure):
    """The server could not be reached, or answered with an error."""

    def __init__(self, message: str, *, code: str = "no_answer", **details: Any) -> None:
        super().__init__(message, code=code, **details)


class Answer(NamedTuple):
    """An answer that is whole."""

    text: str
    request: str
    """Its `req_` id."""
    finish: str | None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt or a refusal, as the server gives it."""

    receipt: Ended
    leaf: bytes
    """Its exact bytes in the ledger."""
    leaf_hash: str
    salt: str
    inclusion: Inclusion | None


class _Model(msgspec.Struct):
    id: str


class Models(msgspec.Struct):
    """The models that a key may use."""

    data: list[_Model]


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Message | None = None
    message: _Message | None = None
    finish_reason: str | None = None


class _Refusal(msgspec.Struct):
    message: str
    code: str | None = None
    param: str | None = None
    rule: str | None = None


class _Chunk(msgspec.Struct):
    """A piece of an answer, a whole one, or an error instead."""

    choices: tuple[_Choice, ...] = ()
    error: _Refusal | None = None


def read_stream(lines: Iterable[bytes], request: str, say: Callable[[str], object]) -> Answer:
    """Read an answer from the lines of its event stream.

    Args:
        lines: As they come.
        request: The id from the response's header.
        say: Called with each piece.

    Raises:
        Unanswered: The server reported an error, or the stream ended without `[DONE]`.
    """
    text, finish = list[str](), None
    for line in lines:
        field, _, value = line.strip().partition(b": ")
        if field != b"data":
            continue
        if value == b"[DONE]":
            return Answer("".join(text), request, finish)
        chunk = read(value, _Chunk)
        if chunk.error is not None:
            raise _refused(chunk.error)
        for choice in chunk.choices:
            finish = choice.finish_reason or finish
            if choice.delta is not None and choice.delta.content:
                text.append(choice.delta.content)
                say(choice.delta.content)
    message = f"the answer broke off before its end; see `jevons receipt {request}`"
    raise Unanswered(message, code="provider_truncated")


def read_whole(content: bytes, request: str, say: Callable[[str], object]) -> Answer:
    """Read an answer that came in one piece.

    Raises:
        Unanswered: It is not an answer.
    """
    chunk = read(content, _Chunk)
    if not chunk.choices or chunk.choices[0].message is None:
        message = "the server sent an answer without a message"
        raise Unanswered(message)
    text = chunk.choices[0].message.content or ""
    say(text)
    return Answer(text, request, chunk.choices[0].finish_reason)


def read(content: bytes, kind: type[T]) -> T:
    """Read what jevons should have said.

    Raises:
        Unanswered: It is something else.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"what answers there is not jevons ({error})"
        raise Unanswered(message) from error


def read_found(content: bytes, request: str) -> Found:
    """Read a receipt.

    Args:
        content: The body.
        request: The `req_` id that was asked for.

    Raises:
        Unanswered: It is of another request, or is not what the leaf says.
    """
    found = read(content, Found)
    if found.receipt.id != request or found.receipt != read(found.leaf, cast("type[Ended]", Ended)):
        message = f"what the server shows is not what its ledger says of {request}"
        raise Unanswered(message, code="other_receipt")
    return found


def read_error(status: int, content: bytes) -> Unanswered:
    """Read an error's body; one that is not in OpenAI's shape has only its status.

    Args:
        status: The response's.
        content: Its body.
    """
    try:
        refusal = msgspec.json.decode(content, type=_Chunk).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        refusal = None
    return _refused(refusal or _Refusal(f"the server answered with status {status}"), status)


def _refused(refusal: _Refusal, status: int | None = None) -> Unanswered:
    details = {"param": refusal.param, "rule": refusal.rule}
    return Unanswered(
        refusal.message + _ADVICE.get(status, ""),
        code=refusal.code or "no_answer",
        **{name: value for name, value in details.items() if value is not None},
    )
