"""The composition root: the only room that names concrete classes.

Enters: settings, and weights that were fetched beforehand.
Leaves: a `House`: the rooms, the books and the application over them; or a server around it.
May not know: terminals.
"""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import uvicorn

from jevons.boot.admin import listening
from jevons.boot.house import House, key_path, open_house, weights_dir
from jevons.boot.ledger import ledger_path
from jevons.boot.outside import Beside
from jevons.edge import allow_many_connections, serve_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.engine import Weights
    from jevons.settings import Settings
    from jevons.store import Claim

__all__ = ("House", "key_path", "ledger_path", "open_house", "serve", "weights_dir")


def serve(
    settings: Settings,
    *,
    weights: Weights | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until told to stop by SIGINT or SIGTERM.

    Args:
        settings: What to open, and where to listen.
        weights: Model for the embedded engine; None opens none.
        on_ready: Called with the base URL once requests are taken.

    Raises:
        Misconfigured: A setting cannot be.
        StoreUnavailable: The books could not be opened.
    """
    allow_many_connections()
    import uvloop  # noqa: PLC0415 20 ms that only a server needs

    uvloop.run(_serve(settings, weights, on_ready))


async def _serve(
    settings: Settings, weights: Weights | None, on_ready: Callable[[str], None] | None
) -> None:
    async with open_house(settings, weights=weights) as house:
        config = serve_config(
            house.app,
            host=settings.server.host,
            port=settings.server.port,
            read_timeout_s=settings.server.read_timeout_s,
            keep_alive_s=settings.server.keep_alive_s,
        )
        async with (
            Beside(house.shown, settings.publish, settings.server),
            listening(house.admin, settings),
        ):
            await _Announcing(config, house.claim, on_ready).serve()


class _Announcing(uvicorn.Server):
    """A server that says when it listens, and where."""

    def __init__(
        self, config: uvicorn.Config, claim: Claim, on_ready: Callable[[str], None] | None
    ) -> None:
        super().__init__(config)
        self._claim = claim
        self._on_ready = on_ready

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override] uvicorn's own is list[socket]
        """Listen, then say so."""
        await super().startup(sockets)  # type: ignore[arg-type] as above
        _settle_garbage()
        if not self.started:
            return
        url = _url(*self.servers[0].sockets[0].getsockname()[:2])
        self._claim.tell(url)
        if self._on_ready is not None:
            await asyncio.to_thread(self._on_ready, url)


def _settle_garbage() -> None:
    """Leave what was made at the start out of every later collection, and collect less often.

    Requests make no cycles that matter; looking for some took a tenth of the time of a
    short answer (2026-11).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
