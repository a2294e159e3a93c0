"""`jevons report`: questions asked of the books on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from jevons.cli.changes import changes
from jevons.cli.landscape import landscape
from jevons.cli.options import Listed, example, existing_ledger, one_form, read_settings, shared
from jevons.cli.saved import auto
from jevons.cli.spend import spend
from jevons.cli.written import as_page, as_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from rich.console import RenderableType

    from jevons.reports import (
        Dimension,
        Interval,
        Measure,
        NoFigure,
        Period,
        Rebound,
        Span,
        Tally,
    )
    from jevons.store.where import Where

__all__ = ("Compared", "rebound", "report")

_EFFECTS = (
    ("activity", "more or fewer requests"),
    ("mix", "other models' share of them"),
    ("depth", "longer or shorter answers"),
    ("intensity", "more or less for a token"),
    ("turnover", "models that came or went"),
)


_EACH = (
    "before", "after", "demand", "intensity",
    "rebound_p05", "rebound", "rebound_p95",
    "with_trend_p05", "with_trend", "with_trend_p95",
)  # fmt: skip


@click.group(
    cls=Listed,
    epilog=example(
        "jevons report spend --by account --by model", "jevons report rebound --days 28"
    ),
)
def report() -> None:
    """Ask the books on this machine a question."""


report.add_command(spend)
report.add_command(auto)
report.add_command(landscape)
report.add_command(changes)


class Compared(NamedTuple):
    """Two periods, and what came of comparing them."""

    spans: tuple[Span, Span]
    periods: tuple[Period, Period]
    told: Rebound | NoFigure


@report.command(
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
        write_parquet(parquet, *_sheet(compared, measure))
    if as_json:
        emit(_plain(compared, measure))
    elif as_csv:
        click.echo(sheet(*_sheet(compared, measure)), nl=False)
    elif html is None and parquet is None:
        for line in _lines(compared, measure, account):
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
        emit([{each: name, **_plain(compared, measure)} for name, compared in found])
        return
    headings = (each, "before", "after", "demand", "rebound", "with trend")
    if as_csv:
        rows = [(name, *_row(compared)) for name, compared in found]
        click.echo(sheet((each, *_EACH), rows), nl=False)
        return
    shown = table(*headings, right=headings[1:4])
    for name, compared in found:
        shown.add_row(name, *_brief(compared, measure))
    console().print(shown)
    click.echo("books show what went together, not what caused it")


def _row(compared: Compared) -> list[object]:
    """Write figures for a sheet; none is an empty cell."""
    from jevons.reports import NoFigure

    told = compared.told
    if isinstance(told, NoFigure):
        return [None] * len(_EACH)
    cells: list[object] = [told.before.point, told.after.point, told.demand, told.intensity.point]
    for figure in (told.apparent, told.trend):
        cells += [None] * 3 if isinstance(figure, NoFigure) else [*figure]
    return cells


def _brief(compared: Compared, measure: Measure) -> tuple[str, ...]:
    from jevons import figures
    from jevons.reports import NoFigure

    told = compared.told
    if isinstance(told, NoFigure):
        return ("", "", "", f"no figure, {told.why}", "")
    per = figures.MJ_PER_WH if measure == "energy" else figures.MG_PER_G
    return (
        figures.plain(told.before.point / per),
        figures.plain(told.after.point / per),
        f"x{figures.plain(told.demand)}",
        _short(told.apparent),
        _short(told.trend),
    )


def _short(rebound: Interval | NoFigure) -> str:
    from jevons.reports import NoFigure

    if isinstance(rebound, NoFigure):
        return f"no figure, {rebound.why}"
    low, point, high = [f"{figure:.2f}" for figure in rebound]
    return f"{point} ({low} to {high})"


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


def _plain(compared: Compared, measure: Measure) -> dict[str, Any]:
    """Write everything for a program, in millijoules or milligrams."""
    from jevons.reports import NoFigure

    told = compared.told
    return {
        "measure": measure,
        "unit": "mJ" if measure == "energy" else "mg",
        "periods": [_period(*each) for each in zip(compared.spans, compared.periods, strict=True)],
        "rebound": {"why": told.why} if isinstance(told, NoFigure) else _figures(told),
    }


def _period(span: Span, period: Period) -> dict[str, Any]:
    return {
        "begin_ms": span.begin_ms,
        "end_ms": span.end_ms,
        "groups": {
            name: {"requests": sums.requests, "tokens": sums.tokens, "amount": sums.amount}
            for name, sums in sorted(period.groups.items())
        },
        "methods": period.methods,
        "left_out": {
            "failed": period.failed, "silent": period.silent, "unknown": period.unknown,
        },
    }  # fmt: skip


def _figures(told: Rebound) -> dict[str, Any]:
    effects = zip(_EFFECTS, told.effects, strict=True)
    return {
        "before": told.before._asdict(),
        "after": told.after._asdict(),
        "effects": {name: interval._asdict() for (name, _), interval in effects},
        "intensity": told.intensity._asdict(),
        "demand": told.demand,
        "apparent": told.apparent._asdict(),
        "trend": told.trend._asdict(),
        "growth": _or_why(told.growth),
        "elasticity": _or_why(told.elasticity),
    }


def _or_why(figure: float | NoFigure) -> float | dict[str, str]:
    from jevons.reports import NoFigure

    return {"why": figure.why} if isinstance(figure, NoFigure) else figure


def _write_page(file: Path, ledger: Where, told: list[Tally], compared: Compared) -> None:
    """Write the page of both periods as a file."""
    from jevons.cli.written import write_page
    from jevons.dashboard import Days
    from jevons.dashboard.view.energy import energy

    before, after = compared.spans
    days = Days.of(before.begin_ms, after.end_ms - 1)
    write_page(file, energy(told, days, told=compared.told, spans=compared.spans), ledger)


def _sheet(
    compared: Compared, measure: Measure
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Lay every figure out that has an interval, one a row."""
    from jevons.cli.failure import Failure
    from jevons.reports import Interval, NoFigure

    told = compared.told
    if isinstance(told, NoFigure):
        raise Failure(told.why, code="no_figure")
    unit = "mJ" if measure == "energy" else "mg"
    names = [name for name, _ in _EFFECTS]
    rows: list[tuple[str, str, Interval | NoFigure]] = [
        ("before", unit, told.before),
        ("after", unit, told.after),
        *[(name, unit, each) for name, each in zip(names, told.effects, strict=True)],
        ("intensity", "ratio", told.intensity),
        ("rebound_apparent", "ratio", told.apparent),
        ("rebound_trend", "ratio", told.trend),
    ]
    return ("figure", "unit", *Interval._fields), [
        (name, kind, *(each if isinstance(each, Interval) else (None, None, None)))
        for name, kind, each in rows
    ]


