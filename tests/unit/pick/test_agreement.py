"""Answers are compared only where there is one way to write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.pick.agreement import agree, canonical, canonical_calls, canonical_json, fold
from jevons.types.decision import Canonical

if TYPE_CHECKING:
    from decimal import Decimal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("42", "The answer is 42."),
        ("1,200.0", "1200"),
        ("Step one.\nStep two.\nAnswer: **B**", "b"),
        ("**Answer:** 7", "7"),
        ("so we get \\boxed{ 7 }", "7"),
        ("$42$", "42"),
        ('{"a": 1, "b": [2]}', '{"b":[2],"a":1.0}'),
        ('```json\n{"a": 0}\n```', '{"a":0.0}'),
        ("[null, true, -12e2]", "[null,true,-1200]"),
        ("Yes", "yes."),
        ("B) Paris", "(B)"),
        ("(B) Paris", "B: paris"),
        ("42%", "42 percent"),
        ("$5", "5.00 dollars"),
        ("US$ 5", "5 usd"),
        ("5 km", "5km"),
        ("3 Apples", "3 apples"),
        ("12,00,000", "1,200,000"),
        ("1.200.000", "1200000"),
        ("1.200,50", "1200.5"),
        ("1'200", "1200"),
        ("1\u202f200,5", "1200.5"),
        ("\u22125", "-5"),
        ("+5", "5"),
        ("-0", "0"),
        (".5", "0.50"),
        ("1.200", "1.200"),
        ('So it is 7.\n\n```json\n{"answer": 7}\n```', '{"answer": 7}'),
        ('{"answer": "26.00"}', '{"answer": "26"}'),
        ('{"answer": "54,000"}', '{"answer": 54000}'),
        ('{"answer": "\'ha\'"}', '{"answer": "ha"}'),
        ('{"why": "\\( x \\)", "answer": 1}', '{"why": "\\\\( x \\\\)", "answer": "1"}'),
        ('{"why": "two\nlines"}', '{"why": "two\\nlines"}'),
    ],
)
def test_two_ways_to_say_one_thing_agree(one: str, other: str) -> None:
    assert canonical(one) is not None
    assert agree(canonical(one), canonical(other))
    assert fold([one, other]) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("42", "43"),
        ("1.200", "1200"),  # a thousand and a fifth of it, or one and a fifth?
        ("1.200", "1.2"),
        ("1,5", "15"),
        ("1,5", "1.5"),  # a number, or a list?
        ("100 200", "100200"),
        ("007", "7"),
        ("5²", "52"),
        ("-5", "5"),
        ("42%", "42"),
        ("$5", "5"),
        ("$5", "€5"),
        ("$5 km", "5 km"),
        ("5 mW", "5 MW"),
        ("B) Paris", "B) London"),
        ("B", "C"),
        ("true", "[true]"),
        ('{"a": true}', '{"a": 1}'),
        ('{"a": "true"}', '{"a": true}'),
        ('{"a": "Ab"}', '{"a": "ab"}'),
        ('{"a": "x"}', '{"a": "\'x"}'),
        ("So it is 7.\n```json\n{}\n```\nOr is it?", "So it is 8.\n```json\n{}\n```\nOr is it?"),
        ("```json\n[1]\n```\nor\n```json\n[2]\n```", "[1]"),
        (
            "[12345678901234567890123456789012345678901]",
            "[12345678901234567890123456789012345678902]",
        ),
    ],
)
def test_what_is_not_surely_the_same_differs(one: str, other: str) -> None:
    assert not agree(canonical(one), canonical(other))
    assert fold([one, other]) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "A long sentence that says many things and that no two models would ever write alike.",
        "two\nlines",
        '{"cut": ',
        '{"a": 1, "a": 2}',
        "[NaN]",
        "[1e999999999999999999999]",
        "[" * 50_000 + "]" * 50_000,
        "[" * 100 + "]" * 100,
        "[" + "1," * 40_000 + "1]",
        "x" * 70_000,
        "I'm sorry, I can't.",
        "I can\u2019t say that.",
        "As an AI, no.",
    ],
)
def test_prose_refusals_and_what_is_hostile_agree_with_nothing(text: str) -> None:
    assert canonical(text) is None
    assert fold([text, text]) is None


def test_different_answers_go_on_to_the_reference() -> None:
    assert fold(["42", "43"]) is None
    assert fold(["42", None]) is None


def test_one_answer_agrees_with_nobody() -> None:
    assert fold(["42"]) is None
    assert fold([]) is None


def test_of_three_each_agrees_with_each_other_one() -> None:
    assert fold(["B", "B) Paris", "B. paris"]) == 0
    assert fold(["B", "B) Paris", "B) London"]) is None


def test_nothing_agrees_with_nothing() -> None:
    assert not agree(None, None)
    assert not agree(Canonical("label", "42"), Canonical("number", "42"))


def test_fields_that_do_not_count_do_not_at_any_depth_and_something_has_to() -> None:
    one = '{"reasoning": "since so", "steps": [{"reasoning": "a", "at": 1}], "answer": "42"}'
    other = '```json\n{"answer": "42", "steps": [{"at": 1}], "reasoning": "as is plain"}\n```'
    ignore = frozenset({"reasoning"})
    assert canonical(one) != canonical(other)
    assert canonical(one, ignore) == canonical(other, ignore)
    assert canonical('{"reasoning": "a"}', ignore) is None
    assert canonical("{}", ignore) == canonical_json("{}")


def test_json_that_was_asked_for_is_read_to_the_letter() -> None:
    assert canonical_json('{"a": "1"}') != canonical_json('{"a": 1}')
    assert canonical_json('{"a": "1.0"}') != canonical_json('{"a": "1"}')
    assert canonical_json('{"a": "\\("}') is None
    assert canonical_json('{"a": "two\nlines"}') is None
    assert canonical_calls([("pay", '{"to": "1.0"}')]) != canonical_calls([("pay", '{"to": "1"}')])


def test_numbers_of_any_size_are_told_apart_in_a_text() -> None:
    huge = canonical('{"a": 1e300}')
    assert huge is not None
    assert huge == canonical('{"a": 10e299}')
    assert huge != canonical('{"a": 1e301}')
    assert canonical('{"a": 0}') == canonical('{"a": -0.0}')


def test_calls_agree_if_their_names_order_and_arguments_do() -> None:
    one = canonical_calls([("weather", '{"place": "Bonn", "days": 1}'), ("now", "")])
    assert one == canonical_calls([("weather", '{"days":1.0,"place":"Bonn"}'), ("now", " {} ")])
    assert one != canonical_calls([("now", ""), ("weather", '{"place": "Bonn", "days": 1}')])
    assert one != canonical_calls([("weather", '{"place": "Köln", "days": 1}'), ("now", "")])


@pytest.mark.parametrize("arguments", ['{"place": ', "[]", '"Bonn"', "{" * 70_000, '{"a":1,"a":1}'])
def test_a_call_whose_arguments_are_no_object_is_no_call(arguments: str) -> None:
    assert canonical_calls([("weather", arguments)]) is None


def test_no_calls_and_no_json_come_to_nothing() -> None:
    assert canonical_calls([]) is None
    assert canonical_json("so: {}") is None


def test_what_begins_again_and_again_is_read_at_its_end_alone() -> None:
    assert canonical("answer:" * 9_000) == Canonical("label", "answer:")


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_is_said_agreement_is_symmetric_and_every_form_agrees_with_itself(
    one: str, other: str
) -> None:
    forms = canonical(one), canonical(other)
    assert agree(*forms) is agree(*forms[::-1])
    assert agree(forms[0], forms[0]) is (forms[0] is not None)
    canonical_calls([(one, other)])


MOST = 10**15  # with commas still shorter than a label may be
NUMBERS = st.integers(-MOST, MOST) | st.decimals(
    -MOST, MOST, allow_nan=False, allow_infinity=False, places=2
)


@given(NUMBERS, NUMBERS)
def test_numbers_agree_if_and_only_if_they_are_one(
    one: Decimal | int, other: Decimal | int
) -> None:
    assert agree(canonical(f"{one:f}"), canonical(f"{other:f}")) is (one == other)
    assert agree(canonical(f"{one:,f}"), canonical(f"{one:f}"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(JSON)
def test_json_agrees_with_itself_however_it_is_laid_out(value: Any) -> None:
    spread = json.dumps(value, indent=3, ensure_ascii=False)
    assert canonical_json(json.dumps(value)) == canonical_json(spread)
    assert canonical_json(spread) is not None
    if isinstance(value, list | dict):
        assert canonical(json.dumps(value)) == canonical(f"So:\n```json\n{spread}\n```")
