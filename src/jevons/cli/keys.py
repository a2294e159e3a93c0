"""`jevons keys`: make, list and revoke keys, also while the server runs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

from jevons.cli.options import example, ledger_path, read_settings, shared

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from jevons.store import Books
    from jevons.types.actor import Actor

__all__ = ("create", "keys", "listing", "revoke")

_MS_PER_DAY = 24 * 60 * 60 * 1000


@click.group(epilog=example("jevons keys create invoices --place on-prem", "jevons keys list"))
def keys() -> None:
    """Make, list and revoke API keys, also while the server runs."""


@keys.command(epilog=example("jevons keys create research --endpoint local --days 90"))
@click.argument("name")
@click.option(
    "--endpoint", "endpoints", multiple=True, metavar="NAME", help="Only this endpoint; may repeat."
)
@click.option(
    "--place", "places", multiple=True, metavar="PLACE", help="Only this place; may repeat."
)
@click.option("--days", type=click.IntRange(min=1), metavar="N", help="Refused after so many days.")
@shared
def create(
    *,
    name: str,
    endpoints: tuple[str, ...],
    places: tuple[str, ...],
    days: int | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Make a key called NAME, and show it this once."""
    from asyncio import run

    from jevons.cli.screen import emit
    from jevons.clock import SystemClock

    expires_ms = None if days is None else SystemClock().now_ms() + days * _MS_PER_DAY

    async def act() -> Any:
        async with _books(config) as books:
            return await books.keys.create(
                name,
                endpoints=frozenset(endpoints) or None,
                places=frozenset(places) or None,
                expires_ms=expires_ms,
            )

    created = run(act())
    if as_json:
        emit({"key": created.actor.key, "name": name, "secret": created.secret})
    else:
        click.echo(created.secret)
        click.echo(
            f"{created.actor.key} ({name}); it is stored as a hash and not shown again", err=True
        )


@keys.command("list", epilog=example("jevons keys list --json"))
@shared
def listing(*, config: Path | None, as_json: bool) -> None:
    """List all keys, revoked ones too."""
    from asyncio import run

    from jevons.cli.screen import console, emit, table

    async def act() -> tuple[Actor, ...]:
        async with _books(config) as books:
            return tuple(books.keys.list())

    found = run(act())
    if as_json:
        emit([_plain(actor) for actor in found])
        return
    shown = table("key", "name", "endpoints", "places", "state")
    for actor in found:
        names = (
            ", ".join(sorted(some)) if some else "all" for some in (actor.endpoints, actor.places)
        )
        shown.add_row(actor.key, actor.name, *names, _state(actor))
    console().print(shown)


@keys.command(epilog=example("jevons keys revoke key_01KASC0YVJ8J3Q5M9W8T2Z4X6B"))
@click.argument("key")
@shared
def revoke(*, key: str, config: Path | None, as_json: bool) -> None:
    """Refuse a key from now on; a running server notices within a second."""
    from asyncio import run

    from jevons.cli.screen import emit

    async def act() -> None:
        async with _books(config) as books:
            await books.keys.revoke(key)

    run(act())
    if as_json:
        emit({"key": key, "revoked": True})
    else:
        click.echo(f"{key} is refused from now on")


@asynccontextmanager
async def _books(config: Path | None) -> AsyncGenerator[Books]:
    """Open the books, beside the server if one runs."""
    from jevons.clock import SystemClock, Ulids
    from jevons.store import Books
    from jevons.telemetry import configure_logs

    configure_logs(json=False)
    settings = read_settings(config)
    clock = SystemClock()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    async with Books.open(
        ledger_path(settings),
        commit=settings.ledger.commit,
        origin=settings.ledger.origin,
        clock=clock,
        ids=Ulids(clock),
    ) as books:
        yield books


def _plain(actor: Actor) -> dict[str, Any]:
    """Give what may be shown: not the salting, which opens commitments."""
    return {
        "key": actor.key,
        "name": actor.name,
        "endpoints": sorted(actor.endpoints) if actor.endpoints is not None else None,
        "places": sorted(actor.places) if actor.places is not None else None,
        "expires_ms": actor.expires_ms,
        "revoked": actor.revoked,
    }


def _state(actor: Actor) -> str:
    from jevons.clock import SystemClock

    if actor.revoked:
        return "revoked"
    if actor.expires_ms is None:
        return "valid"
    left_ms = actor.expires_ms - SystemClock().now_ms()
    return f"{left_ms // _MS_PER_DAY} days left" if left_ms > 0 else "expired"
