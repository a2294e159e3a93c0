"""R says what became of a gain, and only where there was one beyond chance."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.reports import Interval, NoFigure, Period, Rebound, Span, Sums, growth_of, rebound
from jevons.reports.dice import Dice

# The worked example of the research: 460 to 480 Wh, while demand grew to 3.8 times.
WAS = {"large": (1_000, 400_000, 400.0), "small": (1_000, 300_000, 60.0)}
NOW = {
    "large": (900, 380_000, 210.0),
    "small": (4_200, 1_500_000, 180.0),
    "local": (2_500, 800_000, 90.0),
}
SURE = 0.05
Z95 = 1.6448536269514722


def period(
    groups: dict[str, tuple[int, int, float]],
    *,
    sigma: float = SURE,
    tokens: tuple[int, int] = (1, 1),
) -> Period:
    made = {
        name: Sums(
            requests,
            count,
            amount,
            low=amount / math.exp(Z95 * sigma),
            high=amount * math.exp(Z95 * sigma),
        )
        for name, (requests, count, amount) in groups.items()
    }
    return Period(groups=made, tokens=tokens)


def told(before: Period, after: Period, growth: float | NoFigure = 0.0) -> Rebound:
    came = rebound(before, after, growth=growth, draws=200)
    assert isinstance(came, Rebound)
    return came


def test_the_worked_example() -> None:
    came = told(period(WAS), period(NOW), 1.5)
    assert (came.before.point, came.after.point) == pytest.approx((460, 480))
    assert [each.point for each in came.effects] == pytest.approx((539, -414, 35, -231, 90), abs=1)
    assert came.intensity.point == pytest.approx(0.27, abs=0.005)
    assert came.demand == pytest.approx(3.83, abs=0.01)
    assert isinstance(came.apparent, Interval)
    assert came.apparent.point == pytest.approx(1.06, abs=0.005)
    assert came.apparent.p05 < 1.06 < came.apparent.p95
    assert isinstance(came.trend, Interval)
    assert came.trend.point == pytest.approx(0.20, abs=0.005)
    assert isinstance(came.elasticity, float)
    assert came.elasticity > 1


def test_an_error_that_both_periods_share_leaves_a_ratio_as_it_is() -> None:
    was, now = {"a": (10, 1_000, 100.0)}, {"a": (10, 1_000, 50.0)}
    came = told(period(was, sigma=1.0), period(now, sigma=1.0))
    assert came.before.p95 > 3 * came.before.point
    assert came.intensity == pytest.approx((0.5, 0.5, 0.5))
    assert came.apparent == pytest.approx((0, 0, 0))


@pytest.mark.parametrize(
    ("tokens", "means"), [(1_000, 0.0), (1_500, 0.5), (2_000, 1.0), (4_000, 3.0)]
)
def test_r_is_the_share_of_the_saving_that_came_back(tokens: int, means: float) -> None:
    """Half the energy a token: at double the tokens nothing is left of it."""
    came = told(period({"a": (10, 1_000, 100.0)}), period({"a": (10, tokens, tokens * 0.05)}))
    assert isinstance(came.apparent, Interval)
    assert came.apparent.point == pytest.approx(means)


def test_where_nothing_was_saved_there_is_no_r() -> None:
    came = told(period({"a": (10, 1_000, 50.0)}), period({"a": (10, 1_000, 60.0)}))
    assert isinstance(came.apparent, NoFigure)
    assert "no gain" in came.apparent.why
    assert isinstance(came.elasticity, NoFigure)


def test_where_chance_would_show_as_much_there_is_no_r() -> None:
    was = {"a": (10, 1_000, 50.0), "b": (10, 1_000, 50.0)}
    now = {"a": (15, 1_500, 60.0), "b": (5, 500, 30.0)}
    came = told(period(was, sigma=1.2), period(now, sigma=1.2))
    assert isinstance(came.apparent, NoFigure)
    assert "error" in came.apparent.why


def test_a_period_without_answers_is_said_to_be_one() -> None:
    assert isinstance(rebound(Period(), period(NOW), growth=0.0), NoFigure)
    assert isinstance(rebound(period(WAS), Period(), growth=0.0), NoFigure)


def test_demand_goes_on_growing_as_it_did() -> None:
    before, after = Span(0, 200), Span(200, 400)
    grown = growth_of(period(WAS, tokens=(100, 200)), before, after)
    assert grown == pytest.approx(3.0), "double each hundred, and two hundred later"
    assert isinstance(growth_of(period(WAS, tokens=(0, 200)), before, after), NoFigure)
    no_trend = told(period(WAS), period(NOW), NoFigure("none"))
    assert no_trend.trend == no_trend.growth == NoFigure("none")


def test_a_report_is_the_same_each_time() -> None:
    assert told(period(WAS), period(NOW)) == told(period(WAS), period(NOW))


@given(st.integers(1, 50))
def test_without_draws_a_figure_is_its_own_interval(requests: int) -> None:
    came = rebound(
        period({"a": (requests, 100, 10.0)}), period({"a": (1, 100, 5.0)}), growth=0.0, draws=0
    )
    assert isinstance(came, Rebound)
    assert came.after == Interval(5.0, 5.0, 5.0)


def test_draws_are_those_of_the_normal_distribution() -> None:
    dice = Dice()
    drawn = [dice.normal() for _ in range(20_000)]
    mean = math.fsum(drawn) / len(drawn)
    variance = math.fsum((each - mean) ** 2 for each in drawn) / len(drawn)
    assert mean == pytest.approx(0, abs=0.02)
    assert variance == pytest.approx(1, abs=0.03)
    assert sum(abs(each) < 1 for each in drawn) / len(drawn) == pytest.approx(0.6827, abs=0.01)
