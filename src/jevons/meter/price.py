"""Tokens to money: exact, rounded once.

Rule 1: buckets do not overlap, so each token is priced once.
Rule 2: a price that is not there is `Unknown`, never zero. A row that says 0 is a price.
Rule 3: tokens that are no text are charged as text where their row has no price for them.
Rule 4: another currency is turned into dollars within the sum, so that it is rounded once too.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import astuple

from jevons.types.model import MEDIA_PRICES
from jevons.types.units import Estimate, Priced, PricedBy, Unknown

if TYPE_CHECKING:
    from jevons.types.account import Usage
    from jevons.types.model import ExchangeRate, Price, Tariff
    from jevons.types.units import Cost, Quantity

__all__ = ("Rates", "by_electricity", "by_price_row", "rates_of")

_NUSD_PER_USD_PER_MTOK = 1000
"""USD a million tokens is 1e-6 USD a token, which is 1000 nano-dollars."""

_MJ_PER_NKWH = Decimal("3.6")
"""Millijoules in a billionth of a kilowatt-hour, which costs as many nano-dollars as a
kilowatt-hour costs dollars."""

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Wide enough that no product of tokens and a price is ever rounded before the end."""


class Rates(NamedTuple):
    """A price row in integers, so that no request does decimal arithmetic."""

    input: int
    """Of a token, in nano-dollars divided by `parts`; the others too."""
    cache_read: int
    cache_write: int
    cache_write_1h: int
    output: int
    reasoning: int
    media: tuple[int, ...]
    """What a token of each of `Media` costs more than one of its bucket, or less."""
    parts: int
    source: str
    by: PricedBy | None = None
    """The rows, where they have names."""


def rates_of(price: Price, rate: ExchangeRate | None = None) -> Rates:
    """Prepare a price row. What has no price of its own is charged as its kind.

    Args:
        price: The row.
        rate: What its currency is worth; None where it is dollars.
    """
    uncached, answer = price.input_per_mtok, price.output_per_mtok
    written = _or(price.cache_write_per_mtok, uncached)
    row = (
        uncached,
        _or(price.cache_read_per_mtok, uncached),
        written,
        _or(price.cache_write_1h_per_mtok, written),
        answer,
        _or(price.reasoning_per_mtok, answer),
    )
    buckets = (uncached, row[1], uncached, uncached, answer, answer, answer)
    media = [getattr(price, name) for name in MEDIA_PRICES]
    more = [
        _EXACT.subtract(_or(each, text), text) for each, text in zip(media, buckets, strict=True)
    ]
    *scaled, parts = _whole_parts(*row, *more)
    source = f"{price.source}, since {price.since}"
    if rate is not None:
        usd, units, _ = _whole_parts(rate.usd, rate.units)
        scaled, parts = [each * usd for each in scaled], parts * units
        source += f"; {rate.usd} USD for {rate.units} {rate.currency}, {rate.source}"
    by = PricedBy(row=price.row, rate=rate.row if rate is not None else "") if price.row else None
    nusd = [each * _NUSD_PER_USD_PER_MTOK for each in scaled]
    return Rates(*nusd[:6], media=tuple(nusd[6:]), parts=parts, source=source, by=by)


def by_price_row(name: str, rates: Rates | None, usage: Usage) -> Cost:
    """Price tokens by the endpoint's row.

    Args:
        name: The endpoint's.
        rates: Its price, if it has one.
        usage: Tokens in disjoint buckets.

    Returns:
        Nano-dollars; or why not: no price, nobody counted the tokens, or not all of them are
        of this endpoint's model.
    """
    if rates is None:
        return Unknown(why=f"endpoint {name!r} has no price; set its `price`")
    if usage.counted_by == "nobody":
        return Unknown(why=f"endpoint {name!r} did not report the tokens it used")
    if usage.other_models:
        why = (
            f"{usage.other_models} tokens are another model's, which endpoint {name!r} asked itself"
        )
        return Unknown(why=why)
    total = (
        usage.input * rates.input
        + usage.cache_read * rates.cache_read
        + (usage.cache_write - usage.cache_write_1h) * rates.cache_write
        + usage.cache_write_1h * rates.cache_write_1h
        + usage.output * rates.output
        + usage.reasoning * rates.reasoning
    )
    if usage.media is not None:
        total += sum(map(mul, astuple(usage.media), rates.media))
    source = rates.source
    if usage.counted_by == "guess":
        source += "; tokens are our own count, the answer broke off before its usage came"
    by = () if rates.by is None else (rates.by,)
    return Priced(nusd=_half_even(total, rates.parts), method="price-row", source=source, by=by)


def by_electricity(energy_mj: Quantity, tariff: Tariff | None) -> Cost:
    """Price an answer of own hardware by the electricity it took.

    Args:
        energy_mj: Its energy; the median is billed.
        tariff: What the electricity costs; None is not known.
    """
    if tariff is None:
        return Unknown(why="own hardware; set `house.electricity_usd_per_kwh`")
    if not isinstance(energy_mj, Estimate):
        return Unknown(why=f"own hardware, and its energy is unknown: {energy_mj.why}")
    usd = tariff.usd_per_kwh
    nusd = _EXACT.divide(_EXACT.multiply(Decimal(energy_mj.p50), usd), _MJ_PER_NKWH)
    source = f"{usd} USD/kWh ({tariff.source}), energy {energy_mj.method}"
    return Priced(nusd=_whole(nusd), method="electricity", source=source)


def _whole_parts(*figures: Decimal) -> list[int]:
    """Write figures as integers over one denominator, which comes last."""
    places = max([-int(figure.as_tuple().exponent) for figure in figures] + [0])
    return [*[int(_EXACT.scaleb(figure, places)) for figure in figures], 10**places]


def _half_even(total: int, parts: int) -> int:
    """Divide and round, half to even."""
    whole, rest = divmod(total, parts)
    return whole + (2 * rest + (whole & 1) > parts)


def _or(price: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if price is None else price


def _whole(nusd: Decimal) -> int:
    return int(nusd.to_integral_value(ROUND_HALF_EVEN))
