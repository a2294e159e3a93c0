"""How the field moves: what a quality costs, who is ahead at a price, how far others are behind.

Quality is what one publisher measured on one day, of one kind of work; prices are what vendors list.
Neither is ours, and each point says whose it is.

Rule 1: what nobody published is not known: a model without a run has no quality, a maker that does
    not say how large its model is has no energy, and both are told.
Rule 2: a run's cost is at the prices of its day, so it is compared as it was then.
Rule 3: a list price is told as three parts of prompt and one of answer: a convention, to have one
    figure; both parts stand beside it.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from jevons.catalog.exchange import in_usd
from jevons.catalog.moments import moment_ms
from jevons.catalog.rows import price_of
from jevons.types.account import Usage
from jevons.types.units import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from jevons.catalog.exchange import Exchange
    from jevons.catalog.quality import Leaderboard, Run
    from jevons.catalog.vendor import Product, Vendor
    from jevons.types.model import Footprint, Price
    from jevons.types.units import Quantity

__all__ = (
    "LEVELS",
    "Cheapest",
    "Judged",
    "Lag",
    "Landscape",
    "Listed",
    "Market",
    "frontier",
    "lags",
    "landscape",
)

LEVELS = (20.0, 40.0, 50.0, 60.0, 70.0, 80.0)
"""Qualities whose price is followed."""


class Judged(NamedTuple):
    """A model of which somebody measured how good it is."""

    model: str
    maker: str
    origin: str
    """Where its maker is."""
    is_open: bool
    of: str
    """Day of the measurement."""
    quality: float
    cost_usd: float | None
    """Of one exercise, at the prices of that day; None is not known."""
    energy_mj: Quantity
    """Of one exercise."""
    listed: str
    source: str

    @property
    def day(self) -> date:
        """The day of the measurement."""
        return date.fromisoformat(self.of)


class Listed(NamedTuple):
    """What a model costs at a vendor, from a day on."""

    model: str
    """`vendor/model` of the catalogue."""
    vendor: str
    jurisdiction: str
    """Of the vendor's owner."""
    is_open: bool | None
    """Whether its weights can be had; None is not known."""
    since: str
    until: str | None
    input_usd: float
    """Per million tokens, as `output_usd`; in dollars at the rate of the day it begins."""
    output_usd: float
    blended_usd: float
    """Per million tokens, three of prompt for one of answer."""
    quality: float | None
    """The best that was measured of it; None is not known."""
    source: str


class Cheapest(NamedTuple):
    """When a quality could first be had for so little."""

    level: float
    of: str
    model: str
    is_open: bool
    cost_usd: float
    source: str


class Lag(NamedTuple):
    """How long after one group another was as good."""

    ahead: str
    behind: str
    model: str
    """Of those ahead, the first of this quality."""
    quality: float
    of: str
    by: str | None
    """Who was first as good of those behind; None is nobody yet."""
    days: int | None
    """0 where they were there before; None is nobody yet."""


class Market(NamedTuple):
    """Prices that hold now, of vendors of one jurisdiction."""

    jurisdiction: str
    models: int
    open: int
    unjudged: int
    """Of them, of unknown quality."""
    least_usd: float
    median_usd: float
    """Blended, per million tokens."""


class Landscape(NamedTuple):
    """The field as it is known."""

    what: str
    """What a point of quality is a per cent of, and who says so."""
    judged: tuple[Judged, ...]
    frontier: tuple[Judged, ...]
    """Of those, the ones that nobody beat in both price and quality; cheapest first."""
    cheapest: tuple[Cheapest, ...]
    """For each of `LEVELS`, each fall of its price."""
    lags: tuple[Lag, ...]
    lag_days: dict[str, float | None]
    """Median of those that were caught up with: `open behind closed`, `CN behind US`."""
    listed: tuple[Listed, ...]
    """Every price that was in force, oldest first."""
    markets: tuple[Market, ...]


