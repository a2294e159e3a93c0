"""Names are found in texts of any length, in any script, from several threads, by the real model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.ner import Names
from jevons.ner.names import _whole  # pyright: ignore[reportPrivateUsage] tested by itself
from jevons.privacy import Finding
from jevons.privacy.near import PARTED

pytest.importorskip("spacy", reason="the extra `ner` is not installed")


@pytest.fixture(scope="module")
def names() -> Names:
    return Names()


def seen(names: Names, text: str) -> list[tuple[str, str]]:
    return [(kind, text[start:end]) for start, end, kind in names.find(text)]


def test_names_places_and_organisations_are_found(names: Names) -> None:
    text = "Angela Merkel was born in Hamburg and spoke at Siemens on Tuesday about the Germans."
    assert seen(names, text) == [
        ("person", "Angela Merkel"),
        ("place", "Hamburg"),
        ("organisation", "Siemens"),
        ("date", "Tuesday"),
        ("group", "Germans"),
    ]


def test_what_its_words_tell_of_is_found_with_them(names: Names) -> None:
    text = (
        "Mrs. Smith, born 14 March 1980, aged 46, lives at 12 Maple Street, Springfield, IL 62701."
    )
    assert [kind for kind, _ in seen(names, text)] == ["person", "birth_date", "age", "address"]


def test_what_tells_of_nobody_is_left_alone(names: Names) -> None:
    assert seen(names, "Last night 12 users called the JSON API three times for $5.") == []
    assert seen(names, "") == []


@pytest.mark.parametrize(
    "text",
    [
        "from asyncio import sleep, then Awaitable[str] and dict[str, Any] = {}",
        "Set MAX_TOKENS = 5 and the model Qwen3 8B, as ISO 3166-1 says.",
        "JSON, HTTP and TLS are not people, nor is TypeVar.",
    ],
)
def test_words_of_code_are_no_people(names: Names, text: str) -> None:
    assert "person" not in dict(seen(names, text))


def test_small_letters_are_read_where_all_are_small(names: Names) -> None:
    assert ("place", "germany") in seen(names, "i have never been to germany, said my friend.")


def test_a_quoted_line_is_read_like_any_other(names: Names) -> None:
    assert ("person", "Angela Merkel") in seen(names, "> Angela Merkel went home.\n> And slept.")


def test_letters_that_hide_a_name_do_not(names: Names) -> None:
    assert ("person", "An\u200bgela Mer\u00adkel") in seen(
        names, "An\u200bgela Mer\u00adkel went home."
    )


def test_a_long_text_is_read_to_its_end(names: Names) -> None:
    filler = "It was a long day, and nothing else was to be said of it.\n" * 200
    text = f"{filler}Angela Merkel went home to 12 Maple Street.\n{filler}"
    assert seen(names, text) == [("person", "Angela Merkel"), ("address", "12 Maple Street.")]


def test_threads_find_the_same(names: Names) -> None:
    texts = [f"Number {each}: Angela Merkel went to Hamburg with Paul." * 9 for each in range(12)]
    alone = [names.find(text) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(names.find, texts)) == alone


def test_reading_leaves_nothing_behind(names: Names) -> None:
    strings: Any = names._model.vocab.strings  # pyright: ignore[reportPrivateUsage] spaCy's memory
    names.find("warm up")
    before = len(strings)
    names.find(" ".join(f"word{each}x" for each in range(2000)))
    assert len(strings) == before


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=200))
def test_whatever_the_text_is_findings_lie_in_it(names: Names, text: str) -> None:
    found = names.find(text)
    places = [place for each in found for place in (each.start, each.end)]
    assert places == sorted(places)
    assert all(0 <= each.start < each.end <= len(text) for each in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"street: 12 Maple Street{PARTED}Springfield", ["12 Maple Street"]),
        ("12 Maple Street, Spring", ["12 Maple Street, Spring"]),
    ],
)
def test_what_parts_two_values_parts_what_is_found(
    names: Names, text: str, found: list[str]
) -> None:
    assert [text[start:end] for start, end, kind in names.find(text) if kind == "address"] == found


def test_a_finding_reaches_to_the_ends_of_its_words() -> None:
    text = f"xAdax{PARTED} Ada{PARTED}{PARTED}B"
    assert list(_whole(text, Finding(1, len(text), "person"))) == [
        Finding(0, 5, "person"),
        Finding(8, 11, "person"),
        Finding(15, 16, "person"),
    ]
