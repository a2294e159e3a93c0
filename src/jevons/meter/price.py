"""Tokens to money: exact, rounded once.

Rule 1: buckets do not overlap, so each token is priced once.
Rule 2: a price that is not there is `Unknown`, never zero. A row that says 0 is a price.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING

from jevons.types.units import Estimate, Priced, Unknown

if TYPE_CHECKING:
    from jevons.types.account import Usage
    from jevons.types.model import Endpoint, Price, Tariff
    from jevons.types.units import Cost, Quantity

__all__ = ("by_electricity", "by_price_row")

_NUSD_PER_USD_PER_MTOK = 1000
"""USD a million tokens is 1e-6 USD a token, which is 1000 nano-dollars."""

_MJ_PER_NKWH = Decimal("3.6")
"""Millijoules in a billionth of a kilowatt-hour, which costs as many nano-dollars as a
kilowatt-hour costs dollars."""

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Wide enough that no product of tokens and a price is ever rounded before the end."""


def by_price_row(endpoint: Endpoint, usage: Usage) -> Cost:
    """Price tokens by the endpoint's row.

    Args:
        endpoint: Whose price it is.
        usage: Tokens in disjoint buckets. Reasoning is answer unless it has its own price.

    Returns:
        Nano-dollars; or why not: no price, or nobody counted the tokens.
    """
    price = endpoint.price
    if price is None:
        return Unknown(why=f"endpoint {endpoint.name!r} has no price; set its `price`")
    if usage.counted_by == "nobody":
        return Unknown(why=f"endpoint {endpoint.name!r} did not report the tokens it used")
    nusd = _EXACT.multiply(_usd_per_million(price, usage), _NUSD_PER_USD_PER_MTOK)
    source = f"{price.source}, since {price.since}"
    if usage.counted_by == "guess":
        source += "; tokens are our own count, the answer broke off before its usage came"
    return Priced(nusd=_whole(nusd), method="price-row", source=source)


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


def _usd_per_million(price: Price, usage: Usage) -> Decimal:
    """Sum tokens times USD per million tokens, over every bucket."""
    uncached = price.input_per_mtok
    answer = price.output_per_mtok
    rows = (
        (usage.input, uncached),
        (usage.cache_read, _or(price.cache_read_per_mtok, uncached)),
        (usage.cache_write, _or(price.cache_write_per_mtok, uncached)),
        (usage.output, answer),
        (usage.reasoning, _or(price.reasoning_per_mtok, answer)),
    )
    total = Decimal(0)
    for tokens, usd in rows:
        if tokens:
            total = _EXACT.fma(tokens, usd, total)
    return total


def _or(price: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if price is None else price


def _whole(nusd: Decimal) -> int:
    return int(nusd.to_integral_value(ROUND_HALF_EVEN))
