"""A figure on a page is short, has its unit, and is never rounded to nothing."""

from __future__ import annotations

import pytest

from jevons.dashboard import words
from jevons.figures import MJ_PER_WH


@pytest.mark.parametrize(
    ("wh", "shown"),
    [
        (0, "0 Wh"),
        (0.0412, "0.0412 Wh"),
        (999.4, "999 Wh"),
        (999.6, "1.00 kWh"),
        (3_300, "3.30 kWh"),
        (1_234_000, "1.23 MWh"),
    ],
)
def test_energy_is_in_the_unit_in_which_it_is_short(wh: float, shown: str) -> None:
    assert words.energy(wh * MJ_PER_WH) == shown
    assert words.watt_hours(wh) == shown


def test_carbon_water_and_tokens_are_too() -> None:
    assert words.carbon(1_170_000) == "1.17 kg"
    assert words.water(2_500_000) == "2.50 l"
    assert words.tokens(34_900_000) == "34.9 M"
    assert words.tokens(12) == "12"


def test_money_has_cents_until_they_say_nothing() -> None:
    assert words.money(19_750_000_000) == "$19.75"
    assert words.money(1_234_567_000_000_000) == "$1,234,567"
    assert words.money(8_200) == "$0.0000082"


def test_a_little_is_not_nothing() -> None:
    assert words.per_cent(0.0001) == "< 0.1 %"
    assert words.per_cent(0.064) == "6.4 %"
    assert words.per_cent(0.64) == "64 %"
    assert words.per_cent(0) == "0.0 %"


def test_scales_leave_out_zeros_that_say_nothing() -> None:
    write = words.tick(words.watt_hours)
    assert write(500) == "500 Wh"
    assert write(1500) == "1.5 kWh"
    assert words.tick(words.money)(1_500_000_000) == "$1.50"
