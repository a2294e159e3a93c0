"""What is learned decides for every arm, and of every price."""

from __future__ import annotations

import numpy as np

from jevons.auto.features import read
from jevons.auto.laying import figures_of, lay, learn

EASY, HARD = "add 12 and {}: say only the sum", "prove theorem {} of ring theory: yes or no"
PROMPTS = [read((EASY, HARD)[at % 2].format(at)) for at in range(200)]
RIGHT = np.ones(200)
CHEAP = (np.arange(200) % 2 == 0).astype(float)
COSTS = np.tile((10.0, 1.0, 1.0), (200, 1))


def test_an_arm_that_is_far_worse_and_no_cheaper_is_never_taken() -> None:
    grades = np.stack((RIGHT, CHEAP, np.zeros(200)), axis=1)
    learned = learn(PROMPTS, grades, COSTS, reference=0)
    assert learned.models.kept == (0, 1)
    views = learned.models.expect(PROMPTS)
    assert np.isneginf(views.gains[:, 2]).all()
    assert set(lay(learned, 0.05).taken(views).ravel()) == {0, 1}


def test_an_arm_whose_price_nobody_knows_leaves_out_nobody() -> None:
    costs = COSTS.copy()
    costs[:, 1] = np.nan
    grades = np.stack((RIGHT, CHEAP, np.zeros(200)), axis=1)
    assert learn(PROMPTS, grades, costs, reference=0).models.kept == (0, 1, 2)


def test_where_the_reference_is_taken_labels_are_expected_to_say_nothing() -> None:
    learned = learn(PROMPTS, np.stack((RIGHT, CHEAP, CHEAP), axis=1), COSTS, reference=0)
    frozen = lay(learned, 0.05)
    views = learned.models.expect(PROMPTS)
    taken = frozen.taken(views)
    spread = frozen.spread(views, taken)
    assert (spread[taken == 0] == 0.0).all()
    assert (spread[taken != 0] > 0.0).all()
    assert (spread[:, 0] == 0.0).all()


def test_two_models_of_the_same_pairs_have_one_name_and_of_others_another() -> None:
    grades = np.stack((RIGHT, CHEAP, CHEAP), axis=1)
    first, again = (learn(PROMPTS, grades, COSTS, reference=0).models.name() for _ in range(2))
    other = learn(PROMPTS, grades[::-1], COSTS, reference=0).models.name()
    assert first == again != other


def test_figures_are_what_is_kept_above_what_must_be() -> None:
    grades, taken = np.array([[1.0, 0.0], [0.5, 1.0]]), np.array([[0, 1], [0, 1]])
    told = figures_of(grades, taken, reference=0, loss=0.1)
    assert np.allclose(told, [[0.1, -0.9], [0.05, 0.55]])
