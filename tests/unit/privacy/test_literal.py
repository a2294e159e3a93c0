"""Every string and number of a JSON text is read, and nothing but what is rewritten changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.privacy.literal import Literal, literals, rewritten

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def read(text: str) -> list[str]:
    return [literal.said for literal in literals(text)]


def louder(literal: Literal) -> str:
    return literal.said.upper()


def test_names_values_and_numbers_are_read_in_order() -> None:
    text = '{"to": ["anna", 49301234567], "n": -1.50e3, "is": true}'
    assert [*literals(text)] == [
        Literal("to", is_name=True),
        Literal("anna", "to"),
        Literal("49301234567", "to"),
        Literal("n", is_name=True),
        Literal("-1.50e3", "n"),
        Literal("is", is_name=True),
    ]


def test_a_name_that_stands_twice_is_read_twice() -> None:
    assert read('{"a": "x", "a": "y"}') == ["a", "x", "a", "y"]


def test_escapes_are_read_and_half_a_pair_is_let_be() -> None:
    assert read(r'["a\u0040b", "\ud83d", "\"q\" \\"]') == ["a@b", "\ud83d", '"q" \\']


def test_json_in_a_string_is_read_literal_by_literal() -> None:
    inner = json.dumps({"to": "anna", "more": json.dumps(["bob"])})
    assert read(json.dumps({"arguments": inner})) == ["arguments", "to", "anna", "more", "bob"]
    assert [*literals(json.dumps({"tel": "[12]"}))][1] == Literal("12", "tel")


@pytest.mark.parametrize("text", ["{not json}", "[1, 2", "[\ud83d]"])
def test_what_only_looks_like_json_is_read_as_text(text: str) -> None:
    assert read(json.dumps([text])) == [text]


def test_what_is_deeper_than_anybody_nests_is_read_as_text() -> None:
    text = '"anna"'
    for _ in range(12):
        text = json.dumps([text])
    (deep,) = read(text)
    assert "anna" in deep
    assert "\\" in deep


def test_a_string_that_is_none_is_said_to_be() -> None:
    with pytest.raises(ValueError, match="escape"):
        read(r'["\x"]')


def test_only_what_is_rewritten_changes() -> None:
    text = '{ "a" :1.10, "b":["x",  2.0e1], "c" : null }'
    assert rewritten(text, lambda literal: literal.said) == text
    assert rewritten(text, lambda each: "⟦" if each.said == "x" else each.said) == text.replace(
        '"x"', '"\\u27e6"'
    )


def test_a_number_that_is_rewritten_becomes_a_string() -> None:
    text = rewritten('{"card": 4111}', lambda each: "…" if each.said == "4111" else each.said)
    assert json.loads(text) == {"card": "…"}


def test_a_name_can_be_rewritten_and_what_follows_knows_it_as_it_was() -> None:
    heard: list[Literal] = []

    def write(literal: Literal) -> str:
        heard.append(literal)
        return louder(literal)

    assert json.loads(rewritten('{"anna": "x"}', write)) == {"ANNA": "X"}
    assert heard == [Literal("anna", is_name=True), Literal("x", "anna")]


def test_json_in_a_string_is_rewritten_within() -> None:
    text = json.dumps({"arguments": json.dumps({"to": "anna", "at": 1})})
    said = json.loads(rewritten(text, louder))
    assert json.loads(said["ARGUMENTS"]) == {"TO": "ANNA", "AT": 1}


@given(VALUES)
def test_whatever_the_json_each_literal_is_written_once(value: Any) -> None:
    text = json.dumps(value)
    written: list[Literal] = []

    def note(literal: Literal) -> str:
        written.append(literal)
        return literal.said

    assert rewritten(text, note) == text
    assert written == [*literals(text)]


@given(VALUES)
def test_whatever_is_rewritten_it_stays_json(value: Any) -> None:
    json.loads(rewritten(json.dumps(value), lambda literal: f"⟦{literal.said}⟧"))
