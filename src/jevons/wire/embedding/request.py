"""Requests of OpenAI's embeddings dialect: bytes to `Generate`.

Rule 1: whatever a body holds, parsing it gives a `Generate` or raises `Malformed`.
Rule 2: what we do not know passes through: every top-level field is kept as it came.
Rule 3: each text is a message of its own, so that whatever looks at what is said sees it; ids
    of tokens are a part that only the model's own tokenizer has a meaning for.

Source: OpenAI API reference, "Create embeddings", read 2026-11.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from jevons.types.errors import Malformed
from jevons.types.message import Message, Opaque, Text
from jevons.types.request import Embed, Generate, Source
from jevons.wire.fields import OBJECT, WRONG, malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.actor import Actor

__all__ = ("TOKENS", "parse_request")

TOKENS = "tokens"
"""Kind of a part that is ids of tokens."""

_MOST = 2048  # "any array must be 2048 dimensions or less"

_Id = Annotated[int, msgspec.Meta(ge=0)]
_Input = str | list[_Id]
_encode = msgspec.json.Encoder().encode


class _Asked(msgspec.Struct):
    model: str
    input: str | list[str | _Id | list[_Id]]
    dimensions: Annotated[int, msgspec.Meta(ge=1)] | None = None
    encoding_format: Literal["float", "base64"] | None = None


_ASKED = msgspec.json.Decoder(_Asked)


def parse_request(body: bytes, *, id: str, at_ms: int, actor: Actor | None) -> Generate:  # noqa: A002 the field's name
    """Read the body of `POST /v1/embeddings`.

    Args:
        body: As it came.
        id: Name for the request, `req_…`.
        at_ms: When it arrived, Unix milliseconds.
        actor: Whose key came with it, if it is one of ours.

    Raises:
        Malformed: It is not JSON, not UTF-8, or not this dialect; the message says where.
    """
    try:
        body.decode()  # msgspec does not look inside fields that it keeps raw
        fields = OBJECT.decode(body)
        asked = _ASKED.decode(body)
    except WRONG as error:
        raise malformed(error) from None
    return Generate(
        id=id,
        at_ms=at_ms,
        actor=actor,
        model=asked.model,
        messages=tuple([_message(each) for each in _inputs(asked.input)]),
        needs=frozenset({"embedding"}),
        embed=Embed(dimensions=asked.dimensions, encoding=asked.encoding_format or "float"),
        source=Source(
            dialect="openai-chat",
            fields=fields,
            digest=hashlib.sha256(body).digest(),
            size_bytes=len(body),
        ),
    )


def _inputs(said: str | list[str | int | list[int]]) -> Sequence[_Input]:
    """Sort out the four ways of saying what to embed.

    Raises:
        Malformed: It is none of them, or too much, or nothing.
    """
    if isinstance(said, str):
        return [_some(said, "input")]
    ids = [each for each in said if isinstance(each, int)]
    if ids and len(ids) == len(said):
        return [ids]
    if ids:
        message = "input mixes ids of tokens with texts; a list of ids is one input"
        raise Malformed(message, param="input")
    if not 0 < len(said) <= _MOST:
        message = f"input holds {len(said)} inputs; it may hold 1 to {_MOST}"
        raise Malformed(message, param="input")
    texts = [each for each in said if not isinstance(each, int)]
    return [_some(each, f"input[{index}]") for index, each in enumerate(texts)]


def _some(said: _Input, where: str) -> _Input:
    if said:
        return said
    message = f"{where} is empty; there is nothing to embed"
    raise Malformed(message, param=where)


def _message(said: _Input) -> Message:
    if isinstance(said, str):
        return Message(role="user", parts=(Text(text=said),))
    ids = msgspec.Raw(_encode(said))
    return Message(role="user", parts=(Opaque(kind=TOKENS, fields={TOKENS: ids}),))
