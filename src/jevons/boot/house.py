"""A house, open: the rooms, the books, and the applications over them.

State: what must be closed is closed in reverse order when the house is.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from jevons.boot.auto import bring_pairs, known_arms, open_auto, open_reviews
from jevons.boot.cache import arms_share, open_cache, open_near
from jevons.boot.calibrate import profile_path, read_profile
from jevons.boot.ledger import answers_path, ledger_path
from jevons.boot.limits import open_limits
from jevons.boot.meter import open_exchange, open_meter
from jevons.boot.outside import Shown, show
from jevons.boot.policy import open_policy
from jevons.boot.privacy import open_privacy
from jevons.boot.remote import open_remote, row_of
from jevons.boot.secrets import Secrets
from jevons.boot.traces import open_traces
from jevons.boot.weigh import became, would
from jevons.cache import PROVIDER
from jevons.catalog import Catalog
from jevons.clock import SystemClock, Ulids, chance
from jevons.edge import app
from jevons.flow import Rooms
from jevons.pick import Cheapest, Resting, Retries
from jevons.store import Archive, Books, Claim, Limits, Pairs, Retention, empty
from jevons.telemetry import Metrics, log
from jevons.types.account import Expired
from jevons.types.custody import OWN, PerClass
from jevons.types.errors import Misconfigured
from jevons.types.model import Endpoint

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from jevons.boot.policy import Policed
    from jevons.edge.asgi import Application
    from jevons.engine import Weights
    from jevons.grading import Loop, Reviews
    from jevons.ports import Clock, Provider
    from jevons.settings import Settings
    from jevons.types.arm import Arm

__all__ = ("House", "key_path", "open_house", "weights_dir")

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
    reviews: Reviews | None
    """Graded prompts that wait for a person; None where nobody looks at any."""
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
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    async with AsyncExitStack() as closing:
        ground = _Ground.under(settings, closing)
        claim = closing.enter_context(Claim(settings.data_dir))
        books, answers = await _open_books(ground)
        asked = await _open_endpoints(ground, weights)
        await books.record(asked.policed.opened)
        shown = await show(
            settings,
            ground.secrets,
            ledger_path(settings),
            asked.policed.egress,
            clock=ground.clock,
            metrics=ground.metrics,
            closing=closing,
        )
        rooms, auto = await _open_rooms(ground, books, asked, answers)
        yield House(
            settings=settings,
            claim=claim,
            rooms=rooms,
            books=books,
            endpoints=asked.catalog.endpoints,
            metrics=ground.metrics,
            shown=shown,
            reviews=None if auto is None else auto.reviews,
            admin=_open_admin(ground, books, answers, asked.catalog.endpoints, auto),
            app=app(
                rooms=rooms,
                keys=books.keys,
                ids=ground.ids,
                metrics=ground.metrics,
                ready=lambda: {"an endpoint": bool(asked.catalog.endpoints)},
                max_body_bytes=settings.server.max_body_bytes,
                read_timeout_s=settings.server.read_timeout_s,
                answers=answers,
                hear=None if auto is None else auto.hear,
                auto=asked.arms[0].steps[0].endpoint if asked.arms else "",
            ),
        )


class _Ground(NamedTuple):
    """What every room stands on."""

    settings: Settings
    secrets: Secrets
    clock: SystemClock
    ids: Ulids
    metrics: Metrics
    resting: Resting
    closing: AsyncExitStack

    @classmethod
    def under(cls, settings: Settings, closing: AsyncExitStack) -> _Ground:
        """Lay it."""
        clock, secrets = SystemClock(), Secrets(settings.data_dir)
        resting = Resting(longest_s=settings.retries.aside_s)
        return cls(settings, secrets, clock, Ulids(clock), Metrics(), resting, closing)


class _Asked(NamedTuple):
    """Who can be asked, and who says whether they may be."""

    catalog: Catalog
    doors: dict[str, Provider]
    policed: Policed
    arms: tuple[Arm, ...]


async def _open_books(ground: _Ground) -> tuple[Books, Archive | None]:
    """Open the books and what callers had kept, and let neither keep longer than it should."""
    settings = ground.settings
    books = await ground.closing.enter_async_context(
        Books.open(
            ledger_path(settings),
            commit=settings.ledger.commit,
            origin=settings.ledger.origin,
            clock=ground.clock,
            ids=ground.ids,
        )
    )
    books.on_alert = ground.metrics.alerted
    await _settle_keys(settings, books)
    answers = await _open_answers(settings, books, ground.clock, ground.closing)
    days = settings.ledger.erase_after_days
    await ground.closing.enter_async_context(
        Retention(books, answers, erase_after_days=days, clock=ground.clock)
    )
    return books, answers


async def _open_endpoints(ground: _Ground, weights: Weights | None) -> _Asked:
    """Open a door to each endpoint; what goes out by it is judged once more there."""
    settings, closing = ground.settings, ground.closing
    doors: dict[str, Provider] = {}
    rows: list[Endpoint] = []
    if weights is not None:
        doors[ENGINE], row = await _open_engine(settings, weights, closing)
        rows.append(row)
    exchange = open_exchange(settings)
    rows += [row_of(each, exchange) for each in settings.endpoint]
    arms = known_arms(settings, rows)
    steps = [step for arm in arms for step in arm.steps]
    catalog = Catalog(tuple(rows), arms={step.endpoint for step in steps})
    policed = open_policy(settings.policy, catalog, ground.clock)
    admit = policed.rules.admit
    for each in settings.endpoint:
        doors[each.name] = remote = open_remote(each, ground.secrets, ground.clock, admit)
        closing.callback(remote.close)
    return _Asked(catalog, doors, policed, arms)


async def _open_rooms(
    ground: _Ground, books: Books, asked: _Asked, answers: Archive | None
) -> tuple[Rooms, Loop | None]:
    """Open the corridor's rooms, and what walks it by itself."""
    settings, clock = ground.settings, ground.clock
    traces = open_traces(
        settings,
        ground.secrets,
        asked.policed.egress,
        endpoints=asked.catalog.endpoints,
        clock=clock,
        metrics=ground.metrics,
        closing=ground.closing,
    )
    limits = await open_limits(
        settings.limits,
        ground.secrets,
        asked.policed.egress,
        terms=lambda: books.terms,
        clock=clock,
        metrics=ground.metrics,
        closing=ground.closing,
    )
    pairs = Pairs(ledger_path(settings))
    pick, auto = open_auto(
        arms_share(settings),
        Cheapest(),
        clock=clock,
        pairs=pairs,
        arms=asked.arms,
        endpoints=asked.catalog.endpoints,
    )
    near = open_near(settings, clock=clock)
    cache = open_cache(settings, books.keys, near=near, clock=clock, closing=ground.closing)
    rooms = Rooms(
        policy=asked.policed.rules,
        pick=pick,
        providers=asked.doors if cache is None else {**asked.doors, PROVIDER: cache},
        meter=open_meter(settings),
        ledger=books,
        clock=clock,
        metrics=ground.metrics,
        resting=ground.resting,
        privacy=open_privacy(settings.privacy),
        retries=Retries(draw=chance, tries=settings.retries.tries, wait_s=settings.retries.wait_s),
        limits=limits,
        traces=traces,
        recall=None if cache is None else cache.recall,
    )
    if near is not None:
        await ground.closing.enter_async_context(near)
        await near.begin(books)
    if auto is not None:
        auto.reviews = open_reviews(settings.auto, answers, books, clock=clock, pairs=pairs)
        await ground.closing.enter_async_context(auto)
        await asyncio.to_thread(bring_pairs, settings, pairs)
        await auto.begin(rooms, books, ground.ids)
    return rooms, auto


def _open_admin(
    ground: _Ground,
    books: Books,
    answers: Archive | None,
    endpoints: tuple[Endpoint, ...],
    auto: Loop | None,
) -> Application | None:
    """Open what people who look after the house are answered by; None where nobody can sign in."""
    settings, clock, resting = ground.settings, ground.clock, ground.resting
    if settings.admin.port is None:
        return None
    # Imported here: 12 MB that only a house with such a listener needs.
    from jevons.admin import Desk  # noqa: PLC0415
    from jevons.boot.admin import open_admin  # noqa: PLC0415
    from jevons.boot.pages import open_pages  # noqa: PLC0415

    desk = Desk(
        would=partial(would, settings),
        became=partial(became, settings),
        books=books,
        archive=answers,
        clock=clock,
        endpoints=endpoints,
        failing=lambda: resting.failing(now_s=clock.monotonic_s(), now_ms=clock.now_ms()),
    )
    pages = open_pages(
        settings,
        ledger_path(settings),
        endpoints=endpoints,
        clock=clock,
        metrics=ground.metrics,
        resting=resting,
        reviewing=None if auto is None else auto.reviews,
    )
    return open_admin(settings, desk, closing=ground.closing, pages=pages)


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
