"""`jevons catalog`: what is known of vendors and what their models cost, with source and date.

Reads the catalogue that ships with jevons, and settings; no server and no network is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from jevons.cli.catalog_check import check, refresh
from jevons.cli.options import Listed, example, read_settings, shared
from jevons.cli.when import at_option, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jevons.catalog.exchange import Exchange
    from jevons.catalog.vendor import Fee, Product, Vendor
    from jevons.types.model import Price

__all__ = ("catalog", "known_model", "listing", "show")

_FIGURES = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning")


class _Found(NamedTuple):
    """A model at one of its vendor's hosts, and its prices that hold."""

    vendor: Vendor
    product: Product
    host: str
    prices: tuple[Price, ...]


@click.group(
    cls=Listed,
    epilog=example(
        "jevons catalog list deepseek",
        "jevons catalog show alibaba/qwen-plus --at 2026-01-01",
        "jevons catalog check",
        "jevons catalog refresh --vendor mistral",
    ),
)
def catalog() -> None:
    """What vendors' models cost, from when on, and who says so."""


catalog.add_command(check)
catalog.add_command(refresh)


@catalog.command("list", epilog=example("jevons catalog list", "jevons catalog list openai --json"))
@click.argument("vendor", required=False)
@at_option
@shared
def listing(*, vendor: str | None, at: str | None, config: Path | None, as_json: bool) -> None:
    """List models of VENDOR, or of all, with the price that holds; without thinking, uncached.

    Of several prices for the length of a request, the first is shown, and how many there are.
    """
    from jevons.cli.screen import console, emit, table

    at_ms = moment_of(at)
    exchange = _exchange(config)
    found = [each for each in _vendors(vendor) for each in _models(each, at_ms)]
    if as_json:
        emit([_plain(each, exchange, at_ms, full=False) for each in found])
        return
    shown = table(
        "model", "host", "input", "cached", "output", "since", right=("input", "cached", "output")
    )
    shown.columns[0].overflow = "fold"
    for each in found:
        if not each.prices:
            fees = f"{len(each.product.fees)} fees" if each.product.fees else "unknown"
            shown.add_row(f"{each.vendor.id}/{each.product.id}", each.host, fees, "", "", "")
            continue
        price = each.prices[0]
        tiers = len({row.up_to_tokens for row in each.prices})
        more = f" (1 of {tiers})" if tiers > 1 else ""
        shown.add_row(
            f"{each.vendor.id}/{each.product.id}",
            each.host,
            _money(price, "input") + more,
            _money(price, "cache_read"),
            _money(price, "output"),
            price.since[: len("YYYY-MM-DD")],
        )
    console().print(shown)


@catalog.command(
    epilog=example(
        "jevons catalog show deepseek/deepseek-flash",
        "jevons catalog show openai/gpt-5.6-sol --at 2026-08-01 --json",
    )
)
@click.argument("model", metavar="VENDOR/MODEL")
@click.option(
    "--all", "is_all", is_flag=True, help="Prices of all times, not only those that hold."
)
@at_option
@shared
def show(*, model: str, is_all: bool, at: str | None, config: Path | None, as_json: bool) -> None:
    """Show all that a model costs: by length, hour, thinking and service, with source and date."""
    from jevons.cli.screen import console, emit, say, table

    at_ms = moment_of(at)
    exchange = _exchange(config)
    found = _model(model, None if is_all else at_ms)
    if as_json:
        emit([_plain(each, exchange, at_ms, full=True) for each in found])
        return
    terminal = console()
    for each in found:
        say(terminal, f"{each.vendor.id}/{each.product.id} at {each.host}", style="bold")
        if each.product.note:
            say(terminal, each.product.note)
        stated = [name for name in _FIGURES if any(_money(price, name) for price in each.prices)]
        headings = [name.replace("_", " ") for name in stated]
        shown = table("for", *headings, "since", right=tuple(headings))
        for price in each.prices:
            figures = [_money(price, name) for name in stated]
            shown.add_row(_when(price), *figures, price.since[: len("YYYY-MM-DD")])
        if each.prices:
            terminal.print(shown)
        for line in dict.fromkeys(_sources(each, exchange, at_ms)):
            say(terminal, line, style="dim")
    fees = [fee for each in found[:1] for fee in each.product.fees]
    if fees:
        terminal.print(_fees(fees))


def _exchange(config: Path | None) -> Exchange:
    from jevons.boot.meter import open_exchange

    return open_exchange(read_settings(config))


