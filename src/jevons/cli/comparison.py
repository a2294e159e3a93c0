"""Two periods compared, as a person, a sheet and a program read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from jevons.reports import Interval, Measure, NoFigure, Period, Rebound, Span

__all__ = ("EACH", "Compared", "brief_of", "lines_of", "plain_of", "row_of", "sheet_of")

EACH = (
    "before", "after", "demand", "intensity",
    "rebound_p05", "rebound", "rebound_p95",
    "with_trend_p05", "with_trend", "with_trend_p95",
)  # fmt: skip
"""Columns of a sheet with one row for each."""

_EFFECTS = (
    ("activity", "more or fewer requests"),
    ("mix", "other models' share of them"),
    ("depth", "longer or shorter answers"),
    ("intensity", "more or less for a token"),
    ("turnover", "models that came or went"),
)


class Compared(NamedTuple):
    """Two periods, and what came of comparing them."""

    spans: tuple[Span, Span]
    periods: tuple[Period, Period]
    told: Rebound | NoFigure


def plain_of(compared: Compared, measure: Measure) -> dict[str, Any]:
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


def sheet_of(
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


def row_of(compared: Compared) -> list[object]:
    """Write figures for a sheet; none is an empty cell."""
    from jevons.reports import NoFigure

    told = compared.told
    if isinstance(told, NoFigure):
        return [None] * len(EACH)
    cells: list[object] = [told.before.point, told.after.point, told.demand, told.intensity.point]
    for figure in (told.apparent, told.trend):
        cells += [None] * 3 if isinstance(figure, NoFigure) else [*figure]
    return cells


def brief_of(compared: Compared, measure: Measure) -> tuple[str, ...]:
    """Write the cells of one row for a person."""
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


def lines_of(compared: Compared, measure: Measure, account: str | None) -> Iterator[RenderableType]:
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
