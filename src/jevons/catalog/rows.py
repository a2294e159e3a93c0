"""Rows of a vendor's file, turned into what travels: prices with their source, peaks with holidays."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from itertools import product as pairs
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from jevons.catalog.digest import named_price
from jevons.types.model import Peak, Price

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from jevons.catalog.vendor import Fee, ListPrice, Product, Seen, Unit, Vendor

_MEDIA: Mapping[Unit, str] = MappingProxyType(
    {
        "input-audio-mtok": "input_audio_per_mtok",
        "cached-audio-mtok": "cache_read_audio_per_mtok",
        "input-image-mtok": "input_image_per_mtok",
        "input-video-mtok": "input_video_per_mtok",
        "output-audio-mtok": "output_audio_per_mtok",
        "output-image-mtok": "output_image_per_mtok",
        "output-video-mtok": "output_video_per_mtok",
    }
)

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


def price_of(vendor: Vendor, product: Product, row: ListPrice, host: str | None = None) -> Price:
    """Turn a row of a price list into a price with its source and its name.

    Args:
        vendor: Whose it is.
        product: Of which model.
        row: The row.
        host: Where; with the fees for tokens that are no text there. None leaves fees out.
    """
    page = vendor.sources[row.source]
    price = Price(
        input_per_mtok=row.input_per_mtok,
        output_per_mtok=row.output_per_mtok,
        cache_read_per_mtok=row.cache_read_per_mtok,
        cache_write_per_mtok=row.cache_write_per_mtok,
        cache_write_1h_per_mtok=row.cache_write_1h_per_mtok,
        reasoning_per_mtok=row.reasoning_per_mtok,
        currency=row.currency,
        since=_begins(vendor, row),
        until=row.until,
        up_to_tokens=row.up_to_tokens,
        hours=row.hours,
        thinking=row.thinking,
        service=row.service,
        source=cite(vendor, page),
    )
    if host is not None:
        price = msgspec.structs.replace(price, **_media_of(vendor, product, row, host))
    return named_price(f"{vendor.id}/{product.id}", price)


def prices_of(vendor: Vendor, product: Product, host: str) -> list[Price]:
    """List the prices of a model at one of its vendor's hosts."""
    return [
        price_of(vendor, product, row, host)
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
            hosts = (None, *[host.id for host in vendor.hosts])  # receipts of before had no fees
            named = [price_of(vendor, product, *each) for each in pairs(product.prices, hosts)]
            return next((price for price in named if price.row == name), None)
    return None


def _media_of(vendor: Vendor, product: Product, row: ListPrice, host: str) -> dict[str, Decimal]:
    """Find what tokens that are no text cost beside a row: fees of its service, from its era on."""
    return {
        _MEDIA[fee.unit]: fee.price
        for fee in product.fees
        if fee.unit in _MEDIA
        and not fee.of
        and (fee.service, fee.currency) == (row.service, row.currency)
        and (not fee.hosts or host in fee.hosts)
        and _newest(vendor, product, fee) == _begins(vendor, row)
    }


def _newest(vendor: Vendor, product: Product, fee: Fee) -> str:
    """Say when the era began that was the newest when a fee began, or was read."""
    begins = fee.since or vendor.sources[fee.source].read
    eras = [_begins(vendor, row) for row in product.prices if row.service == fee.service]
    return max([each for each in eras if each[: len(begins)] <= begins], default="")


def _begins(vendor: Vendor, row: ListPrice) -> str:
    return row.since or _day(vendor.sources[row.source].read)


def _day(read: str) -> str:
    """Complete a month to its first day: a price that was read in it may have held all of it."""
    return read if len(read) > len("YYYY-MM") else f"{read}-01"