def _lines(compared: Compared, measure: Measure, account: str | None) -> Iterator[RenderableType]:
    """Write a report for a person."""
    from jevons import figures
    from jevons.cli.screen import table
    from jevons.reports import NoFigure

    before, after = compared.spans
    whose = f", of {account}" if account else ""
    yield f"before {_days(before)}, after {_days(after)}, UTC{whose}"
    told = compared.told
    if isinstance(told, NoFigure):
        yield f"no figure: {told.why}"
    else:
        per, unit = (
            (figures.MJ_PER_WH, "Wh") if measure == "energy" else (figures.MG_PER_G, "gCO2e")
        )
        shown = table("", unit, "between", "", right=(unit,))
        shown.add_row("before", *_cells(told.before, per), "")
        effects = zip(_EFFECTS, told.effects, strict=True)
        for (name, says), interval in effects:
            shown.add_row(f"  {name}", *_cells(interval, per, is_change=True), says)
        shown.add_row("after", *_cells(told.after, per), "")
        yield shown
        yield from _sentences(told)
    yield from _left_out(compared)


def _days(span: Span) -> str:
    from datetime import UTC, datetime

    ends = [datetime.fromtimestamp(ms / 1000, UTC) for ms in (span.begin_ms, span.end_ms - 1)]
    return " to ".join(f"{end:%Y-%m-%d}" for end in ends)


def _cells(interval: Interval, per: float, *, is_change: bool = False) -> tuple[str, str]:
    from jevons.figures import plain

    low, point, high = [plain(figure / per) for figure in interval]
    sign = "+" if is_change and interval.point > 0 else ""
    return sign + point, f"{low} and {high}"


def _sentences(told: Rebound) -> Iterator[str]:
    from jevons.figures import plain
    from jevons.reports import NoFigure

    yield (
        f"a token takes {plain(told.intensity.point)} of what it took "
        f"({_range(told.intensity)}); there are {plain(told.demand)} times as many"
    )
    yield f"rebound, had demand stayed as it was: {_says(told.apparent)}"
    growth, elasticity = told.growth, told.elasticity
    grown = "as before" if isinstance(growth, NoFigure) else f"by {plain(100 * growth)} %"
    yield f"rebound, had demand grown {grown}: {_says(told.trend)}"
    if not isinstance(elasticity, NoFigure):
        yield f"elasticity: {plain(elasticity)} % more tokens for each per cent less a token"


def _range(interval: Interval) -> str:
    from jevons.figures import plain

    return f"between {plain(interval.p05)} and {plain(interval.p95)}"


def _says(rebound: Interval | NoFigure) -> str:
    """Write R, and what it means."""
    from jevons.reports import NoFigure

    if isinstance(rebound, NoFigure):
        return f"no figure, {rebound.why}"
    low, point, high = [f"{round(figure, 2) + 0:.2f}" for figure in rebound]
    return f"{point} (between {low} and {high}): {_meaning(float(point))}"


def _meaning(rebound: float) -> str:
    if rebound < 0:
        return "less was used than the gain alone would have saved"
    if rebound == 0:
        return "none of what was saved came back"
    if rebound < 1:
        return "part of what was saved came back"
    return "all of what was saved came back" if rebound == 1 else "backfire: the total grew"


def _left_out(compared: Compared) -> Iterator[str]:
    """Say what the figures rest on, and what is not in them."""
    from jevons.figures import plain

    for name, period in zip(("before", "after"), compared.periods, strict=True):
        shares = [
            f"{plain(100 * amount / period.amount)} % {method}"
            for method, amount in sorted(period.methods.items())
        ]
        counts = {
            "without an answer": period.failed,
            "without words": period.silent,
            "without a figure": period.unknown,
        }
        left = [f"{count} {why}" for why, count in counts.items() if count]
        rests = ", ".join(shares) or "nothing"
        yield f"{name}: {rests}" + (f"; left out: {', '.join(left)}" if left else "")
    yield "books show what went together, not what caused it"
