"""A house's own identifiers are found as words, in either case, however many there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.privacy.looking import seen

from jevons.privacy import Detector


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("Anna Berg", "Ask anna berg.", ["anna berg"]),
        ("Anna Berg", "ANNA BERG and Anna Berg", ["ANNA BERG", "Anna Berg"]),
        ("Anna", "Annabel, Johanna, Anna", ["Anna"]),
        ("Anna", "report_anna_2.pdf", ["anna"]),
        ("Anna Berg", "Anna Bergs", []),
        ("Projekt Ä", "im projekt ä.", ["projekt ä"]),
        ("Rene\u0301", "René", ["René"]),
        ("René", "Rene\u0301!", ["Rene\u0301"]),
        ("Anna Berg", "Anna\u00a0Berg", ["Anna\u00a0Berg"]),
        ("Anna", "An\u200bna", ["An\u200bna"]),
        ("#42-b", "see #42-B.", ["#42-B"]),
        ("42-b", "see 142-b", []),
        ("王小明", "请告诉王小明明天来", ["王小明"]),
        ("C++ group", "the c++ group", ["c++ group"]),
        (" Anna ", "Anna", ["Anna"]),
    ],
)
def test_terms_stand_alone_in_either_case(term: str, text: str, found: list[str]) -> None:
    detector = Detector(dictionary=[term])
    assert [each for kind, each in seen(text, detector) if kind == "term"] == found


def test_the_longest_of_those_that_begin_alike_is_found() -> None:
    detector = Detector(dictionary=["Anna", "Anna Berg", "Anna Berg AG", "Berg"])
    assert seen("anna berg gmbh, anna berg ag", detector) == [
        ("term", "anna berg"),
        ("term", "anna berg ag"),
    ]


@pytest.mark.parametrize("term", ["", "  ", "x", "--", "\u200b"])
def test_what_would_mean_anybody_is_no_identifier(term: str) -> None:
    with pytest.raises(ValueError, match="no identifier"):
        Detector(dictionary=[term])


def test_no_terms_find_nothing() -> None:
    assert seen("anna berg", Detector(dictionary=[])) == []
    assert seen("anna berg", Detector(dictionary=["clara"])) == []


@given(st.lists(st.text("ab -", min_size=2), max_size=6), st.text("abAB -"))
def test_terms_are_found_where_a_plain_search_finds_them(terms: list[str], text: str) -> None:
    usable = {each.strip() for each in terms if len(each.strip()) > 1 and set(each) & set("ab")}
    small = f" {text.lower()} "
    expected = any(
        small.startswith(term, start)
        and not (small[start - 1] + small[start]).isalnum()
        and not (small[start + len(term) - 1] + small[start + len(term)]).isalnum()
        for term in usable
        for start in range(1, len(small) - len(term))
    )
    assert bool(Detector(dictionary=usable).find(text)) is expected
