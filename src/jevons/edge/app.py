"""The ASGI application: finds the route and the key, and answers whatever goes wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jevons.edge.desk import Desk
from jevons.edge.exchange import Exchange
from jevons.edge.routes import find_route
from jevons.telemetry import log
from jevons.types.errors import Abandoned, Bug, CallerLeft, JevonsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jevons.edge.asgi import Application, Receive, Scope, Send
    from jevons.edge.desk import Hear
    from jevons.flow import Rooms
    from jevons.ports import Answers, Ids, Keys
    from jevons.telemetry import Metrics

__all__ = ("app",)


def app(
    *,
    rooms: Rooms,
    keys: Keys,
    ids: Ids,
    metrics: Metrics,
    ready: Callable[[], Mapping[str, bool]],
    max_body_bytes: int,
    read_timeout_s: float,
    answers: Answers | None = None,
    hear: Hear | None = None,
    auto: str = "",
) -> Application:
    """Make the ASGI application. It has no lifespan of its own.

    Args:
        rooms: What stands behind each door.
        keys: Whose key is this?
        ids: Names for requests.
        metrics: Counters.
        ready: What has to be there before requests can be served, and whether it is.
        max_body_bytes: Longest request body.
        read_timeout_s: Seconds within which a request's body has to arrive whole.
        answers: The answers that callers had kept; None keeps none.
        hear: Told of each feedback once it is in the books; None tells nobody.
        auto: The endpoint that `auto` is held against; empty where there is no `auto`.
    """
    desk = Desk(
        rooms=rooms,
        keys=keys,
        ids=ids,
        metrics=metrics,
        ready=ready,
        max_body_bytes=max_body_bytes,
        read_timeout_s=read_timeout_s,
        answers=answers,
        hear=hear,
        auto=auto,
    )

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        exchange = Exchange(ids.new("req"), scope, receive, send)
        metrics.in_flight += 1
        try:
            await _answer(desk, exchange)
        except JevonsError as error:
            await _refuse(desk, exchange, error)
        except asyncio.CancelledError:
            await _refuse(desk, exchange, Abandoned("the house stopped before the answer ended"))
            raise
        except Exception:  # noqa: BLE001 the outermost: a bug is answered too, and without details
            log.exception("bug", request=exchange.id)
            message = f"something we did not foresee; it is in the log under {exchange.id}"
            await _refuse(desk, exchange, Bug(message))
        finally:
            metrics.in_flight -= 1
            if exchange.caller is not None:
                await exchange.caller.rest()

    return serve


async def _answer(desk: Desk, exchange: Exchange) -> None:
    route, rest = find_route(exchange.method, exchange.path)
    exchange.surface = route.surface
    actor = None
    if route.needs_key:
        presented = exchange.presented
        actor = desk.keys.find(presented) if presented else None
        if actor is None:
            desk.rooms.policy.visible(None)  # refuses, before a body is read
    await route.answer(desk, exchange, actor, rest)


async def _refuse(desk: Desk, exchange: Exchange, error: JevonsError) -> None:
    desk.metrics.refused(error.code)
    log.info(
        "refused",
        request=exchange.id,
        code=error.code,
        status=error.status,
        # What upstream or the store said is for the log; what a caller wrote is not.
        detail=str(error) if error.status >= 500 else None,  # noqa: PLR2004 RFC 9110 §15.6
    )
    if not isinstance(error, CallerLeft):
        await exchange.refuse(error)
