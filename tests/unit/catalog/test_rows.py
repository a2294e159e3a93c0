"""A row has one name for as long as it says the same, and moments are what they say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jevons.catalog.digest import named_price, named_rate
from jevons.catalog.exchange import Exchange, exchange_rates, in_usd
from jevons.catalog.moments import day_of, is_moment, moment_ms
from jevons.catalog.rows import find_row, holidays, peaks_of, price_of, prices_of
from jevons.catalog.vendors import vendors
from jevons.testing.make import a_price
from jevons.types.model import ExchangeRate
from jevons.types.units import Unknown


def a_rate(since: str, usd: str = "1") -> ExchangeRate:
    return ExchangeRate(
        currency="CNY", usd=Decimal(usd), units=Decimal(7), since=since, source="a bank"
    )


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-01-01", 1_767_225_600_000),
        ("2026-01-01T00:00Z", 1_767_225_600_000),
        ("2026-01-01T16:30Z", 1_767_285_000_000),
    ],
)
def test_a_moment_is_in_utc(text: str, ms: int) -> None:
    assert is_moment(text)
    assert moment_ms(text) == ms
    assert day_of(ms) == "2026-01-01"


@pytest.mark.parametrize("text", ["2026", "2026-02-30", "2026-01-01T25:00Z", "2026-01-01T10:00"])
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    assert not is_moment(text)


def test_a_name_changes_with_what_is_said_and_not_with_how() -> None:
    price = named_price("v/m", a_price("1.50", "2"))
    same = named_price("v/m", a_price("1.5", "2.0", source="a better link"))
    assert price.row == same.row
    assert price.row.startswith("v/m#")
    for other in (
        a_price("1.51", "2"),
        a_price("1.5", "2", up_to_tokens=9),
        a_price("1.5", "2", until="2027-01-01"),
    ):
        assert named_price("v/m", other).row != price.row


def test_a_name_never_changes() -> None:
    # Receipts hold names: one that came out otherwise would orphan them.
    assert named_price("v/m", a_price("1.5", "2")).row == "v/m#923d36030e9b2f23"
    assert named_rate(a_rate("2026-01-01")).row == "CNY#20a34ed3059c31a4"


def test_every_price_that_ships_is_found_by_its_name_and_has_one_of_its_own() -> None:
    for vendor in vendors().values():
        for product in vendor.models:
            names = {
                price.row for host in vendor.hosts for price in prices_of(vendor, product, host.id)
            }
            assert len(names) <= len(product.prices)
            for name in names:
                found = find_row(vendor, name)
                assert found is not None
                assert found.row == name
            for row in product.prices:  # as they were named before fees were part of them
                assert find_row(vendor, price_of(vendor, product, row).row) is not None
    deepseek = vendors()["deepseek"]
    assert find_row(deepseek, "deepseek/deepseek-flash#0") is None
    assert find_row(deepseek, "deepseek/nothing#0") is None


def test_what_is_no_text_has_the_price_that_is_asked_for_it_now() -> None:
    google = vendors()["google"]
    flash = google.product("gemini-2.5-flash")
    assert flash is not None
    standard = [row for row in prices_of(google, flash, "google") if row.service == "standard"]
    assert [(row.since, row.input_audio_per_mtok) for row in standard] == [
        ("2025-06-18", None),
        ("2026-04-20", 1),
    ]
    openai = vendors()["openai"]
    spoken = openai.product("gpt-audio")
    assert spoken is not None
    (row,) = prices_of(openai, spoken, "openai")
    assert (row.input_audio_per_mtok, row.output_audio_per_mtok) == (32, 64)
    assert row.input_image_per_mtok is None


def test_deepseeks_peak_knows_the_weekday_and_the_holiday() -> None:
    night, day = peaks_of(vendors()["deepseek"])
    assert (night.until, night.holidays, night.holidays_known_until) == (
        "2025-09-05T16:00Z",
        frozenset(),
        "",
    )
    assert day.holidays == holidays()["CN"].days
    assert day.holidays_known_until == "2026-12-31"


def test_the_rate_of_the_moment_is_found_and_a_houses_own_goes_first() -> None:
    known = [a_rate("2026-01-01"), a_rate("2026-03-01", "3")]
    exchange = Exchange([a_rate("2026-02-01", "2")], known)
    found = [exchange.at("CNY", moment_ms(f"2026-0{month}-15")) for month in (1, 2, 3)]
    assert [isinstance(rate, ExchangeRate) and rate.usd for rate in found] == [1, 2, 2]
    assert isinstance(exchange.at("CNY", moment_ms("2025-12-31")), Unknown)
    assert isinstance(exchange.at("USD", moment_ms("2026-12-31")), Unknown)
    assert exchange.newest("USD") is None


def test_the_shipped_rates_are_dated_sourced_and_plausible() -> None:
    rates = exchange_rates()
    assert len(rates) > 20
    assert [rate.since for rate in rates] == sorted((rate.since for rate in rates), reverse=True)
    for rate in rates:
        assert 6 < rate.units / rate.usd < 8
        assert "European Central Bank" in rate.source
        assert rate.source.endswith("read 2026-10-31")


def test_a_bound_in_dollars_is_never_below_the_price() -> None:
    price = a_price("0.01", "3", currency="CNY", cache_read_per_mtok=Decimal("0.000001"))
    bound = in_usd(price, a_rate("2026-01-01"))
    assert bound.currency == "USD"
    assert bound.cache_write_per_mtok is None
    for field in ("input_per_mtok", "output_per_mtok", "cache_read_per_mtok"):
        assert getattr(bound, field) * 7 >= getattr(price, field)
    assert "1 USD for 7 CNY" in bound.source
