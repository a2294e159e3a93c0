"""A month that was made up, in a ledger of its own, and pages over it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import httpx2
import pytest
from starlette.applications import Starlette

from jevons.boot.pages import BooksOnDisk, Field, ServingHouse, sees_of
from jevons.boot.policy import known_endpoints
from jevons.cli.demo.seed import sow, write_settings
from jevons.dashboard import routes
from jevons.settings import load
from jevons.testing import Clock
from jevons.types.person import Person

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jevons.edge.asgi import Receive, Scope, Send
    from jevons.settings import Settings

END_MS = int(datetime(2026, 11, 29, tzinfo=UTC).timestamp() * 1000)
DAYS = 28


class Sample(NamedTuple):
    """Where it is."""

    config: Path
    settings: Settings

    @property
    def ledger(self) -> Path:
        return self.settings.data_dir / "ledger.db"


class As:
    """Says who asks, as the gate before the pages does."""

    def __init__(self, app: Starlette, person: Person | None) -> None:
        self._app = app
        self._person = person

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})
        if self._person is not None:
            scope["state"]["person"] = self._person
        await self._app(scope, receive, send)  # type: ignore[arg-type] Starlette types each message


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    config = write_settings(folder)
    asyncio.run(sow(config, days=DAYS, answers=1500, end_ms=END_MS))
    return Sample(config, load(config, {}))


AUDITOR = Person(name="ada", role="auditor")


@pytest.fixture
def pages(sample: Sample) -> Callable[..., httpx2.Response]:
    clock = Clock(END_MS - 1)
    books = BooksOnDisk(sample.ledger, clock)
    house = ServingHouse(
        sample.settings, books, endpoints=known_endpoints(sample.settings), clock=clock
    )
    app = Starlette(
        routes=routes(
            books, house, sees=sees_of(books), field=Field(sample.settings, clock), clock=clock
        )
    )

    def ask(path: str, person: Person | None = AUDITOR) -> httpx2.Response:
        async def answer() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=cast("Any", As(app, person)))
            async with httpx2.AsyncClient(transport=transport, base_url="http://a") as client:
                return await client.get(path)

        return asyncio.run(answer())

    return ask
