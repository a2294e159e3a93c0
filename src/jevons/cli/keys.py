"""`jevons keys`: make, list, rotate, revoke and hold keys, also while the server runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jevons.cli.options import (
    A_PLACE,
    A_REGION,
    Listed,
    example,
    read_settings,
    shared,
    typed,
    weights_dir,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jevons.store import Archive, Books, Created
    from jevons.types.actor import Actor

__all__ = ("create", "hold", "keys", "listing", "release", "revoke", "rotate")

_MS_PER_DAY = 24 * 60 * 60 * 1000


@click.group(
    cls=Listed, epilog=example("jevons keys create invoices --place on-prem", "jevons keys list")
)
def keys() -> None:
    """Make, list, rotate, revoke and hold API keys, also while the server runs."""


@keys.command(epilog=example("jevons keys create research --endpoint deepseek --days 90"))
@click.argument("name")
@click.option(
    "--endpoint", "endpoints", multiple=True, metavar="NAME", help="Only this endpoint; may repeat."
)
@click.option(
    "--place",
    "places",
    type=A_PLACE,
    multiple=True,
    metavar="PLACE",
    help="Only this place, on-prem or a country's code; may repeat.",
)
@click.option(
    "--class",
    "data_class",
    type=click.Choice(("public", "internal", "personal", "special")),
    help="What its data is, unless a request says that it is more.",
)
@click.option(
    "--region",
    type=A_REGION,
    metavar="CODE",
    help="Where the people live whom its data is about: EEA or a country's code.",
)
@click.option(
    "--project",
    default="default",
    show_default=True,
    metavar="ACCOUNT",
    help="Project that it is charged to, for ever.",
)
@click.option("--days", type=click.IntRange(min=1), metavar="N", help="Refused after so many days.")
@shared
def create(
    *,
    name: str,
    endpoints: tuple[str, ...],
    places: tuple[str, ...],
    data_class: str | None,
    region: str | None,
    project: str,
    days: int | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Make a key called NAME, and show it this once."""
    from jevons.acts import Acts
    from jevons.cli.beside import beside, on_this_machine
    from jevons.cli.screen import emit
    from jevons.types.custody import DataClass

    name = typed(name)
    if not name.strip():
        message = "NAME is empty; receipts and lists tell keys apart by it"
        raise click.UsageError(message)

    async def act(books: Books) -> Created:
        return await Acts(books, by=on_this_machine()).make_key(
            name,
            project=project,
            endpoints=endpoints,
            places=places,
            days=days,
            data_class=DataClass[data_class.upper()] if data_class else None,
            region=region,
        )

    created = beside(config, act, may_begin=True)
    for each in _not_there(endpoints, config):
        click.echo(
            f"Warning: there is no endpoint {each!r} yet; `jevons models` lists names", err=True
        )
    if as_json:
        emit(
            {
                "key": created.actor.key,
                "name": name,
                "project": project,
                "secret": created.secret,
            }
        )
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
    from jevons.acts import plain_key
    from jevons.cli.beside import beside
    from jevons.cli.screen import console, emit, table

    async def act(books: Books) -> tuple[tuple[Actor, ...], dict[str, int]]:
        return books.keys.list(), await books.last_uses()

    found, uses = beside(config, act)
    if as_json:
        emit([plain_key(actor, uses.get(actor.key)) for actor in found])
        return
    shown = table("key", "name", "last used", "state", whole=("key", "last used"))
    for actor in found:
        named = "\n".join((actor.name, *_said(actor)))
        shown.add_row(actor.key, named, _day(uses.get(actor.key)), _state(actor))
    console().print(shown)


@keys.command(epilog=example("jevons keys rotate key_01KASC0YVJ8J3Q5M9W8T2Z4X6B --grace 2"))
@click.argument("key")
@click.option(
    "--grace",
    type=click.IntRange(min=0),
    default=24,
    show_default=True,
    metavar="HOURS",
    help="The secret that it has stays good for so long; 0 ends it at once.",
)
@shared
def rotate(*, key: str, grace: int, config: Path | None, as_json: bool) -> None:
    """Give KEY a new secret, and show it this once.

    It stays the same key: its limits, budgets and receipts go on. Rotated again, only the secret
    before the new one stays good.
    """
    from jevons.acts import Acts
    from jevons.cli.beside import beside, on_this_machine
    from jevons.cli.screen import emit

    async def act(books: Books) -> Created:
        return await Acts(books, by=on_this_machine()).rotate_key(key, grace_hours=grace)

    actor, secret = beside(config, act)
    if as_json:
        emit({"key": key, "secret": secret, "former_until_ms": actor.former_until_ms})
        return
    click.echo(secret)
    former = f"is good for {grace} hours" if grace else "is refused from now on"
    click.echo(f"{key} has a new secret; the one before {former}", err=True)


