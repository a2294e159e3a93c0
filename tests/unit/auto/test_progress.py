"""How far it is to a certificate is said as it is at best, and never more."""

from __future__ import annotations

from tests.unit.auto.test_study import PLAN, certified, pair, study, taught

from jevons.auto.progress import fewest, fewest_labels
from jevons.auto.study import Plan, Study, Turn


def test_a_tenth_of_the_loss_takes_about_ten_times_the_labels() -> None:
    few, many = fewest_labels(0.1, 0.05, 100), fewest_labels(0.01, 0.05, 1000)
    assert 8 < many / few < 12
    assert fewest_labels(0.1, 0.05 / 6, 100) > few


def test_while_it_learns_what_is_to_be_learned_comes_first() -> None:
    begun = study()
    taught(begun, range(20))
    left = PLAN.learn - 20
    assert fewest(begun) == left + fewest_labels(PLAN.terms.loss, PLAN.terms.delta / 2, PLAN.labels)


def test_nothing_is_certified_before_so_many_prompts_and_then_nothing_is_missing() -> None:
    begun = study()
    taught(begun, range(60))
    least = fewest(begun)
    turns: list[Turn] = []
    taken = 0
    while not turns:
        turns = begun.take(pair(60 + 2 * taken))  # of the kind that the cheap arm answers well
        taken += 1
    assert taken >= least
    assert fewest(begun) == fewest(certified()) == 0


def test_one_that_goes_on_too_long_misses_at_least_one() -> None:
    begun = Study(("dear", "cheap"), 0, Plan(PLAN.terms, learn=20, labels=10_000))
    taught(begun, range(20))
    for number in range(200):
        begun.take(pair(number, is_broken=True))
    assert fewest(begun) == 1


def test_where_not_even_all_that_are_planned_would_show_it_all_of_them_are_missing() -> None:
    assert fewest_labels(0.01, 0.05, 100) == 100
