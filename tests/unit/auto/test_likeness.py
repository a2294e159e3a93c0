"""Nothing is given until labels show how little is lost, and no longer than they go on to."""

from __future__ import annotations

import numpy as np
import pytest

from jevons.auto import Label, Likeness, Terms
from jevons.auto.certificate import DAY_MS

TERMS = Terms(loss=0.05, delta=0.1, days=30.0, requests=50)


def fed(study: Likeness, labels: list[tuple[float, float]], *, at_ms: int = 0) -> list[str]:
    """Give labels; tell what began and what ended."""
    turns = [turn for each in labels for turn in study.take(Label(at_ms, *each))]
    return [turn.ended or "began" for turn in turns]


def test_without_a_certificate_nothing_is_given() -> None:
    study = Likeness(TERMS)
    assert not study.gives(1.0, now_ms=0)
    assert fed(study, [(1.0, 1.0)] * 110) == []
    assert not study.gives(1.0, now_ms=0)
    assert (study.due(0), study.end("age", 0)) == ("", [])


def test_what_always_says_the_same_is_certified_down_to_where_it_was_seen() -> None:
    study = Likeness(TERMS)
    labels = [(0.8 + 0.001 * (number % 100), 1.0) for number in range(800)]
    assert fed(study, labels) == ["began"]
    held = study.certificate
    assert held is not None
    assert (held.step, held.estimate) == (3, 0.0)
    assert held.bound <= TERMS.loss
    assert study.threshold == pytest.approx(0.8)
    assert study.gives(0.85, now_ms=0)
    assert not study.gives(0.79, now_ms=0)


def test_where_what_is_less_alike_differs_only_what_is_more_alike_is_given() -> None:
    study, dice = Likeness(TERMS), np.random.default_rng(1)
    likes = dice.uniform(0.6, 1.0, 3000)
    labels = [(float(each), float(each > 0.78)) for each in likes]
    assert fed(study, labels)[:1] == ["began"]
    assert 0.75 < study.threshold < 0.85
    assert not study.gives(0.7, now_ms=0)


def test_what_mostly_differs_is_never_certified_and_thresholds_are_laid_anew() -> None:
    study, dice = Likeness(TERMS, labels=300), np.random.default_rng(2)
    bad = [(float(each), 0.0) for each in dice.uniform(0.6, 1.0, 400)]
    assert fed(study, bad) == []
    assert study.times == 0, "there is nowhere to lay one"
    again = Likeness(TERMS, labels=300)
    good = [(0.9, 1.0)] * 100
    assert fed(again, good + [(0.9, 0.0)] * 300) == []
    assert again.times == 1
    mixed = Likeness(TERMS, labels=300)
    assert fed(mixed, good + [(0.9, float(number % 20 > 0)) for number in range(300)]) == []
    assert mixed.times == 2, "what was tested on is laid on"


def certified() -> Likeness:
    study = Likeness(TERMS)
    assert fed(study, [(0.9, 1.0)] * 400)[:1] == ["began"]
    return study


@pytest.mark.parametrize(
    ("now_ms", "given", "why"),
    [(0, 49, ""), (30 * DAY_MS, 0, ""), (30 * DAY_MS + 1, 0, "age"), (0, 50, "volume")],
)
def test_it_ends_by_age_and_by_volume(now_ms: int, given: int, why: str) -> None:
    study = certified()
    study.given = given
    assert study.due(now_ms) == why
    assert study.gives(1.0, now_ms=now_ms) is not bool(why)


def test_answers_that_get_worse_end_it_and_nothing_is_given_until_it_is_shown_anew() -> None:
    study = certified()
    held, times = study.certificate, study.times
    assert fed(study, [(0.5, 0.0)] * 100) == [], "what is less alike was not promised"
    assert fed(study, [(0.95, 1.0)] * 200) == []
    turns = [turn for _ in range(100) for turn in study.take(Label(7, 0.95, 0.0))]
    assert [(turn.at_ms, turn.certificate, turn.threshold, turn.ended) for turn in turns[:1]] == [
        (7, held, pytest.approx(0.9), "quality")
    ]
    assert (study.certificate, study.gives(1.0, now_ms=0)) == (None, False)
    assert study.times == times + 1, "thresholds are laid on what was tested, with less of delta"


def test_the_same_labels_make_the_same_certificate() -> None:
    assert certified().certificate == certified().certificate


def test_after_few_labels_more_are_learned_from_before_a_threshold_is_laid_anew() -> None:
    study = Likeness(TERMS, learn=200)
    assert fed(study, [(0.9, 1.0)] * 400) == ["began"]
    times = study.times
    assert [turn.ended for turn in study.end("age", 5)] == ["age"]
    assert study.times == times
    assert fed(study, [(0.9, 1.0)] * 400) == ["began"]
    assert study.times == times + 1


def test_other_terms_end_it_and_what_was_tested_on_is_learned_from() -> None:
    study = certified()
    held = study.certificate
    assert study.settle(TERMS, 3) == []
    strict = TERMS._replace(loss=0.01)
    assert [(turn.ended, turn.certificate) for turn in study.settle(strict, 4)] == [
        ("settings", held)
    ]
    assert not study.gives(1.0, now_ms=0)
    assert study.settle(TERMS, 5) == []
    assert study.times >= 2


@pytest.mark.slow
def test_what_loses_more_than_was_promised_is_seldom_certified() -> None:
    """True losses just above what is allowed: at most delta of all houses may say otherwise."""
    dice, wrong, houses = np.random.default_rng(3), 0, 120
    terms = Terms(loss=0.1, delta=0.1)
    for _ in range(houses):
        study = Likeness(terms, labels=1500)
        for likeness, chance in zip(
            dice.uniform(0, 1, 1500), dice.uniform(0, 1, 1500), strict=True
        ):
            study.take(Label(0, float(likeness), float(chance > 0.101)))
            if study.certificate is not None:
                wrong += 1
                break
    assert wrong <= terms.delta * houses
