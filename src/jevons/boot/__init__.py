"""The composition root: the only file that names concrete classes.

Enters: settings, and weights that were fetched beforehand.
Leaves: a `House`: the rooms, the books and the application over them; or a server around it.
May not know: terminals.
State: what must be closed is closed in reverse order when the house is.
"""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import os
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from jevons.admin import Desk
from jevons.boot.admin import listening, open_admin
from jevons.boot.auto import arms_of, open_auto, pairs_path
from jevons.boot.calibrate import profile_path, read_profile
from jevons.boot.ledger import answers_path, ledger_path
from jevons.boot.limits import open_limits
from jevons.boot.meter import open_exchange, open_meter
from jevons.boot.outside import Beside, Shown, show
from jevons.boot.pages import open_pages
from jevons.boot.policy import open_policy
from jevons.boot.privacy import open_privacy
from jevons.boot.remote import open_remote, row_of
from jevons.boot.secrets import Secrets
from jevons.boot.traces import open_traces
from jevons.boot.weigh import became, would
from jevons.catalog import Catalog
from jevons.clock import SystemClock, Ulids, chance
from jevons.edge import allow_many_connections, app, serve_config
from jevons.flow import Rooms
from jevons.pick import Cheapest, Resting, Retries
from jevons.store import Archive, Books, Claim, Limits, Pairs, Retention, empty
from jevons.telemetry import Metrics, log
from jevons.types.account import Expired
from jevons.types.custody import OWN, PerClass
from jevons.types.errors import Misconfigured
from jevons.types.model import Endpoint

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from jevons.edge.asgi import Application
    from jevons.engine import Weights
    from jevons.ports import Clock, Provider
    from jevons.settings import Settings

__all__ = ("House", "key_path", "ledger_path", "open_house", "serve", "weights_dir")

ENGINE = "engine"
"""Name of the embedded engine's door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that serves, open."""

    settings: Settings
    claim: Claim
    rooms: Rooms
    books: Books
    endpoints: tuple[Endpoint, ...]
    metrics: Metrics
    app: Application
    shown: Shown
    admin: Application | None
    """What people who look after the house are answered by; None where nobody can sign in."""


def key_path(settings: Settings) -> Path:
    """Where the key made at the first start is written, readable by its owner only."""
    return settings.data_dir / "key"


def weights_dir(settings: Settings) -> Path:
    """Where models are kept."""
    return settings.data_dir / "weights"


