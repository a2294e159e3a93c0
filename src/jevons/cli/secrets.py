"""`jevons secrets`: keys of vendors and what else the house shows to others, sealed in its vault."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from jevons.cli.options import Listed, example, read_settings, shared, typed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jevons.settings import Settings
    from jevons.store import Books, Vault

__all__ = ("listing", "remove", "rotate", "secrets", "set_")


@click.group(
    cls=Listed,
    epilog=example(
        "jevons secrets set deepseek < key.txt",
        "jevons secrets list",
        'jevons.toml: api_key = "secret:deepseek"',
    ),
)
def secrets() -> None:
    """Keep keys of vendors, encrypted, in the data folder.

    A setting names one as `secret:NAME`. A running server takes a change at its next start.
    """


@secrets.command("set", epilog=example("jevons secrets set deepseek < key.txt"))
@click.argument("name")
@shared
def set_(*, name: str, config: Path | None, as_json: bool) -> None:
    """Keep a secret as NAME, read from standard input or asked for; never from the command line."""
    name, value = typed(name), _value()

    def work(vault: Vault, at_ms: int, by: str) -> None:
        vault.set(name, value, at_ms=at_ms, by=by)

    _act(config, work, as_json=as_json, act="set", name=name)


@secrets.command("list", epilog=example("jevons secrets list --json"))
@shared
def listing(*, config: Path | None, as_json: bool) -> None:
    """List names, when each was set, and which endpoints use it; never a value."""
    from jevons.boot.secrets import open_vault
    from jevons.budget.period import day_of
    from jevons.cli.screen import console, emit, table

    settings = read_settings(config)
    found = open_vault(settings.data_dir).list()
    users = {name: _users(settings, name) for name in found}
    if as_json:
        emit(
            [
                {"name": name, "set_ms": at_ms, "endpoints": users[name]}
                for name, at_ms in found.items()
            ]
        )
        return
    shown = table("name", "set", "endpoints")
    for name, at_ms in found.items():
        shown.add_row(name, day_of(at_ms), ", ".join(users[name]) or "none")
    console().print(shown)


@secrets.command("rm", epilog=example("jevons secrets rm deepseek"))
@click.argument("name")
@shared
def remove(*, name: str, config: Path | None, as_json: bool) -> None:
    """Destroy the secret NAME. Nothing brings it back."""
    name = typed(name)

    def work(vault: Vault, at_ms: int, by: str) -> None:
        vault.remove(name, at_ms=at_ms, by=by)

    _act(config, work, as_json=as_json, act="removed", name=name)


@secrets.command(epilog=example("jevons secrets rotate"))
@shared
def rotate(*, config: Path | None, as_json: bool) -> None:
    """Seal every secret with another master key; the one before is destroyed.

    Makes one in the data folder, or takes that of JEVONS_NEXT_MASTER_KEY, which is to be
    JEVONS_MASTER_KEY from then on.
    """
    from jevons.boot.secrets import MASTER, NEXT_MASTER, master_key

    master = master_key(NEXT_MASTER)
    if master is None and master_key(MASTER) is not None:
        message = f"the master key is in {MASTER}: put the next one into {NEXT_MASTER}"
        raise click.UsageError(message)

    def work(vault: Vault, at_ms: int, by: str) -> None:
        vault.rotate(master, at_ms=at_ms, by=by)

    _act(config, work, as_json=as_json, act="rotated")


def _value() -> str:
    """Read a value where it is not shown: on a terminal twice, else the first line of what comes."""
    if sys.stdin.isatty():
        value: str = click.prompt("Secret", hide_input=True, confirmation_prompt=True, err=True)
        return value
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


def _act(
    config: Path | None, work: Callable[[Vault, int, str], None], *, as_json: bool, **said: str
) -> None:
    """Do something to the vault, have the books say so, and show what was done."""
    from jevons.boot.secrets import open_vault
    from jevons.cli.beside import beside, on_this_machine
    from jevons.cli.screen import emit
    from jevons.clock import SystemClock

    vault = open_vault(read_settings(config).data_dir)

    async def done(books: Books) -> None:
        work(vault, SystemClock().now_ms(), on_this_machine())
        await vault.tell(books.record)

    beside(config, done, may_begin=True)
    if as_json:
        emit(said)
    else:
        click.echo(" ".join([said.get("name", "the master key"), said["act"]]))


def _users(settings: Settings, name: str) -> list[str]:
    return [each.name for each in settings.endpoint if each.api_key == f"secret:{name}"]
