"""Names are found where what stands beside them says that they are names."""

from __future__ import annotations

import pytest

from jevons.privacy.finding import merged
from jevons.privacy.people import people


def found(text: str) -> list[str]:
    return [text[start:end] for start, end, kind in merged(people(text)) if kind == "person"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I met Mrs. Ada Byron today", "Mrs. Ada Byron"),
        ("Herr von Berg kam", None),
        ("Frau Dr. Berg kam", "Frau Dr. Berg"),
        ("Her maiden name is Byron", "Byron"),
        ("What is your last name? Byron", "Byron"),
        ("my name is ada", "ada"),
        ("people call me Ada", "Ada"),
        ("Dear Ada,\nthank you", "Ada"),
        ("Hi Ada! How are you", "Ada"),
        ("Kind regards,\nAda Byron", "Ada Byron"),
        ("Name: Ada Byron\nPhone: none", "Ada Byron"),
        ("Ada van der Berg lives here", "Ada van der Berg"),
        ("Then Ada said no", "Ada"),
        ("directed by Ada Byron", "Ada Byron"),
        ("signed by O'Neil", "O'Neil"),
        ("Sra. \u00c1ngela Nu\u00f1ez", "Sra. \u00c1ngela Nu\u00f1ez"),
        ("\u039a\u03b1\u03bb\u03ae said", "\u039a\u03b1\u03bb\u03ae"),
    ],
)
def test_names(text: str, name: str | None) -> None:
    assert found(text) == ([name] if name else [])


@pytest.mark.parametrize(
    "text",
    [
        "He said no",
        "Dear all,",
        "Hi there!",
        "Hello World is a program",
        "my name is on the list",
        "The name is taken",
        "Thanks,\nthe team",
        "The Quick Brown Fox",
        "mrs. smith",
        "Smith",
    ],
)
def test_words_that_are_no_names(text: str) -> None:
    assert found(text) == []
