"""What explains grades is trusted, what does not is not, and few grades leave it at what is typical."""

import numpy as np
import pytest

from jevons.auto.rows import Floats, Rows
from jevons.auto.weighing import TYPICAL, weigh_figures, weigh_words

DICE = np.random.default_rng(11)


def block(count: int) -> Floats:
    return DICE.normal(size=(count, 8)) / np.sqrt(8.0)


def answers(block: Floats, share: float) -> Floats:
    """Two arms' grades, of whose variance the block explains so much beside the noise of 1."""
    said: Floats = block @ DICE.normal(size=(8, 2)) * np.sqrt(share)
    return said + DICE.normal(size=said.shape)


def words(block: Floats) -> Rows:
    count = len(block)
    values = np.concatenate((np.zeros((count, 1)), block), axis=1).astype(np.float32)
    return Rows(np.arange(0, 9 * count + 1, 9), np.tile(np.arange(9), count), values.ravel(), 9)


def test_what_explains_grades_is_trusted_and_what_does_not_is_not() -> None:
    good, idle = block(3000), block(3000)
    trusted, not_trusted = weigh_figures((good, idle), answers(good, 0.6))
    assert 0.25 < trusted < 1.2
    assert not_trusted < TYPICAL / 3.0


def test_words_are_trusted_as_figures_are() -> None:
    own = block(600)
    assert 0.2 < weigh_words(words(own), answers(own, 0.6)) < 1.5
    assert weigh_words(words(own), answers(own, 0.0)) < TYPICAL / 1.5


def test_of_many_prompts_words_are_weighed_in_some() -> None:
    own = block(2000)
    assert 0.15 < weigh_words(words(own), answers(own, 0.6)) < 1.8


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_grades_leave_it_at_what_is_typical(count: int) -> None:
    own, told = block(20), np.full((20, 2), np.nan)
    told[:count] = DICE.normal(size=(count, 2))
    assert weigh_words(words(own), told) == pytest.approx(TYPICAL, rel=0.3)
    assert weigh_figures((own, own), told) == pytest.approx((TYPICAL, TYPICAL), rel=0.3)


def test_an_arm_that_never_differs_tells_nothing() -> None:
    own = block(400)
    told = answers(own, 0.6)
    beside = np.concatenate((np.zeros((400, 1)), told), axis=1)
    assert weigh_words(words(own), beside) == pytest.approx(weigh_words(words(own), told))
    assert weigh_figures((own, own), np.zeros((400, 1))) == pytest.approx((TYPICAL, TYPICAL))
