"""A figure is read as it is meant: to its significant digits, with its interval, or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons import figures
from jevons.types.units import Estimate, Priced, Unknown


def estimate(low: float, middle: float, high: float) -> Estimate:
    return Estimate(p05=low, p50=middle, p95=high, method="modelled-cpu", source="a test")


def priced(nusd: int) -> Priced:
    return Priced(nusd=nusd, method="price-row", source="a test")


UNKNOWN = Unknown(why="no price; set endpoint.price")


@pytest.mark.parametrize(
    ("nusd", "shown"),
    [
        (0, "$0"),
        (1, "$0.000000001"),
        (12_000, "$0.000012"),
        (12_345, "$0.000012"),
        (5_000_000, "$0.005"),
        (10_000_000, "$0.01"),
        (1_234_000_000, "$1.23"),
        (9_007_199_254_740_993_000, "$9007199254.74"),
    ],
)
def test_money_keeps_two_digits_below_a_cent_and_cents_above(nusd: int, shown: str) -> None:
    assert figures.money(nusd) == shown


@given(st.floats(min_value=1e-9, max_value=1e9))
def test_a_plain_number_is_near_and_has_no_exponent(value: float) -> None:
    shown = figures.plain(value)
    assert "e" not in shown.lower()
    assert float(Decimal(shown)) == pytest.approx(value, rel=0.06)


def test_energy_is_watt_hours_with_the_interval() -> None:
    amount = estimate(
        0.017 * figures.MJ_PER_WH, 0.034 * figures.MJ_PER_WH, 0.068 * figures.MJ_PER_WH
    )
    assert figures.energy(amount) == "0.034 Wh (0.017\N{EN DASH}0.068)"


def test_carbon_is_grams() -> None:
    assert figures.carbon(estimate(5, 15, 45)) == "0.015 gCO2e (0.0050\N{EN DASH}0.045)"


def test_what_is_not_known_is_never_a_number() -> None:
    assert figures.cost(UNKNOWN) == "unknown"
    assert figures.energy(UNKNOWN) == "unknown"
    assert figures.median(UNKNOWN, figures.MJ_PER_WH) == "unknown"


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 B"), (999, "999 B"), (491_400_064, "491 MB"), (5_444_831_232, "5.44 GB")],
)
def test_a_size_is_in_powers_of_a_thousand(size: int, shown: str) -> None:
    assert figures.bytes_of(size) == shown


def test_water_is_millilitres_with_the_interval() -> None:
    assert figures.water(estimate(500.0, 1_000.0, 2_000.0)) == "1.0 mL (0.50\N{EN DASH}2.0)"
    assert figures.water(UNKNOWN) == figures.UNKNOWN
