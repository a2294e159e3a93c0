"""`jevons budgets`: set them, lift them, and see what is left."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, cast

import click

from jevons.cli.options import Listed, example, existing_ledger, read_settings, shared

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.budget import Balance
    from jevons.store import Books
    from jevons.types.budget import Budget, Per

__all__ = ("budgets", "lift", "listing", "set_")


class _Amount(click.ParamType[int]):
    """A decimal amount of a unit, kept as an integer of a smaller one."""

    name = "amount"

    def __init__(self, scale: int) -> None:
        self._scale = scale

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read `12.50`."""
        try:
            amount = Decimal(str(value)) * self._scale
        except InvalidOperation:
            self.fail(f"{value!r} is not an amount; write it as 12.50", param, ctx)
        if not amount.is_finite() or amount < 0 or amount >= _LARGEST:
            self.fail(
                f"{value!r} cannot be a budget: 0 or more, and less than 9e18 parts", param, ctx
            )
        return int(amount)


_LARGEST = 2**63

_per = click.option(
    "--per",
    type=click.Choice(("day", "month")),
    default="month",
    show_default=True,
    help="By the calendar, UTC.",
)


@click.group(
    cls=Listed,
    epilog=example(
        "jevons budgets set house --usd 200",
        "jevons budgets set search --usd 5 --per day --soft",
        "jevons budgets list",
    ),
)
def budgets() -> None:
    """What accounts and keys may spend, in money, energy and carbon."""


@budgets.command("set", epilog=example("jevons budgets set search --usd 50 --wh 2000 --per month"))
@click.argument("account")
@click.option("--usd", type=_Amount(10**9), metavar="AMOUNT", help="Money, US dollars.")
@click.option("--wh", type=_Amount(3_600_000), metavar="AMOUNT", help="Energy, watt-hours.")
@click.option(
    "--gco2e", type=_Amount(10**6), metavar="AMOUNT", help="Carbon, grams of CO2 equivalent."
)
@_per
@click.option("--soft", is_flag=True, help="Only give alerts, and refuse nothing.")
@click.option(
    "--alert",
    "alerts",
    type=click.IntRange(1, 1000),
    multiple=True,
    metavar="PERCENT",
    help="Give an alert once so much is spent; may repeat. Without it, at 80 and 100.",
)
@shared
def set_(
    *,
    account: str,
    usd: int | None,
    wh: int | None,
    gco2e: int | None,
    per: str,
    soft: bool,
    alerts: tuple[int, ...],
    config: Path | None,
    as_json: bool,
) -> None:
    """Set the budget of ACCOUNT, a name or the id of a key, in place of the one it had.

    A request is refused if a budget of its key, project, team or organisation does not carry the
    worst that it could come to; what it did come to is charged. A running server takes a change
    within a second.
    """
    if usd is None and wh is None and gco2e is None:
        message = "say how much: --usd, --wh or --gco2e"
        raise click.UsageError(message)
    _stand(
        config,
        account,
        per,
        as_json=as_json,
        cost_nusd=usd,
        energy_mj=wh,
        carbon_ug=gco2e,
        hard=not soft,
        alert_at=alerts,
    )


@budgets.command(epilog=example("jevons budgets lift search --per day"))
@click.argument("account")
@_per
@shared
def lift(*, account: str, per: str, config: Path | None, as_json: bool) -> None:
    """Let ACCOUNT have no budget for each day, or each month."""
    _stand(config, account, per, as_json=as_json)


def _stand(config: Path | None, account: str, per: str, *, as_json: bool, **fields: Any) -> None:
    from jevons.acts import Acts, plain_budget
    from jevons.cli.beside import beside, on_this_machine
    from jevons.cli.screen import emit

    async def act(books: Books) -> Budget:
        acts = Acts(books, by=on_this_machine())
        return await acts.set_budget(account, per=cast("Per", per), **fields)

    budget = beside(config, act, may_begin=True)
    if as_json:
        emit(plain_budget(budget))
    else:
        click.echo(f"{account}, each {per}: {_sentence(budget)}")


def _sentence(budget: Budget) -> str:
    from jevons.figures import unit

    limits = [
        unit(name, limit)
        for name in ("cost_nusd", "energy_mj", "carbon_ug")
        if (limit := getattr(budget, name)) is not None
    ]
    if not limits:
        return "no budget"
    told = ", ".join(f"{percent} %" for percent in budget.alert_at)
    return f"{', '.join(limits)}, {'hard' if budget.hard else 'soft'}, alerts at {told}"


@budgets.command("list", epilog=example("jevons budgets list --json"))
@shared
def listing(*, config: Path | None, as_json: bool) -> None:
    """Show what is spent, held and left of every budget.

    Beside a running server, as of the second before.
    """
    from jevons.acts import plain_balance
    from jevons.cli.screen import console, emit
    from jevons.clock import SystemClock
    from jevons.store import balances

    found = balances(existing_ledger(read_settings(config)), now_ms=SystemClock().now_ms())
    if as_json:
        emit([plain_balance(each) for each in found])
    elif found:
        console().print(_table(found))
    else:
        click.echo("no budgets; `jevons budgets set` sets one", err=True)


def _table(found: list[Balance]) -> Any:
    from jevons.cli.screen import table
    from jevons.figures import unit

    right = ("limit", "spent", "held", "left")
    shown = table("account", "period", *right, "kind", right=right)
    for each in found:
        more = f" + {each.unknown} unknown" if each.unknown else ""
        shown.add_row(
            each.account,
            each.period,
            unit(each.unit, each.limit),
            unit(each.unit, each.spent) + more,
            unit(each.unit, each.held),
            unit(each.unit, each.left),
            "hard" if each.hard else "soft",
        )
    return shown
