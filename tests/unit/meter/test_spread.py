"""Intervals computed without chance agree with intervals drawn by chance."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.meter.spread import Cumulants, Shifted, Spread, mixed

DRAWS = 20_000

WIDTHS = st.floats(min_value=0.1, max_value=0.9)
AMOUNTS = st.floats(min_value=1e-3, max_value=1e3)
NOTHING_SHARED = Spread(0.0, 0.0).moments


def drawn(chance: random.Random, spread: Spread) -> float:
    return math.exp(spread.log_median + spread.sigma * chance.gauss(0, 1))


def percentiles(draws: list[float]) -> tuple[float, float, float]:
    ordered = sorted(draws)
    return ordered[len(draws) // 20], ordered[len(draws) // 2], ordered[-len(draws) // 20]


def total(*terms: Spread) -> Cumulants:
    return Cumulants(*[sum(some) for some in zip(*[each.cumulants for each in terms], strict=True)])


def test_an_interval_gives_itself_back() -> None:
    spread = Spread.between(2, 6, 18)
    low, median, high = Shifted.matching(spread.cumulants, NOTHING_SHARED).percentiles
    assert (low, median, high) == pytest.approx((2, 6, 18))


def test_within_a_factor_is_centred_on_one() -> None:
    low, median, high = Shifted.matching(Spread.within(3).cumulants, NOTHING_SHARED).percentiles
    assert (low, median, high) == pytest.approx((1 / 3, 1, 3))


def test_products_and_powers_are_exact() -> None:
    wide = Spread.within(2).times(Spread.between(1, 3, 9))
    assert wide.log_median == pytest.approx(math.log(3))
    assert wide.sigma**2 == pytest.approx(Spread.within(2).sigma ** 2 + Spread.within(3).sigma ** 2)
    assert Spread(2, 0.5).power(-2) == Spread(-4, 1.0)


def test_moments_are_those_of_draws() -> None:
    chance, spread = random.Random(1), Spread(0.3, 0.3)
    draws = [drawn(chance, spread) for _ in range(DRAWS)]
    for power, moment in enumerate(spread.moments, start=1):
        assert sum(x**power for x in draws) / DRAWS == pytest.approx(moment, rel=0.05)
    mean, variance, third = spread.cumulants
    assert mean == pytest.approx(sum(draws) / DRAWS, rel=0.02)
    assert variance == pytest.approx(sum((x - mean) ** 2 for x in draws) / DRAWS, rel=0.05)
    assert third == pytest.approx(sum((x - mean) ** 3 for x in draws) / DRAWS, rel=0.3)


@pytest.mark.parametrize(
    "weights", [(1, 0.1, 0.05), (1, 0.5, 0.1), (1, 1, 1), (0.3, 1, 1), (0.1, 1, 0.1)]
)
@pytest.mark.parametrize("sigma", [0.45, 0.62])
def test_a_sum_is_that_of_draws_within_a_few_per_cent(
    weights: tuple[float, float, float], sigma: float
) -> None:
    chance = random.Random(2)
    sigmas = (sigma, 0.36, 0.56)
    terms = [Spread(math.log(w), s) for w, s in zip(weights, sigmas, strict=True)]
    common = Spread.between(1.3, 1.6, 2.0)
    draws = [
        sum(drawn(chance, term) for term in terms) * drawn(chance, common) for _ in range(DRAWS)
    ]
    worked = Shifted.matching(total(*terms), common.moments).percentiles
    assert worked == pytest.approx(percentiles(draws), rel=0.06)


def test_a_very_wide_term_is_met_within_a_fifth_at_the_low_end() -> None:
    chance = random.Random(3)
    terms = (Spread(0, 0.9), Spread(math.log(0.2), 0.36), Spread(0, 0.56))
    draws = [sum(drawn(chance, term) for term in terms) for _ in range(DRAWS)]
    low, median, high = Shifted.matching(total(*terms), NOTHING_SHARED).percentiles
    true_low, true_median, true_high = percentiles(draws)
    assert low == pytest.approx(true_low, rel=0.2)
    assert median == pytest.approx(true_median, rel=0.05)
    assert high == pytest.approx(true_high, rel=0.05)


@pytest.mark.parametrize("fixed", [0.0, 0.2, 1.0])
def test_either_of_two_is_that_of_draws_within_a_few_per_cent(fixed: float) -> None:
    chance = random.Random(4)
    ways = [Shifted(fixed, 1.0, 0.6), Shifted(fixed, 0.2, 0.9)]
    draws = [
        way.shift + drawn(chance, Spread(math.log(way.scale), way.sigma))
        for way in chance.choices(ways, k=DRAWS)
    ]
    assert mixed(*ways) == pytest.approx(percentiles(draws), rel=0.06)


SHIFTED = st.builds(
    Shifted, st.floats(min_value=0, max_value=10), st.floats(min_value=0.01, max_value=10), WIDTHS
)


def share_below(x: float, way: Shifted) -> float:
    above = x - way.shift
    if above <= 0:
        return 0.0
    return (1 + math.erf(math.log(above / way.scale) / way.sigma / math.sqrt(2))) / 2


@given(SHIFTED, SHIFTED)
def test_a_percentile_of_either_has_its_share_below(one: Shifted, other: Shifted) -> None:
    for ways in ((one, other), (other, one)):
        for share, x in zip((0.05, 0.5, 0.95), mixed(*ways), strict=True):
            found = (share_below(x, one) + share_below(x, other)) / 2
            assert found == pytest.approx(share, abs=5e-4)


def test_a_percentile_that_falls_in_a_jump_is_found_at_the_jump() -> None:
    # From 1 to just above it, the share below goes from about a quarter to three quarters.
    assert mixed(Shifted(0, 1, 1e-12), Shifted(0, 1.1, 1.0))[1] == pytest.approx(1, rel=1e-8)


def test_a_percentile_is_found_beyond_a_cliff() -> None:
    # Where one way has not begun and the other has all but ended, no slope shows the way.
    one, other = Shifted(19.5, 66.5, 0.78), Shifted(812.1, 7.7, 1.6)
    found = mixed(one, other)[1]
    assert (share_below(found, one) + share_below(found, other)) / 2 == pytest.approx(0.5, abs=5e-4)


@given(SHIFTED)
def test_either_of_two_equals_is_that_one(one: Shifted) -> None:
    assert mixed(one, one) == pytest.approx(one.percentiles)


@given(st.lists(st.tuples(AMOUNTS, WIDTHS), min_size=1, max_size=3))
def test_a_sum_of_positive_amounts_is_positive(terms: list[tuple[float, float]]) -> None:
    some = total(*[Spread(math.log(median), sigma) for median, sigma in terms])
    fitted = Shifted.matching(some, Spread.within(1.3).moments).percentiles
    assert fitted[0] > 0
    assert all(low < high for low, high in pairwise(fitted))
