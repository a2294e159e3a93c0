"""`jevons energy when`: the cheapest or cleanest hour before a deadline, of work that can wait."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import click

from jevons.cli.options import example, read_settings, shared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jevons.catalog.exchange import Exchange
    from jevons.pick.defer import Start, Window
    from jevons.types.model import Price

__all__ = ("when",)

_HOUR_MS = 60 * 60 * 1000
_LONGEST_DAYS = 31


@click.command(
    epilog=example(
        "jevons energy when deepseek/deepseek-flash --deadline 2026-12-01T08:00Z \\",
        "    --minutes 60 --input 5000000 --output 1000000",
        "jevons energy when deepseek/deepseek-flash --deadline 2026-12-01 --forecast carbon.csv",
    )
)
@click.argument("model", metavar="VENDOR/MODEL")
@click.option(
    "--deadline", required=True, metavar="DATE", help="By when it has to be done, as `--at`."
)
@click.option(
    "--minutes",
    type=click.IntRange(min=1),
    default=60,
    show_default=True,
    help="How long it takes.",
)
@click.option("--input", "prompt", type=click.IntRange(min=0), default=0, help="Prompt tokens.")
@click.option(
    "--output",
    "answer",
    type=click.IntRange(min=0),
    default=1_000_000,
    show_default=True,
    help="Answer tokens.",
)
@click.option(
    "--forecast",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Lines `begin,end,grams`: carbon of electricity a kilowatt-hour, moments as `--at`.",
)
@click.option(
    "--usd-per-kg",
    type=click.FloatRange(min=0),
    help="What a kilogram is worth avoiding; without it, carbon decides between equal prices.",
)
@click.option(
    "--kwh",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Energy of the work, for --usd-per-kg.",
)
@click.option("--at", metavar="DATE", help="Earliest start; without it, now.")
@shared
def when(
    *,
    model: str,
    deadline: str,
    minutes: int,
    prompt: int,
    answer: int,
    forecast: str | None,
    usd_per_kg: float | None,
    kwh: float,
    at: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Tell when work that can wait is best begun, by list prices and a forecast of carbon.

    Says what it would cost begun now and begun then. It begins nothing: jevons has
    no queue of work yet. An hour of which nothing is known is not bet on.
    """
    from pathlib import Path

    from jevons.boot.meter import open_exchange
    from jevons.cli.screen import emit
    from jevons.cli.when import moment_of
    from jevons.pick.defer import when as choose

    now_ms, deadline_ms = moment_of(at), moment_of(deadline)
    if not now_ms < deadline_ms <= now_ms + _LONGEST_DAYS * 24 * _HOUR_MS:
        message = f"it is not within {_LONGEST_DAYS} days of the earliest start"
        raise click.BadParameter(message, param_hint="--deadline")
    exchange = open_exchange(read_settings(config))
    hours = range(now_ms - now_ms % _HOUR_MS, deadline_ms + _HOUR_MS, _HOUR_MS)
    found = choose(
        now_ms=now_ms,
        deadline_ms=deadline_ms,
        length_ms=minutes * 60_000,
        prices=[*_prices(model, exchange, hours, prompt=prompt, answer=answer)],
        carbon=[*_carbon(Path(forecast))] if forecast else [],
        usd_per_kg=usd_per_kg,
        kwh=kwh,
    )
    if as_json:
        emit(_plain(found))
    else:
        for line in _lines(found, now_ms):
            click.echo(line)


def _prices(
    model: str, exchange: Exchange, hours_ms: range, *, prompt: int, answer: int
) -> Iterator[Window]:
    """Tell what the work costs in each hour; hours of which no price is known are left out."""
    from jevons.catalog.price_list import PriceList
    from jevons.catalog.rows import peaks_of, prices_of
    from jevons.cli.catalog import known_model
    from jevons.pick.defer import Window
    from jevons.types.units import Unknown

    vendor, product = known_model(model)
    host = product.hosts[0] if product.hosts else vendor.hosts[0].id
    prices = PriceList(prices_of(vendor, product, host), peaks_of(vendor))
    for at_ms in hours_ms:
        price = prices.at(at_ms, input_tokens=1, thinking=False)  # of short requests
        usd = None if isinstance(price, Unknown) else _in_usd(price, exchange, at_ms)
        if usd is not None:
            yield Window(at_ms, at_ms + _HOUR_MS, _cost(usd, prompt, answer))


def _in_usd(price: Price, exchange: Exchange, at_ms: int) -> Price | None:
    from jevons.catalog.exchange import in_usd
    from jevons.types.units import Unknown

    if price.currency == "USD":
        return price
    rate = exchange.at(price.currency, at_ms)
    return None if isinstance(rate, Unknown) else in_usd(price, rate)


def _cost(price: Price, prompt: int, answer: int) -> float:
    return float(price.input_per_mtok * prompt + price.output_per_mtok * answer) / 1e6


def _carbon(path: Path) -> Iterator[Window]:
    from jevons.catalog.moments import moment_ms
    from jevons.pick.defer import Window

    with path.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.reader(file), 1):
            if number == 1 and row[:1] == ["begin"]:
                continue
            try:
                begin, end, grams = row
                yield Window(moment_ms(begin), moment_ms(end), float(grams))
            except ValueError:
                message = f"line {number} is not begin,end,grams, as 2026-12-01T08:00Z,…,330"
                raise click.BadParameter(message, param_hint="--forecast") from None


def _plain(found: Start) -> dict[str, Any]:
    return {**found._asdict(), "begins": _moment(found.begin_ms)}


def _lines(found: Start, now_ms: int) -> Iterator[str]:
    from jevons import figures
    from jevons.pick.defer import saved

    yield f"begin {'at once' if found.begin_ms == now_ms else _moment(found.begin_ms)}: {found.why}"
    told = (
        ("cost", found.now_cost, found.cost, "$"),
        ("carbon a kWh", found.now_carbon, found.carbon, "g "),
    )
    for name, before, after, sign in told:
        if before is None and after is None:
            continue
        now, then = [
            figures.UNKNOWN if each is None else f"{sign}{figures.plain(each)}"
            for each in (before, after)
        ]
        share = saved(before, after)
        gain = f", {100 * share:.0f} % less" if share else ""
        yield f"{name}: begun now {now}, then {then}{gain}"
    yield "jevons has no queue of work yet: this begins nothing"


def _moment(at_ms: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(at_ms / 1e3, UTC):%Y-%m-%dT%H:%MZ}"
