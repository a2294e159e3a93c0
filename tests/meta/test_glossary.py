"""The glossary speaks of what exists, and knows every door and everything that travels."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from jevons import ports
from jevons.types import account, decision

if TYPE_CHECKING:
    from pathlib import Path

ROW = re.compile(r"^\| ([a-z ]+) \| (.+) \| `(jevons[\w.]*)` \|$", re.MULTILINE)
PARTS_OF_OTHERS = {
    "Ended",
    "Genesis",
    "KeyChange",
    "Measured",
    "Media",
    "PersonChange",
    "SecretChange",
    "SetAside",
    "Told",
    "Tried",
    "Veiled",
}
PLAIN_WORDS = {"Clock", "Ids"}


class Row(NamedTuple):
    word: str
    meaning: str
    name: str


@pytest.fixture(scope="module")
def rows(root: Path) -> list[Row]:
    found = [Row(*row) for row in ROW.findall((root / "design/glossary.md").read_text())]
    assert found
    return found


def test_every_word_names_something_that_exists(rows: list[Row]) -> None:
    for row in rows:
        assert exists(row.name), f"{row.word}: there is no {row.name}"


def exists(name: str) -> bool:
    """Import as much of a dotted name as is a module, and look the rest up."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            found = getattr(found, attribute, None)
        return found is not None
    return False


def test_words_stand_once_and_in_order(rows: list[Row]) -> None:
    words = [row.word for row in rows]
    assert words == sorted(set(words))


def test_every_door_and_every_decision_has_a_word(rows: list[Row]) -> None:
    words = {row.word for row in rows}
    named = {*ports.__all__, *decision.__all__, *account.__all__} - PARTS_OF_OTHERS - PLAIN_WORDS
    spelled = {name: {name.lower(), name.lower().removesuffix("s")} for name in named}
    missing = {name for name, words_for in spelled.items() if not words_for & {*words}} - {"Keys"}
    assert missing == set()
