"""What is added up is what is known; all else is counted, by its reason."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.reports.tallying import counted, estimate, tallied

from jevons.reports import HOUR_MS, Span, apart, fields_of, gather
from jevons.types.account import Usage
from jevons.types.units import Unknown

if TYPE_CHECKING:
    from jevons.reports import Counted, Dimension

BEFORE, AFTER = Span(0, 4 * HOUR_MS), Span(4 * HOUR_MS, 8 * HOUR_MS)
WORDS = Usage(input=5, output=7, reasoning=3, counted_by="endpoint")


def seen(hour: float, **fields: Any) -> Counted:
    usual: dict[str, Any] = {
        "at_ms": int(hour * HOUR_MS),
        "usage": WORDS,
        "energy_mj": estimate(10.0),
        "carbon_mg": estimate(4.0),
    }
    return counted(**{**usual, **fields})


def test_each_receipt_is_added_in_its_period_and_group() -> None:
    receipts = tallied(
        seen(0),
        seen(1.9, endpoint="there"),
        seen(2),
        seen(3.9, model="b/other", energy_mj=estimate(1.0, method="measured-nvml")),
        seen(4),
        seen(8),
    )
    before, after = gather(receipts, (BEFORE, AFTER))
    model = seen(0).model or ""
    assert {name: sums.flow for name, sums in before.groups.items()} == {
        model: (3, 30, 30.0),
        "b/other": (1, 10, 1.0),
    }
    assert before.methods == {"modelled-hosted": 30.0, "measured-nvml": 1.0}
    assert before.tokens == (20, 20)
    assert before.amount == 31.0
    assert after.flows == {model: (1, 10, 10.0)}
    (carbon,) = gather(receipts, (BEFORE,), measure="carbon")
    assert carbon.amount == 16.0


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("model", "a/model"),
        ("endpoint", "there"),
        ("key", "key_7"),
        ("project", "ada"),
        ("team", "research"),
    ],
)
def test_what_makes_a_group(by: Dimension, name: str) -> None:
    one = seen(0, endpoint="there", key="key_7", account=("ada", "research", "acme"))
    (period,) = gather(tallied(one), (BEFORE,), by=by)
    assert [*period.groups] == [name]
    assert {*fields_of(by)} >= {"method", "ended"}


def test_a_group_is_as_unsure_as_the_sums_of_its_ends() -> None:
    receipts = tallied(
        seen(0, energy_mj=estimate(90.0, 4.0)), seen(1, energy_mj=estimate(10.0, 1.0))
    )
    (period,) = gather(receipts, (BEFORE,))
    (sums,) = period.groups.values()
    ends = (90 / 4 + 10, 90 * 4 + 10)
    assert sums.sigma == pytest.approx(math.log(ends[1] / ends[0]) / 2 / 1.6448536269514722)


def test_what_is_not_added_is_counted() -> None:
    receipts = tallied(
        seen(0, error="provider_timeout"),
        seen(1, endpoint=None, model=None),
        seen(2, usage=Usage(input=5, counted_by="endpoint")),
        seen(3, energy_mj=Unknown(why="no footprint")),
    )
    (period,) = gather(receipts, (BEFORE,))
    assert period.groups == {}
    assert (period.failed, period.silent, period.unknown) == (2, 1, 1)


def test_tallies_are_taken_apart_by_name_and_nobody_is_left_out() -> None:
    parts = apart(tallied(seen(0, model="b"), seen(1, model="a"), seen(2, model=None)), "model")
    assert [(name, len(some)) for name, some in parts.items()] == [("a", 1), ("b", 1)]
