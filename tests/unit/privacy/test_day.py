"""Days and ages are found as people write them; a birth's is told from others."""

from __future__ import annotations

import pytest

from jevons.privacy.day import ages, days, is_day_named


def seen(text: str) -> list[tuple[str, str]]:
    return [(kind, text[start:end]) for start, end, kind in days(text)]


@pytest.mark.parametrize(
    "day",
    [
        "14 March 1980",
        "14th of March, 1980",
        "March 14, 1980",
        "Mar 14",
        "March 1980",
        "14. März 1980",
        "14 mars 1980",
        "14 de marzo de 1980",
        "1980-03-14",
        "1980-03-14 12:30:05",
        "14.3.1980",
        "3/14/80",
        "1980\u5e743\u670814\u65e5",
    ],
)
def test_days(day: str) -> None:
    assert seen(f"It was {day}, I think.") == [("date", day)]
    assert seen(f"Born: {day}") == [("birth_date", day)]
    assert seen(f"date of birth {day}") == [("birth_date", day)]


@pytest.mark.parametrize("text", ["may 2", "10.0.0.1", "1.2.3.4", "last night", "v1.2.3", "12/34"])
def test_other_numbers_are_no_days(text: str) -> None:
    assert seen(text.replace("may 2", "may 200")) == []


def test_a_birth_far_away_is_another_s() -> None:
    assert seen("Born to be wild, they said once and again and again, on 1980-03-14") == [
        ("date", "1980-03-14")
    ]


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("aged 54", "54"),
        ("at the age of 54", "54"),
        ("I turned 54 today", "54"),
        ("54 years old", "54"),
        ("a 54-year-old", "54"),
        ("54 Jahre alt", "54"),
        ("I'm 54.", "54"),
        ("I am 54 and well", "54"),
        ("54\u5c81", "54"),
    ],
)
def test_ages(text: str, age: str) -> None:
    assert [text[start:end] for start, end, _ in ages(text)] == [age]


@pytest.mark.parametrize("text", ["54 years ago", "page 54", "I'm 54 minutes late", "turn 90%"])
def test_other_numbers_are_no_ages(text: str) -> None:
    assert list(ages(text)) == []


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("last Tuesday", True),
        ("May", True),
        ("in 1997", True),
        ("last night", False),
        ("12", False),
    ],
)
def test_a_day_that_is_named(text: str, is_named: bool) -> None:  # noqa: FBT001 a case's outcome
    assert is_day_named(text) is is_named
