"""What words tell of is found in time that grows with the text alone."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.privacy.worded import worded

PIECES = st.sampled_from(
    ["12 ", "Maple ", "street", " Street", ", ", "\n", "via ", "Apt. 3", "P.O. Box 1", "lives on ", "Mrs. ",
     "Ada ", "my name is ", "born ", "1980-03-14", "March ", "aged ", "54", "'", "-", "de ", "10115 ", "\U0001f600", "é"]
)  # fmt: skip
UNITS = (
    "7", "1 ", "1 A", "1 A ", "12 Maple ", "12 Maple Street", "12 Maple\n", "A", "A ", "A.", "A'a", "A-a-", "Aa ",
    "via ", "via A ", "12 via ", "12 via a ", "corner of ", "corner of and ", "\n", " ", ",", "> ", "\n> ", "Apt. 1",
    "Apt. 1\n", "Apt. 1, A ", "lives on ", "lives on A ", "Mrs. A ", "Dear A", "name: ", "name is A ", "said ", "A said ",
    "born ", "1.", "1.1.", "1/1/", "March ", "1 March ", "aged ", "age: 1 ", "1-", "(", "A de ", "A (b) ", "a, b 1",
    "x" * 64, "A" * 64, "12345 A\n", "nr 1 ",
)  # fmt: skip
SIZE = 3_000
TIMES = 8


@given(st.lists(PIECES, max_size=30).map("".join))
def test_whatever_is_put_together_findings_lie_in_it(text: str) -> None:
    assert all(0 <= one.start < one.end <= len(text) for one in worded(text))


@pytest.mark.parametrize("unit", UNITS)
def test_eight_times_the_text_is_no_more_than_eight_times_the_work(unit: str) -> None:
    short = (unit * SIZE)[:SIZE]
    long = (unit * SIZE * TIMES)[: SIZE * TIMES]
    # Were it squared, it would be 64 times as much.
    assert least_s(long) < 3 * TIMES * least_s(short) + 0.001


def least_s(text: str) -> float:
    """Take the least of some times, which no neighbour made longer."""
    times: list[float] = []
    for _ in range(4):
        began = process_time()
        list(worded(text))
        times.append(process_time() - began)
    return min(times)
