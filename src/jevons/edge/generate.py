"""Asking for an answer: `POST /v1/chat/completions`, and the same in other dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.edge.body import read_body
from jevons.edge.caller import StreamCaller, WholeCaller
from jevons.edge.keeping import keeper, with_past
from jevons.flow import walk

if TYPE_CHECKING:
    from jevons.edge.desk import Desk
    from jevons.edge.exchange import Exchange
    from jevons.types.actor import Actor

__all__ = ("generate",)


async def generate(desk: Desk, exchange: Exchange, actor: Actor | None, _: str) -> None:
    """Hand a request to the corridor, and a caller for it to answer.

    Raises:
        JevonsError: It was refused, or failed, or broke off.
    """
    body = await read_body(exchange, max_bytes=desk.max_body_bytes, timeout_s=desk.read_timeout_s)
    surface = exchange.surface
    request = surface.parse(body, id=exchange.id, at_ms=desk.rooms.clock.now_ms(), actor=actor)
    hears = StreamCaller if request.stream else WholeCaller
    keep = None
    if request.keep or request.previous:
        desk.rooms.policy.visible(actor)  # a key that is revoked or expired looks nothing up
        keep = keeper(desk, request)
        request = await with_past(desk, request)
    caller = exchange.caller = hears(
        request, surface, exchange.receive, exchange.send, desk.patience, keep=keep
    )
    await walk(request, caller, desk.rooms)
