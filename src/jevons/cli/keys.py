"""`jevons keys`: make, list and revoke keys, also while the server runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from jevons.cli.options import example, existing_ledger, ledger_path, read_settings, shared

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from jevons.store import Created, KeyRing
    from jevons.types.actor import Actor

__all__ = ("create", "keys", "listing", "revoke")

T = TypeVar("T")

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
@click.option(
    "--class",
    "data_class",
    type=click.Choice(("public", "internal", "personal", "special")),
    help="What its data is, unless a request says that it is more.",
)
@click.option("--region", metavar="CODE", help="Where the people live whom its data is about.")
@click.option("--days", type=click.IntRange(min=1), metavar="N", help="Refused after so many days.")
@shared
def create(
    *,
    name: str,
    endpoints: tuple[str, ...],
    places: tuple[str, ...],
    data_class: str | None,
    region: str | None,
    days: int | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Make a key called NAME, and show it this once."""
    from jevons.cli.screen import emit
    from jevons.clock import SystemClock
    from jevons.types.custody import DataClass

    expires_ms = None if days is None else SystemClock().now_ms() + days * _MS_PER_DAY

    async def act(ring: KeyRing) -> Created:
        return await ring.create(
            name,
            endpoints=frozenset(endpoints) or None,
            places=frozenset(places) or None,
            expires_ms=expires_ms,
            data_class=DataClass[data_class.upper()] if data_class else None,
            region=region,
        )

    created = _act(config, act, may_begin=True)
    if as_json:
        emit({"key": created.actor.key, "name": name, "secret": created.secret})
        return
    click.echo(created.secret)
    click.echo(
        f"{created.actor.key} ({name}); it is stored as a hash and not shown again. "
        "A running server takes it within a second.",
        err=True,
    )


@keys.command("list", epilog=example("jevons keys list --json"))
@shared
def listing(*, config: Path | None, as_json: bool) -> None:
    """List all keys, revoked ones too."""
    from jevons.cli.screen import console, emit, table

    async def act(ring: KeyRing) -> tuple[Actor, ...]:
        return tuple(ring.list())

    found = _act(config, act)
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
    from jevons.cli.screen import emit

    async def act(ring: KeyRing) -> None:
        await ring.revoke(key)

    _act(config, act)
    if as_json:
        emit({"key": key, "revoked": True})
    else:
        click.echo(f"{key} is refused from now on")


def _act(
    config: Path | None, act: Callable[[KeyRing], Awaitable[T]], *, may_begin: bool = False
) -> T:
    """Do something with the keys, beside the server if one runs.

    Args:
        config: Settings file; None is the usual one.
        act: What to do.
        may_begin: Whether to begin a ledger where there is none.
    """
    from asyncio import run

    from jevons.clock import SystemClock, Ulids
    from jevons.store import Books
    from jevons.telemetry import configure_logs

    configure_logs(json=False)
    settings = read_settings(config)
    ledger = ledger_path(settings) if may_begin else existing_ledger(settings)
    clock = SystemClock()

    async def opened() -> T:
        async with Books.open(
            ledger,
            commit=settings.ledger.commit,
            origin=settings.ledger.origin,
            clock=clock,
            ids=Ulids(clock),
        ) as books:
            return await act(books.keys)

    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return run(opened())


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
