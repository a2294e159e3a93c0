"""A step is told against where things were going, and only where days enough stand on both sides."""

from __future__ import annotations

import math
from random import Random

import pytest
from tests.unit.reports.tallying import counted, estimate, tallied

from jevons.reports import NoFigure
from jevons.reports.series import DAY_MS, Change, Day, Step, days_of, interrupted, moved
from jevons.types.account import Usage
from jevons.types.units import Unknown

CHANGE = Change(30 * DAY_MS, "a price")


def series(
    *,
    step: float = 1.0,
    bend: float = 0.0,
    growth: float = 0.01,
    noise: float = 0.0,
    weekend: float = 1.0,
    count: int = 60,
) -> list[Day]:
    rng, days = Random(7), list[Day]()
    for number in range(count):
        after = max(number - 30, 0)
        level = math.exp(growth * number + bend * after + rng.gauss(0, noise))
        day = Day(number * DAY_MS, 0, 0.0, {})
        tokens = 1e6 * level * (step if number >= 30 else 1) * (weekend if day.is_weekend else 1)
        joules = tokens * (0.5 if number >= 30 else 1.0)
        days.append(day._replace(tokens=round(tokens), energy_mj=joules))
    return days


def told(days: list[Day]) -> Step:
    found = interrupted(days, CHANGE)
    assert isinstance(found, Step)
    return found


@pytest.mark.parametrize("weekend", [1.0, 0.3])
def test_a_step_is_against_the_trend(weekend: float) -> None:
    found = told(series(step=2.0, weekend=weekend))
    assert found.demand.point == pytest.approx(2.0, rel=1e-3)
    assert found.trend.point == pytest.approx(1.0, abs=1e-3)
    assert found.intensity.point == pytest.approx(0.5, rel=1e-3)
    assert found.days == (30, 30)


def test_growth_alone_is_no_step_and_a_bend_is_a_bend() -> None:
    assert told(series(growth=0.05)).demand.point == pytest.approx(1.0, abs=1e-3)
    assert told(series(bend=0.02)).trend.point == pytest.approx(math.exp(0.14), rel=1e-3)


def test_what_days_differ_by_widens_the_interval() -> None:
    sure, unsure = told(series(step=1.3, noise=0.02)), told(series(step=1.3, noise=0.2))
    assert sure.demand.p05 < 1.3 < sure.demand.p95
    assert sure.demand.p05 > 1.1
    assert unsure.demand.p95 / unsure.demand.p05 > sure.demand.p95 / sure.demand.p05


def test_a_step_is_within_its_interval_nine_times_in_ten() -> None:
    rng, hits = Random(1), 0
    for _ in range(100):
        days = [
            day._replace(tokens=round(day.tokens * math.exp(rng.gauss(0, 0.1))))
            for day in series(step=1.5)
        ]
        found = told(days).demand
        hits += found.p05 <= 1.5 <= found.p95
    assert hits >= 85


def test_only_weekdays_are_enough() -> None:
    found = told([day for day in series(step=2.0) if not day.is_weekend])
    assert found.demand.point == pytest.approx(2.0, rel=1e-3)


def test_too_few_days_tell_nothing() -> None:
    for days in (series(count=35), series()[25:], [*series()[:30], Day(40 * DAY_MS, 0, 0.0, {})]):
        found = interrupted(days, CHANGE)
        assert isinstance(found, NoFigure)
        assert "each side takes 10" in found.why


def test_days_are_put_together_of_answers_whose_energy_is_known() -> None:
    used = Usage(output=10, counted_by="endpoint")
    receipts = tallied(
        counted(at_ms=0, usage=used, energy_mj=estimate(3.0)),
        counted(at_ms=0, usage=used, energy_mj=estimate(4.0), endpoint="there"),
        counted(at_ms=0, usage=used, energy_mj=Unknown(why="a test")),
        counted(at_ms=0, usage=used, energy_mj=estimate(3.0), error="provider_timeout"),
    )
    assert days_of(receipts) == [Day(0, 20, 7.0, {"here": 10, "there": 10})]


def test_requests_that_go_elsewhere_are_a_change_once() -> None:
    def day(number: int, far: int) -> Day:
        return Day(number * DAY_MS, 100, 1.0, {"far": far, "near": 100 - far})

    days = [day(number, 90 if number < 20 else 10) for number in range(40)]
    (change,) = moved(days)
    assert change == Change(20 * DAY_MS, "80 % of the tokens went to other endpoints")
    back = [*days, *[day(number, 90) for number in range(60, 80)]]
    assert next(each.day_ms // DAY_MS for each in moved(back)) == 20
    assert moved([day(number, 50 + number % 2) for number in range(40)]) == []
    assert moved([Day(0, 0, 0.0, {}), Day(DAY_MS, 0, 0.0, {})]) == []