@keys.command(epilog=example("jevons keys revoke key_01KASC0YVJ8J3Q5M9W8T2Z4X6B"))
@click.argument("key")
@shared
def revoke(*, key: str, config: Path | None, as_json: bool) -> None:
    """Refuse a key from now on; a running server notices within a second."""
    from jevons.acts import Acts
    from jevons.cli.beside import beside, on_this_machine
    from jevons.cli.screen import emit

    async def act(books: Books) -> None:
        await Acts(books, by=on_this_machine()).revoke_key(key)

    beside(config, act)
    if as_json:
        emit({"key": key, "revoked": True})
    else:
        click.echo(f"{key} is refused from now on")


def _said(actor: Actor) -> Iterator[str]:
    """Say what limits a key, and what it is charged to, where that is not the usual."""
    if actor.account and actor.account[0] != "default":
        yield f"project {actor.account[0]}"
    if actor.owner:
        yield f"of {actor.owner}"
    if actor.endpoints is not None:
        yield f"only {', '.join(sorted(actor.endpoints))}"
    if actor.places is not None:
        yield f"in {', '.join(sorted(actor.places))}"
    if actor.data_class is not None:
        yield f"{actor.data_class.word} data"
    if actor.region is not None:
        yield f"of people in {actor.region}"


@keys.command(epilog=example("jevons keys hold key_01KASC0YVJ8J3Q5M9W8T2Z4X6B --reason 4-O-112"))
@click.argument("key")
@click.option("--reason", default="", metavar="TEXT", help="Why; it stays in the ledger for ever.")
@shared
def hold(*, key: str, reason: str, config: Path | None, as_json: bool) -> None:
    """Put KEY on legal hold: what is kept for it is neither erased, nor deleted, nor expires.

    The key goes on working; revoke it if it should not.
    """
    from jevons.acts import Acts
    from jevons.cli.beside import beside_answers, on_this_machine
    from jevons.cli.screen import emit

    async def act(books: Books, archive: Archive | None) -> None:
        acts = Acts(books, by=on_this_machine(), archive=archive)
        await acts.hold_key(key, reason=typed(reason))

    beside_answers(config, act)
    if as_json:
        emit({"key": key, "held": True})
    else:
        click.echo(f"{key} is on legal hold")


@keys.command(epilog=example("jevons keys release key_01KASC0YVJ8J3Q5M9W8T2Z4X6B"))
@click.argument("key")
@click.option("--reason", default="", metavar="TEXT", help="Why; it stays in the ledger for ever.")
@shared
def release(*, key: str, reason: str, config: Path | None, as_json: bool) -> None:
    """End a legal hold on KEY; what expired meanwhile is destroyed within the hour."""
    from jevons.acts import Acts
    from jevons.cli.beside import beside_answers, on_this_machine
    from jevons.cli.screen import emit

    async def act(books: Books, archive: Archive | None) -> None:
        acts = Acts(books, by=on_this_machine(), archive=archive)
        await acts.release_key(key, reason=typed(reason))

    beside_answers(config, act)
    if as_json:
        emit({"key": key, "held": False})
    else:
        click.echo(f"{key} is on no legal hold")


def _not_there(endpoints: tuple[str, ...], config: Path | None) -> list[str]:
    """Find the names that no endpoint has: a key may be made for one that is still to come."""
    if not endpoints:
        return []
    from jevons.catalog.weights import weights_cards

    settings = read_settings(config)
    there = {each.name for each in settings.endpoint} | {card.name for card in weights_cards()}
    there |= {path.stem for path in weights_dir(settings).glob("*.gguf")}
    return [each for each in endpoints if each not in there]


def _day(at_ms: int | None) -> str:
    from jevons.budget.period import day_of

    return "never" if at_ms is None else day_of(at_ms)


def _state(actor: Actor) -> str:
    return f"{_validity(actor)}, on hold" if actor.held else _validity(actor)


def _validity(actor: Actor) -> str:
    from jevons.clock import SystemClock

    if actor.revoked:
        return "revoked"
    if actor.expires_ms is None:
        return "valid"
    left_ms = actor.expires_ms - SystemClock().now_ms()
    return f"{left_ms // _MS_PER_DAY} days left" if left_ms > 0 else "expired"
