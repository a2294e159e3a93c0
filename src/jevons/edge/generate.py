"""Asking for an answer: `POST /v1/chat/completions`, and the same in other dialects."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from msgspec import structs

from jevons.edge.body import read_body
from jevons.edge.caller import StreamCaller, WholeCaller
from jevons.edge.keeping import keeper, with_past
from jevons.flow import walk
from jevons.types.custody import DataClass
from jevons.types.errors import Malformed

if TYPE_CHECKING:
    from jevons.edge.asgi import Headers
    from jevons.edge.desk import Desk
    from jevons.edge.exchange import Exchange
    from jevons.edge.surface import Surface
    from jevons.types.actor import Actor
    from jevons.types.request import Generate

__all__ = ("generate",)

_SHORTEST = 2
"""Characters of a name that is looked for."""
_CLASSES = MappingProxyType({each.name.lower().encode(): each for each in DataClass})


async def generate(desk: Desk, exchange: Exchange, actor: Actor | None, _: str) -> None:
    """Hand a request to the corridor, and a caller for it to answer.

    Raises:
        JevonsError: It was refused, or failed, or broke off.
    """
    body = await read_body(exchange, max_bytes=desk.max_body_bytes, timeout_s=desk.read_timeout_s)
    surface = exchange.surface
    request = surface.parse(body, id=exchange.id, at_ms=desk.rooms.clock.now_ms(), actor=actor)
    if exchange.data_class is not None:
        request = _classed(request, exchange.data_class)
    if exchange.arm is not None:
        request = structs.replace(request, arm=exchange.arm.decode("latin-1"))
    if exchange.traffic is not None:
        request = structs.replace(request, traffic=exchange.traffic.decode("latin-1"))
    if exchange.cache is not None and desk.rooms.recall is not None:
        request = structs.replace(request, cache=_cache(exchange.cache))
    if exchange.identifiers:
        request = structs.replace(request, identifiers=_identifiers(exchange.identifiers))
    if exchange.dialect_headers and surface.headers is not None:
        request = _with_headers(request, surface.headers(exchange.dialect_headers))
    if exchange.traceparent is not None and desk.rooms.traces is not None:
        said = exchange.traceparent.decode("latin-1")
        request = structs.replace(request, traceparent=said)
    if actor is not None and desk.rooms.limits is not None:
        exchange.rooms = partial(_rooms, desk, surface, actor)
    hears = StreamCaller if request.stream else WholeCaller
    keep = None
    if request.keep or request.previous:
        desk.rooms.policy.visible(actor)  # a key that is revoked or expired looks nothing up
        keep = keeper(desk, request)
        request = await with_past(desk, request)
    caller = exchange.caller = hears(
        request,
        surface,
        exchange.receive,
        exchange.send,
        desk.patience,
        keep=keep,
        rooms=exchange.rooms,
    )
    await walk(request, caller, desk.rooms)


def _rooms(desk: Desk, surface: Surface, actor: Actor) -> Headers:
    """Write what is left of a caller's limits; nothing where there are none."""
    limits = desk.rooms.limits
    rooms = () if limits is None else limits.rooms(actor)
    return surface.rooms(rooms, now_ms=desk.rooms.clock.now_ms()) if rooms else []


def _with_headers(request: Generate, said: tuple[tuple[str, str], ...]) -> Generate:
    return structs.replace(request, source=structs.replace(request.source, headers=said))


def _identifiers(said: list[bytes]) -> tuple[str, ...]:
    """Read what a caller says identifies people: parted by commas, each percent-encoded.

    Raises:
        Malformed: One of them is too short to be looked for.
    """
    names = [unquote(each.decode("latin-1")).strip() for each in b",".join(said).split(b",")]
    for name in filter(None, names):
        if len(name) < _SHORTEST or not any(map(str.isalnum, name)):
            message = (
                f"x-jevons-identifiers holds {name!r}; each takes two characters, one of them a "
                "letter or a digit, percent-encoded, and a comma between two"
            )
            raise Malformed(message)
    return tuple(filter(None, names))


def _cache(said: bytes) -> Literal["use", "renew", "never"]:
    """Read `cache-control` (RFC 9111 §5.2.1), as far as it has a meaning here."""
    words = {word.strip() for word in said.lower().split(b",")}
    if b"no-store" in words:
        return "never"
    return "renew" if words & {b"no-cache", b"max-age=0"} else "use"


def _classed(request: Generate, said: bytes) -> Generate:
    """Raise the class of a request's data to what its header says.

    Raises:
        Malformed: It says none that there is.
    """
    data_class = _CLASSES.get(said)
    if data_class is None:
        accepted = ", ".join(name.decode() for name in _CLASSES)
        message = f"x-jevons-data-class is {said.decode('latin-1')!r}; it may be {accepted}"
        raise Malformed(message)
    return structs.replace(request, data_class=max(request.data_class, data_class))
