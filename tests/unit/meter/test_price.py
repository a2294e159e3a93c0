"""Money is exact, rounded once, and what has no price has a reason instead of a zero."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.meter.price import by_electricity, by_price_row, rates_of
from jevons.testing.make import a_price, a_tariff
from jevons.types.account import Media, Usage
from jevons.types.model import MEDIA_PRICES
from jevons.types.units import Estimate, Priced, Unknown

if TYPE_CHECKING:
    from jevons.types.model import Price

TOKENS = st.integers(min_value=0, max_value=10_000_000_000)
USAGES = st.builds(
    Usage,
    input=TOKENS,
    cache_read=TOKENS,
    cache_write=TOKENS,
    output=TOKENS,
    reasoning=TOKENS,
    counted_by=st.just("endpoint"),
).map(
    lambda usage: msgspec.structs.replace(
        usage,
        cache_write_1h=usage.cache_write // 3,
        media=Media(
            input_audio=usage.input // 3,
            cache_read_audio=usage.cache_read // 2,
            input_image=usage.input // 5,
            input_video=usage.input // 7,
            output_audio=usage.output // 3,
            output_image=usage.output // 5,
            output_video=usage.output // 7,
        ),
    )
)
AMOUNTS = st.decimals(min_value=0, max_value=10_000, places=8)
MAYBE = st.none() | AMOUNTS


@st.composite
def prices(draw: st.DrawFn) -> Price:
    dearest, other = draw(AMOUNTS), draw(AMOUNTS)
    return msgspec.structs.replace(
        a_price(),
        input_per_mtok=max(dearest, other),
        output_per_mtok=draw(AMOUNTS),
        cache_read_per_mtok=draw(st.sampled_from([None, min(dearest, other)])),
        cache_write_per_mtok=draw(MAYBE),
        cache_write_1h_per_mtok=draw(MAYBE),
        reasoning_per_mtok=draw(MAYBE),
        **{name: draw(MAYBE) for name in MEDIA_PRICES},
    )


def nusd(price: Price, usage: Usage) -> int:
    cost = by_price_row("here", rates_of(price), usage)
    assert isinstance(cost, Priced)
    return cost.nusd


def counted(**tokens: int) -> Usage:
    return msgspec.structs.replace(Usage(counted_by="endpoint"), **tokens)


def test_a_million_tokens_cost_what_the_row_says() -> None:
    price = a_price(
        "1",
        "2",
        cache_read_per_mtok=Decimal("0.1"),
        cache_write_per_mtok=Decimal("1.25"),
        reasoning_per_mtok=Decimal(4),
    )
    each = {
        "input": "1",
        "cache_read": "0.1",
        "cache_write": "1.25",
        "output": "2",
        "reasoning": "4",
    }
    for bucket, usd in each.items():
        assert nusd(price, counted(**{bucket: 1_000_000})) == int(Decimal(usd) * 10**9)


def test_what_has_no_price_of_its_own_is_charged_as_its_kind() -> None:
    price = a_price("1", "2")
    assert nusd(price, counted(cache_read=1000)) == nusd(price, counted(input=1000))
    assert nusd(price, counted(cache_write=1000)) == nusd(price, counted(input=1000))
    assert nusd(price, counted(reasoning=1000)) == nusd(price, counted(output=1000))


def test_what_is_kept_for_an_hour_has_its_own_price_or_that_of_any_write() -> None:
    price = a_price("1", "2", cache_write_per_mtok=Decimal("1.25"))
    dearer = msgspec.structs.replace(price, cache_write_1h_per_mtok=Decimal(2))
    used = counted(cache_write=1000, cache_write_1h=400)
    assert nusd(price, used) == 1000 * 1250
    assert nusd(dearer, used) == 600 * 1250 + 400 * 2000
    assert nusd(a_price("1", "2"), used) == 1000 * 1000


def test_what_another_model_used_has_no_price_here() -> None:
    cost = by_price_row("here", rates_of(a_price("1", "2")), counted(input=1, other_models=7))
    assert isinstance(cost, Unknown)
    assert "7 tokens" in cost.why


def test_a_price_of_zero_for_one_bucket_is_a_price() -> None:
    price = a_price(
        cache_read_per_mtok=Decimal(0),
        cache_write_per_mtok=Decimal(0),
        reasoning_per_mtok=Decimal(0),
    )
    assert nusd(price, counted(cache_read=9, cache_write=9, reasoning=9)) == 0


@pytest.mark.parametrize(("usd", "whole"), [("0.0005", 0), ("0.0015", 2), ("0.0025", 2)])
def test_half_a_nano_dollar_goes_to_the_even_one(usd: str, whole: int) -> None:
    assert nusd(a_price(usd), counted(input=1)) == whole


def test_buckets_are_rounded_together_and_not_one_by_one() -> None:
    # Four times 0.4 nano-dollars are 1.6, which is 2; each alone would be 0.
    price = a_price("0.0004", "0.0004")
    assert nusd(price, counted(input=1, cache_read=1, output=1, reasoning=1)) == 2


@given(prices(), USAGES)
def test_money_is_exact(price: Price, usage: Usage) -> None:
    def usd(figure: Decimal | None, otherwise: Decimal) -> Fraction:
        return Fraction(otherwise if figure is None else figure)

    written = price.cache_write_per_mtok
    written = price.input_per_mtok if written is None else written
    exact = 1000 * (
        usage.input * usd(price.input_per_mtok, Decimal(0))
        + usage.cache_read * usd(price.cache_read_per_mtok, price.input_per_mtok)
        + (usage.cache_write - usage.cache_write_1h) * usd(written, Decimal(0))
        + usage.cache_write_1h * usd(price.cache_write_1h_per_mtok, written)
        + usage.output * usd(price.output_per_mtok, Decimal(0))
        + usage.reasoning * usd(price.reasoning_per_mtok, price.output_per_mtok)
    )
    media = usage.media
    assert media is not None
    for name in MEDIA_PRICES:
        medium, said = name.removesuffix("_per_mtok"), getattr(price, name)
        if said is not None:
            bucket = getattr(price, f"{medium.rpartition('_')[0]}_per_mtok")
            more = usd(said, Decimal(0)) - usd(bucket, price.input_per_mtok)
            exact += 1000 * getattr(media, medium) * more
    assert nusd(price, usage) == round(exact)


def test_what_is_no_text_is_charged_as_text_unless_its_row_has_a_price_for_it() -> None:
    media = Media(input_audio=60, input_image=30, output_audio=5)
    usage = msgspec.structs.replace(counted(input=100, output=10), media=media)
    assert nusd(a_price("1", "2"), usage) == 100 * 1000 + 10 * 2000
    spoken = msgspec.structs.replace(
        a_price("1", "2"), input_audio_per_mtok=Decimal(32), output_audio_per_mtok=Decimal(64)
    )
    assert nusd(spoken, usage) == 40 * 1000 + 60 * 32_000 + 5 * 2000 + 5 * 64_000


@given(prices(), USAGES.map(lambda usage: msgspec.structs.replace(usage, media=None)))
def test_a_cached_token_is_never_dearer_than_an_uncached_one(price: Price, usage: Usage) -> None:
    uncached = msgspec.structs.replace(usage, input=usage.input + usage.cache_read, cache_read=0)
    assert nusd(price, usage) <= nusd(price, uncached)


def test_a_price_says_where_it_is_from() -> None:
    cost = by_price_row("here", rates_of(a_price()), counted(input=1))
    assert cost == Priced(
        nusd=1000, method="price-row", source="made up for a test, since 2026-01-01"
    )


def test_a_guessed_count_is_priced_and_says_so() -> None:
    cost = by_price_row("here", rates_of(a_price()), Usage(output=1, counted_by="guess"))
    assert isinstance(cost, Priced)
    assert cost.nusd == 2000
    assert cost.source == (
        "made up for a test, since 2026-01-01; "
        "tokens are our own count, the answer broke off before its usage came"
    )


def test_without_a_price_the_setting_is_named() -> None:
    assert by_price_row("remote", None, counted(input=1)) == Unknown(
        why="endpoint 'remote' has no price; set its `price`"
    )


def test_without_a_count_there_is_no_price() -> None:
    assert by_price_row("remote", rates_of(a_price()), Usage()) == Unknown(
        why="endpoint 'remote' did not report the tokens it used"
    )


def used(p50: float) -> Estimate:
    return Estimate(p05=p50 / 2, p50=p50, p95=p50 * 2, method="modelled-cpu", source="a test")


def test_electricity_bills_the_median() -> None:
    # One kilowatt-hour is 3.6e9 millijoules.
    assert by_electricity(used(3.6e9), a_tariff("0.30")) == Priced(
        nusd=300_000_000,
        method="electricity",
        source="0.30 USD/kWh (made up for a test), energy modelled-cpu",
    )


@pytest.mark.parametrize(("mj", "whole"), [(9.0, 2), (27.0, 8), (45.0, 12)])
def test_electricity_rounds_half_to_even(mj: float, whole: int) -> None:
    cost = by_electricity(used(mj), a_tariff(1))
    assert isinstance(cost, Priced)
    assert cost.nusd == whole


def test_without_a_tariff_the_setting_is_named() -> None:
    assert by_electricity(used(1), None) == Unknown(
        why="own hardware; set `house.electricity_usd_per_kwh`"
    )


def test_without_energy_there_is_nothing_to_bill() -> None:
    assert by_electricity(Unknown(why="no meter"), a_tariff(1)) == Unknown(
        why="own hardware, and its energy is unknown: no meter"
    )


@given(st.floats(min_value=1e-3, max_value=1e15), AMOUNTS)
def test_electricity_is_exact(mj: float, tariff: Decimal) -> None:
    cost = by_electricity(used(mj), a_tariff(tariff))
    assert isinstance(cost, Priced)
    exact = Fraction(mj) / 3_600_000_000 * Fraction(tariff) * 10**9
    assert abs(cost.nusd - exact) <= Fraction(1, 2) + Fraction(1, 10**20)
