"""An effort and a number of tokens stand for each other by one table."""

from __future__ import annotations

import pytest

from jevons.wire.effort import BUDGETS, effort_of


@pytest.mark.parametrize(
    ("budget", "effort"),
    [
        (0, "none"),
        (1, "minimal"),
        (1024, "minimal"),
        (1025, "low"),
        (16384, "high"),
        (10**6, "xhigh"),
    ],
)
def test_a_budget_is_the_least_effort_that_it_fits_in(budget: int, effort: str) -> None:
    assert effort_of(budget) == effort


def test_an_effort_is_the_effort_of_its_budget_but_for_the_last() -> None:
    assert [effort_of(tokens) for tokens in BUDGETS.values()] == [*[*BUDGETS][:-1], "xhigh"]
