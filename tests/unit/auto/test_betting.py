"""A true claim is rejected no more often than was allowed, and a false one in the end."""

import numpy as np
import pytest

from jevons.auto.betting import evidence, p_value, upper_bound

DELTA = 0.05


def losses(dice: np.random.Generator, mean: float, count: int) -> np.ndarray:
    """Mostly nothing, sometimes won or lost: as grades of two arms differ."""
    chances = (0.1 - mean / 2, 0.8, 0.1 + mean / 2)
    return dice.choice((-1.0, 0.0, 1.0), count, p=chances)


@pytest.mark.parametrize("count", [50, 500])
def test_p_values_of_a_true_claim_are_no_smaller_than_chance_would_have_them(count: int) -> None:
    dice = np.random.default_rng(11)
    found = np.array(
        [p_value(losses(dice, 0.0, count), least=-1.0, delta=DELTA) for _ in range(2000)]
    )
    for level in (0.01, 0.05, 0.1, 0.3):
        spread = 3 * (level * (1 - level) / len(found)) ** 0.5
        assert (found <= level).mean() <= level + spread


def test_stopping_as_soon_as_it_looks_good_breaks_nothing() -> None:
    dice = np.random.default_rng(12)
    purses = [
        evidence(losses(dice, 0.0, 800), least=-1.0, delta=DELTA, planned=200).max()
        for _ in range(1000)
    ]
    assert (np.array(purses) >= np.log(1 / DELTA)).mean() <= DELTA + 0.02


def test_a_false_claim_is_found_out() -> None:
    figures = losses(np.random.default_rng(1), 0.1, 1500)
    assert p_value(figures, least=-1.0, delta=DELTA) < 1e-3


def test_no_figures_are_no_evidence() -> None:
    assert p_value(np.zeros(0), least=-1.0, delta=DELTA) == 1.0


def test_one_label_that_could_have_lost_all_decides_nothing() -> None:
    assert p_value(np.array([1.0]), least=-1.0, delta=DELTA) > DELTA


def test_a_bound_lies_above_the_truth_nearly_always_and_not_far() -> None:
    dice = np.random.default_rng(2)
    bounds: list[float] = []
    for _ in range(120):
        drawn = (dice.random(400) < 0.1).astype(float)
        bounds.append(upper_bound(lambda loss, drawn=drawn: (loss - drawn, loss - 1.0), delta=0.1))
    assert np.mean([bound < 0.1 for bound in bounds]) <= 0.1 + 0.08
    assert np.median(bounds) < 0.16


def test_where_nothing_can_be_ruled_out_the_bound_is_the_most() -> None:
    assert upper_bound(lambda loss: (np.zeros(3), -1.0), delta=0.05) == 1.0
