"""Time passes when a test says so, forwards, and ids count."""

from __future__ import annotations

import pytest

from jevons.testing import Clock, Ids


def test_time_stands_still_until_it_is_moved() -> None:
    clock = Clock(now_ms=5_000)
    assert (clock.now_ms(), clock.monotonic_s()) == (5_000, 0.0)
    clock.move(1.5)
    assert (clock.now_ms(), clock.monotonic_s()) == (6_500, 1.5)


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="does not go back"):
        Clock().move(-0.1)


def test_ids_count_and_sort() -> None:
    ids = Ids()
    made = [ids.new("req") for _ in range(12)]
    assert made[0] == "req_00000000000000000000000001"
    assert made == sorted(made)
    assert len(set(made)) == len(made)
