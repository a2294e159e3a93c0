"""What callers say of an answer: `POST /v1/feedback`.

Rule 1: only the key that asked may say how good its answer was. What another asked, what was never
    asked and what nobody answered are not found, in the same words.
Rule 2: each word is a record of its own; the last one counts. No text goes into the books.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from jevons.edge.body import read_body
from jevons.types.account import Ended, Feedback, Receipt
from jevons.types.errors import Bug, Malformed, NotFound
from jevons.types.request import Generate, Source

if TYPE_CHECKING:
    from jevons.edge.desk import Desk
    from jevons.edge.exchange import Exchange
    from jevons.types.actor import Actor

__all__ = ("feedback",)

_MOST_BYTES = 16_384
_THUMBS = MappingProxyType({"up": 1.0, "down": 0.0})


class _Said(msgspec.Struct, forbid_unknown_fields=True):
    receipt: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    score: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    thumbs: Literal["up", "down"] | None = None
    comment: Annotated[str, msgspec.Meta(max_length=4000)] | None = None


_said = msgspec.json.Decoder(_Said)
_encode = msgspec.json.Encoder().encode


async def feedback(desk: Desk, exchange: Exchange, actor: Actor | None, _: str) -> None:
    """Write down how good whoever asked found an answer.

    Raises:
        Malformed: It says no score, or two.
        NotFound: This key has no such answer.
        RateLimited: It came too soon.
        StoreUnavailable: It could not be written down.
    """
    desk.rooms.policy.visible(actor)  # a key that is revoked or expired is refused here
    if actor is None:
        message = "a policy let a request without a key through"
        raise Bug(message)
    most = min(_MOST_BYTES, desk.max_body_bytes)
    body = await read_body(exchange, max_bytes=most, timeout_s=desk.read_timeout_s)
    said = _read(body)
    limits = desk.rooms.limits
    if limits is None:
        await _note(desk, exchange, actor, said)
        return
    entered = limits.enter(_nothing(exchange.id, desk.rooms.clock.now_ms(), actor))
    is_limited = entered if isinstance(entered, bool) else await entered
    try:
        await _note(desk, exchange, actor, said)
    finally:
        if is_limited:
            limits.leave(exchange.id, tokens=0)


async def _note(desk: Desk, exchange: Exchange, actor: Actor, said: _Said) -> None:
    filed = await desk.rooms.ledger.find(said.receipt)
    ended = None if filed is None else msgspec.json.decode(filed.leaf, type=Ended)
    is_answer = isinstance(ended, Receipt) and ended.endpoint is not None
    if ended is None or not is_answer or ended.key != actor.key:
        message = f"no answer {said.receipt!r} of this key"
        raise NotFound(message, param="receipt")
    score = _THUMBS[said.thumbs] if said.thumbs is not None else said.score
    word = Feedback(
        at_ms=desk.rooms.clock.now_ms(),
        receipt=ended.id,
        key=actor.key,
        endpoint=ended.endpoint or "",
        score=0.0 if score is None else score,
        chosen=ended.chosen,
        certificate=ended.certificate,
        tenant=ended.tenant,
        traffic=ended.traffic,
    )
    await desk.rooms.ledger.record(word)
    if desk.hear is not None:
        await desk.hear(word)
    told = {"object": "feedback", "receipt": ended.id, "score": word.score}
    if said.comment is not None:
        told["comment"] = "not kept"
    await exchange.reply(_encode(told))


def _read(body: bytes) -> _Said:
    """Read what somebody says.

    Raises:
        Malformed: It says no score, or two.
    """
    try:
        said = _said.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from None
    if (said.score is None) == (said.thumbs is None):
        message = 'say one of "score", from 0 to 1, and "thumbs", "up" or "down"'
        raise Malformed(message, param="score")
    return said


def _nothing(name: str, at_ms: int, actor: Actor) -> Generate:
    """Make what limits count as a request: no tokens are in it, and none come of it."""
    source = Source(dialect="openai-chat", fields={}, digest=b"", size_bytes=0)
    return Generate(id=name, at_ms=at_ms, actor=actor, model="", messages=(), source=source)