def landscape(
    board: Leaderboard,
    vendors: Mapping[str, Vendor],
    exchange: Exchange,
    *,
    at_ms: int,
    weigh: Callable[[Footprint, Usage], Quantity],
) -> Landscape:
    """Put together what is known of models, their quality and their prices.

    Args:
        board: Runs that were measured.
        vendors: The catalogue.
        exchange: What other currencies are worth.
        at_ms: Now, Unix milliseconds: which prices hold.
        weigh: Energy of an answer of a model of a size, millijoules.
    """
    judged = [_judged(board, run, weigh) for run in board.run]
    best = _best(judged)
    listed = sorted(_listed(vendors, exchange, best), key=lambda each: (each.since, each.model))
    behind = [
        *lags(judged, ahead=("closed", lambda each: not each.is_open), behind=("open", _is_open)),
        *lags(judged, ahead=("US", _is_of("US")), behind=("CN", _is_of("CN"))),
    ]
    return Landscape(
        what=f"{board.what}; {board.source}",
        judged=tuple(judged),
        frontier=frontier(judged),
        cheapest=tuple([fall for level in LEVELS for fall in _falls(judged, level)]),
        lags=tuple(behind),
        lag_days={
            f"{name[1]} behind {name[0]}": _median_days(behind, name)
            for name in (("closed", "open"), ("US", "CN"))
        },
        listed=tuple(listed),
        markets=_markets([each for each in listed if _holds(each, at_ms)]),
    )


def frontier(judged: Iterable[Judged]) -> tuple[Judged, ...]:
    """Keep those that are better than all that cost no more; cheapest first."""
    kept: list[Judged] = []
    for each in sorted(_priced(judged), key=lambda one: (one.cost_usd, -one.quality)):
        if not kept or each.quality > kept[-1].quality:
            kept.append(each)
    return tuple(kept)


def lags(
    judged: Sequence[Judged],
    *,
    ahead: tuple[str, Callable[[Judged], bool]],
    behind: tuple[str, Callable[[Judged], bool]],
) -> Iterator[Lag]:
    """Tell, of each record of one group, when another was first as good.

    Args:
        judged: In any order.
        ahead: Name of a group, and who is of it.
        behind: Likewise.
    """
    record = 0.0
    for each in sorted(filter(ahead[1], judged), key=lambda one: (one.of, -one.quality)):
        if each.quality <= record:
            continue
        record = each.quality
        equal = [one for one in judged if behind[1](one) and one.quality >= record]
        first = min(equal, key=lambda one: one.of, default=None)
        yield Lag(
            ahead[0],
            behind[0],
            each.model,
            each.quality,
            each.of,
            first.model if first else None,
            max((first.day - each.day).days, 0) if first else None,
        )


def _is_open(judged: Judged) -> bool:
    return judged.is_open


def _is_of(origin: str) -> Callable[[Judged], bool]:
    return lambda judged: judged.origin == origin


def _priced(judged: Iterable[Judged]) -> Iterator[Judged]:
    return (each for each in judged if each.cost_usd is not None)


def _judged(board: Leaderboard, run: Run, weigh: Callable[[Footprint, Usage], Quantity]) -> Judged:
    return Judged(
        model=run.model,
        maker=run.maker,
        origin=run.origin,
        is_open=run.is_open,
        of=run.of,
        quality=run.quality,
        cost_usd=None if run.cost_usd is None else run.cost_usd / board.exercises,
        energy_mj=_energy(board, run, weigh),
        listed=run.listed,
        source=board.source,
    )


def _energy(
    board: Leaderboard, run: Run, weigh: Callable[[Footprint, Usage], Quantity]
) -> Quantity:
    if not run.answer_tokens or not run.prompt_tokens:
        return Unknown(why="nobody published how many tokens it took")
    if run.footprint is None:
        return Unknown(why=f"{run.maker} does not say how large it is")
    used = Usage(
        input=run.prompt_tokens // board.exercises, output=run.answer_tokens // board.exercises
    )
    return weigh(run.footprint, used)


