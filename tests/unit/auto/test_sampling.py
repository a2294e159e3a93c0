"""Labels are drawn where they matter, and weighed so that they speak for all traffic."""

import numpy as np
import pytest

from jevons.auto.sampling import FLOOR, draws_of, weights_of


def test_draws_add_up_to_one_over_all_traffic() -> None:
    draws = draws_of(0.3)
    assert 0.3 * draws.inside + 0.7 * draws.outside == pytest.approx(1.0)
    assert draws.outside == FLOOR


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_where_there_is_one_kind_of_traffic_all_is_drawn_alike(share: float) -> None:
    assert draws_of(share) == (1.0, 1.0)


def test_a_weighed_mean_is_the_mean_of_all_traffic() -> None:
    dice = np.random.default_rng(0)
    inside = dice.random(50_000) < 0.2
    figures = np.where(inside, dice.normal(3.0, 1.0, 50_000), 1.0)
    draws = draws_of(float(inside.mean()))
    chances = np.where(inside, draws.inside, draws.outside)
    drawn = dice.choice(50_000, 20_000, p=chances / chances.sum())
    weighed = figures[drawn] * weights_of(inside, draws)[drawn]
    assert weighed.mean() == pytest.approx(figures.mean(), abs=0.05)
