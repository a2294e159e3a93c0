"""The most alike question is found among those that could have its answer, and among no others."""

from __future__ import annotations

import pytest

from jevons.auto import Nearest
from jevons.auto.nearest import LONGEST

A, B, C = (bytes([number]) * 32 for number in range(3))
FRAME, OTHER = b"f" * 32, b"g" * 32


def test_the_one_with_the_most_words_in_common_is_found() -> None:
    nearest = Nearest()
    nearest.add(FRAME, "Is it cold in Oslo in winter?", A)
    nearest.add(FRAME, "Is it warm in Rome in summer?", B)
    found = nearest.find(FRAME, "is it COLD in  Oslo in winter ?")
    assert found is not None
    assert (found.name, found.likeness) == (A, pytest.approx(1.0))
    found = nearest.find(FRAME, "Is it warm in Rome in spring?")
    assert found is not None
    assert found.name == B
    assert 0.6 < found.likeness < 0.95
    far = nearest.find(FRAME, "Translate: guten Tag")
    assert far is not None
    assert far.likeness < 0.1


@pytest.mark.parametrize(
    "text",
    [
        "Is 97 prime?",
        "Is 91 not prime?",
        "Isn't 91 prime?",
        "Is 91 prime, and 3?",
        "Ist 91 keine Primzahl?",
        "N'est-il pas vrai que 91?",
    ],
)
def test_another_number_or_a_negation_makes_another_question(text: str) -> None:
    nearest = Nearest()
    nearest.add(FRAME, "Is 91 prime?", A)
    assert nearest.find(FRAME, text) is None
    assert nearest.find(FRAME, "is 91 a prime?") is not None


def test_what_differs_beside_its_words_is_another() -> None:
    nearest = Nearest()
    nearest.add(FRAME, "Is it cold?", A)
    assert nearest.find(OTHER, "Is it cold?") is None


@pytest.mark.parametrize("text", ["", " \n", "a " * LONGEST])
def test_nothing_is_like_what_says_nothing_or_cannot_be_read_whole(text: str) -> None:
    nearest = Nearest()
    nearest.add(FRAME, text, A)
    assert (len(nearest), nearest.find(FRAME, text)) == (0, None)


def test_it_forgets_what_it_is_told_to_and_what_it_has_no_room_for() -> None:
    nearest = Nearest(most=250)
    for number in range(150):
        nearest.add(FRAME, "Is it cold?", bytes([number]))
    nearest.add(FRAME, "Is it cold?", bytes([0]))
    assert len(nearest) == 150
    for number in range(150):
        nearest.add(OTHER, "Is it cold?", bytes([100, number]))
    assert len(nearest) == 150
    assert nearest.find(FRAME, "Is it cold?") is None
    nearest.keep_only({bytes([100, 7])})
    found = nearest.find(OTHER, "Is it cold?")
    assert found is not None
    assert (found.name, len(nearest)) == (bytes([100, 7]), 1)
    nearest.keep_only(())
    assert (len(nearest), nearest.find(OTHER, "Is it cold?")) == (0, None)


def test_of_one_kind_the_newest_are_held_against_it() -> None:
    nearest = Nearest()
    for number in range(201):
        nearest.add(FRAME, f"Is it {'very ' * (number == 0)}cold?", number.to_bytes(2))
    found = nearest.find(FRAME, "Is it very cold?")
    assert found is not None
    assert found.likeness < 1.0
    assert len(nearest) == 200
