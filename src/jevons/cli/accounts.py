"""`jevons accounts`: organisations, teams and projects, and what each has spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from jevons.cli.options import Listed, example, existing_ledger, read_settings, shared

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.store import Books, Used
    from jevons.types.budget import Account, Level

__all__ = ("accounts", "create", "listing")


@click.group(
    cls=Listed,
    epilog=example(
        "jevons accounts create research --level team",
        "jevons accounts create search --under research",
    ),
)
def accounts() -> None:
    """Organisations, teams and projects, and what each has spent.

    A key belongs to a project, a project to a team or an organisation. Without a word about it,
    to the project `default` of the organisation `house`.
    """


@accounts.command(epilog=example("jevons accounts create search --under research"))
@click.argument("name")
@click.option(
    "--level",
    type=click.Choice(("organisation", "team", "project")),
    default="project",
    show_default=True,
    help="What it is.",
)
@click.option(
    "--under",
    metavar="ACCOUNT",
    help="What it is part of; without it, the organisation `house`.",
)
@shared
def create(*, name: str, level: str, under: str | None, config: Path | None, as_json: bool) -> None:
    """Make an account called NAME, for ever: receipts name it."""
    from jevons.acts import Acts, plain_account
    from jevons.cli.beside import beside, on_this_machine
    from jevons.cli.screen import emit

    async def act(books: Books) -> Account:
        acts = Acts(books, by=on_this_machine())
        return await acts.make_account(name, level=cast("Level", level), under=under)

    account = beside(config, act, may_begin=True)
    if as_json:
        emit(plain_account(account))
    else:
        where = f" under {account.under}" if account.under else ""
        click.echo(f"{account.level} {name}{where}")


@accounts.command("list", epilog=example("jevons accounts list --json"))
@shared
def listing(*, config: Path | None, as_json: bool) -> None:
    """List all accounts, and what each has spent this month (UTC).

    Beside a running server, all but its last second.
    """
    from jevons.cli.screen import console, emit
    from jevons.clock import SystemClock
    from jevons.store import spending

    path = existing_ledger(read_settings(config))
    terms, used = spending(path, now_ms=SystemClock().now_ms())
    ordered = [*_tree(terms.accounts.values())]
    if as_json:
        emit([_plain(account, used.get(account.name)) for _, account in ordered])
        return
    console().print(_table(ordered, used))


def _table(ordered: list[tuple[int, Account]], used: dict[str, Used]) -> Any:
    from jevons.cli.screen import table

    right = ("answers", "cost", "energy", "carbon")
    shown = table("account", "level", *right, right=right)
    for depth, account in ordered:
        spent = used.get(account.name)
        figures = ("0", "$0", "0 Wh", "0 gCO2e")
        if spent is not None:
            figures = (str(spent.answers), *_amounts(spent))
        shown.add_row("  " * depth + account.name, account.level, *figures)
    return shown


def _amounts(used: Used) -> tuple[str, str, str]:
    """Write what an account used, and how many of its answers are not in it."""
    from jevons.figures import unit
    from jevons.types.budget import UNITS

    known = (used.cost_nusd, used.energy_mj, used.carbon_ug)
    unknown = (used.no_cost, used.no_energy, used.no_carbon)
    cost_, energy_, carbon_ = (
        unit(name, amount) + (f" + {more} unknown" if more else "")
        for name, amount, more in zip(UNITS, known, unknown, strict=True)
    )
    return cost_, energy_, carbon_


def _tree(found: Any, under: str = "", depth: int = 0) -> Any:
    """Order accounts as the tree has them, each with its depth."""
    accounts = [*found]
    for account in sorted(accounts, key=lambda each: each.name):
        if account.under == under:
            yield depth, account
            yield from _tree(accounts, account.name, depth + 1)


def _plain(account: Account, used: Used | None) -> dict[str, Any]:
    return {
        "account": account.name,
        "level": account.level,
        "under": account.under or None,
        "answers": used.answers if used else 0,
        "cost_nusd": used.cost_nusd if used else 0,
        "energy_mj": used.energy_mj if used else 0,
        "carbon_ug": used.carbon_ug if used else 0,
        "answers_without_cost": used.no_cost if used else 0,
        "answers_without_energy": used.no_energy if used else 0,
        "answers_without_carbon": used.no_carbon if used else 0,
    }
