"""Rows that cannot be true: a wrong figure here would be a wrong figure on every receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.catalog.moments import is_moment
from jevons.types.errors import Misconfigured
from jevons.types.model import MEDIA_PRICES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from jevons.types.model import Endpoint, Footprint, Price, Reported

__all__ = ("refuse_implausible",)


def refuse_implausible(endpoint: Endpoint) -> None:
    """Refuse a row that cannot be true.

    Raises:
        Misconfigured: Naming the endpoint, the field and what it accepts.
    """
    if endpoint.price is not None:
        _refuse_price(endpoint.name, endpoint.price)
    for price in endpoint.prices:
        _refuse_price(endpoint.name, price)
    for field, wrong in _wrong_times(endpoint):
        _refuse(endpoint.name, field, wrong, "YYYY-MM-DD or YYYY-MM-DDTHH:MMZ")
    if len({price.currency for price in endpoint.prices}) > 1:
        _refuse(endpoint.name, "prices", "in several currencies", "in one")
    if not endpoint.peaks and any(price.hours != "any" for price in endpoint.prices):
        _refuse(endpoint.name, "prices", "by the hour", "any, where the vendor has no peak")
    if endpoint.footprint is not None:
        _refuse_footprint(endpoint.name, endpoint.footprint)
    if endpoint.reported is not None:
        _refuse_reported(endpoint.name, endpoint.reported)
    if endpoint.context_tokens is not None and endpoint.context_tokens <= 0:
        _refuse(endpoint.name, "context_tokens", endpoint.context_tokens, "a number above 0")


def _wrong_times(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """Name the moments of a price list that are none."""
    for price in endpoint.prices:
        if not is_moment(price.since):
            yield "prices.since", price.since
        if price.until is not None and not is_moment(price.until):
            yield "prices.until", price.until


def _refuse_price(name: str, price: Price) -> None:
    figures: dict[str, Decimal | None] = {
        "input_per_mtok": price.input_per_mtok,
        "output_per_mtok": price.output_per_mtok,
        "cache_read_per_mtok": price.cache_read_per_mtok,
        "cache_write_per_mtok": price.cache_write_per_mtok,
        "cache_write_1h_per_mtok": price.cache_write_1h_per_mtok,
        "reasoning_per_mtok": price.reasoning_per_mtok,
        **{field: getattr(price, field) for field in MEDIA_PRICES},
    }
    for field, figure in figures.items():
        if figure is not None and not (figure.is_finite() and figure >= 0):
            _refuse(name, f"price.{field}", figure, "an amount of money, 0 or more")
    cached = price.cache_read_per_mtok
    if cached is not None and cached > price.input_per_mtok:
        accepts = f"at most input_per_mtok, {price.input_per_mtok}"
        _refuse(name, "price.cache_read_per_mtok", cached, accepts)


def _refuse_reported(name: str, reported: Reported) -> None:
    figures = {
        "wh_per_answer": reported.wh_per_answer,
        "wh_per_mtok_read": reported.wh_per_mtok_read,
        "wh_per_mtok_written": reported.wh_per_mtok_written,
    }
    for field, figure in figures.items():
        if not 0 <= figure < float("inf"):
            _refuse(name, f"reported.{field}", figure, "0 or more")
    if not any(figures.values()):
        _refuse(name, "reported.wh_per_answer", 0.0, "one of its three figures above 0")
    if not 1 <= reported.fold < float("inf"):
        _refuse(name, "reported.fold", reported.fold, "1 or more")


def _refuse_footprint(name: str, footprint: Footprint) -> None:
    figures = {
        "active_params_b": footprint.active_params_b,
        "total_params_b": footprint.total_params_b,
        "kv_kb_per_token": footprint.kv_kb_per_token,
    }
    for field, figure in figures.items():
        if not 0 < figure < float("inf"):
            _refuse(name, f"footprint.{field}", figure, "a number above 0")
    if footprint.active_params_b > footprint.total_params_b:
        accepts = f"at most total_params_b, {footprint.total_params_b}"
        _refuse(name, "footprint.active_params_b", footprint.active_params_b, accepts)
    if footprint.batch is not None and not 1 <= footprint.batch < float("inf"):
        _refuse(name, "footprint.batch", footprint.batch, "1 or more")
    if not 1 <= footprint.params_fold < float("inf"):
        _refuse(name, "footprint.params_fold", footprint.params_fold, "1 or more")


def _refuse(name: str, field: str, value: object, accepts: str) -> None:
    message = f"endpoint {name!r}: {field} is {value}; it must be {accepts}"
    raise Misconfigured(message)
