"""Telephone numbers are found as they are written, and other numbers are left alone."""

from __future__ import annotations

import pytest
from tests.unit.privacy.looking import seen


@pytest.mark.parametrize(
    "number",
    [
        "+1-212-555-0143",
        "+1 (212) 555-0143",
        "001-212-555-0143",
        "(212) 555-0143",
        "(212)555-0143x1234",
        "212-555-0143",
        "212.555.0143",
        "212 555 0143",
        "1-212-555-0143 ext. 12",
        "+49 (0) 30 901820",
        "+4930901820",
        "(+49) 30 901820",
        "00971 4 555 0143",
        "030/901820-12",
        "01 42 68 53 00",
        "01.42.68.53.00",
        "0421-555 0143",
        "07700 900 123",
        "07700900123",
        "(07700) 900123",
        "+44\u00a07700\u2011900123",
        "+\uff14\uff14 7700 900123",
        "(37) 788-063",
    ],
)
def test_numbers_that_say_so_themselves(number: str) -> None:
    assert seen(f"It is {number}, thanks.") == [("phone", number)]
    assert seen(number) == [("phone", number)]


@pytest.mark.parametrize(
    "number", ["467 3395", "9472 7916", "28-64-66-98", "2125550143", "416 60 039"]
)
def test_numbers_of_which_a_word_says_so(number: str) -> None:
    assert seen(f"Ticket {number} is open.") == []
    assert seen(f"Please call me at {number}.") == [("phone", number)]
    assert seen(f"{number} office") == [("phone", number)]
    assert seen(f"Téléphone : {number}") == [("phone", number)]
    assert seen(f"电话{number}。") == [("phone", number)]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24 12:20:39",
        "on 24.11.2026 or 24/11/26",
        "from 1,234,567.89 to 2.345.678",
        "pi is 3.14159265358979",
        "00 01 02 03 04 05 06 07 08 09",
        "SHA 0123456789abcdef",
        "Smith (1999) 123-145",
        "call 123456",
        "in 2020, 2021 and 2022",
        "1700000000",
        "+1 234 567",
        "001-234-567",
        "f(12) 34",
        "the id is 0000012345678",
        "05 12 2020",
        "1732406400000",
        "Ticket 31 22 58 is open.",
        "call 31 22-58",
        "The office is at 945 0323 Maple Street.",
        "call a taxi to 57245 01 Oak Avenue",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert seen(text) == []


@pytest.mark.parametrize("text", ["Phone: 31 22 58", "61-22-58 (fax)", "tel. 31 22 58."])
def test_six_digits_are_enough_in_pairs_beside_a_word(text: str) -> None:
    assert [kind for kind, _ in seen(text)] == ["phone"]


def test_a_word_for_a_telephone_behind_a_number_is_no_street() -> None:
    assert seen("945 0323 Office, 945 0324 Fax") == [("phone", "945 0323"), ("phone", "945 0324")]


def test_a_date_beside_a_word_is_still_a_date() -> None:
    assert seen("Called on 2026-11-24, call 28-64-66-98") == [("phone", "28-64-66-98")]


def test_a_word_far_away_says_nothing() -> None:
    assert seen("call" + " " * 60 + "467 3395") == []


def test_more_digits_than_any_number_has_are_none() -> None:
    assert seen("call 12345678901234567") == []


def test_a_sign_within_a_word_is_not_its_own() -> None:
    assert seen("x+1-212-555-0143") == [("phone", "1-212-555-0143")]
