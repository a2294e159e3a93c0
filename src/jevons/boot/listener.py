"""A listener beside the main one, with an application of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

import uvicorn

from jevons.edge import serve_config
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from jevons.edge.asgi import Application, Message, Receive, Scope, Send
    from jevons.settings import ServerSettings

__all__ = ("Listener",)


def _spelled_out(application: Application) -> Application:
    """Fill in what ASGI lets an application leave out: our connections read every field."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {"body": b"", "more_body": False, **message}
            await send(message)

        await application(scope, receive, sent)

    return answer


class Listener:
    """Listens from entering to leaving.

    Args:
        application: What answers.
        section: Of the settings that say where to listen, for messages.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        server: How long callers may take.
    """

    def __init__(
        self,
        application: Application,
        section: str,
        *,
        host: str,
        port: int,
        server: ServerSettings,
    ) -> None:
        self._where = f"[{section}] cannot listen on {host}:{port}"
        config = serve_config(
            _spelled_out(application),
            host=host,
            port=port,
            read_timeout_s=server.read_timeout_s,
            keep_alive_s=server.keep_alive_s,
        )
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        self._task: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            Misconfigured: There is no listening there.
        """
        try:
            await self._server.startup()
        except SystemExit:  # uvicorn's, after a line that says why
            raise Misconfigured(self._where) from None
        self._task = asyncio.ensure_future(self._server.main_loop())
        return self

    async def __aexit__(self, *rest: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._server.shutdown()

    @property
    def url(self) -> str | None:
        """Where it is reached from this machine; None while it does not listen."""
        if not self._server.started:
            return None
        host, port = self._server.servers[0].sockets[0].getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