def _vendors(name: str | None) -> list[Vendor]:
    """Find a vendor, or all.

    Raises:
        NotFound: There is none of this name.
    """
    from jevons.catalog.vendors import vendors
    from jevons.types.errors import NotFound

    if name is None:
        return list(vendors().values())
    vendor = vendors().get(name)
    if vendor is None:
        message = f"vendor {name!r} is not known; known are {', '.join(vendors())}"
        raise NotFound(message)
    return [vendor]


def _models(vendor: Vendor, at_ms: int | None) -> Iterator[_Found]:
    for product in vendor.models:
        yield from _at_hosts(vendor, product, at_ms)


def _at_hosts(vendor: Vendor, product: Product, at_ms: int | None) -> list[_Found]:
    """Find what holds at each host; hosts with the same prices are one. None is at all times."""
    from jevons.catalog.price_list import eras_of
    from jevons.catalog.rows import prices_of

    hosts: dict[tuple[Price, ...], list[str]] = {}
    for host in vendor.hosts:
        if product.hosts and host.id not in product.hosts:
            continue
        held: list[Price] = []
        rows = prices_of(vendor, product, host.id)
        for kind in dict.fromkeys((row.currency, row.service) for row in rows):
            eras = eras_of([row for row in rows if (row.currency, row.service) == kind])
            begun = [era for era in eras if at_ms is None or era.from_ms <= at_ms]
            held += [row for era in begun[: None if at_ms is None else 1] for row in era.rows]
        hosts.setdefault(tuple(held), []).append(host.id)
    priced = {rows: names for rows, names in hosts.items() if rows} or hosts
    return [_Found(vendor, product, ", ".join(names), rows) for rows, names in priced.items()]


def known_model(name: str) -> tuple[Vendor, Product]:
    """Find a model of the catalogue, `vendor/model`.

    Raises:
        NotFound: There is none of this name.
    """
    from jevons.types.errors import NotFound

    vendor, _, model = name.partition("/")
    (known,) = _vendors(vendor)
    product = known.product(model)
    if product is None:
        message = (
            f"{known.name} has no model {model!r} here; `jevons catalog list {vendor}` has all"
        )
        raise NotFound(message)
    return known, product


def _model(name: str, at_ms: int | None) -> list[_Found]:
    return _at_hosts(*known_model(name), at_ms)


def _money(price: Price, figure: str) -> str:
    value = getattr(price, f"{figure}_per_mtok")
    sign = "$" if price.currency == "USD" else f"{price.currency} "
    return "" if value is None else f"{sign}{value.normalize():f}"


def _when(price: Price) -> str:
    words = [
        "" if price.service == "standard" else price.service,
        {None: "", True: "thinking", False: "without thinking"}[price.thinking],
        "" if price.hours == "any" else price.hours,
        f"to {price.up_to_tokens:,} tokens" if price.up_to_tokens is not None else "",
        f"until {price.until}" if price.until is not None else "",
    ]
    return ", ".join([word for word in words if word]) or "all"


def _sources(found: _Found, exchange: Exchange, at_ms: int) -> Iterator[str]:
    from jevons.types.model import ExchangeRate

    for price in found.prices:
        yield price.source
    notes = {row.note for row in found.product.prices if row.note}
    yield from sorted(notes)
    for price in found.prices:
        if price.currency != "USD":
            rate = exchange.at(price.currency, at_ms)
            if isinstance(rate, ExchangeRate):
                yield f"{rate.usd} USD for {rate.units} {rate.currency}: {rate.source}"


def _fees(fees: list[Fee]) -> Any:
    from jevons.cli.screen import table

    shown = table("fee for", "of", "price", "since", right=("price",))
    for fee in fees:
        sign = "$" if fee.currency == "USD" else f"{fee.currency} "
        shown.add_row(fee.unit, fee.of, f"{sign}{fee.price.normalize():f}", fee.since or "")
    return shown


def _plain(found: _Found, exchange: Exchange, at_ms: int, *, full: bool) -> dict[str, Any]:
    """Write a model for a program; figures are text, since they are exact."""
    from msgspec import to_builtins

    from jevons.types.model import ExchangeRate

    said: dict[str, Any] = {
        "vendor": found.vendor.id,
        "model": found.product.id,
        "hosts": found.host.split(", "),
        "context_tokens": found.product.context_tokens,
        "retired": found.product.retired,
        "prices": to_builtins(found.prices),
    }
    if not full:
        return said
    priced = {price.currency: price for price in found.prices if price.currency != "USD"}
    rates = [exchange.at(price.currency, at_ms) for price in priced.values()]
    return said | {
        "note": found.product.note,
        "fees": to_builtins(found.product.fees),
        "exchange": [to_builtins(rate) for rate in rates if isinstance(rate, ExchangeRate)],
    }
