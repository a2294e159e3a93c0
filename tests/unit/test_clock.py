"""Ids only grow, and say when they were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from jevons.clock import SystemClock, Ulids, chance

if TYPE_CHECKING:
    from collections.abc import Iterator

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Scripted:
    """A clock that reads from a list."""

    def __init__(self, readings_ms: list[int]) -> None:
        self._readings: Iterator[int] = iter(readings_ms)

    def now_ms(self) -> int:
        return next(self._readings)

    def monotonic_s(self) -> float:
        return 0.0


@given(st.lists(st.integers(min_value=0, max_value=2**48 - 1), min_size=2, max_size=50))
def test_ids_grow_whatever_the_clock_does(readings_ms: list[int]) -> None:
    ids = Ulids(Scripted([1, *readings_ms]))
    made = [ids.new("req") for _ in range(len(readings_ms) + 1)]
    assert made == sorted(set(made))


@given(st.integers(min_value=1, max_value=2**48 - 1))
def test_an_id_begins_with_the_moment_it_was_made(at_ms: int) -> None:
    prefix, _, ulid = Ulids(Scripted([at_ms])).new("key").partition("_")
    assert prefix == "key"
    assert len(ulid) == 26
    value = 0
    for letter in ulid:
        value = value * 32 + ALPHABET.index(letter)
    assert value >> 80 == at_ms


def test_two_houses_do_not_make_the_same_ids() -> None:
    assert Ulids(Scripted([5])).new("req") != Ulids(Scripted([5])).new("req")


def test_the_system_clock_reads_this_century_and_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.now_ms() > 1_700_000_000_000
    assert clock.monotonic_s() <= clock.monotonic_s()


def test_chance_is_from_nothing_up_to_but_not_the_whole() -> None:
    drawn = [chance() for _ in range(1000)]
    assert all(0.0 <= each < 1.0 for each in drawn)
    assert min(drawn) < 0.1
    assert max(drawn) > 0.9
    assert len(set(drawn)) == 1000
