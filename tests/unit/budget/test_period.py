"""Days and months are the calendar's, UTC."""

from __future__ import annotations

import pytest

from jevons.budget.period import day_of, month_of, period_of, renews_at

LAST_MS = 1_798_761_599_999  # of 2026-12-31


def test_a_day_ends_at_midnight_utc() -> None:
    assert (day_of(LAST_MS), day_of(LAST_MS + 1)) == ("2026-12-31", "2027-01-01")


def test_a_day_is_part_of_its_month() -> None:
    assert month_of("2026-12-31") == "2026-12"
    assert period_of("2026-12-31", "day") == "2026-12-31"
    assert period_of("2026-12-31", "month") == "2026-12"


@pytest.mark.parametrize(
    ("period", "renews"),
    [
        ("2026-11-29", "2026-11-30"),
        ("2026-12-31", "2027-01-01"),
        ("2026-02", "2026-03-01"),
        ("2028-02", "2028-03-01"),
        ("2026-12", "2027-01-01"),
    ],
)
def test_a_period_renews_when_the_next_begins(period: str, renews: str) -> None:
    assert renews_at(period).isoformat() == f"{renews}T00:00:00+00:00"
