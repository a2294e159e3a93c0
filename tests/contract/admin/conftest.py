"""A house whose books are open, and a browser and programs that talk to it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx2

from jevons.acts import Acts
from jevons.admin import Desk, Sessions, make_app
from jevons.clock import SystemClock, Ulids
from jevons.store import Books
from jevons.testing import Clock
from jevons.types.errors import UnknownModel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from starlette.routing import BaseRoute

    from jevons.store.where import Where
    from jevons.types.account import Ended

URL = "http://127.0.0.1:8001"


class Front(NamedTuple):
    """What a test needs of a house."""

    books: Books
    acts: Acts
    clock: Clock
    browser: httpx2.AsyncClient


def would(model: str, actor: object, **_: object) -> dict[str, Any]:
    """Explain nothing."""
    message = f"a test has no model {model!r}"
    raise UnknownModel(message)


def became(ended: Ended, actor: object) -> dict[str, Any]:
    """Explain a request in few words."""
    return {
        "request": ended.id,
        "at_ms": ended.at_ms,
        "key": ended.key,
        "asked": ended.asked,
        "label": {"data_class": "public", "region": "unknown"},
        "policy": ended.policy,
        "is_allowed": True,
        "says": "as ever",
        "nearest": None,
    }


@asynccontextmanager
async def front(
    path: Where, *, pages: Sequence[BaseRoute] = (), secure: bool = False
) -> AsyncGenerator[Front]:
    clock = Clock()
    async with Books.open(
        path, commit="os", origin="a/log", clock=SystemClock(), ids=Ulids(SystemClock())
    ) as books:
        sessions = Sessions(clock, books.people, idle_s=1800, longest_s=43_200)
        app = make_app(
            desk=Desk(books=books, archive=None, clock=clock, would=would, became=became),
            sessions=sessions,
            hosts={"127.0.0.1", "admin.example"},
            secure=secure,
            pages=pages,
        )
        url = "https://admin.example" if secure else URL
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
        async with httpx2.AsyncClient(transport=transport, base_url=url) as browser:
            yield Front(books, Acts(books, by="cli:tester", clock=clock), clock, browser)
