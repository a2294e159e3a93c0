"""What is hidden is seen, and every place in the view leads back to where it was hidden."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.privacy.fold import fold, lowered


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("as it is", "as it is"),
        ("naïve, yet plain", "naïve, yet plain"),
        ("\uff14\uff11\uff11\uff11", "4111"),
        ("\u0664\u0661", "41"),
        ("\U0001d7d2\U0001d7cf", "41"),
        ("4111\u00a01111\u20111111", "4111 1111-1111"),
        ("an\u200bna\ufeff", "anna"),
        ("\u200banna", "anna"),
        ("anna\U000e0041", "anna"),
        ("Rene\u0301 X", "Ren\u00e9 X"),
        ("anna%40example.org", "anna@example.org"),
        ("100% sure", "100% sure"),
        (r"anna\u0040example.org", "anna@example.org"),
        (r"one\ntwo", "one\ntwo"),
        (r"Q\Users", r"Q\Users"),
        ("anna&#64;x &#x40; &#X40; &amp; &", "anna@x @ @ &amp; &"),
        ("\u0301 alone", "\u0301 alone"),
    ],
)
def test_what_is_hidden_is_seen(text: str, view: str) -> None:
    assert fold(text).text == view


@pytest.mark.parametrize(
    "text", ["an\u200b\u200bna x%40y z", "x%40y an\u200bna", "e\u0301%41e\u0301"]
)
def test_a_place_in_the_view_leads_to_the_same_character(text: str) -> None:
    folded = fold(text)
    for word in folded.text.split():
        start = folded.text.index(word)
        found = text[folded.origin(start) : folded.origin(start + len(word))]
        assert fold(found).text == word


def test_a_place_after_something_left_out_lies_behind_it() -> None:
    folded = fold("anna\u200b berg\u200b")
    assert folded.origin(len("anna")) == len("anna\u200b")
    assert folded.origin(len("anna berg")) == len("anna\u200b berg\u200b")


def test_every_decimal_digit_there_is_becomes_plain() -> None:
    digits = [chr(code) for code in range(sys.maxunicode) if chr(code).isdecimal()]
    known = [each for each in digits if fold(each).text == str(unicodedata.decimal(each))]
    assert len(known) > 400
    assert {each for each in digits if ord(each) < 0x10000} <= set(known)


@given(st.text())
def test_the_view_ends_where_the_text_does(text: str) -> None:
    folded = fold(text)
    assert folded.origin(len(folded.text)) == len(text)
    places = [folded.origin(place) for place in range(len(folded.text) + 1)]
    assert places == sorted(places)


@given(st.text())
def test_small_letters_stand_where_the_large_ones_stood(text: str) -> None:
    assert len(lowered(text)) == len(text)


def test_a_letter_that_would_become_two_stays() -> None:
    assert lowered("\u0130STANBUL") == "\u0130stanbul"
