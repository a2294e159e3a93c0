"""`jevons report rebound`: whether what was gained was spent on using more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jevons.cli.comparison import (
    EACH,
    Compared,
    brief_of,
    lines_of,
    plain_of,
    row_of,
    sheet_of,
)
from jevons.cli.options import example, existing_ledger, one_form, read_settings, shared
from jevons.cli.written import as_page, as_parquet

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from jevons.reports import Dimension, Measure, Span, Tally
    from jevons.store.where import Where

__all__ = ("rebound",)


@click.command(
    epilog=example(
        "jevons report rebound --at 2026-11-01 --days 28", "jevons report rebound --json"
    )
)
@click.option(
    "--at",
    type=click.DateTime(("%Y-%m-%d",)),
    help="First day of the later period, UTC. Without it: the last days, today included.",
)
@click.option(
    "--days",
    type=click.IntRange(min=1),
    default=28,
    show_default=True,
    metavar="N",
    help="Length of each period.",
)
@click.option(
    "--by",
    type=click.Choice(("model", "endpoint", "team", "project", "key")),
    default="model",
    show_default=True,
    help="What the mix is made of.",
)
@click.option(
    "--each",
    type=click.Choice(("team", "project", "key", "model")),
    help="One line for each of them, in place of one report of all.",
)
@click.option(
    "--in",
    "measure",
    type=click.Choice(("energy", "carbon")),
    default="energy",
    show_default=True,
    help="What is compared.",
)
@click.option("--account", metavar="NAME", help="Only of this account, or of a key by its id.")
@click.option(
    "--growth",
    type=click.FloatRange(min=-99),
    metavar="PERCENT",
    help="How much demand would have grown by itself; without it, as in the earlier period.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated figures on standard output.")
@as_page
@as_parquet
@shared
def rebound(
    *,
    at: datetime | None,
    days: int,
    by: Dimension,
    each: Dimension | None,
    measure: Measure,
    account: str | None,
    growth: float | None,
    as_csv: bool,
    html: Path | None,
    parquet: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Tell whether a gain in efficiency was spent on using more: the Jevons paradox.

    Compares two periods of the same length. Energy of both is taken apart into
    more requests, other models, longer answers and energy a token. Then R, the
    rebound: 0 is none, 1 is all that was saved, above 1 the total grew.
    """
    from jevons.cli.screen import console, emit
    from jevons.cli.sheet import sheet
    from jevons.cli.written import write_parquet
    from jevons.reports import HOUR_MS, apart, fields_of
    from jevons.store import tallies

    one_form(as_json=as_json, as_csv=as_csv)
    path = existing_ledger(read_settings(config))
    spans = _spans(at, days)
    told = tallies(
        path,
        by={*fields_of(by), *fields_of(each or by), "endpoint"},
        begin_ms=spans[0].begin_ms,
        end_ms=spans[1].end_ms,
        step_ms=HOUR_MS,
        account=account,
    )
    if each is not None:
        if html is not None or parquet is not None:
            message = "a file is of one comparison; leave --each out, or take --json or --csv"
            raise click.UsageError(message)
        within: Dimension = "endpoint" if by == each else by
        parts = apart(told, each).items()
        found = [(name, _compare(part, spans, within, measure, growth)) for name, part in parts]
        _show_each(found, each, measure, as_json=as_json, as_csv=as_csv)
        return
    compared = _compare(told, spans, by, measure, growth)
    if html is not None:
        if (by, measure) != ("model", "energy"):
            message = "a page compares energy by model; leave --by and --in out"
            raise click.UsageError(message)
        _write_page(html, path, told, compared)
    if parquet is not None:
        write_parquet(parquet, *sheet_of(compared, measure))
    if as_json:
        emit(plain_of(compared, measure))
    elif as_csv:
        click.echo(sheet(*sheet_of(compared, measure)), nl=False)
    elif html is None and parquet is None:
        for line in lines_of(compared, measure, account):
            console().print(line)


def _show_each(
    found: list[tuple[str, Compared]],
    each: Dimension,
    measure: Measure,
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    from jevons.cli.screen import console, emit, table
    from jevons.cli.sheet import sheet

    if as_json:
        emit([{each: name, **plain_of(compared, measure)} for name, compared in found])
        return
    headings = (each, "before", "after", "demand", "rebound", "with trend")
    if as_csv:
        rows = [(name, *row_of(compared)) for name, compared in found]
        click.echo(sheet((each, *EACH), rows), nl=False)
        return
    shown = table(*headings, right=headings[1:4])
    for name, compared in found:
        shown.add_row(name, *brief_of(compared, measure))
    console().print(shown)
    click.echo("books show what went together, not what caused it")


def _spans(at: datetime | None, days: int) -> tuple[Span, Span]:
    from datetime import UTC

    from jevons.clock import SystemClock
    from jevons.reports import DAY_MS, HOUR_MS, Span

    now_ms = SystemClock().now_ms()
    today_ms = now_ms - now_ms % DAY_MS
    begin_ms = today_ms - (days - 1) * DAY_MS
    if at is not None:
        begin_ms = int(at.replace(tzinfo=UTC).timestamp() * 1000)
    # Books are added up by the hour, so the one that has begun counts whole.
    length_ms = min(days * DAY_MS, now_ms - begin_ms + HOUR_MS - 1) // HOUR_MS * HOUR_MS
    if length_ms <= 0:
        message = "the later period has not begun"
        raise click.BadParameter(message, param_hint="--at")
    return Span(begin_ms - length_ms, begin_ms), Span(begin_ms, begin_ms + length_ms)


def _compare(
    told: list[Tally],
    spans: tuple[Span, Span],
    by: Dimension,
    measure: Measure,
    growth: float | None,
) -> Compared:
    from jevons.reports import gather, growth_of, rebound

    before, after = gather(told, spans, by=by, measure=measure)
    grown = growth_of(before, *spans) if growth is None else growth / 100
    return Compared(spans, (before, after), rebound(before, after, growth=grown))


def _write_page(file: Path, ledger: Where, told: list[Tally], compared: Compared) -> None:
    """Write the page of both periods as a file."""
    from jevons.cli.written import write_page
    from jevons.dashboard import Days
    from jevons.dashboard.view.energy import energy

    before, after = compared.spans
    days = Days.of(before.begin_ms, after.end_ms - 1)
    write_page(file, energy(told, days, told=compared.told, spans=compared.spans), ledger)
