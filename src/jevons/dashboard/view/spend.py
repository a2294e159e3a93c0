"""What was spent, on what and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from jevons.dashboard import words
from jevons.dashboard.blocks import (
    NOTHING,
    Cell,
    Figure,
    Head,
    Section,
    Table,
    View,
    chart_of,
    small_of,
)
from jevons.dashboard.chart import Column, columns
from jevons.reports import Bill, bill

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.dashboard.blocks import Chart
    from jevons.dashboard.days import Days
    from jevons.reports.tally import Tally

__all__ = ("BY", "By", "by_of", "spend")

By = Literal["model", "account", "key", "endpoint", "host", "place", "class"]
BY: tuple[By, ...] = get_args(By)
NEEDS = frozenset(
    {"model", "endpoint", "host", "place", "data_class", "key", "account", "method", "ended"}
)
"""Fields that have to be told apart."""

_MOST_ROWS = 60
_SMALL = 6


def by_of(text: str) -> By:
    """Read what a page is told apart by; the model where it is none of them."""
    return text if text in BY else "model"


def spend(tallies: Sequence[Tally], days: Days, by: By) -> View:
    """Make the page.

    Args:
        tallies: By the day, told apart by `NEEDS`.
        days: Which count.
        by: What tells answers apart.
    """
    whole = bill(tallies, by=()).get((), NOTHING)
    daily = {name: each for (name,), each in bill(tallies, by=("day",)).items()}
    bills = {name: each for (name,), each in bill(tallies, by=(by,)).items()}
    return View(
        title="Spend",
        says=_says(whole, days),
        figures=_figures(whole, days),
        sections=(
            Section("Each day", charts=(_daily(daily, days),)),
            Section(f"By {by}", table=_table(bills, whole, by), id="by"),
            Section(
                "The largest, each day",
                "Dollars a day, all on one scale.",
                charts=_small(tallies, bills, days, by),
                is_small=True,
            ),
        )
        if whole.requests
        else (),
    )


def _says(whole: Bill, days: Days) -> str:
    if not whole.requests:
        return f"No answers from {days.says}."
    each = whole.cost_nusd / whole.requests
    unknown = f" Of {words.count(whole.unpriced)} the cost is not known." if whole.unpriced else ""
    return (
        f"{words.count(whole.requests)} answers came to {words.money(whole.cost_nusd)}, "
        f"{words.money(each)} each, from {days.says}.{unknown}"
    )


def _figures(whole: Bill, days: Days) -> tuple[Figure, ...]:
    failed = f"{words.count(whole.failed)} failed" if whole.failed else "none failed"
    low, high = words.energy(whole.energy_mj_p05), words.energy(whole.energy_mj_p95)
    least, most = words.carbon(whole.carbon_mg_p05), words.carbon(whole.carbon_mg_p95)
    return (
        Figure("Cost", words.money(whole.cost_nusd),
               f"{words.money(whole.cost_nusd / days.length)} a day", "money"),
        Figure("Answers", words.count(whole.requests), failed),
        Figure("Tokens", words.tokens(whole.read + whole.written),
               f"{words.tokens(whole.read)} read, {words.tokens(whole.written)} written"),
        Figure("Energy", words.energy(whole.energy_mj), f"{low} to {high}", "energy"),
        Figure("CO₂e", words.carbon(whole.carbon_mg), f"{least} to {most}", "carbon"),
    )  # fmt: skip


def _daily(daily: Mapping[str, Bill], days: Days) -> Chart:
    some = [
        Column(
            f"{day.day} {day:%b}",
            daily.get(day.isoformat(), NOTHING).cost_nusd,
            f"{day:%A}, {day.day} {day:%B}: "
            f"{words.money(daily.get(day.isoformat(), NOTHING).cost_nusd)}, "
            f"{words.count(daily.get(day.isoformat(), NOTHING).requests)} answers",
        )
        for day in days.each
    ]
    rows = [
        (
            Cell(day),
            Cell(words.money(each.cost_nusd)),
            Cell(words.count(each.requests)),
            Cell(words.energy(each.energy_mj)),
            Cell(words.carbon(each.carbon_mg)),
        )
        for day, each in daily.items()
    ]
    names = ("cost", "answers", "energy", "CO₂e")
    table = Table("Each day", (Head("day"), *[Head(name, is_number=True) for name in names]), rows)
    return chart_of(
        "Dollars a day",
        lambda width: columns(
            some, width=width, label="Cost of each day, in dollars", tone="money", write=words.money
        ),
        table=table,
    )


def _table(bills: Mapping[str, Bill], whole: Bill, by: By) -> Table:
    ordered = sorted(bills.items(), key=lambda item: (-item[1].cost_nusd, -item[1].requests))
    most = max((each.cost_nusd for each in bills.values()), default=0) or 1
    heads = (
        Head(by),
        Head("cost", is_number=True),
        Head("share", is_number=True),
        Head("answers", is_number=True),
        Head("read", is_number=True, is_wide=True),
        Head("written", is_number=True, is_wide=True),
        Head("energy", is_number=True, is_wide=True),
        Head("CO₂e", is_number=True, is_wide=True),
    )
    rows = [_row(name, each, whole, each.cost_nusd / most) for name, each in ordered[:_MOST_ROWS]]
    left = len(ordered) - len(rows)
    more = f", the {_MOST_ROWS} largest of {len(ordered)}" if left else ""
    return Table(f"By {by}{more}", heads, rows, _row("all", whole, whole, None))


def _row(name: str, each: Bill, whole: Bill, bar: float | None) -> tuple[Cell, ...]:
    share = each.cost_nusd / whole.cost_nusd if whole.cost_nusd else 0.0
    return (
        Cell(name, bar=bar, tone="money"),
        _sum(words.money(each.cost_nusd), each.cost_nusd, each.unpriced),
        Cell(words.per_cent(share)),
        Cell(words.count(each.requests)),
        Cell(words.tokens(each.read)),
        Cell(words.tokens(each.written)),
        _sum(words.energy(each.energy_mj), each.energy_mj, each.unmeasured),
        _sum(words.carbon(each.carbon_mg), each.carbon_mg, each.unmeasured),
    )


def _sum(text: str, amount: float, unknown: int) -> Cell:
    """Write a sum and how many are not in it; of which nothing is known is not nothing."""
    if unknown and not amount:
        return Cell("unknown")
    return Cell(text, note=f"+ {words.count(unknown)} unknown" if unknown else "")


def _small(
    tallies: Sequence[Tally], bills: Mapping[str, Bill], days: Days, by: By
) -> tuple[Chart, ...]:
    paid = [name for name, each in bills.items() if each.cost_nusd]
    largest = sorted(paid, key=lambda name: -bills[name].cost_nusd)[:_SMALL]
    daily = bill(tallies, by=(by, "day"))
    top = max((each.cost_nusd for (name, _), each in daily.items() if name in largest), default=1)
    return tuple([_small_one(name, bills[name], daily, days, top) for name in largest])


def _small_one(
    name: str, whole: Bill, daily: Mapping[tuple[str, ...], Bill], days: Days, top: int
) -> Chart:
    some = [
        Column(
            f"{day.day} {day:%b}",
            daily.get((name, day.isoformat()), NOTHING).cost_nusd,
            f"{day.day} {day:%b}: "
            f"{words.money(daily.get((name, day.isoformat()), NOTHING).cost_nusd)}",
        )
        for day in days.each
    ]
    return small_of(
        f"{name}, {words.money(whole.cost_nusd)}",
        lambda width: columns(
            some, width=width, height=92, label=f"Cost of {name} each day", tone="money",
            write=words.money, top=top, is_bare=True,
        ),
    )  # fmt: skip
