"""What holds of every price: more costs more, parts add up, and money is rounded once."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from jevons.catalog.price_list import PriceList
from jevons.meter.price import by_price_row, rates_of
from jevons.testing.make import a_price
from jevons.types.account import Usage
from jevons.types.model import ExchangeRate, Price
from jevons.types.units import Priced

if TYPE_CHECKING:
    from decimal import Decimal

TOKENS = st.integers(0, 10**9)
AMOUNTS = st.decimals(min_value=0, max_value=1000, places=6)
BUCKETS = ("input", "cache_read", "cache_write", "output", "reasoning")
USAGES = st.builds(
    Usage,
    input=TOKENS,
    cache_read=TOKENS,
    cache_write=TOKENS,
    output=TOKENS,
    reasoning=TOKENS,
    counted_by=st.just("endpoint"),
)
PRICES = st.builds(
    Price,
    input_per_mtok=AMOUNTS,
    output_per_mtok=AMOUNTS,
    cache_read_per_mtok=st.none() | AMOUNTS,
    cache_write_per_mtok=st.none() | AMOUNTS,
    reasoning_per_mtok=st.none() | AMOUNTS,
    since=st.just("2026-01-01"),
    source=st.just("a test"),
)
RATES = st.builds(
    ExchangeRate,
    currency=st.just("CNY"),
    usd=st.decimals(min_value="0.5", max_value=2, places=4),
    units=st.decimals(min_value=5, max_value=9, places=4),
    since=st.just("2026-01-01"),
    source=st.just("a bank"),
)


def nusd(price: Price, usage: Usage, rate: ExchangeRate | None = None) -> int:
    cost = by_price_row("here", rates_of(price, rate), usage)
    assert isinstance(cost, Priced)
    return cost.nusd


def exact(price: Price, usage: Usage, rate: ExchangeRate) -> Fraction:
    """Work it out in fractions, which are never rounded."""
    figures = {
        "input": price.input_per_mtok,
        "cache_read": price.cache_read_per_mtok,
        "cache_write": price.cache_write_per_mtok,
        "output": price.output_per_mtok,
        "reasoning": price.reasoning_per_mtok,
    }
    kind = {"cache_read": "input", "cache_write": "input", "reasoning": "output"}
    total = Fraction(0)
    for bucket, figure in figures.items():
        usual = figures[kind.get(bucket, bucket)]
        said = figure if figure is not None else usual
        assert said is not None
        total += getattr(usage, bucket) * Fraction(said) * 1000
    return total * Fraction(rate.usd) / Fraction(rate.units)


@given(PRICES, USAGES, st.sampled_from(BUCKETS), st.integers(1, 10**6))
def test_more_of_any_kind_never_costs_less(
    price: Price, usage: Usage, bucket: str, more: int
) -> None:
    longer = msgspec.structs.replace(usage, **{bucket: getattr(usage, bucket) + more})
    assert nusd(price, usage) <= nusd(price, longer)


@given(PRICES, USAGES, USAGES)
def test_two_requests_cost_what_they_cost_together_but_for_one_rounding_each(
    price: Price, one: Usage, other: Usage
) -> None:
    both = msgspec.structs.replace(
        one, **{name: getattr(one, name) + getattr(other, name) for name in BUCKETS}
    )
    assert abs(nusd(price, one) + nusd(price, other) - nusd(price, both)) <= 1


@given(PRICES, USAGES, RATES)
def test_another_currency_is_exact_and_rounded_once_half_to_even(
    price: Price, usage: Usage, rate: ExchangeRate
) -> None:
    yuan = msgspec.structs.replace(price, currency="CNY")
    assert nusd(yuan, usage, rate) == round(exact(yuan, usage, rate))


@given(PRICES, USAGES, st.integers(0, 10**9))
def test_what_is_read_from_a_cache_is_never_dearer_where_the_row_says_so(
    price: Price, usage: Usage, read: int
) -> None:
    cached = price.cache_read_per_mtok
    assume(cached is not None and cached <= price.input_per_mtok)
    warm = msgspec.structs.replace(usage, cache_read=read)
    cold = msgspec.structs.replace(usage, input=usage.input + read, cache_read=0)
    assert nusd(price, warm) <= nusd(price, cold)


@given(st.integers(1, 10**6), st.integers(0, 10**7), AMOUNTS, AMOUNTS)
def test_above_a_bound_the_whole_request_has_the_higher_price(
    bound: int, tokens: int, low: Decimal, high: Decimal
) -> None:
    assume(low <= high)
    tiers = (
        a_price(str(low), "0", since="2026-01-01", up_to_tokens=bound),
        a_price(str(high), "0", since="2026-01-01"),
    )
    listed = PriceList(tiers)

    def charged(count: int) -> int:
        price = listed.at(1_780_000_000_000, input_tokens=count, thinking=False)
        assert isinstance(price, Price)
        return nusd(price, Usage(input=count, counted_by="endpoint"))

    wanted = low if tokens <= bound else high
    assert charged(tokens) == round(tokens * Fraction(wanted) * 1000)
    assert charged(tokens) <= charged(tokens + 1)
