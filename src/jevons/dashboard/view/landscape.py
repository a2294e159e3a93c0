"""How the field moves: what a quality costs, who is ahead, and how far others are behind."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from jevons.dashboard import words
from jevons.dashboard.blocks import Cell, Head, Section, Table, View, chart_of
from jevons.dashboard.chart import Dot, Stair, scatter
from jevons.types.units import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jevons.dashboard.blocks import Chart
    from jevons.reports import Cheapest, Judged, Lag, Landscape, Listed, Market

__all__ = ("landscape",)

_MOST_PRICES = 20
_LEVELS = (50.0, 60.0, 70.0, 80.0)
"""Qualities whose price is drawn."""


def landscape(found: Landscape) -> View:
    """Make the page."""
    what, _, source = found.what.partition("; ")
    return View(
        title="Landscape",
        says=_says(found),
        sections=(
            Section(
                "What a quality costs",
                f"Quality is a per cent of {what}. Dots are filled where the weights are "
                "open: blue is of the US, amber of China, green of elsewhere. The line leads "
                "through those that nobody beat in both.",
                charts=(_frontier(found),),
                notes=(f"Measured by {source}.",),
            ),
            Section(
                "How prices of a quality fell",
                "Each line is the least for which so many per cent could be had, at the prices "
                "of the day.",
                charts=(_falls(found.cheapest),),
            ),
            Section("How far behind", table=_lags(found.lags)),
            Section("Prices today, by jurisdiction", table=_markets(found.markets)),
            Section(
                f"The {_MOST_PRICES} cheapest today",
                "Dollars for a million tokens; blended is three read for one written.",
                table=_prices(found.listed),
            ),
        ),
    )  # fmt: skip


def _says(found: Landscape) -> str:
    behind = [
        f"{name.partition(' behind ')[0]} models are {days:.0f} days behind "
        f"{name.partition(' behind ')[2]} ones"
        for name, days in found.lag_days.items()
        if days is not None
    ]
    told = f"At the median {' and '.join(behind)}." if behind else "Nobody is behind anybody."
    return f"{told} {words.count(len(found.listed))} list prices are known, each with its source."


def _frontier(found: Landscape) -> Chart:
    priced = [each for each in found.judged if each.cost_usd]
    best = {each.model for each in found.frontier}
    dots = [
        Dot(
            each.model,
            each.quality / 100,
            each.cost_usd or 0.0,
            _tone(each.origin, is_open=each.is_open),
            f"{each.model}, {each.maker} ({each.origin}), {each.of}: {each.quality:g} % for "
            f"{_usd(each.cost_usd or 0.0)} an exercise",
            is_named=each.model in best,
        )
        for each in priced
    ]
    stair = Stair("", [(each.quality / 100, each.cost_usd or 0.0) for each in found.frontier])
    below = [(share / 100, f"{share} %") for share in (0, 25, 50, 75, 100)]
    return chart_of(
        "Dollars for one exercise, by the per cent of them that are solved",
        lambda width: scatter(
            dots, width=width, height=min(430, width), below=below, stairs=(stair,),
            label="Price against quality of models", write=_usd,
        ),
        table=_judged(found.judged),
    )  # fmt: skip


def _judged(judged: Sequence[Judged]) -> Table:
    heads = (
        Head("model"),
        Head("maker", is_wide=True),
        Head("origin"),
        Head("weights"),
        Head("solved", is_number=True),
        Head("cost", is_number=True),
        Head("energy", is_number=True, is_wide=True),
        Head("measured", is_wide=True, is_whole=True),
    )
    rows = [
        (
            Cell(each.model),
            Cell(each.maker),
            Cell(each.origin),
            Cell("open" if each.is_open else "closed"),
            Cell(f"{each.quality:.1f} %"),
            Cell(_usd(each.cost_usd) if each.cost_usd else "unknown"),
            Cell(words.energy(each.energy_mj.p50, 2)
                 if isinstance(each.energy_mj, Estimate) else "unknown"),
            Cell(each.of),
        )
        for each in sorted(judged, key=lambda one: -one.quality)
    ]  # fmt: skip
    return Table("Models whose quality somebody measured, of one exercise", heads, rows)


def _falls(falls: Sequence[Cheapest]) -> Chart:
    shown = [each for each in falls if each.level in _LEVELS]
    days = [date.fromisoformat(each.of).toordinal() for each in shown]
    first, reach = min(days), max(max(days) - min(days), 1)
    dots = [
        Dot(
            each.model,
            (day - first) / reach,
            each.cost_usd,
            f"else {'open' if each.is_open else 'closed'}",
            f"{each.level:g} %, {each.of}: {each.model} for {_usd(each.cost_usd)} an exercise",
        )
        for each, day in zip(shown, days, strict=True)
    ]
    steps = {
        level: [
            ((date.fromisoformat(each.of).toordinal() - first) / reach, each.cost_usd)
            for each in shown
            if each.level == level
        ]
        for level in _LEVELS
    }
    ends: dict[float, list[str]] = {}
    for level, some in steps.items():
        if some:
            ends.setdefault(some[-1][1], []).append(f"{level:g}")
    stairs = [
        Stair(f"{', '.join(ends.pop(some[-1][1], []))} %".removeprefix(" %"), some)
        for some in steps.values()
        if some
    ]
    below = [((day.toordinal() - first) / reach, f"{day:%b %Y}") for day in _quarters(first, reach)]
    heads = (Head("solved"), Head("from"), Head("model"), Head("cost", is_number=True))
    rows = [
        (Cell(f"{each.level:g} %"), Cell(each.of), Cell(each.model), Cell(_usd(each.cost_usd)))
        for each in falls
    ]
    return chart_of(
        "Least dollars for one exercise, where so many per cent are solved",
        lambda width: scatter(
            dots, width=width, height=min(330, width), below=below, stairs=stairs,
            label="Least price of each quality over time", write=_usd,
        ),
        table=Table("Falls of the price of a quality", heads, rows),
    )  # fmt: skip


def _quarters(first: int, reach: int) -> Iterable[date]:
    begin, end = date.fromordinal(first), date.fromordinal(first + reach)
    firsts = [date(year, month, 1) for year in range(begin.year, end.year + 1) for month in (1, 7)]
    return [day for day in firsts if begin <= day <= end]


def _lags(lags: Sequence[Lag]) -> Table:
    heads = (
        Head("ahead"),
        Head("first as good"),
        Head("solved", is_number=True),
        Head("on", is_whole=True),
        Head("behind"),
        Head("who came to it", is_wide=True),
        Head("days later", is_number=True),
    )
    rows = [
        (
            Cell(each.ahead),
            Cell(each.model),
            Cell(f"{each.quality:.1f} %"),
            Cell(each.of),
            Cell(each.behind),
            Cell(each.by or "nobody yet"),
            Cell("not yet" if each.days is None else words.count(each.days)),
        )
        for each in lags
    ]
    return Table("How long after one group another was as good", heads, rows)


def _markets(markets: Sequence[Market]) -> Table:
    heads = (
        Head("vendor's jurisdiction"),
        Head("models", is_number=True),
        Head("open", is_number=True),
        Head("least", is_number=True),
        Head("median", is_number=True),
    )
    rows = [
        (
            Cell(each.jurisdiction),
            Cell(words.count(each.models)),
            Cell(words.count(each.open)),
            Cell(_usd(each.least_usd)),
            Cell(_usd(each.median_usd)),
        )
        for each in markets
    ]
    return Table("Dollars for a million tokens, blended, by jurisdiction", heads, rows)


def _prices(listed: Sequence[Listed]) -> Table:
    current = sorted(
        (each for each in listed if each.until is None), key=lambda one: one.blended_usd
    )
    heads = (
        Head("model"),
        Head("of"),
        Head("weights", is_wide=True),
        Head("read", is_number=True),
        Head("written", is_number=True),
        Head("blended", is_number=True),
        Head("since", is_wide=True, is_whole=True),
        Head("source", is_wide=True),
    )
    rows = [
        (
            Cell(each.model),
            Cell(each.jurisdiction),
            Cell({None: "unknown", True: "open", False: "closed"}[each.is_open]),
            Cell(_usd(each.input_usd)),
            Cell(_usd(each.output_usd)),
            Cell(_usd(each.blended_usd)),
            Cell(each.since[: len("YYYY-MM-DD")]),
            Cell(each.source),
        )
        for each in current[:_MOST_PRICES]
    ]
    return Table("The cheapest today", heads, rows)


def _tone(origin: str, *, is_open: bool) -> str:
    side = {"CN": "cn", "US": "us"}.get(origin, "else")
    return f"{side} {'open' if is_open else 'closed'}"


def _usd(usd: float) -> str:
    return words.money(usd * 1e9)
