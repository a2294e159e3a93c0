"""`jevons report spend`: what answers came to, by whatever tells them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jevons.cli.options import example, existing_ledger, one_form, read_settings, shared
from jevons.cli.written import as_page, as_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from rich.table import Table

    from jevons.reports import Bill, Column, Span
    from jevons.store.where import Where

__all__ = ("spend",)

_COLUMNS = ("day", "month", "model", "endpoint", "host", "place", "class", "key", "account")
_SPENT = ("requests", "read", "written", "cost", "Wh", "gCO2e")
_IMPACT = ("Wh", "between", "gCO2e", "contract", "hardware", "mL site", "mL grid")
_DAY = click.DateTime(("%Y-%m-%d",))


@click.command(
    epilog=example(
        "jevons report spend --since 2026-11-01 --by account",
        "jevons report spend --by place --by class",
        "jevons report spend --by day --by model --csv > november.csv",
        "jevons report spend --since 2026-11-01 --html november.html",
    )
)
@click.option("--since", type=_DAY, help="First day, UTC; without it, the first there is.")
@click.option("--until", type=_DAY, help="Last day, UTC; without it, today.")
@click.option(
    "--by",
    type=click.Choice(_COLUMNS),
    multiple=True,
    help="What tells answers apart; may repeat. Without it: the model.",
)
@click.option("--account", metavar="NAME", help="Only of this account, or of a key by its id.")
@click.option(
    "--impact",
    "is_impact",
    is_flag=True,
    help="In place of tokens and money: intervals, carbon by contract and of hardware, water.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated figures on standard output.")
@as_page
@as_parquet
@shared
def spend(
    *,
    since: datetime | None,
    until: datetime | None,
    by: tuple[Column, ...],
    account: str | None,
    is_impact: bool,
    as_csv: bool,
    html: Path | None,
    parquet: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Tell what answers cost, took and emitted, and where they were made.

    Money is exact. Energy and carbon are sums of median estimates; what is not
    known is not in a sum, and is counted beside it.
    """
    from jevons.cli.screen import console, emit
    from jevons.cli.sheet import sheet
    from jevons.cli.written import write_parquet
    from jevons.reports import DAY_MS, bill, groups_of
    from jevons.store import tallies

    one_form(as_json=as_json, as_csv=as_csv)
    path = existing_ledger(read_settings(config))
    by, span = by or ("model",), _span(since, until)
    asked = tallies(
        path,
        by=groups_of(by),
        begin_ms=span.begin_ms,
        end_ms=span.end_ms,
        step_ms=DAY_MS if {"day", "month"} & {*by} else None,
        account=account,
    )
    bills = bill(asked, by=by)
    if html is not None:
        _write_page(html, path, span, by[0], account)
    if parquet is not None:
        write_parquet(parquet, *_sheet(by, bills))
    if as_json:
        emit([dict(zip(by, name, strict=True)) | each._asdict() for name, each in bills.items()])
    elif as_csv:
        click.echo(sheet(*_sheet(by, bills)), nl=False)
    elif html is not None or parquet is not None:
        return
    elif bills:
        console().print(_table(by, bills, is_impact=is_impact))
        click.echo(_rests(_total(bills.values())))
    else:
        click.echo(_nothing(account))


def _write_page(file: Path, ledger: Where, span: Span, by: Column, account: str | None) -> None:
    """Write the page of these days as a file."""
    from jevons.cli.written import write_page
    from jevons.dashboard import Days
    from jevons.dashboard.view.spend import NEEDS, by_of, spend
    from jevons.reports import DAY_MS
    from jevons.store import tallies

    told = tallies(
        ledger,
        by=NEEDS,
        begin_ms=span.begin_ms,
        end_ms=span.end_ms,
        step_ms=DAY_MS,
        account=account,
    )
    first_ms = span.begin_ms or min([each.group.hour_ms for each in told], default=span.end_ms - 1)
    days = Days.of(first_ms, span.end_ms - 1)
    write_page(file, spend(told, days, by_of(by)), ledger)


