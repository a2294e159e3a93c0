"""A page is about the days that its address says, and without a word about the newest."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from jevons.dashboard.days import Days, days_of
from jevons.reports import DAY_MS


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOW = ms("2026-11-29T12:00")


def asked(**query: str) -> Days:
    return days_of(
        {name.rstrip("_"): text for name, text in query.items()}, newest_ms=None, now_ms=NOW
    )


def test_days_are_as_they_are_said() -> None:
    days = asked(from_="2026-11-01", to="2026-11-10")
    assert days == (date(2026, 11, 1), date(2026, 11, 10))
    assert days.span == (ms("2026-11-01"), ms("2026-11-11"))
    assert days.length == len(days.each) == 10


def test_without_a_word_they_are_four_weeks_that_end_with_the_newest_answer() -> None:
    days = days_of({}, newest_ms=ms("2026-06-30T23:00"), now_ms=NOW)
    assert (days.last, days.length) == (date(2026, 6, 30), 28)
    assert asked().last == date(2026, 11, 29)
    assert asked(days="7").length == 7


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "0001"])
def test_what_is_no_day_is_not_said(text: str) -> None:
    assert asked(from_=text, to=text) == asked()
    assert asked(days=text) == (asked() if text != "0001" else asked(days="1"))


def test_days_that_are_the_wrong_way_round_are_turned_and_too_many_are_cut() -> None:
    assert asked(from_="2026-11-10", to="2026-11-01") == asked(from_="2026-11-01", to="2026-11-10")
    assert asked(from_="0001-01-01").length == 3 * 366 + 1


def test_halves_are_of_one_length_and_leave_out_the_odd_day() -> None:
    before, after = asked(from_="2026-11-01", to="2026-11-15").halves
    assert before == (ms("2026-11-02"), ms("2026-11-09"))
    assert after == (before.end_ms, before.end_ms + 7 * DAY_MS)


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ("2026-11-02", "2026-11-29", "2 to 29 November 2026"),
        ("2026-10-30", "2026-11-29", "30 October to 29 November 2026"),
        ("2025-12-30", "2026-01-29", "30 December 2025 to 29 January 2026"),
        ("2026-11-02", "2026-11-02", "2 November 2026"),
    ],
)
def test_they_are_said_in_words(first: str, last: str, says: str) -> None:
    assert asked(from_=first, to=last).says == says
