"""A house on a thread of its own, so that clients of every kind can be run in front of it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import uvicorn
from tests.contract.clients.vendor import answer

from jevons.boot import open_house
from jevons.edge import serve_config
from jevons.settings import (
    EndpointSettings,
    EngineSettings,
    LedgerSettings,
    RetrySettings,
    Settings,
)
from jevons.testing import Vendor
from jevons.types.request import Dialect, Need

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from jevons.engine.pull import Weights

__all__ = ("MODELS", "SMALL", "Front", "alias", "opened", "opened_before")

MODELS: dict[str, Dialect] = {
    "gpt-5-chat": "openai-chat",
    "gpt-5-responses": "openai-responses",
    "claude-opus-messages": "anthropic-messages",
}
"""Endpoints by the name that callers ask for, and what each speaks. The names are such that no
client takes its model for an old one that can do less."""
SMALL = "smollm2-135m"
"""The embedded model."""


def alias(name: str) -> str:
    """Give a model a name that promises every client a model that thinks."""
    return f"claude-opus-or-gpt-5-as-{name}"


@dataclass(frozen=True, slots=True)
class Front:
    """Where clients find the house."""

    root: str
    """Base URL of clients of Anthropic's dialect."""
    key: str

    @property
    def url(self) -> str:
        """Base URL of clients of OpenAI's dialects."""
        return f"{self.root}/v1"


@asynccontextmanager
async def opened(folder: Path, *, weights: Weights | None) -> AsyncGenerator[Front]:
    """Open a house in front of a fake vendor, and of an embedded model if there are weights."""
    async with Vendor(answer) as vendor:
        endpoints = [_endpoint(vendor, name) for name in MODELS]
        async with opened_before(endpoints, folder, weights=weights) as front:
            yield front


@asynccontextmanager
async def opened_before(
    endpoints: Sequence[EndpointSettings], folder: Path, *, weights: Weights | None = None
) -> AsyncGenerator[Front]:
    """Open a house in front of these endpoints, and of an embedded model if there are weights."""
    settings = Settings(
        data_dir=folder,
        engine=EngineSettings(slots=2, context_tokens=2048),
        ledger=LedgerSettings(commit="os"),
        retries=RetrySettings(tries=0),
        endpoint=tuple(endpoints),
    )
    async with open_house(settings, weights=weights) as house:
        config = serve_config(house.app, host="127.0.0.1", port=0, read_timeout_s=5, grace_s=1)
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        key = (folder / "key").read_text().strip()
        yield Front(f"http://127.0.0.1:{port}", key)
        await _stop(server)


def _endpoint(vendor: Vendor, name: str) -> EndpointSettings:
    """Describe the vendor as an endpoint that can do everything."""
    dialect = MODELS[name]
    url = vendor.url.removesuffix("/v1") if dialect == "anthropic-messages" else vendor.url
    return EndpointSettings(
        name=name,
        aliases=(alias(name),),
        model=f"fake/{name}",
        url=url,
        dialect=dialect,
        place="on-prem",
        can=get_args(Need),
        idle_timeout_s=5,
    )


async def _stop(server: uvicorn.Server) -> None:
    for listening in server.servers:
        listening.close()
    for connection in [*server.server_state.connections]:
        connection.shutdown()
    async with asyncio.timeout(5):
        while server.server_state.connections:  # noqa: ASYNC110 uvicorn has no event
            await asyncio.sleep(0.005)
