"""Arms that others beat are left out, and policies grow bolder along one path."""

import numpy as np
import pytest

from jevons.auto.frontier import Path, choose, frontier, path_of, routes, savings

QUALITY = np.array([0.9, 0.8, 0.7, 0.6])
COST = np.array([1.0, 0.3, 0.5, 0.1])


def test_an_arm_that_is_dearer_and_no_better_than_another_is_left_out() -> None:
    assert frontier(QUALITY, COST, reference=0) == [0, 1, 3]


def test_slack_keeps_an_arm_that_may_be_best_somewhere() -> None:
    assert frontier(QUALITY, COST, reference=0, slack=0.15) == [0, 1, 2, 3]


def test_the_reference_is_always_kept() -> None:
    assert 2 in frontier(QUALITY, COST, reference=2)


def test_savings_are_shares_of_the_reference_s_mean_cost() -> None:
    saved = savings(np.array([[1.0, 0.5], [3.0, 0.5]]), reference=0, mean=2.0)
    assert saved.tolist() == [[0.0, 0.25], [0.0, 1.25]]


@pytest.mark.parametrize(
    ("costs", "mean"), [((1.0, np.nan), 1.0), ((np.nan, 0.5), np.nan), ((0.0, 0.0), 0.0)]
)
def test_what_saves_nobody_knows_what_is_never_taken(
    costs: tuple[float, float], mean: float
) -> None:
    saved = savings(np.array([costs]), reference=0, mean=mean)
    assert saved.tolist() == [[0.0, -np.inf]]
    better = np.array([[0.0, 0.9]])
    for trade in (-0.5, 0.0, 10.0):
        assert choose(better, saved, trade, reference=0).tolist() == [0]
    path = path_of(np.repeat(better, 9, 0), np.repeat(saved, 9, 0), reference=0, most_loss=0.1)
    assert (choose(better, saved, float(path.trades[-1]), reference=0) == 0).all()


def test_at_the_start_of_the_path_nothing_is_taken_and_then_more_and_more() -> None:
    dice = np.random.default_rng(0)
    gains = np.concatenate((np.zeros((500, 1)), dice.normal(-0.05, 0.1, (500, 2))), axis=1)
    saved = np.tile((0.0, 0.6, 0.9), (500, 1))
    path = path_of(gains, saved, reference=0, most_loss=0.05)
    taken = [(choose(gains, saved, each, reference=0) != 0).mean() for each in path.trades]
    assert taken[0] == 0.0
    assert taken == sorted(taken)
    assert taken[-1] > 0.3


def test_where_nothing_may_be_lost_the_path_is_the_reference() -> None:
    gains, saved = np.array([[0.0, -1.0]] * 9), np.array([[0.0, 0.5]] * 9)
    assert path_of(gains, saved, reference=0, most_loss=-1.0).trades.tolist() == [-1.0]


def test_where_nothing_is_cheaper_no_step_leads_away() -> None:
    gains, saved = np.array([[0.0, -0.2]] * 9), np.array([[0.0, -0.5]] * 9)
    path = path_of(gains, saved, reference=0, most_loss=0.05)
    assert (choose(gains, saved, float(path.trades[-1]), reference=0) == 0).all()


def test_where_nothing_is_ever_lost_the_path_goes_on_to_its_end() -> None:
    gains, saved = np.array([[0.0, 0.0]] * 9), np.array([[0.0, 0.5]] * 9)
    path = path_of(gains, saved, reference=0, most_loss=0.05)
    assert (choose(gains, saved, float(path.trades[-1]), reference=0) == 1).all()


def test_all_policies_at_once_take_what_each_takes_alone() -> None:
    dice = np.random.default_rng(3)
    gains = np.concatenate((np.zeros((200, 1)), dice.normal(-0.05, 0.1, (200, 3))), axis=1)
    saved = dice.normal(0.3, 0.4, (200, 4))
    gains[:50, 2], saved[:90, 3], gains[7], saved[:, 0] = -np.inf, -np.inf, 0.0, 0.0
    path = Path(np.array([-1.0, -0.1, 0.0, 0.2, 5.0]))
    taken = routes(gains, saved, path, reference=0)
    for at, trade in enumerate(path.trades):
        assert (taken[:, at] == choose(gains, saved, float(trade), reference=0)).all()
    assert len(np.unique(taken)) == 4
