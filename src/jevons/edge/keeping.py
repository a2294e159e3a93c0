"""Kept answers, over HTTP: keeping them, going on from them, showing and destroying them.

Rule 1: an answer is kept only if the caller says so. What is not, and what another key keeps,
    is not found, in the same words.
Rule 2: what cannot be kept is refused before anything leaves the house.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import msgspec

from jevons.types.custody import DataClass
from jevons.types.errors import (
    Bug,
    Malformed,
    MethodNotAllowed,
    NotFound,
    PreviousNotFound,
    StoreUnavailable,
    Unsupported,
)
from jevons.types.kept import REVIEW
from jevons.wire import responses

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from jevons.edge.desk import Desk
    from jevons.edge.exchange import Exchange
    from jevons.ports import Answers
    from jevons.types.actor import Actor
    from jevons.types.kept import Kept
    from jevons.types.request import Generate

__all__ = ("Keep", "keeper", "kept", "with_past")

Keep = Callable[[bytes, DataClass], Awaitable[None]]
"""Given the answer, or the last event of its stream, and what the rules took the data in it to be;
raises `StoreUnavailable`."""

_LISTED = 20
_MOST_LISTED = 100
_ITEMS = "/input_items"

_encode = msgspec.json.Encoder().encode


def keeper(desk: Desk, request: Generate) -> Keep | None:
    """Make what keeps the answer to a request; None if it is not to be kept.

    Raises:
        Unsupported: This house keeps none.
        StoreUnavailable: There is no room.
    """
    if not request.keep:
        return None
    answers, actor = desk.answers, request.actor
    if answers is None or actor is None:
        message = (
            'this house keeps no answers (`[answers] keep = "never"`); ask with "store": false'
        )
        raise Unsupported(message, param="store")
    answers.check()

    async def keep(answered: bytes, data_class: DataClass) -> None:
        kept = responses.keepsake(request, answered, key=actor.key, data_class=data_class)
        if not kept.answer.startswith(b"{"):
            message = "the endpoint's last event does not hold the answer, so it cannot be kept"
            raise StoreUnavailable(message)
        await answers.keep(kept)

    return keep


async def with_past(desk: Desk, request: Generate) -> Generate:
    """Put what a request goes on from into it.

    Raises:
        PreviousNotFound: It is not kept for this key, or not from its beginning on.
        TooLarge: It is longer than a request may be.
        StoreUnavailable: It could not be looked for.
    """
    name = request.previous
    if not name or request.actor is None:  # the second a rule refuses
        return request
    past: Sequence[Kept] = ()
    if desk.answers is not None and not name.startswith(REVIEW):
        past = await desk.answers.trace(name, key=request.actor.key, max_bytes=desk.max_body_bytes)
    if not past:
        message = f"no response {name!r} is kept for this key. {_HOW}"
        raise PreviousNotFound(message, param="previous_response_id")
    if past[0].previous:
        message = (
            f"{name!r} goes on from {past[0].previous!r}, which is not kept for this key any more"
        )
        raise PreviousNotFound(message, param="previous_response_id")
    return responses.go_on(request, past)


async def kept(desk: Desk, exchange: Exchange, actor: Actor | None, rest: str) -> None:
    """Answer `GET` and `DELETE` below `/v1/responses/`.

    Raises:
        NotFound: This key keeps no such answer, or there is no such path.
        MethodNotAllowed: Items cannot be destroyed one by one.
        Malformed: A query says what cannot be.
        Unsupported: It is asked for as a stream.
        StoreUnavailable: Kept answers cannot be read or written.
        OnHold: The key is on legal hold, and one of its answers was to be destroyed.
    """
    desk.rooms.policy.visible(actor)  # a key that is revoked or expired is refused here
    if actor is None:
        message = "a policy let a request without a key through"
        raise Bug(message)
    name = rest.removesuffix(_ITEMS)
    if "/" in name:
        message = f"no path {exchange.path!r}"
        raise NotFound(message)
    if name.startswith(REVIEW):
        raise _not_found(name)
    if exchange.method == "DELETE":
        if name != rest:
            message = f"DELETE {exchange.path}; it accepts GET, HEAD"
            raise MethodNotAllowed(message, allowed=("GET", "HEAD"))
        await _drop(desk.answers, exchange, name, actor.key)
    elif name == rest:
        await _show(desk.answers, exchange, name, actor.key)
    else:
        await _list(desk, exchange, name, actor.key)


async def _show(answers: Answers | None, exchange: Exchange, name: str, key: str) -> None:
    if _asked(exchange, "stream") == "true":
        message = "a kept answer comes whole; ask without stream"
        raise Unsupported(message, param="stream")
    found = None if answers is None else await answers.find(name, key=key)
    if found is None:
        raise _not_found(name)
    await exchange.reply(found.answer)


async def _drop(answers: Answers | None, exchange: Exchange, name: str, key: str) -> None:
    if answers is None or not await answers.drop(name, key=key):
        raise _not_found(name)
    await exchange.reply(_encode({"id": name, "object": "response", "deleted": True}))


async def _list(desk: Desk, exchange: Exchange, name: str, key: str) -> None:
    answers, past = desk.answers, ()
    if answers is not None:
        past = await answers.trace(name, key=key, max_bytes=desk.max_body_bytes)
    if not past:
        raise _not_found(name)
    await exchange.reply(_encode(_page(responses.input_items(past), exchange)))


def _page(items: list[dict[str, Any]], exchange: Exchange) -> dict[str, Any]:
    """Cut out what was asked for, newest first unless it is asked for otherwise."""
    order = _asked(exchange, "order") or "desc"
    if order not in {"asc", "desc"}:
        message = f"order is {order!r}; 'asc' or 'desc' is accepted"
        raise Malformed(message, param="order")
    if order == "desc":
        items.reverse()
    begin = _begin([item["id"] for item in items], _asked(exchange, "after"))
    shown = items[begin : begin + _limit(_asked(exchange, "limit"))]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": begin + len(shown) < len(items),
    }


def _begin(names: list[str], after: str) -> int:
    if not after:
        return 0
    if after not in names:
        message = f"after is {after!r}, and no item is called so"
        raise Malformed(message, param="after")
    return names.index(after) + 1


def _limit(said: str) -> int:
    if not said:
        return _LISTED
    limit = int(said) if said.isascii() and said.isdigit() and len(said) < 4 else 0  # noqa: PLR2004 enough for 100
    if not 1 <= limit <= _MOST_LISTED:
        message = f"limit is {said!r}; 1 to {_MOST_LISTED} is accepted"
        raise Malformed(message, param="limit")
    return limit


def _asked(exchange: Exchange, name: str) -> str:
    """Read a field of the query; empty if it is not there."""
    return parse_qs(exchange.query.decode("latin-1")).get(name, [""])[-1]


def _not_found(name: str) -> NotFound:
    return NotFound(f"no response {name!r} is kept for this key. {_HOW}")


_HOW = 'A response is kept if it was asked for with "store": true, until it is deleted or expires'
