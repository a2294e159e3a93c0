"""Endpoints: what there is, how it does, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.catalog.price_list import eras_of
from jevons.dashboard import words
from jevons.dashboard.blocks import NOTHING, Cell, Head, Section, Table, View
from jevons.reports import Bill, bill

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jevons.dashboard.days import Days
    from jevons.reports.tally import Tally
    from jevons.types.account import SetAside
    from jevons.types.model import Endpoint, Price

__all__ = ("NEEDS", "models")

NEEDS = frozenset({"endpoint", "method", "ended"})
"""Fields that have to be told apart."""


def models(
    tallies: Sequence[Tally],
    endpoints: Sequence[Endpoint],
    aside: Sequence[SetAside],
    days: Days,
) -> View:
    """Make the page.

    Args:
        tallies: By the day, told apart by `NEEDS`.
        endpoints: Those there are.
        aside: Those of them that are asked last.
        days: Which count.
    """
    bills = {name: each for (name,), each in bill(tallies, by=("endpoint",)).items()}
    rests = {each.endpoint: each for each in aside}
    resting = f"; {len(rests)} asked last, since it kept failing" if rests else ""
    return View(
        title="Models",
        says=f"{words.count(len(endpoints))} endpoints{resting}. Figures are from {days.says}.",
        sections=(
            Section("Endpoints", table=_endpoints(endpoints, bills, rests)),
            Section("Prices", "Dollars for a million tokens, as receipts are priced today.",
                    table=_prices(endpoints)),
        ),
    )  # fmt: skip


def _endpoints(
    endpoints: Sequence[Endpoint], bills: Mapping[str, Bill], rests: Mapping[str, SetAside]
) -> Table:
    heads = (
        Head("endpoint"),
        Head("health", is_whole=True),
        Head("place", is_whole=True),
        Head("host", is_wide=True),
        Head("context", is_number=True, is_wide=True),
        Head("answers", is_number=True),
        Head("failed", is_number=True),
        Head("cost of a million tokens", is_number=True, is_wide=True),
        Head("energy for 1,000 written", is_number=True, is_wide=True),
    )
    gone = [name for name in bills if name not in {each.name for each in endpoints}]
    rows = [_row(each, bills.get(each.name, NOTHING), rests.get(each.name)) for each in endpoints]
    rows += [
        (
            Cell(name, note="not in the settings any more"),
            Cell("gone"),
            *[Cell("")] * 3,
            *_did(bills[name]),
        )
        for name in gone
        if name != "nobody"
    ]
    return Table("Endpoints", heads, rows, nothing="No endpoint is set.")


def _row(endpoint: Endpoint, did: Bill, rest: SetAside | None) -> tuple[Cell, ...]:
    context = endpoint.context_tokens
    return (
        Cell(endpoint.name, note=endpoint.model if endpoint.model != endpoint.name else ""),
        _health(did, rest),
        Cell(endpoint.place),
        Cell(endpoint.host),
        Cell(words.tokens(context) if context else "unknown"),
        *_did(did),
    )


def _health(did: Bill, rest: SetAside | None) -> Cell:
    if rest is not None:
        until = words.moment(rest.until_ms)
        return Cell("set aside", tone="bad", note=f"until {until} UTC: {rest.error}")
    if not did.requests:
        return Cell("not asked")
    return Cell("answers", tone="good") if did.failed < did.requests else Cell("fails", tone="bad")


def _did(did: Bill) -> tuple[Cell, ...]:
    every, written, answers = did.read + did.written, did.written, did.requests
    cost, energy = did.cost_nusd * 1e6, did.energy_mj * 1000
    return (
        Cell(words.count(answers)),
        Cell(words.per_cent(did.failed / answers) if answers else ""),
        Cell(_known(cost, every, words.money, is_known=did.unpriced < answers)),
        Cell(_known(energy, written, words.energy, is_known=did.unmeasured < answers)),
    )


def _known(total: float, of: int, write: Callable[[float], str], *, is_known: bool) -> str:
    """Write what each comes to, where there are any."""
    if not of:
        return ""
    return write(total / of) if is_known else "unknown"


def _prices(endpoints: Sequence[Endpoint]) -> Table:
    heads = (
        Head("endpoint"),
        Head("read", is_number=True),
        Head("cached", is_number=True, is_wide=True),
        Head("written", is_number=True),
        Head("since", is_whole=True),
        Head("source", is_wide=True),
    )
    rows = [
        (Cell(each.name, note=_for(price)), *_figures(price))
        for each in endpoints
        for price in _current(each)
    ]
    return Table("Prices", heads, rows, nothing="No endpoint has a price.")


def _current(endpoint: Endpoint) -> list[Price]:
    """Take the newest prices of each service."""
    prices = endpoint.prices or ((endpoint.price,) if endpoint.price else ())
    by_service: dict[str, list[Price]] = {}
    for price in prices:
        by_service.setdefault(price.service, []).append(price)
    return [row for some in by_service.values() for row in eras_of(some)[0].rows]


def _for(price: Price) -> str:
    parts = [
        f"up to {words.tokens(price.up_to_tokens)} tokens" if price.up_to_tokens else "",
        price.hours if price.hours != "any" else "",
        price.service if price.service != "standard" else "",
        {None: "", True: "thinking", False: "without thinking"}[price.thinking],
    ]
    return ", ".join(part for part in parts if part)


def _figures(price: Price) -> tuple[Cell, ...]:
    sign = {"USD": "$", "CNY": "CN¥"}[price.currency]
    cached = price.cache_read_per_mtok
    return (
        Cell(f"{sign}{price.input_per_mtok.normalize():f}"),
        Cell("" if cached is None else f"{sign}{cached.normalize():f}"),
        Cell(f"{sign}{price.output_per_mtok.normalize():f}"),
        Cell(price.since[: len("YYYY-MM-DD")]),
        Cell(price.source),
    )
