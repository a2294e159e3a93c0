"""Words of those who ask end a certificate under which they are less content, and nothing else."""

from __future__ import annotations

from random import Random

from jevons.grading.hearing import Hearing


def before(hearing: Hearing, good: int, bad: int) -> None:
    for number in range(good + bad):
        score = float(number < good)
        assert not hearing.hear(f"b{number}", score, chosen="uncertified", under="", held="")


def under(hearing: Hearing, answer: str, score: float, *, chosen: str = "certified") -> bool:
    return hearing.hear(answer, score, chosen=chosen, under="cert_1", held="cert_1")


def test_a_fall_is_seen_within_a_hundred_words() -> None:
    hearing, rng = Hearing(), Random(1)
    before(hearing, 90, 10)
    seen = [under(hearing, f"u{number}", float(rng.random() < 0.3)) for number in range(100)]
    assert any(seen)


def test_as_content_as_before_is_no_fall() -> None:
    for seed in range(20):
        hearing, rng = Hearing(), Random(seed)
        before(hearing, 70, 30)
        assert not any(
            under(hearing, f"u{number}", float(rng.random() < 0.7)) for number in range(500)
        )


def test_one_who_says_it_a_thousand_times_has_said_it_once() -> None:
    hearing = Hearing()
    before(hearing, 100, 0)
    assert not any(under(hearing, "the same", 0.0) for _ in range(1000))


def test_the_last_word_on_an_answer_is_the_one_that_counts() -> None:
    hearing = Hearing()
    before(hearing, 100, 0)
    for number in range(10):
        assert not under(hearing, f"u{number}", 0.0)
        assert not under(hearing, f"u{number}", 1.0)
    assert not under(hearing, "u10", 0.0)


def test_where_too_few_said_something_before_nobody_knows_what_is_usual() -> None:
    hearing = Hearing()
    before(hearing, 29, 0)
    assert not any(under(hearing, f"u{number}", 0.0) for number in range(200))


def test_words_on_answers_that_no_policy_chose_say_nothing_of_it() -> None:
    hearing = Hearing()
    before(hearing, 100, 0)
    for chosen in ("holdout", "named", "no-reference"):
        assert not any(under(hearing, f"{chosen}{n}", 0.0, chosen=chosen) for n in range(200))


def test_words_on_answers_under_another_certificate_say_nothing_of_this_one() -> None:
    hearing = Hearing()
    before(hearing, 100, 0)
    for number in range(200):
        word = {"chosen": "certified", "under": "cert_0", "held": "cert_1"}
        assert not hearing.hear(f"u{number}", 0.0, **word)


def test_another_certificate_begins_anew() -> None:
    hearing = Hearing()
    before(hearing, 100, 0)
    said = 0
    while not under(hearing, f"u{said}", 0.0):
        said += 1
    assert not hearing.hear("n", 0.0, chosen="certified", under="cert_2", held="cert_2")
    assert 5 < said < 40


def test_only_the_newest_are_remembered() -> None:
    hearing = Hearing()
    before(hearing, 100, 0)
    for number in range(1100):
        assert not hearing.hear(f"z{number}", 0.0, chosen="uncertified", under="", held="")
    assert not any(under(hearing, f"u{number}", 0.0) for number in range(100))
