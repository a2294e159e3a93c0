"""What other currencies were worth in dollars, from when on."""

from __future__ import annotations

import tomllib
from decimal import ROUND_UP, Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from jevons.catalog.digest import named_rate
from jevons.catalog.moments import day_of, moment_ms
from jevons.types.model import MEDIA_PRICES, Currency, ExchangeRate, Price
from jevons.types.units import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Exchange", "exchange_rates", "in_usd")

_PLACES = Decimal("1e-9")
"""Of a price in dollars that was one in another currency."""


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rate, as `data/exchange.toml` writes it."""

    currency: Currency
    since: str
    usd: Decimal
    units: Decimal
    of: str
    """Day of the two figures."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `data/exchange.toml`: every row of it comes from one publisher."""

    publisher: str
    dataset: str
    read: str
    rate: tuple[_Row, ...]


@cache
def exchange_rates() -> tuple[ExchangeRate, ...]:
    """Read the rates that ship with the package, newest first, each with its source."""
    text = files("jevons.catalog").joinpath("data", "exchange.toml").read_text(encoding="utf-8")
    table = msgspec.convert(tomllib.loads(text, parse_float=Decimal), _Table)
    source = f"{table.publisher}, {table.dataset}, of {{}}, read {table.read}"
    rates = [
        ExchangeRate(
            currency=row.currency,
            usd=row.usd,
            units=row.units,
            since=row.since,
            source=source.format(row.of),
        )
        for row in table.rate
    ]
    return tuple([named_rate(each) for each in _newest_first(rates)])


class Exchange:
    """Exchange rates, ready to be asked for the one that holds.

    Args:
        own: A house's rates, which go before any other from their first moment on.
        known: Rates for all other moments.
    """

    def __init__(
        self, own: Iterable[ExchangeRate] = (), known: Iterable[ExchangeRate] = ()
    ) -> None:
        asked = (*_newest_first(own), *_newest_first(known))
        self._rates = [(moment_ms(rate.since), rate) for rate in asked]

    def at(self, currency: Currency, at_ms: int) -> ExchangeRate | Unknown:
        """Find the rate that has begun by a moment, Unix milliseconds."""
        for from_ms, rate in self._rates:
            if rate.currency == currency and from_ms <= at_ms:
                return rate
        why = f"no exchange rate of {currency} is known for {day_of(at_ms)}; set `exchange`"
        return Unknown(why=why)

    def newest(self, currency: Currency) -> ExchangeRate | None:
        """Find the last rate that is known, whether or not it has begun; None is not known."""
        return next((rate for _, rate in self._rates if rate.currency == currency), None)


def in_usd(price: Price, rate: ExchangeRate) -> Price:
    """Turn a price into dollars, each figure rounded up: it is a bound, and charges nobody."""

    def usd(figure: Decimal | None) -> Decimal | None:
        return None if figure is None else _usd(figure, rate)

    dollars = Price(
        input_per_mtok=_usd(price.input_per_mtok, rate),
        output_per_mtok=_usd(price.output_per_mtok, rate),
        cache_read_per_mtok=usd(price.cache_read_per_mtok),
        cache_write_per_mtok=usd(price.cache_write_per_mtok),
        cache_write_1h_per_mtok=usd(price.cache_write_1h_per_mtok),
        reasoning_per_mtok=usd(price.reasoning_per_mtok),
        since=price.since,
        source=f"{price.source}; {rate.usd} USD for {rate.units} {rate.currency}, {rate.source}",
    )
    media = {name: usd(getattr(price, name)) for name in MEDIA_PRICES}
    return msgspec.structs.replace(dollars, **media)


def _usd(figure: Decimal, rate: ExchangeRate) -> Decimal:
    return (figure * rate.usd / rate.units).quantize(_PLACES, ROUND_UP).normalize()


def _newest_first(rates: Iterable[ExchangeRate]) -> list[ExchangeRate]:
    return sorted(rates, key=lambda rate: moment_ms(rate.since), reverse=True)
