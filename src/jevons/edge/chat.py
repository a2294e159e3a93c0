"""`POST /v1/chat/completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.edge.body import read_body
from jevons.edge.caller import StreamCaller, WholeCaller
from jevons.flow import walk
from jevons.wire.openai_chat import parse_request

if TYPE_CHECKING:
    from jevons.edge.desk import Desk
    from jevons.edge.exchange import Exchange
    from jevons.types.actor import Actor

__all__ = ("chat",)


async def chat(desk: Desk, exchange: Exchange, actor: Actor | None, _: str) -> None:
    """Hand a request to the corridor, and a caller for it to answer.

    Raises:
        JevonsError: It was refused, or failed, or broke off.
    """
    body = await read_body(exchange, max_bytes=desk.max_body_bytes, timeout_s=desk.read_timeout_s)
    request = parse_request(body, id=exchange.id, at_ms=desk.rooms.clock.now_ms(), actor=actor)
    hears = StreamCaller if request.stream else WholeCaller
    caller = exchange.caller = hears(request, exchange.receive, exchange.send, desk.patience)
    await walk(request, caller, desk.rooms)
