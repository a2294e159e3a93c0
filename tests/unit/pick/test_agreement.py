"""Answers are compared only where there is one way to write them."""

import pytest

from jevons.pick.agreement import canonical, fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("42", "The answer is 42."),
        ("1,200.0", "1200"),
        ("Step one.\nStep two.\nAnswer: **B**", "b"),
        ("so we get \\boxed{ 7 }", "7"),
        ('{"a": 1, "b": [2]}', '{"b":[2],"a":1}'),
        ("Yes", "yes"),
    ],
)
def test_two_ways_to_say_one_thing_agree(one: str, other: str) -> None:
    assert canonical(one) is not None
    assert canonical(one) == canonical(other)
    assert fold([one, other]) == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "A long sentence that says many things and that no two models would ever write alike.",
        "two\nlines",
        '{"cut": ',
    ],
)
def test_prose_and_what_was_cut_short_agree_with_nothing(text: str) -> None:
    assert canonical(text) is None
    assert fold([text, text]) is None


def test_different_answers_go_on_to_the_reference() -> None:
    assert fold(["42", "43"]) is None
    assert fold(["42", None]) is None


def test_one_answer_agrees_with_nobody() -> None:
    assert fold(["42"]) is None
    assert fold([]) is None
