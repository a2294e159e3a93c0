"""What is written is TOML that says the same."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jevons.imports.write import write_toml

TREE: dict[str, Any] = {
    "number": 3,
    "half": 0.5,
    "yes": True,
    "text": 'a "b" \\ \n \x00 \x7f é 😀',
    "names": ["a", "b"],
    "nothing": [],
    "table": {"inner": {"x": 1}, "y": 2},
    "rows": [{"name": "one", "price": {"in": "1"}}, {"name": "two"}],
}


def test_every_shape_of_ours_comes_back() -> None:
    assert tomllib.loads(write_toml(TREE)) == TREE


def test_the_head_is_a_comment_on_every_line() -> None:
    text = write_toml({"a": 1}, head="one\n\ntwo = 2")
    assert text == "# one\n#\n# two = 2\na = 1\n"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text: str) -> None:
    assert tomllib.loads(write_toml({"a": text, "b": [{"c": [text]}]})) == {
        "a": text,
        "b": [{"c": [text]}],
    }
