"""An ASGI application on a port of its own, for as long as a test needs it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import uvicorn

from jevons.edge import serve_config

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from jevons.edge.asgi import Application


@asynccontextmanager
async def listening(app: Application) -> AsyncGenerator[str]:
    config = serve_config(app, host="127.0.0.1", port=0, read_timeout_s=5)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    ticking = asyncio.ensure_future(server.main_loop())
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
        await server.shutdown()
