"""Checksums hold for the examples in their standards, and for no neighbour of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jevons.privacy.checksum import (
    ean,
    eleven_ten,
    eleven_two,
    is_day,
    luhn,
    ninety_seven,
    verhoeff,
    weighted,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("check", "number"),
    [
        (luhn, "4111111111111111"),
        (luhn, "378282246310005"),
        (ean, "4006381333931"),
        (eleven_ten, "07945"),
        (verhoeff, "2363"),
        (ninety_seven, "GB82WEST12345698765432"),
    ],
)
def test_one_other_digit_breaks_it(check: Callable[[str], bool], number: str) -> None:
    assert check(number)
    for place, digit in enumerate(number):
        if digit.isdigit():
            other = str((int(digit) + 1) % 10)
            assert not check(number[:place] + other + number[place + 1 :])


def test_x_stands_for_ten() -> None:
    assert eleven_two("079X")
    assert eleven_two("079x")
    assert not eleven_two("0790")
    assert eleven_two("110105197401257531")


def test_the_shorter_of_digits_and_weights_ends_the_sum() -> None:
    assert weighted("123", (1, 10)) == 21
    assert weighted("1", (7, 10)) == 7


@pytest.mark.parametrize(
    ("day", "month", "exists"),
    [("29", "02", True), ("30", "02", False), ("31", "04", False), ("00", "01", False)],
)
def test_a_day_is_one_of_its_month(day: str, month: str, *, exists: bool) -> None:
    assert is_day(day, month) is exists
    assert not is_day(day, "13")
    assert not is_day(day, "0")
