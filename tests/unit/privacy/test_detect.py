"""Findings lie in order, beside each other, in the text as it was given; the work is linear."""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.privacy.looking import seen

from jevons.privacy import Detector, class_of
from jevons.types.custody import DataClass

if TYPE_CHECKING:
    from jevons.privacy import Finding

DETECTOR = Detector()
PIECES = st.sampled_from(
    ["@", "://", ".", "-", " ", "+", "(", ")", "0", "7", "12", "4111", "GB82", "WEST", "a", "x.org",
     "\u200b", "%40", "\\u0040", "&#64;", "e\u0301", "\uff11", "call", "sk-", "eyJ", "::", "1:", "www.",
     "passport", "-----BEGIN ", "é", "\U0001d7ce", "\n"]
)  # fmt: skip


def test_findings_lie_in_order() -> None:
    text = "From 203.0.113.7, anna@example.org: call +49 30 901820 or pay GB82WEST12345698765432."
    kinds = [kind for kind, _ in seen(text)]
    assert kinds == ["ip", "email", "phone", "iban"]
    assert class_of(one.kind for one in DETECTOR.find(text)) is DataClass.PERSONAL


def test_those_that_overlap_become_the_gravest_of_them() -> None:
    detector = Detector(dictionary=["example.org"])
    assert seen("anna@example.org", detector) == [("email", "anna@example.org")]
    assert seen("see https://example.org/x", detector) == [("term", "https://example.org/x")]


def test_nothing_is_found_in_nothing() -> None:
    assert DETECTOR.find("") == []
    assert DETECTOR.find("The quick brown fox jumps over the lazy dog.") == []


def test_a_country_that_is_not_known_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'XX'"):
        Detector(regions=["NL", "XX"])


def check(found: list[Finding], text: str) -> None:
    places = [place for each in found for place in (each.start, each.end)]
    assert places == sorted(places)
    assert all(0 <= each.start < each.end <= len(text) for each in found)


@given(st.text())
def test_whatever_the_text_is_findings_lie_in_it(text: str) -> None:
    check(DETECTOR.find(text), text)


@given(st.lists(PIECES, max_size=30).map("".join))
@example("GB82WEST1234569876543.")
def test_whatever_is_put_together_findings_lie_in_it(text: str) -> None:
    check(Detector(["NL", "GB"], ["x.org", "4111"]).find(text), text)


UNITS = (
    "7", "@", "a@", "x@a.", "x@a-", ".", "1.", "0 ", "07 ", "12-", "(", "+(", "+49 ", "call 12 ", "call ",
    "passport ", "drive", "a://", "http://a:b", "www.", "www.a-", "a:", "::", "AB1 ", "GB82 WEST ", "sk-",
    "eyJ-", "eyJhbGciOi.", "-----BEGIN " + "PRIVATE KEY-----", "Bearer ", "Authorization: Basic ", "%40",
    "\\u0040", "1\u200b", "\u200b", "e\u0301", "\u0301", "\uff11 ", "电话", "é", "_", "-", " ", "/", "#64;",
    "&#64;", "anna ", "anna berg ", "b" * 64, "f81d4fae-7dec-11d0-", "xoxb-", "SG.",
)  # fmt: skip
SIZE = 3_000
TIMES = 8


@pytest.mark.parametrize("unit", UNITS)
def test_eight_times_the_text_is_no_more_than_eight_times_the_work(unit: str) -> None:
    detector = Detector(dictionary=["anna berg", "anna berg ag", "anna"])
    short = (unit * SIZE)[:SIZE]
    long = (unit * SIZE * TIMES)[: SIZE * TIMES]
    # Were it squared, it would be 64 times as much.
    assert least_s(detector, long) < 3 * TIMES * least_s(detector, short) + 0.001


def least_s(detector: Detector, text: str) -> float:
    """Take the least of some times, which no neighbour made longer."""
    times: list[float] = []
    for _ in range(4):
        began = process_time()
        detector.find(text)
        times.append(process_time() - began)
    return min(times)
