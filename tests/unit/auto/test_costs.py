"""Costs are foreseen from how long prompts are, and what two houses learned adds up."""

import numpy as np

from jevons.auto.costs import fit_costs, sums_of
from jevons.auto.features import read

PROMPTS = [read("word " * (5 + 7 * at % 300)) for at in range(200)]
COSTS = np.stack(
    [np.array([5 + 7 * at % 300 for at in range(200)]) * rate for rate in (1.0, 0.1)], axis=1
)


def test_a_longer_prompt_is_expected_to_cost_more() -> None:
    model = fit_costs(sums_of(PROMPTS, COSTS))
    short, long = model.expect([read("word " * 10), read("word " * 200)])
    assert long[0] > 5 * short[0]
    assert 0.05 < short[1] / short[0] < 0.2


def test_two_houses_sums_make_the_model_of_one_house_with_all_of_them() -> None:
    both = sums_of(PROMPTS[:80], COSTS[:80]).plus(sums_of(PROMPTS[80:], COSTS[80:]))
    whole = sums_of(PROMPTS, COSTS)
    expected = fit_costs(whole).expect(PROMPTS[:5])
    assert np.allclose(fit_costs(both).expect(PROMPTS[:5]), expected)


def test_what_an_arm_costs_that_never_answered_is_not_known() -> None:
    costs = COSTS.copy()
    costs[:, 1] = np.nan
    model = fit_costs(sums_of(PROMPTS, costs))
    assert np.isfinite(model.expect(PROMPTS[:3])).tolist() == [[True, False]] * 3
    assert np.isfinite(model.means).tolist() == [True, False]
