"""`jevons report changes`: what demand did where a price or the routing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jevons.cli.options import example, existing_ledger, one_form, read_settings, shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from rich.table import Table

    from jevons.reports import Change, Interval, NoFigure, Step
    from jevons.settings import Settings

__all__ = ("changes",)

_DAY = click.DateTime(("%Y-%m-%d",))
_FIGURES = ("demand", "trend", "intensity")


@click.command(
    epilog=example("jevons report changes", "jevons report changes --on 2026-11-01 --account ada")
)
@click.option(
    "--on",
    type=_DAY,
    multiple=True,
    help="A day on which something changed, UTC; may repeat. Without it: days on which the price of "
    "an endpoint changed, or requests began to go elsewhere.",
)
@click.option(
    "--days",
    type=click.IntRange(min=20),
    default=120,
    show_default=True,
    metavar="N",
    help="How far back.",
)
@click.option("--account", metavar="NAME", help="Only of this account, or of a key by its id.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated figures on standard output.")
@shared
def changes(
    *,
    on: tuple[datetime, ...],
    days: int,
    account: str | None,
    as_csv: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Tell what demand and energy a token did where a price or the routing changed.

    An interrupted series: the step on that day against where demand was going, and
    the bend after it, in weeks. Whatever else happened that day is in the step: it
    shows what went together, not what caused it.
    """
    from jevons.cli.screen import console, emit
    from jevons.clock import SystemClock
    from jevons.reports import DAY_MS, days_of, interrupted, moved
    from jevons.store import tallies

    one_form(as_json=as_json, as_csv=as_csv)
    settings = read_settings(config)
    now_ms = SystemClock().now_ms()
    begin_ms = now_ms - now_ms % DAY_MS - days * DAY_MS
    told = tallies(
        existing_ledger(settings),
        by=("endpoint", "method", "ended"),
        begin_ms=begin_ms,
        step_ms=DAY_MS,
        account=account,
    )
    series = days_of(told)
    asked = _named(on) if on else [*_prices(settings, begin_ms, now_ms), *moved(series)]
    found = [(change, interrupted(series, change)) for change in _merged(asked)]
    if as_json:
        emit([_plain(change, step) for change, step in found])
    elif as_csv:
        click.echo(_csv(found), nl=False)
    elif found:
        console().print(_table(found))
        click.echo("factors against where it was going; what went together, not what caused it")
    else:
        click.echo(f"nothing changed in {days} days; --on names a day")


def _named(days: Sequence[datetime]) -> list[Change]:
    from datetime import UTC

    from jevons.reports import Change

    return [Change(int(day.replace(tzinfo=UTC).timestamp() * 1000), "as named") for day in days]


def _prices(settings: Settings, begin_ms: int, now_ms: int) -> Iterator[Change]:
    """Find days on which the price of an endpoint in the settings changed."""
    from jevons.boot.meter import open_exchange
    from jevons.boot.remote import row_of
    from jevons.catalog.moments import moment_ms
    from jevons.reports import DAY_MS, Change

    exchange = open_exchange(settings)
    for said in settings.endpoint:
        since = {price.since for price in row_of(said, exchange).prices}
        for at_ms in sorted({moment_ms(each) for each in since})[1:]:
            if begin_ms <= at_ms <= now_ms:
                yield Change(at_ms - at_ms % DAY_MS, f"price of {said.name}")


def _merged(changes: Sequence[Change]) -> list[Change]:
    """Have one change a day, with all that changed on it."""
    from jevons.reports import Change

    days: dict[int, list[str]] = {}
    for change in changes:
        days.setdefault(change.day_ms, []).append(change.what)
    return [Change(day_ms, "; ".join(what)) for day_ms, what in sorted(days.items())]


def _day(change: Change) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(change.day_ms / 1e3, UTC):%Y-%m-%d}"


def _plain(change: Change, step: Step | NoFigure) -> dict[str, Any]:
    from jevons.reports import NoFigure

    named: dict[str, Any] = {"day": _day(change), "what": change.what}
    if isinstance(step, NoFigure):
        return {**named, "why": step.why}
    return {**named, **{name: getattr(step, name)._asdict() for name in _FIGURES}}


def _csv(found: Sequence[tuple[Change, Step | NoFigure]]) -> str:
    from jevons.cli.sheet import sheet
    from jevons.reports import Interval, NoFigure

    columns = [f"{name}_{end}" for name in _FIGURES for end in Interval._fields]
    rows: list[tuple[object, ...]] = []
    for change, step in found:
        known = not isinstance(step, NoFigure)
        figures = [end for name in _FIGURES for end in getattr(step, name)] if known else []
        rows.append((_day(change), change.what, *(figures or [None] * len(columns))))
    return sheet(("day", "what", *columns), rows)


def _table(found: Sequence[tuple[Change, Step | NoFigure]]) -> Table:
    from jevons.cli.screen import table
    from jevons.reports import NoFigure

    shown = table("day", "what", "demand", "trend a week", "energy a token")
    for change, step in found:
        cells = (
            (f"no figure: {step.why}", "", "")
            if isinstance(step, NoFigure)
            else (_cell(step.demand), _cell(step.trend), _cell(step.intensity))
        )
        shown.add_row(_day(change), change.what, *cells)
    return shown


def _cell(interval: Interval) -> str:
    """Write a factor, and whether it is one at all."""
    from jevons import figures

    low, point, high = [figures.plain(each) for each in interval]
    sure = "" if interval.p05 > 1 or interval.p95 < 1 else ", none to be told"
    return f"x{point} ({low}\N{EN DASH}{high}){sure}"
