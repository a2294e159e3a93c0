"""A prompt becomes the same numbers everywhere, and says what kind of text it is."""

import numpy as np
import pytest

from jevons.auto import features
from jevons.auto.features import BUCKETS, LOOKS, read


def test_the_same_text_gives_the_same_numbers() -> None:
    first, again = read("Add 2 and 3."), read("Add 2 and 3.")
    assert (first.columns == again.columns).all()
    assert (first.counts == again.counts).all()
    assert (first.looks == again.looks).all()


def test_columns_are_sorted_unique_and_in_range() -> None:
    columns = read("a b a b c " * 50).columns
    assert (np.diff(columns) > 0).all()
    assert columns.min() >= 0
    assert columns.max() < BUCKETS


def test_which_number_stands_there_makes_no_difference_but_its_length_does() -> None:
    assert (read("add 23").columns == read("add 47").columns).all()
    assert read("add 23").columns.tolist() != read("add 4711").columns.tolist()


def test_the_order_of_words_is_seen() -> None:
    assert read("dog bites man").columns.tolist() != read("man bites dog").columns.tolist()


def test_the_middle_of_a_long_text_is_not_read() -> None:
    ends = "a " * 600, "z " * 600
    one = read(f"{ends[0]}{'secret ' * 100}{ends[1]}")
    other = read(f"{ends[0]}{'hidden ' * 100}{ends[1]}")
    assert (one.columns == other.columns).all()


def test_nothing_at_all_can_be_read() -> None:
    prompt = read("")
    assert len(prompt.columns) == 0
    assert prompt.looks.shape == (LOOKS,)


def test_looks_stay_small_however_long_the_text() -> None:
    assert np.abs(read("A9$= \n" * 100_000).looks).max() < 5


def test_text_that_no_encoding_takes_is_read_all_the_same() -> None:
    assert read("\ud800 lone").looks.shape == (LOOKS,)


def test_whoever_makes_all_words_fall_into_one_bucket_is_read_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(features, "_MASK", np.uint64(0))
    prompt = read("\u0130" * 5000)  # in lower case a letter and a dot, each a word of its own
    assert prompt.columns.tolist() == [0]
    assert prompt.counts == pytest.approx([1.0 + np.log(2 * 4001 - 1)], abs=1e-3)
