"""uvicorn, set up for a gateway: no banner, no wait without an end, no queue without a limit."""

from __future__ import annotations

import resource
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from jevons.edge.connection import Connection, Shared

if TYPE_CHECKING:
    from jevons.edge.asgi import Application

__all__ = ("allow_many_connections", "serve_config")

_BACKLOG = 4096


def serve_config(
    application: Application,
    *,
    host: str,
    port: int,
    read_timeout_s: float,
    keep_alive_s: float = 75.0,
    grace_s: int = 10,
) -> uvicorn.Config:
    """Set uvicorn up, for one server.

    Args:
        application: What `jevons.edge.app` made, or something around it.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        read_timeout_s: Seconds within which a request's head has to arrive whole, and after
            which a caller that reads nothing is cut off.
        keep_alive_s: Seconds for which an idle connection is kept.
        grace_s: Seconds that answers under way have left once the server is told to stop.
    """
    shared = Shared(read_timeout_s=read_timeout_s, keep_alive_s=keep_alive_s)
    return uvicorn.Config(
        application,  # type: ignore[arg-type] uvicorn's own types name each message
        host=host,
        port=port,
        loop="uvloop",
        http=partial(Connection, shared=shared),  # type: ignore[arg-type] it is called like the class
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=grace_s,
    )


def allow_many_connections() -> int:
    """Raise the limit of open files as far as the system lets us.

    Returns:
        How many there may be.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
