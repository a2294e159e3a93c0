"""A text is cut where a reader would, and nothing of it is lost or said twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.privacy.piece import pieces


def cut(text: str, most: int) -> list[str]:
    return [text[start:end] for start, end in pieces(text, most)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("short", ["short"]),
        ("one two.\n\nthree", ["one two.\n\n", "three"]),
        ("one two three\nfour", ["one two three\n", "four"]),
        ("One two. Three four", ["One two. ", "Three four"]),
        ("one two three four", ["one two three ", "four"]),
        ("x" * 20, ["x" * 14, "x" * 6]),
    ],
)
def test_it_is_cut_at_the_best_place(text: str, parts: list[str]) -> None:
    assert cut(text, 14) == parts


@given(st.text(alphabet="ab .\n\u3002"), st.integers(2, 9))
def test_together_they_are_the_text(text: str, most: int) -> None:
    parts = cut(text, most)
    assert "".join(parts) == text
    assert all(most // 2 <= len(part) <= most for part in parts[:-1])
