"""Rows of vendors that cannot be true, refused before anyone relies on them.

Rule 1: the message names the vendor, the row and the field, and what it accepts.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from jevons.catalog.moments import is_moment, moment_ms
from jevons.catalog.rows import holidays
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jevons.catalog.vendor import Fee, Host, ListPrice, PeakRow, Product, Rule, Vendor

__all__ = ("refuse_unsound",)

_PLACE = re.compile(r"[A-Z]{2}|on-prem|unknown")
_JURISDICTION = re.compile(r"(?!EU)[A-Z]{2}|on-prem|unknown")
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")
_ZONE = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")
_WEEK = range(1, 8)
_EMBEDS = frozenset({"embedding"})
_BOUNDS = 2  # least and most
_WANTED: Mapping[str, tuple[type, str]] = MappingProxyType(
    {
        "drop": (NoneType, "left out"),
        "refuse": (NoneType, "left out"),
        "rename": (str, "the new name"),
        "force": (object, "the value"),
        "map": (dict, "a table of values"),
        "clamp": (list, "[least, most]"),
    }
)


def refuse_unsound(vendor: Vendor) -> None:
    """Refuse a vendor whose rows cannot be true.

    Raises:
        Misconfigured: Naming the row, the field and what it accepts.
    """
    _refuse_vendor(vendor)
    for place, named in _cited(vendor):
        if named not in vendor.sources:
            _refuse(vendor, place, "source", named, f"one of {sorted(vendor.sources)}")
    for host in vendor.hosts:
        _refuse_host(vendor, host)
    for product in vendor.models:
        _refuse_product(vendor, product)
    for rule in vendor.rules:
        _refuse_rule(vendor, rule)
    for peak in vendor.peaks:
        _refuse_peak(vendor, peak)


def _refuse_vendor(vendor: Vendor) -> None:
    if not _JURISDICTION.fullmatch(vendor.jurisdiction):
        accepts = "an ISO 3166-1 alpha-2 code, on-prem or unknown"
        _refuse(vendor, "vendor", "jurisdiction", vendor.jurisdiction, accepts)
    if not vendor.hosts:
        _refuse(vendor, "vendor", "hosts", "", "one host or more")
    for name, seen in vendor.sources.items():
        if not _is_web(seen.url):
            _refuse(vendor, f"source {name}", "url", seen.url, "a URL with https")
        if not (_is_day(seen.read) or _MONTH.fullmatch(seen.read)):
            _refuse(vendor, f"source {name}", "read", seen.read, "YYYY-MM-DD or YYYY-MM")
    for kind, names in (
        ("hosts", [host.id for host in vendor.hosts]),
        ("models", [name for product in vendor.models for name in (product.id, *product.aliases)]),
    ):
        for name in _twice(names):
            _refuse(vendor, "vendor", kind, f"{name!r} twice", "names that are each there once")


def _cited(vendor: Vendor) -> Iterator[tuple[str, str]]:
    """Every source that a row names, and the row."""
    for host in vendor.hosts:
        yield f"host {host.id}", host.source
    for product in vendor.models:
        yield f"model {product.id}", product.source
        for price in product.prices:
            yield f"price of {product.id}", price.source
        for fee in product.fees:
            yield f"fee of {product.id}", fee.source
    for rule in vendor.rules:
        yield f"rule on {rule.field}", rule.source
    for peak in vendor.peaks:
        yield "peak", peak.source


def _refuse_host(vendor: Vendor, host: Host) -> None:
    row = f"host {host.id}"
    for field, place in (("place", host.place), ("storage", host.storage)):
        if not _PLACE.fullmatch(place):
            accepts = "an ISO 3166-1 alpha-2 code, EU, on-prem or unknown"
            _refuse(vendor, row, field, place, accepts)
    if not host.bases:
        _refuse(vendor, row, "bases", "", "a URL for one dialect or more")
    for dialect, url in host.bases.items():
        if not (_is_web(url) or host.place == "on-prem") or url.endswith("/"):
            accepts = "a URL with https, or any on-prem, without a slash at its end"
            _refuse(vendor, row, f"bases.{dialect}", url, accepts)


def _refuse_product(vendor: Vendor, product: Product) -> None:
    row = f"model {product.id}"
    for field, tokens in (
        ("context_tokens", product.context_tokens),
        ("max_output_tokens", product.max_output_tokens),
    ):
        if tokens is not None and tokens <= 0:
            _refuse(vendor, row, field, tokens, "a number above 0")
    _refuse_other_hosts(vendor, row, product.hosts)
    if product.retired is not None and not _is_day(product.retired):
        _refuse(vendor, row, "retired", product.retired, "YYYY-MM-DD")
    for price in product.prices:
        _refuse_price(vendor, f"price of {product.id}", price, writes=product.can != _EMBEDS)
    for fee in product.fees:
        _refuse_fee(vendor, f"fee of {product.id}", fee)
    for conditions in _twice([str(_conditions(price)) for price in product.prices]):
        _refuse(vendor, f"price of {product.id}", "prices", conditions, "there once")


def _refuse_price(vendor: Vendor, row: str, price: ListPrice, *, writes: bool) -> None:
    figures = {
        "input": price.input_per_mtok,
        "output": price.output_per_mtok if writes else None,
        "cache_read": price.cache_read_per_mtok,
        "cache_write": price.cache_write_per_mtok,
        "cache_write_1h": price.cache_write_1h_per_mtok,
        "reasoning": price.reasoning_per_mtok,
        "up_to_tokens": price.up_to_tokens,
    }
    for field, figure in figures.items():
        if figure is not None and not (Decimal(figure).is_finite() and figure > 0):
            _refuse(vendor, row, field, figure, "a number above 0")
    if not writes and price.output_per_mtok:
        _refuse(vendor, row, "output", price.output_per_mtok, "0, where nothing is written")
    cached = price.cache_read_per_mtok
    if cached is not None and cached > price.input_per_mtok:
        _refuse(vendor, row, "cache_read", cached, f"at most input, {price.input_per_mtok}")
    if price.hours != "any" and not vendor.peaks:
        _refuse(vendor, row, "hours", price.hours, "any, where the vendor has no peak")
    _refuse_times(vendor, row, price)
    _refuse_other_hosts(vendor, row, price.hosts)


def _refuse_fee(vendor: Vendor, row: str, fee: Fee) -> None:
    if not (fee.price.is_finite() and fee.price > 0):
        _refuse(vendor, row, "price", fee.price, "a number above 0")
    _refuse_times(vendor, row, fee)
    _refuse_other_hosts(vendor, row, fee.hosts)


def _refuse_times(vendor: Vendor, row: str, dated: ListPrice | Fee | PeakRow) -> None:
    for field, moment in (("since", dated.since), ("until", dated.until)):
        if moment is not None and not is_moment(moment):
            _refuse(vendor, row, field, moment, "YYYY-MM-DD or YYYY-MM-DDTHH:MMZ")
    if dated.since and dated.until and moment_ms(dated.until) <= moment_ms(dated.since):
        _refuse(vendor, row, "until", dated.until, f"after since, {dated.since}")


def _conditions(price: ListPrice) -> tuple[object, ...]:
    """For which requests a price holds, and from when on."""
    return (
        *(price.currency, price.since, price.up_to_tokens, price.hours),
        *(price.thinking, price.service, price.hosts),
    )


def _refuse_other_hosts(vendor: Vendor, row: str, named: Iterable[str]) -> None:
    for name in named:
        if vendor.host(name) is None:
            _refuse(vendor, row, "hosts", name, f"one of {[host.id for host in vendor.hosts]}")


def _refuse_rule(vendor: Vendor, rule: Rule) -> None:
    row = f"rule on {rule.field}"
    shape, accepts = _WANTED[rule.do]
    to: object = rule.to
    if not isinstance(to, shape) or (rule.do == "clamp" and len(rule.to) != _BOUNDS):
        _refuse(vendor, row, "to", to, f"{accepts}, where do is {rule.do}")
    if not rule.why:
        _refuse(vendor, row, "why", "", "a reason")


def _refuse_peak(vendor: Vendor, peak: PeakRow) -> None:
    for day in peak.days:
        if day not in _WEEK:
            _refuse(vendor, "peak", "days", day, "1 to 7")
    for hours in peak.hours:
        start, _, end = hours.partition("-")
        if not _HOURS.fullmatch(hours) or start >= end:
            _refuse(vendor, "peak", "hours", hours, "HH:MM-HH:MM within a day")
    if not _ZONE.fullmatch(peak.zone):
        _refuse(vendor, "peak", "zone", peak.zone, "an offset, as +08:00")
    if peak.holidays and peak.holidays not in holidays():
        _refuse(vendor, "peak", "holidays", peak.holidays, f"one of {sorted(holidays())}")
    _refuse_times(vendor, "peak", peak)


def _is_web(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.netloc)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _twice(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return sorted({name for name in listed if listed.count(name) > 1})


def _refuse(vendor: Vendor, row: str, field: str, value: object, accepts: str) -> NoReturn:
    message = f"vendor {vendor.id!r}, {row}: {field} is {value!r}; it must be {accepts}"
    raise Misconfigured(message)
