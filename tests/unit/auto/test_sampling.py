"""Labels are drawn where they decide something, and weighed so that they speak for all traffic."""

import numpy as np
import pytest

from jevons.auto.rows import Floats
from jevons.auto.sampling import FLOOR, LEAST, draws_of, focus

EVERY = np.ones(2)
STILL = 0.0004


def spreads(count: int = 20_000) -> Floats:
    """Half of traffic stays at the reference; of the rest labels differ seldom or often."""
    dice = np.random.default_rng(0)
    kind = dice.integers(0, 4, count)
    own = np.array([0.0, 0.0, 0.02, 0.4])[kind]
    return np.stack((np.where(kind == 3, own, 0.0), own), axis=1)


def test_draws_add_up_to_one_over_all_traffic() -> None:
    told = spreads()
    assert draws_of(told, EVERY, still=STILL).times(told).mean() == pytest.approx(1.0, abs=1e-3)


def test_most_is_drawn_where_grades_differ_most_and_little_where_nothing_can_be_lost() -> None:
    times = draws_of(spreads(), EVERY, still=STILL).times(np.array([[0, 0], [0, 0.02], [0.4, 0.4]]))
    assert FLOOR <= times[0] < LEAST <= times[1] < 1.0 < times[2]


def test_nothing_is_likelier_drawn_than_what_is_said_to_be_most() -> None:
    told = spreads()
    draws = draws_of(told, EVERY, still=STILL)
    assert draws.times(told).max() <= draws.most
    assert draws.times(np.ones((1, 2))) == pytest.approx([draws.most], rel=1e-6)


def test_where_nothing_is_ever_taken_all_is_drawn_alike() -> None:
    nothing = np.zeros((100, 2))
    times = draws_of(nothing, EVERY, still=STILL).times(nothing)
    assert times == pytest.approx(np.ones(100), abs=1e-3)


def test_a_weighed_mean_is_the_mean_of_all_traffic() -> None:
    dice, told = np.random.default_rng(0), spreads()
    figures = dice.normal(told[:, 1], 0.3)
    times = draws_of(told, EVERY, still=STILL).times(told)
    drawn = dice.choice(len(told), 20_000, p=times / times.sum())
    assert (figures / times)[drawn].mean() == pytest.approx(figures.mean(), abs=0.02)


def test_less_is_left_to_chance_than_by_lot() -> None:
    dice, told = np.random.default_rng(1), spreads()
    figures = np.where(dice.random(len(told)) < told[:, 1], dice.choice((-1, 1), len(told)), 0)
    times = draws_of(told, EVERY, still=STILL).times(told)
    drawn = dice.choice(len(told), 20_000, p=times / times.sum())
    assert (figures / times)[drawn].var() < 0.5 * figures.var()


def test_before_any_label_every_policy_is_in_question() -> None:
    assert focus(np.zeros((0, 3)), planned=1000) == pytest.approx(np.ones(3), abs=0.01)


def test_policies_in_question_count_most_and_what_is_sure_counts_little() -> None:
    drawn = np.random.default_rng(0).normal(0.0, 0.45, (500, 3))
    figures = drawn - drawn.mean(axis=0) + (0.3, 0.03, -0.3)
    sure, open_, lost = focus(figures, planned=1000)
    assert open_ > 0.5
    assert max(sure, lost) < 0.1
