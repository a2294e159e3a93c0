"""Cards and accounts are found by their checksums, in every way of writing them."""

from __future__ import annotations

import pytest
from tests.unit.privacy.looking import seen


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4222222222222",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "3782 822463 10005",
        "30569309025904",
        "6011111111111117",
        "3530111333300000",
        "6759649826438453",
        "6304000000000000",
        "\uff14111 1111\u00a01111 1111",
    ],
)
def test_cards(number: str) -> None:
    assert seen(f"It is {number}, thanks.") == [("card", number)]
    assert seen(number) == [("card", number)]


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111112",
        "1111111111111117",
        "41111111111111111111",
        "4111 1111-1111 1111",
        "x4111111111111111",
    ],
)
def test_numbers_that_are_no_cards(number: str) -> None:
    assert "card" not in dict(seen(f"It is {number}, thanks."))


def test_a_fraction_is_no_card_however_it_adds_up() -> None:
    assert seen("a score of 0.4111111111111111, on my card") == []
    assert seen("version 3.0.4111111111111111") == [("card", "4111111111111111")]
    assert seen("0.4111111111111111 and 4111111111111111") == [("card", "4111111111111111")]


def test_a_card_of_a_range_that_nobody_published_takes_a_word() -> None:
    assert seen("the part 9046592779440554") == []
    assert seen("my card 9046592779440554") == [("card", "9046592779440554")]


@pytest.mark.parametrize(
    "number",
    [
        "GB82WEST12345698765432",
        "gb82west12345698765432",
        "GB82 WEST 1234 5698 7654 32",
        "GB82-WEST-1234-5698-7654-32",
        "DE89 3704 0044 0532 0130 00",
        "NO9386011117947",
        "FR1420041010050500013M02606",
        "TH865111383895",
    ],
)
def test_accounts(number: str) -> None:
    assert seen(f"to {number}, please") == [("iban", number)]
    assert seen(number) == [("iban", number)]


@pytest.mark.parametrize(
    "number",
    [
        "GB82WEST12345698765431",
        "GB82 WEST 1234 5698 7654 33",
        "ZZ82 WEST 1234 5698 7654 32",
        "GB82 WEST",
        "GB82 WEST 1234 5698 7654 32X",
        "GB82 WEST 1234 5698.7654 32",
        "XGB82WEST12345698765432",
    ],
)
def test_numbers_that_are_no_accounts(number: str) -> None:
    assert "iban" not in dict(seen(f"to {number}, please"))
