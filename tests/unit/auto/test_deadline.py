"""A true claim is rejected no more often than was allowed; a false one as often as labels can."""

from functools import partial

import numpy as np
import pytest

from jevons.auto.deadline import least_loss, purses
from jevons.auto.rows import Floats

DELTA = 0.05


def losses(dice: np.random.Generator, mean: float, shape: tuple[int, int]) -> Floats:
    """Mostly nothing, sometimes won or lost: as grades of two arms differ."""
    return dice.choice((-1.0, 0.0, 1.0), shape, p=(0.1 - mean / 2, 0.8, 0.1 + mean / 2))


def rates(drawn: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Figures whose mean is above 0 if less than a rate was drawn."""
    return rate - drawn[:, None], rate - 1.0


@pytest.mark.parametrize(("count", "planned"), [(50, 50), (500, 500), (800, 200)])
def test_a_true_claim_fills_the_purse_no_more_often_than_was_allowed(
    count: int, planned: int
) -> None:
    many = losses(np.random.default_rng(11), 0.0, (count, 3000))
    full = purses(many, least=-1.0, delta=DELTA, planned=planned).max(axis=0)
    for level in (0.01, 0.05, 0.1, 0.3):
        spread = 3 * (level * (1 - level) / 3000) ** 0.5
        assert (full >= -np.log(level)).mean() <= level + spread


def test_shows_nearly_as_often_what_is_true_as_a_test_that_takes_figures_for_normal() -> None:
    mean = 2.0 * (0.2 / 500) ** 0.5  # two standard errors: the normal test shows it in 64 of 100
    many = losses(np.random.default_rng(5), mean, (500, 1000))
    full = purses(many, least=-1.0, delta=DELTA).max(axis=0)
    assert (full >= -np.log(DELTA)).mean() > 0.54


def test_claims_side_by_side_are_played_as_each_alone() -> None:
    both = losses(np.random.default_rng(3), 0.01, (400, 2))
    least = np.array((-1.0, -1.5))
    told = purses(both, least=least, delta=DELTA)
    for each in (0, 1):
        alone = purses(both[:, [each]], least=float(least[each]), delta=DELTA)
        assert np.allclose(told[:, [each]], alone)


def test_who_looks_early_sees_the_beginning_of_what_all_will_show() -> None:
    figures = losses(np.random.default_rng(4), 0.02, (400, 1))
    whole = purses(figures, least=-1.0, delta=DELTA, planned=400)
    early = purses(figures[:100], least=-1.0, delta=DELTA, planned=400)
    assert np.allclose(early, whole[:100])


def test_a_bound_lies_above_the_truth_nearly_always_and_not_far() -> None:
    dice = np.random.default_rng(2)
    bounds = [
        least_loss(partial(rates, (dice.random(400) < 0.1).astype(float)), delta=0.1)
        for _ in range(40)
    ]
    assert np.mean([bound < 0.1 for bound in bounds]) <= 0.1 + 0.14
    assert np.median(bounds) < 0.16


def test_where_nothing_can_be_ruled_out_the_bound_is_the_most() -> None:
    assert least_loss(partial(rates, np.ones(3)), delta=0.05) == 1.0


def test_where_all_can_be_ruled_out_the_bound_is_nothing() -> None:
    assert least_loss(partial(rates, np.full(300, -0.5)), delta=0.05) == 0.0
