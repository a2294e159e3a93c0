"""The loop begins at the reference, certifies, serves, notices, and begins again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from jevons.auto.certificate import DAY_MS, Terms
from jevons.auto.features import pack, read, unpack
from jevons.auto.study import Pair, Plan, Study

if TYPE_CHECKING:
    from jevons.auto.features import Prompt
    from jevons.auto.study import Turn

PLAN = Plan(Terms(loss=0.1, delta=0.05, days=30, requests=200), learn=60, labels=300)
EASY, HARD, FOREIGN = (
    "add 12 and {}: say only the sum",
    "prove theorem {} of ring theory: yes or no",
    "Où se trouve la gare de Lyon, et à quelle heure part le train {} ?",
)


def prompt(number: int, text: str = "") -> Prompt:
    return read((text or (EASY, HARD)[number % 2]).format(10 + number % 80))


def pair(number: int, *, is_broken: bool = False, times: float = 1.0) -> Pair:
    """The cheap arm, a tenth of the price, adds well and proves badly."""
    cheap = float(number % 2 == 0 and not is_broken)
    return Pair(number, prompt(number), (1.0, cheap), (10.0, 1.0), times)


def study(plan: Plan = PLAN) -> Study:
    return Study(("dear", "cheap"), 0, plan)


def taught(loop: Study, numbers: range, *, is_broken: bool = False) -> list[Turn]:
    return [turn for n in numbers for turn in loop.take(pair(n, is_broken=is_broken))]


def certified() -> Study:
    loop = study()
    assert taught(loop, range(200))
    return loop


def test_knows_nothing_and_takes_the_reference() -> None:
    choice = study().choose(prompt(0), now_ms=0)
    assert (choice.arm, choice.why) == (0, "uncertified")
    assert study().draws(prompt(0)) == study().most_draws == 1.0


def test_certifies_and_takes_the_cheap_arm_where_it_is_as_good() -> None:
    loop = certified()
    easy = loop.choose(prompt(4), now_ms=200)
    hard = loop.choose(prompt(5), now_ms=200)
    assert (easy.arm, easy.why, hard.arm) == (1, "certified", 0)
    assert easy.saving == pytest.approx(0.9, abs=0.01)


def test_draws_more_where_a_saving_is_possible() -> None:
    loop = study()
    taught(loop, range(60))
    assert loop.most_draws >= loop.draws(prompt(4)) > 1.0 > loop.draws(prompt(5))


def test_a_prompt_unlike_all_that_were_graded_goes_to_the_reference() -> None:
    choice = certified().choose(prompt(7, FOREIGN), now_ms=200)
    assert (choice.arm, choice.why) == (0, "new")


def test_a_change_of_answers_ends_the_certificate_and_what_was_learned() -> None:
    loop = certified()
    turns = taught(loop, range(200, 400), is_broken=True)
    assert (turns[0].ended, turns[0].forgets) == ("quality", True)
    assert loop.choose(prompt(4), now_ms=400).why == "uncertified"


def test_other_prompts_than_before_make_it_due() -> None:
    loop = certified()
    for number in range(40):
        loop.choose(prompt(number, FOREIGN), now_ms=200)
    assert loop.due(200) == "drift"
    assert [turn.ended for turn in loop.end("drift", 200)] == ["drift"]
    assert loop.end("drift", 201) == []


def test_traffic_of_which_two_thirds_are_new_is_noticed_and_a_tenth_is_not() -> None:
    loop, calm = certified(), certified()
    for number in range(300):
        loop.choose(prompt(number, FOREIGN if number % 3 else EASY), now_ms=200)
        calm.choose(prompt(number, "" if number % 10 else FOREIGN), now_ms=200)
    assert loop.due(200) == "drift"
    assert calm.due(200) != "drift"


def test_age_and_volume_make_it_due_and_keep_what_was_learned() -> None:
    loop = certified()
    assert loop.due(31 * DAY_MS) == "age"
    for number in range(200):
        loop.choose(prompt(2 * number), now_ms=200)
    assert loop.due(200) == "volume"
    assert [turn.forgets for turn in loop.end("volume", 200)] == [False]
    assert loop.times == 2
    assert loop.due(200) == ""
    assert taught(loop, range(200, 400))


def test_an_end_without_enough_pairs_begins_with_learning() -> None:
    loop = study(Plan(PLAN.terms, learn=60, labels=30))
    taught(loop, range(60))
    loop.end("age", 0)
    assert loop.times == 1


def test_what_cannot_be_certified_is_learned_from_and_tried_anew() -> None:
    loop = study(Plan(Terms(loss=0.001, delta=0.05), learn=60, labels=40))
    assert taught(loop, range(250)) == []
    assert loop.times > 1
    assert loop.certificate is None


def test_more_labels_carry_further_along_the_path_until_there_are_enough() -> None:
    dice = np.random.default_rng(0)
    loop = study(Plan(Terms(loss=0.15, delta=0.05), learn=320, labels=400))
    turns: list[Turn] = []
    for number in range(800):
        kind = number % 8
        right = float(dice.random() < (1.0, 0.97, 0.9, 0.85, 0.75, 0.6, 0.4, 0.2)[kind])
        asked = read(
            f"task {'abcdefgh'[kind] * 3} number {10 + number % 80} of kind {'stuvwxyz'[kind] * 3}"
        )
        turns += loop.take(Pair(number, asked, (1.0, right), (10.0, 1.0)))
    steps = [turn.certificate.step for turn in turns if not turn.ended]
    assert len(steps) > 1
    assert steps == sorted(steps)


def test_given_the_same_pairs_it_stands_where_it_stood() -> None:
    first, again = certified(), study()
    for number in range(200):
        told = pair(number)
        columns, counts, looks = pack(told.prompt)
        restored = unpack(columns, counts, looks, route=told.prompt.route)
        again.take(told._replace(prompt=restored))
    ask = partial(Study.choose, now_ms=200)
    assert again.certificate == first.certificate
    assert ask(again, prompt(4)) == ask(first, prompt(4))


def test_where_no_policy_saves_nothing_is_promised() -> None:
    loop = study()
    for number in range(300):
        told = pair(number)
        assert loop.take(told._replace(costs=(1.0, 1.0), grades=(1.0, 0.9))) == []
    assert loop.certificate is None


def named(number: int) -> Pair:
    return pair(number)._replace(name=f"lab_{number}")


def test_a_person_s_grades_are_learned_from_in_the_place_of_those_before() -> None:
    mine, others = study(), study()
    for number in range(60):
        mine.take(named(number))
        others.take(named(number)._replace(grades=(1.0, 1.0)) if number == 3 else named(number))
        if number == 3:
            assert mine.amend("lab_3", {"dear": 1.0, "cheap": 1.0}, 1) == []
    for number in range(60, 300):
        assert mine.take(named(number)) == others.take(named(number))
    assert mine.certificate == others.certificate


def test_a_certificate_ends_that_does_not_stand_with_a_person_s_grades() -> None:
    loop, number = study(), 0
    while loop.certificate is None:
        loop.take(named(number))
        number += 1
    held = loop.certificate
    turns: list[Turn] = []
    for each in range(60, number):
        turns += loop.amend(f"lab_{each}", {"dear": 1.0, "cheap": 0.0}, 7)
    assert [(turn.certificate, turn.ended) for turn in turns] == [(held, "quality")]
    assert loop.certificate is None


def test_a_certificate_stays_that_stands_as_well_with_a_person_s_grades() -> None:
    loop, number = study(), 0
    while loop.certificate is None:
        loop.take(named(number))
        number += 1
    assert (
        loop.amend(
            f"lab_{number - 1}", dict(zip(loop.arms, named(number - 1).grades, strict=True)), 7
        )
        == []
    )
    assert loop.certificate is not None


def test_where_a_person_finds_the_reference_bad_no_arm_that_they_were_not_shown_is_better() -> None:
    three = Study(("dear", "cheap", "local"), 0, PLAN)
    three.take(Pair(1, prompt(1), (1.0, 1.0, 1.0), (9.0, 1.0, 0.0), name="lab_1"))
    three.amend("lab_1", {"dear": 0.0, "cheap": 0.0}, 2)
    (known,) = three._learning  # pyright: ignore[reportPrivateUsage] nothing tells it yet
    assert known.grades == (0.0, 0.0, 0.0)


def test_grades_of_what_is_known_no_more_change_nothing() -> None:
    loop = certified()
    before = loop.certificate
    assert loop.amend("lab_of_long_ago", {"dear": 1.0, "cheap": 0.0}, 7) == []
    assert loop.certificate == before


def test_another_study_s_pairs_are_learned_from_and_its_paths_are_counted() -> None:
    loop = study()
    loop.begin([pair(number) for number in range(40)], 2)
    assert (loop.learned, loop.tested, loop.times, loop.is_learning) == (40, 0, 2, True)
    taught(loop, range(40, 65))
    assert (loop.learned, loop.tested, loop.times, loop.is_learning) == (60, 5, 3, False)


def test_what_was_decided_elsewhere_counts() -> None:
    loop = certified()
    loop.resume(PLAN.terms.requests - 1, 3.0)
    assert (loop.due(200), loop.purse) == ("", 3.0)
    loop.choose(prompt(4), now_ms=200)
    assert loop.due(200) == "volume"


def test_the_same_pairs_of_other_traffic_are_certified_by_another_name() -> None:
    other = Study(("dear", "cheap"), 0, PLAN, "another")
    taught(other, range(200))
    mine = certified().certificate
    assert mine is not None
    assert other.certificate is not None
    assert other.certificate.policy != mine.policy
    assert other.certificate._replace(policy="") == mine._replace(policy="")


def test_one_prompt_alone_is_decided_as_among_those_that_were_tested() -> None:
    dice = np.random.default_rng(1)
    loop = study()
    pairs: list[Pair] = []
    for number in range(300):
        words = "word " * int(dice.integers(1, 300))
        right = float(dice.random() < 0.97)
        dear = float(len(words))
        pairs.append(Pair(number, read(f"{words} {number}"), (1.0, right), (dear, dear / 2 + 40)))
    for each in pairs[:250]:
        loop.take(each)
    frozen = cast("Any", loop)._frozen
    tested = [each.prompt for each in pairs[250:]]
    together = frozen.models.expect(tested).saved
    alone = np.concatenate([frozen.models.expect([each]).saved for each in tested])
    assert np.allclose(together, alone)


def test_an_arm_of_unknown_cost_never_serves() -> None:
    loop = study()
    for number in range(300):
        told = pair(number)
        loop.take(told._replace(costs=(10.0, float("nan"))))
    assert loop.certificate is None
    assert loop.choose(prompt(4), now_ms=300).arm == 0


def test_costs_that_only_some_pairs_tell_are_enough() -> None:
    loop = study()
    for number in range(300):
        told = pair(number)
        loop.take(told if number % 3 else told._replace(costs=(float("nan"),) * 2))
    assert loop.choose(prompt(4), now_ms=300).arm == 1
