"""A witness of our own, opened and served."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import uvicorn

from jevons.clock import SystemClock
from jevons.edge import cosigning, serve_config
from jevons.store import OwnWitness

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from jevons.ledger.note import Vkey

__all__ = ("serve_witness",)

_READ_TIMEOUT_S = 30.0


def serve_witness(
    path: Path,
    *,
    name: str,
    logs: Sequence[Vkey],
    host: str,
    port: int,
    on_ready: Callable[[str], None],
) -> None:
    """Cosign until told to stop by SIGINT or SIGTERM.

    Args:
        path: What it remembers; its key is beside it.
        name: Under which it cosigns.
        logs: Keys of the logs that it knows.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        on_ready: Called with the base URL once requests are taken.

    Raises:
        Misconfigured: Another process has it open, or the key is gone.
        StoreUnavailable: Its memory cannot be opened.
    """
    asyncio.run(_serve(path, name, logs, host=host, port=port, on_ready=on_ready))


async def _serve(
    path: Path,
    name: str,
    logs: Sequence[Vkey],
    *,
    host: str,
    port: int,
    on_ready: Callable[[str], None],
) -> None:
    opening = OwnWitness.open(path, name=name, logs=logs, clock=SystemClock())
    async with opening as witness:
        app = cosigning(witness, witness.recent)
        config = serve_config(app, host=host, port=port, read_timeout_s=_READ_TIMEOUT_S)
        await _Announcing(config, on_ready).serve()


class _Announcing(uvicorn.Server):
    """A server that says when it listens, and where."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override] uvicorn's own is list[socket]
        """Listen, then say so."""
        await super().startup(sockets)  # type: ignore[arg-type] as above
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._on_ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
