"""What is learned is true of what was seen, modest about what was not, and the same in any order."""

from collections.abc import Sequence

import numpy as np
import pytest

from jevons.auto import quality
from jevons.auto.features import Prompt, read
from jevons.auto.logistic import fit_logistic, fit_words, likelihood
from jevons.auto.quality import QualityModel, fit_quality
from jevons.auto.rows import Floats, Rows
from jevons.auto.table import fit_level

DICE = np.random.default_rng(5)
HARD = [f"prove the theorem of number {n} about fields and rings of order {n}" for n in range(60)]
EASY = [f"what colour has the sky over town {n} on a summer day" for n in range(60)]
TEXTS = [text for both in zip(HARD, EASY, strict=True) for text in both]


def traffic(count: int = len(TEXTS), *, route: str = "") -> list[Prompt]:
    return [read(text, route=route) for text in TEXTS[:count]]


def graded(count: int = len(TEXTS)) -> Floats:
    """The reference is always right; the cheap arm where it is easy; the third as a coin falls."""
    easy = np.arange(count) % 2
    coin = np.random.default_rng(3).integers(0, 2, count)
    return np.stack((np.ones(count), easy, coin), axis=1).astype(float)


def fitted(prompts: Sequence[Prompt] | None = None, grades: Floats | None = None) -> QualityModel:
    return fit_quality(
        traffic() if prompts is None else prompts,
        graded() if grades is None else grades,
        reference=0,
    )


def test_knows_where_a_cheap_arm_is_as_good() -> None:
    gains = fitted().expect([read(HARD[3] + " again"), read(EASY[3] + " again")]).gains
    assert gains[0, 1] < -0.6
    assert gains[1, 1] > -0.3


def test_the_reference_gains_nothing_on_itself() -> None:
    assert (fitted().expect(traffic(4)).gains[:, 0] == 0.0).all()


def test_chance_is_drawn_to_the_mean() -> None:
    gains = fitted().expect(traffic()).gains[:, 2]
    assert gains.std() < 0.3
    assert abs(gains.mean() + 0.5) < 0.15


def test_what_words_say_of_arms_is_told_for_each_word() -> None:
    model = fitted()
    assert model.words.shape == (len(model.rarity), 3)


def test_topics_are_sought_in_some_of_many_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "_SAMPLE", 60)
    gains = fitted().expect([read(HARD[3] + " again"), read(EASY[3] + " again")]).gains
    assert gains[0, 1] < gains[1, 1] - 0.4


def test_company_changes_nothing() -> None:
    model, prompts = fitted(), traffic(6)
    alone = np.concatenate([model.expect([each]).gains for each in prompts])
    assert np.allclose(alone, model.expect(prompts).gains, atol=1e-6)


def test_parts_average_to_what_is_expected() -> None:
    model, prompts = fitted(), traffic(6)
    parts = model.explain(prompts)
    whole = (parts.table + parts.figures + parts.words) / 3
    assert np.allclose(whole, model.expect(prompts).gains)


def test_the_order_of_pairs_makes_no_difference_that_shows() -> None:
    order = np.random.default_rng(1).permutation(len(TEXTS))
    shuffled = fitted([traffic()[int(at)] for at in order], graded()[order])
    straight = fitted()
    asked = traffic(20)
    assert np.abs(shuffled.explain(asked).words - straight.explain(asked).words).max() < 1e-3
    assert np.abs(shuffled.expect(asked).gains - straight.expect(asked).gains).max() < 0.15


def test_two_houses_pairs_make_the_model_of_one_house_with_all_of_them() -> None:
    prompts, grades = traffic(), graded()
    both = fitted([*prompts[:50], *prompts[50:]], np.concatenate((grades[:50], grades[50:])))
    assert (both.expect(prompts).gains == fitted().expect(prompts).gains).all()


def test_prompts_without_a_grade_shape_words_and_teach_nothing_else() -> None:
    grades = graded()
    grades[60:] = np.nan
    gains = fitted(grades=grades).expect(traffic()).gains
    assert np.isfinite(gains).all()
    assert fitted(grades=np.full_like(grades, np.nan)).expect(traffic(2)).gains[0, 1] == 0.0


def test_routes_say_what_texts_do_not() -> None:
    prompts = [read("the same words", route="ab"[at % 2]) for at in range(80)]
    grades = np.stack((np.ones(80), np.arange(80) % 2), axis=1).astype(float)
    model = fit_quality(prompts, grades, reference=0)
    table = model.explain([read("the same words", route=each) for each in ("a", "b", "new")]).table
    assert table[0, 1] < -0.9
    assert table[1, 1] > -0.1
    assert table[2, 1] == pytest.approx(-0.5)


def test_few_pairs_make_no_groups() -> None:
    model = fitted(traffic(10), graded(10))
    assert model.groups.levels == ()
    assert model.worth.shape == (0, 3)
    assert model.expect(traffic(10)).topics.shape == fitted().expect(traffic(10)).topics.shape
    assert np.allclose(model.explain(traffic(2)).table, model.by_route[0])


def test_groups_that_differ_by_chance_only_are_taken_for_alike() -> None:
    grades = np.random.default_rng(0).normal(size=(4000, 1))
    effects = fit_level(np.arange(4000) % 40, grades - grades.mean(), 40)
    assert np.abs(effects).max() < 0.12


def test_groups_that_differ_are_told_apart_and_the_small_ones_drawn_in() -> None:
    groups = np.array([0] * 200 + [1] * 200 + [2] * 2)
    grades = np.array([0.5] * 200 + [-0.5] * 200 + [2.0, -1.0])[:, None]
    grades = grades + np.random.default_rng(0).normal(size=grades.shape)
    effects = fit_level(groups, grades - grades.mean(), 4)[:, 0]
    assert 0.3 < effects[0] < 0.7
    assert -0.7 < effects[1] < -0.3
    assert effects[3] == 0.0


def test_words_are_fitted_as_the_full_matrix_would_be() -> None:
    dense = DICE.normal(size=(80, 7)).astype(np.float32)
    dense[:, 0] = 0.0  # the constant's column
    rows = Rows(np.arange(0, 561, 7), np.tile(np.arange(7), 80), dense.ravel(), 7)
    grades = (DICE.random((80, 2)) < likelihood(dense[:, 1:3])).astype(float)
    figures = np.concatenate((np.ones((80, 1)), dense[:, 1:] * 2.0), axis=1)
    exact = fit_logistic(figures, grades)
    exact[1:] *= 2.0
    assert np.allclose(fit_words(rows, grades, trust=4.0), exact, atol=2e-2)


def test_words_without_a_grade_are_left_out() -> None:
    rows = Rows(np.arange(0, 81, 2), np.tile([0, 1], 40), np.tile([0.0, 1.0], 40), 2)
    grades = np.where(np.arange(40) < 20, 1.0, np.nan)[:, None]
    weights = fit_words(rows, grades, trust=0.05)
    assert likelihood(weights[:1])[0, 0] > 0.9


def test_a_likelihood_follows_what_was_seen() -> None:
    figures = np.stack((np.ones(400), np.linspace(-2, 2, 400)), axis=1)
    grades = (figures[:, 1] > 0).astype(float)[:, None]
    weights = fit_logistic(figures, grades)
    assert likelihood(figures[[0]] @ weights)[0, 0] < 0.05
    assert likelihood(figures[[-1]] @ weights)[0, 0] > 0.95
