"""A key becomes the name of a variable, the same one wherever the same key stands."""

from __future__ import annotations

import pytest

from jevons.imports.secret import Keys, Needed


def test_the_same_key_has_the_same_variable_and_another_has_another() -> None:
    keys = Keys()
    assert keys.name("one", "gpt-4o", "first") == "env:GPT_4O_API_KEY"
    assert keys.name("two", "gpt 4o", "second") == "env:GPT_4O_API_KEY_2"
    assert keys.name("three", "gpt/4o", "third") == "env:GPT_4O_API_KEY_3"
    assert keys.name("one", "other", "again") == "env:GPT_4O_API_KEY"
    assert keys.needed == (
        Needed("GPT_4O_API_KEY", "first"),
        Needed("GPT_4O_API_KEY_2", "second"),
        Needed("GPT_4O_API_KEY_3", "third"),
    )


def test_a_variable_that_the_configuration_names_is_given_to_no_other_key() -> None:
    keys = Keys()
    keys.reserve("OPENAI_API_KEY")
    assert keys.name("one", "openai", "") == "env:OPENAI_API_KEY_2"
    assert keys.refer("OPENAI_API_KEY", "theirs") == "env:OPENAI_API_KEY"


@pytest.mark.parametrize(
    ("label", "name"),
    [("4o", "KEY_4O_API_KEY"), ("日本", "JEVONS_API_KEY"), ("a--b", "A_B_API_KEY")],
)
def test_any_label_gives_a_name_that_a_shell_takes(label: str, name: str) -> None:
    assert Keys().name("k", label, "") == f"env:{name}"


@pytest.mark.parametrize(
    "word", ["", "none", "NONE", " dummy ", "not-needed", "sk-no-key-required"]
)
def test_a_placeholder_is_no_key(word: str) -> None:
    keys = Keys()
    assert keys.name(word, "local", "") == ""
    assert keys.needed == ()
