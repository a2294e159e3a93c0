"""Work that can wait waits only for what is known to be better, and never past its deadline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.pick.defer import Window, saved, when

HOUR_MS = 3_600_000


def hours(*figures: float | None) -> list[Window]:
    return [
        Window(hour * HOUR_MS, (hour + 1) * HOUR_MS, figure)
        for hour, figure in enumerate(figures)
        if figure is not None
    ]


def test_it_begins_at_the_cheapest_hour_before_its_deadline() -> None:
    prices = hours(4, 3, 1, 2, 0.5)
    found = when(now_ms=0, deadline_ms=4 * HOUR_MS, length_ms=HOUR_MS, prices=prices)
    assert (found.begin_ms, found.cost, found.now_cost) == (2 * HOUR_MS, 1, 4)
    assert found.why == "the best that is known before the deadline"
    longer = when(now_ms=0, deadline_ms=4 * HOUR_MS, length_ms=2 * HOUR_MS, prices=prices)
    assert (longer.begin_ms, longer.cost) == (2 * HOUR_MS, 1.5)


def test_what_cannot_be_done_in_time_begins_at_once() -> None:
    found = when(now_ms=0, deadline_ms=HOUR_MS, length_ms=2 * HOUR_MS, prices=hours(4, 3, 1))
    assert found.begin_ms == 0
    assert "cannot end" in found.why


def test_it_does_not_wait_for_nothing() -> None:
    found = when(now_ms=0, deadline_ms=9 * HOUR_MS, length_ms=HOUR_MS, prices=hours(1, 1, 1))
    assert (found.begin_ms, found.why) == (0, "no later start that is known is better")


def test_an_hour_that_nobody_knows_is_not_bet_on() -> None:
    found = when(now_ms=0, deadline_ms=9 * HOUR_MS, length_ms=HOUR_MS, prices=hours(3, None, 2))
    assert found.begin_ms == 2 * HOUR_MS
    nothing = when(now_ms=0, deadline_ms=9 * HOUR_MS, length_ms=HOUR_MS, prices=hours(None) or [])
    assert nothing.begin_ms == 0
    unknown_now = hours(None, 5)
    later = when(now_ms=0, deadline_ms=9 * HOUR_MS, length_ms=HOUR_MS, prices=unknown_now)
    assert (later.begin_ms, later.now_cost) == (HOUR_MS, None)
    beyond = [Window(90 * HOUR_MS, 91 * HOUR_MS, 1.0)]
    lost = when(now_ms=0, deadline_ms=9 * HOUR_MS, length_ms=HOUR_MS, prices=beyond)
    assert (lost.begin_ms, lost.why) == (0, "nothing is known of any start")


def test_carbon_decides_between_starts_that_cost_the_same() -> None:
    found = when(
        now_ms=0, deadline_ms=3 * HOUR_MS, length_ms=HOUR_MS,
        prices=hours(1, 1, 2), carbon=hours(400, 200, 10),
    )  # fmt: skip
    assert (found.begin_ms, found.carbon, found.now_carbon) == (HOUR_MS, 200, 400)


def test_carbon_that_is_worth_something_is_weighed_against_money() -> None:
    fields = {"prices": hours(1.0, 1.2), "carbon": hours(400, 0)}
    usual = {"now_ms": 0, "deadline_ms": 2 * HOUR_MS, "length_ms": HOUR_MS}
    dear = when(**usual, **fields, usd_per_kg=1.0, kwh=1.0)  # type: ignore[arg-type]
    cheap = when(**usual, **fields, usd_per_kg=0.1, kwh=1.0)  # type: ignore[arg-type]
    assert (dear.begin_ms, cheap.begin_ms) == (HOUR_MS, 0)


@pytest.mark.parametrize(
    ("before", "after", "share"), [(4.0, 1.0, 0.75), (None, 1.0, None), (0.0, 0.0, None)]
)
def test_what_is_saved_is_a_share_of_what_there_was(
    before: float | None, after: float, share: float | None
) -> None:
    assert saved(before, after) == share


@given(
    st.lists(st.floats(0.1, 10), min_size=1, max_size=24),
    st.integers(1, 30),
    st.integers(1, 5),
)
def test_it_is_never_dearer_than_now_and_ends_in_time(
    figures: list[float], deadline: int, length: int
) -> None:
    found = when(
        now_ms=0,
        deadline_ms=deadline * HOUR_MS,
        length_ms=length * HOUR_MS,
        prices=hours(*figures),
    )
    assert found.begin_ms + length * HOUR_MS <= max(deadline, length) * HOUR_MS
    if found.cost is not None and found.now_cost is not None:
        assert found.cost <= found.now_cost + 1e-9