@asynccontextmanager
async def open_house(
    settings: Settings, *, weights: Weights | None = None
) -> AsyncGenerator[House, None]:
    """Open every room.

    Args:
        settings: What to open.
        weights: Model for the embedded engine; None opens none.

    Raises:
        Misconfigured: A setting cannot be, or another server has the data folder.
        StoreUnavailable: The books could not be opened.
    """
    clock = SystemClock()
    ids = Ulids(clock)
    secrets = Secrets(settings.data_dir)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    async with AsyncExitStack() as closing:
        claim = closing.enter_context(Claim(settings.data_dir))
        books = await closing.enter_async_context(
            Books.open(
                ledger_path(settings),
                commit=settings.ledger.commit,
                origin=settings.ledger.origin,
                clock=clock,
                ids=ids,
            )
        )
        await _settle_keys(settings, books)
        answers = await _open_answers(settings, books, clock, closing)
        erase_after_days = settings.ledger.erase_after_days
        await closing.enter_async_context(
            Retention(books, answers, erase_after_days=erase_after_days, clock=clock)
        )
        doors: dict[str, Provider] = {}
        rows: list[Endpoint] = []
        if weights is not None:
            doors[ENGINE], row = await _open_engine(settings, weights, closing)
            rows.append(row)
        exchange = open_exchange(settings)
        rows += [row_of(each, exchange) for each in settings.endpoint]
        catalog = Catalog(tuple(rows), arms=arms_of(settings.auto))
        policy, opened, egress = open_policy(settings.policy, catalog, clock)
        await books.record(opened)
        for each in settings.endpoint:
            doors[each.name] = remote = open_remote(each, secrets, clock, policy.admit)
            closing.callback(remote.close)
        metrics = Metrics()
        shown = await show(
            settings,
            secrets,
            ledger_path(settings),
            egress,
            clock=clock,
            metrics=metrics,
            closing=closing,
        )
        traces = open_traces(
            settings,
            secrets,
            egress,
            endpoints=catalog.endpoints,
            clock=clock,
            metrics=metrics,
            closing=closing,
        )
        books.on_alert = metrics.alerted
        resting = Resting(longest_s=settings.retries.aside_s)
        limits = await open_limits(
            settings.limits,
            secrets,
            egress,
            terms=lambda: books.terms,
            clock=clock,
            metrics=metrics,
            closing=closing,
        )
        pick, auto = open_auto(
            settings.auto, Cheapest(), clock=clock, pairs=Pairs(pairs_path(settings))
        )
        rooms = Rooms(
            policy=policy,
            pick=pick,
            providers=doors,
            meter=open_meter(settings),
            ledger=books,
            clock=clock,
            metrics=metrics,
            resting=resting,
            privacy=open_privacy(settings.privacy),
            retries=Retries(
                draw=chance, tries=settings.retries.tries, wait_s=settings.retries.wait_s
            ),
            limits=limits,
            traces=traces,
        )
        if auto is not None:
            await closing.enter_async_context(auto)
            await auto.begin(rooms, books, ids)
        desk = Desk(
            would=partial(would, settings),
            became=partial(became, settings),
            books=books,
            archive=answers,
            clock=clock,
            endpoints=catalog.endpoints,
            failing=lambda: resting.failing(now_s=clock.monotonic_s(), now_ms=clock.now_ms()),
        )
        yield House(
            settings=settings,
            claim=claim,
            rooms=rooms,
            books=books,
            endpoints=catalog.endpoints,
            metrics=metrics,
            shown=shown,
            admin=open_admin(
                settings,
                desk,
                closing=closing,
                pages=open_pages(
                    settings,
                    ledger_path(settings),
                    endpoints=catalog.endpoints,
                    clock=clock,
                    metrics=metrics,
                    resting=rooms.resting,
                ),
            ),
            app=app(
                rooms=rooms,
                keys=books.keys,
                ids=ids,
                metrics=metrics,
                ready=lambda: {"an endpoint": bool(rows)},
                max_body_bytes=settings.server.max_body_bytes,
                read_timeout_s=settings.server.read_timeout_s,
                answers=answers,
            ),
        )


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


async def _settle_keys(settings: Settings, books: Books) -> None:
    """Make the first key; refuse to listen to others while there is none."""
    if books.keys.list():
        return
    if not _is_loopback(settings.server.host):
        message = (
            f"server.host is {settings.server.host!r} and there is no key, so anybody could "
            "ask; run `jevons keys create NAME` first, or listen on 127.0.0.1"
        )
        raise Misconfigured(message)
    created = await books.keys.create("default")
    path = key_path(settings)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(created.secret + "\n")


async def _open_answers(
    settings: Settings, books: Books, clock: Clock, closing: AsyncExitStack
) -> Archive | None:
    """Open what callers had kept; in a house that keeps nothing, destroy it."""
    where, said = answers_path(settings), settings.answers
    if said.keep == "never":
        gone = await asyncio.to_thread(empty, where)
        if gone is not None:
            log.info("answers.emptied")
            await books.record(Expired(at_ms=clock.now_ms(), answers=gone, keep_days=PerClass()))
        return None
    limits = Limits(keep_days=said.days, max_bytes=said.max_mb * 1_000_000)
    held = [actor.key for actor in books.keys.list() if actor.held]
    opening = Archive.open(where, limits=limits, clock=clock, held=held)
    return await closing.enter_async_context(opening)


async def _open_engine(
    settings: Settings, weights: Weights, closing: AsyncExitStack
) -> tuple[Provider, Endpoint]:
    # Imported here: the engine is an extra, and its library takes 100 ms to load.
    from jevons.engine import CAN, Embedded  # noqa: PLC0415

    profile = read_profile(profile_path(settings))
    engine = await closing.enter_async_context(
        Embedded.open(
            weights.path,
            name=weights.name,
            slots=settings.engine.slots,
            context_tokens=settings.engine.context_tokens,
            threads=settings.engine.threads,
            prompt_weight=profile.prompt_weight
            if profile is not None and profile.model == weights.model
            else None,
        )
    )
    row = Endpoint(
        name=weights.name,
        model=weights.model,
        provider=ENGINE,
        upstream_model=weights.name,
        aliases=("local", "default"),
        host="this machine",
        place="on-prem",
        grid=settings.house.grid,
        can=CAN,
        context_tokens=settings.engine.context_tokens,
        custody=OWN,
    )
    return engine, row


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
