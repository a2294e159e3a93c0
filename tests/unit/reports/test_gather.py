"""What is added up is what is known; all else is counted, by its reason."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from jevons.ledger.record import encode
from jevons.reports import Seen, Span, gather
from jevons.testing.make import a_receipt
from jevons.types.account import Usage
from jevons.types.budget import DEFAULT_LINE
from jevons.types.units import Estimate, Unknown

BEFORE, AFTER = Span(0, 100), Span(100, 200)
WORDS = Usage(input=5, output=7, reasoning=3, counted_by="endpoint")


def estimate(p50: float, fold: float = 2.0, method: str = "modelled-hosted") -> Estimate:
    return Estimate(p05=p50 / fold, p50=p50, p95=p50 * fold, method=method, source="a test")


def seen(at_ms: int, **fields: Any) -> Seen:
    """A receipt, written as a leaf and read as a report reads it."""
    usual: dict[str, Any] = {
        "at_ms": at_ms,
        "usage": WORDS,
        "energy_mj": estimate(10.0),
        "carbon_mg": estimate(4.0),
    }
    return msgspec.json.decode(encode(a_receipt(**{**usual, **fields})), type=Seen)


def test_each_receipt_is_added_in_its_period_and_group() -> None:
    receipts = [
        seen(0),
        seen(49, endpoint="there"),
        seen(50),
        seen(99, model="b/other", energy_mj=estimate(1.0, method="measured-nvml")),
        seen(100),
        seen(200),
    ]
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
    by_endpoint, _ = gather(receipts, (BEFORE, AFTER), by="endpoint")
    assert by_endpoint.groups["there"].requests == 1
    (carbon,) = gather(receipts, (BEFORE,), measure="carbon")
    assert carbon.amount == 16.0


def test_how_unsure_a_group_is_goes_by_its_larger_answers() -> None:
    receipts = [seen(0, energy_mj=estimate(90.0, 4.0)), seen(1, energy_mj=estimate(10.0, 1.0))]
    (period,) = gather(receipts, (BEFORE,))
    (sums,) = period.groups.values()
    assert sums.sigma == pytest.approx(0.9 * math.log(4) / 1.6448536269514722)


def test_what_is_not_added_is_counted() -> None:
    receipts = [
        seen(0, error="provider_timeout"),
        seen(1, endpoint=None, model=None),
        seen(2, usage=Usage(input=5, counted_by="endpoint")),
        seen(3, energy_mj=Unknown(why="no footprint")),
    ]
    (period,) = gather(receipts, (BEFORE,))
    assert period.groups == {}
    assert (period.failed, period.silent, period.unknown) == (2, 1, 1)


def test_a_receipt_is_of_its_key_and_of_what_that_belongs_to() -> None:
    of_ada = seen(0, key="key_1", account=("ada", "research"))
    assert all(of_ada.is_of(name) for name in ("key_1", "ada", "research"))
    assert not of_ada.is_of("key_2")
    assert not of_ada.is_of(DEFAULT_LINE[0])
    assert seen(0, account=()).is_of(DEFAULT_LINE[0]), "records of old name no account"