def _nothing(account: str | None) -> str:
    if account is None:
        return "no requests in these days"
    lists = "`jevons accounts list` and `jevons keys list` say whom there is"
    return f"no requests of {account!r} in these days; {lists}"


def _span(since: datetime | None, until: datetime | None) -> Span:
    from datetime import UTC

    from jevons.clock import SystemClock
    from jevons.reports import DAY_MS, Span

    begin, end = [
        None if day is None else int(day.replace(tzinfo=UTC).timestamp() * 1000)
        for day in (since, until)
    ]
    end_ms = SystemClock().now_ms() + 1 if end is None else end + DAY_MS
    if begin is not None and begin >= end_ms:
        message = "it is after the last day"
        raise click.BadParameter(message, param_hint="--since")
    return Span(begin or 0, end_ms)


def _sheet(
    by: Sequence[Column], bills: Mapping[tuple[str, ...], Bill]
) -> tuple[list[str], list[tuple[object, ...]]]:
    """Lay bills out: a heading, and a row for each."""
    from jevons.reports import Bill

    return [*by, *Bill._fields], [(*name, *each) for name, each in bills.items()]


def _table(
    by: Sequence[Column], bills: Mapping[tuple[str, ...], Bill], *, is_impact: bool
) -> Table:
    from jevons.cli.screen import table

    figures, cells = (_IMPACT, _impact) if is_impact else (_SPENT, _cells)
    shown = table(*by, *figures, right=figures)
    for name, each in bills.items():
        shown.add_row(*name, *cells(each))
    if len(bills) > 1:
        shown.add_section()
        shown.add_row("total", *[""] * (len(by) - 1), *cells(_total(bills.values())))
    return shown


def _total(bills: Iterable[Bill]) -> Bill:
    from jevons.reports import Bill

    return Bill(*[sum(column) for column in zip(*bills, strict=True)])


def _rests(total: Bill) -> str:
    """Say what of the energy was measured, what a vendor said and what a formula made."""
    from jevons import figures
    from jevons.reports import TIERS

    if not total.energy_mj:
        return "energy: none is known"
    parts = (total.measured_mj, total.reported_mj, total.modelled_mj)
    said = [
        f"{figures.plain(100 * part / total.energy_mj)} % {tier}"
        for tier, part in zip(TIERS, parts, strict=True)
        if part
    ]
    return f"energy: {', '.join(said)}"


def _impact(bill: Bill) -> tuple[str, ...]:
    """Write what is known of each; a sum of which nothing is known is no zero."""
    from jevons import figures

    low, high = bill.energy_mj_p05 / figures.MJ_PER_WH, bill.energy_mj_p95 / figures.MJ_PER_WH

    def known(amount: float, per: float, missing: int) -> str:
        if missing == bill.requests:
            return figures.UNKNOWN
        return figures.plain(amount / per) + (f" + {missing} unknown" if missing else "")

    g, ml = figures.MG_PER_G, figures.UL_PER_ML
    return (
        known(bill.energy_mj, figures.MJ_PER_WH, bill.unmeasured),
        f"{figures.plain(low)}\N{EN DASH}{figures.plain(high)}",
        known(bill.carbon_mg, g, bill.unmeasured),
        known(bill.market_mg, g, bill.no_market),
        known(bill.embodied_mg, g, bill.no_embodied),
        known(bill.water_site_ul, ml, bill.no_water_site),
        known(bill.water_grid_ul, ml, bill.no_water_grid),
    )


def _cells(bill: Bill) -> tuple[str, ...]:
    """Write figures; what a sum leaves out is counted behind it."""
    from jevons import figures

    failed = f" ({bill.failed} failed)" if bill.failed else ""
    unpriced = f" + {bill.unpriced} unknown" if bill.unpriced else ""
    unmeasured = f" + {bill.unmeasured} unknown" if bill.unmeasured else ""
    return (
        f"{bill.requests}{failed}",
        str(bill.read),
        str(bill.written),
        figures.money(bill.cost_nusd) + unpriced,
        figures.plain(bill.energy_mj / figures.MJ_PER_WH) + unmeasured,
        figures.plain(bill.carbon_mg / figures.MG_PER_G),
    )
