"""What was said of answers is told by endpoint, with how sure its mean is."""

from __future__ import annotations

import math

import pytest

from jevons.reports import opinions, proportion
from jevons.testing.make import a_receipt
from jevons.types.account import Feedback


def a_word(receipt: str, score: float, endpoint: str = "cheap") -> Feedback:
    return Feedback(at_ms=1, receipt=receipt, key="key_1", endpoint=endpoint, score=score)


def test_the_last_word_on_an_answer_counts_and_all_are_counted() -> None:
    told = opinions([a_word("a", 0.0), a_word("a", 1.0), a_word("b", 0.5), a_receipt()])
    assert (told["cheap"].answers, told["cheap"].words) == (2, 3)
    assert told["cheap"].mean.point == 0.75


def test_endpoints_are_told_apart() -> None:
    told = opinions([a_word("a", 0.0), a_word("b", 1.0, "dear")])
    assert [(name, each.mean.point) for name, each in told.items()] == [("cheap", 0), ("dear", 1)]


def test_where_nobody_said_anything_nothing_is_told() -> None:
    assert opinions([]) == {}


@pytest.mark.parametrize(("total", "count"), [(5, 10), (95, 100), (0.75, 3)])
def test_at_either_end_the_mean_would_just_not_be_strange(total: float, count: int) -> None:
    interval = proportion(total, count)
    assert interval.point == total / count
    for end in (interval.p05, interval.p95):
        error = math.sqrt(end * (1 - end) / count)
        assert abs(interval.point - end) == pytest.approx(1.6449 * error)


def test_the_ends_are_shares_where_all_are_alike() -> None:
    assert proportion(0, 10).p05 == 0.0
    assert proportion(10, 10).p95 == 1.0
