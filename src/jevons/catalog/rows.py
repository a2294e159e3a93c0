"""Rows of a vendor's file, turned into what travels: prices with their source, peaks with holidays."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from jevons.catalog.digest import named_price
from jevons.types.model import Peak, Price

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.catalog.vendor import ListPrice, Product, Seen, Vendor

__all__ = ("Holidays", "cite", "find_row", "holidays", "peaks_of", "price_of", "prices_of")


class Holidays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Public holidays of a country."""

    publisher: str
    url: str
    read: str
    known_until: str
    """Last day of which it tells, `YYYY-MM-DD`."""
    days: frozenset[str]


@cache
def holidays() -> Mapping[str, Holidays]:
    """Read the calendars that ship with the package, by ISO 3166-1 alpha-2 code."""
    text = files("jevons.catalog").joinpath("data", "holidays.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Holidays])


def cite(vendor: Vendor, page: Seen) -> str:
    """Name a page and the day on which it was read."""
    return f"{vendor.name}, {page.url}, read {page.read}"


def price_of(vendor: Vendor, product: Product, row: ListPrice) -> Price:
    """Turn a row of a price list into a price with its source and its name."""
    page = vendor.sources[row.source]
    price = Price(
        input_per_mtok=row.input_per_mtok,
        output_per_mtok=row.output_per_mtok,
        cache_read_per_mtok=row.cache_read_per_mtok,
        cache_write_per_mtok=row.cache_write_per_mtok,
        cache_write_1h_per_mtok=row.cache_write_1h_per_mtok,
        reasoning_per_mtok=row.reasoning_per_mtok,
        currency=row.currency,
        since=row.since or _day(page.read),
        until=row.until,
        up_to_tokens=row.up_to_tokens,
        hours=row.hours,
        thinking=row.thinking,
        service=row.service,
        source=cite(vendor, page),
    )
    return named_price(f"{vendor.id}/{product.id}", price)


def prices_of(vendor: Vendor, product: Product, host: str) -> list[Price]:
    """List the prices of a model at one of its vendor's hosts."""
    return [
        price_of(vendor, product, row)
        for row in product.prices
        if not row.hosts or host in row.hosts
    ]


def peaks_of(vendor: Vendor) -> tuple[Peak, ...]:
    """List a vendor's peak hours, each with the holidays that have none."""
    peaks = list[Peak]()
    for row in vendor.peaks:
        calendar = holidays()[row.holidays] if row.holidays else None
        peaks.append(
            Peak(
                days=row.days,
                hours=row.hours,
                zone=row.zone,
                holidays=calendar.days if calendar is not None else frozenset(),
                holidays_known_until=calendar.known_until if calendar is not None else "",
                since=row.since,
                until=row.until,
            )
        )
    return tuple(peaks)


def find_row(vendor: Vendor, name: str) -> Price | None:
    """Find a price by the name that receipts give it; None if the catalogue has it no more."""
    for product in vendor.models:
        if name.startswith(f"{vendor.id}/{product.id}#"):
            named = [price_of(vendor, product, row) for row in product.prices]
            return next((price for price in named if price.row == name), None)
    return None


def _day(read: str) -> str:
    """Complete a month to its first day: a price that was read in it may have held all of it."""
    return read if len(read) > len("YYYY-MM") else f"{read}-01"