def _falls(judged: Iterable[Judged], level: float) -> Iterator[Cheapest]:
    """Follow the least that a quality cost, from day to day."""
    good = [each for each in _priced(judged) if each.quality >= level]
    least = float("inf")
    for each in sorted(good, key=lambda one: (one.of, one.cost_usd)):
        cost = each.cost_usd or 0.0
        if cost < least:
            least = cost
            yield Cheapest(level, each.of, each.model, each.is_open, cost, each.source)


def _best(judged: Iterable[Judged]) -> dict[str, Judged]:
    """Find the best run of each model of the catalogue."""
    best: dict[str, Judged] = {}
    for each in judged:
        if each.listed and each.quality > best.get(each.listed, each._replace(quality=0)).quality:
            best[each.listed] = each
    return best


def _listed(
    vendors: Mapping[str, Vendor], exchange: Exchange, best: Mapping[str, Judged]
) -> Iterator[Listed]:
    for vendor in vendors.values():
        for product in vendor.models:
            name = f"{vendor.id}/{product.id}"
            run = best.get(name)
            is_open = True if product.weights or (run and run.is_open) else run and run.is_open
            for price in _eras(vendor, product):
                usd = _in_usd(price, exchange)
                if usd is not None:
                    input_usd, output_usd = map(float, (usd.input_per_mtok, usd.output_per_mtok))
                    yield Listed(
                        model=name,
                        vendor=vendor.name,
                        jurisdiction=vendor.jurisdiction,
                        is_open=is_open,
                        since=price.since,
                        until=price.until,
                        input_usd=input_usd,
                        output_usd=output_usd,
                        blended_usd=(3 * input_usd + output_usd) / 4,
                        quality=run.quality if run else None,
                        source=usd.source,
                    )


def _eras(vendor: Vendor, product: Product) -> list[Price]:
    """Take one price of each day on which prices changed: of a short request that does not think.

    Where hours differ it is the dearer ones'; a model that writes nothing has none. Each ends where
    the next begins, or where its row says.
    """
    usual: dict[str, Price] = {}
    for row in product.prices:
        price = price_of(vendor, product, row)
        is_usual = row.service == "standard" and row.hours != "off-peak" and not row.thinking
        is_here = not row.hosts or vendor.hosts[0].id in row.hosts
        if is_usual and is_here and price.output_per_mtok > 0:
            usual.setdefault(price.since, price)
    ordered = [usual[since] for since in sorted(usual)]
    return [
        structs.replace(price, until=min(filter(None, (price.until, after.since))))
        for price, after in pairwise(ordered)
    ] + ordered[-1:]


def _in_usd(price: Price, exchange: Exchange) -> Price | None:
    if price.currency == "USD":
        return price
    rate = exchange.at(price.currency, moment_ms(price.since))
    rate = exchange.newest(price.currency) if isinstance(rate, Unknown) else rate
    return in_usd(price, rate) if rate else None


def _holds(listed: Listed, at_ms: int) -> bool:
    if moment_ms(listed.since) > at_ms:
        return False
    return listed.until is None or moment_ms(listed.until) > at_ms


def _markets(listed: Iterable[Listed]) -> tuple[Market, ...]:
    places: dict[str, list[Listed]] = {}
    for each in listed:
        places.setdefault(each.jurisdiction, []).append(each)
    return tuple(
        [
            Market(
                place,
                len(some),
                sum(each.is_open is True for each in some),
                sum(each.quality is None for each in some),
                min(each.blended_usd for each in some),
                median(each.blended_usd for each in some),
            )
            for place, some in sorted(places.items())
        ]
    )


def _median_days(lagging: Iterable[Lag], name: tuple[str, str]) -> float | None:
    days = [
        each.days for each in lagging if (each.ahead, each.behind) == name and each.days is not None
    ]
    return median(days) if days else None
