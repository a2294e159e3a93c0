"""Every leaf of a configuration has exactly one fate, in the configuration's order."""

from __future__ import annotations

from typing import Any

from jevons.imports.account import Account, Fate
from jevons.imports.tree import Part, dotted, leaves

TREE: dict[str, Any] = {"a": [{"b": 1, "c.d": None}, []], "e": {}, "f": "x"}


def test_leaves_are_scalars_and_what_is_empty() -> None:
    assert [dotted(path) for path in leaves(TREE)] == ["a[0].b", "a[0]['c.d']", "a[1]", "e", "f"]


def test_the_first_word_on_a_leaf_stands() -> None:
    account = Account(TREE)
    account.carried(("a", 0, "b"), "there")
    account.changed(("a",), "so")
    account.left(("nowhere",), "it is not there")
    assert account.close("nobody spoke of it") == (
        Fate("a[0].b", "carried", "there"),
        Fate("a[0]['c.d']", "changed", "so"),
        Fate("a[1]", "changed", "so"),
        Fate("e", "left", "nobody spoke of it"),
        Fate("f", "left", "nobody spoke of it"),
    )


def test_what_is_given_up_takes_back_what_was_said_on_the_way() -> None:
    account = Account(TREE)
    account.carried(("f",), "before")
    since = account.mark()
    account.carried(("e",), "on the way")
    account.carried(("a", 0, "b"), "on the way")
    account.give_up(("a",), "it cannot be", since=since)
    account.changed(("e",), "by another")
    assert [(fate.path, fate.says) for fate in account.close("")] == [
        ("a[0].b", "it cannot be"),
        ("a[0]['c.d']", "it cannot be"),
        ("a[1]", "it cannot be"),
        ("e", "by another"),
        ("f", "before"),
    ]


def test_another_word_can_be_put_in_place_of_the_first() -> None:
    account = Account({"a": 1})
    account.carried(("a",), "first")
    account.amend(("a",), "changed", "second")
    assert account.close("") == (Fate("a", "changed", "second"),)


def test_a_part_knows_its_place_and_its_kinds() -> None:
    root = Part((), {"a": {"b": " text "}, "n": "1e-6", "yes": True, "deep": [1]})
    assert root.at("a").at("b") == Part(("a", "b"), " text ")
    assert root.at("a").at("b").text == "text"
    assert root.at("a").at("b").at("c") == Part(("a", "b", "c"), None)
    assert root.at("n").number == 1e-6
    assert root.at("yes").number is None
    assert root.at("deep").number is None
    assert Part((), "inf").number is None
    assert Part((), "many").number is None
    assert Part((), 10**400).number is None
    assert [part.key for part in root.parts()] == ["a", "n", "yes", "deep"]
    assert root.key == ""
