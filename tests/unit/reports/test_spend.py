"""A bill adds what is known, and counts what is not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jevons.ledger.record import encode
from jevons.reports import Bill, Billed, Column, Span, bill
from jevons.testing.make import a_receipt
from jevons.types.account import Usage
from jevons.types.budget import DEFAULT_LINE
from jevons.types.units import Estimate, Priced, Unknown

ALL = Span(0, 10**15)
WORDS = Usage(input=5, cache_read=1, cache_write=2, output=7, reasoning=3, counted_by="endpoint")
WHY = Unknown(why="a test")


def estimate(p50: float) -> Estimate:
    return Estimate(p05=p50 / 2, p50=p50, p95=p50 * 2, method="modelled-hosted", source="a test")


def billed(**fields: Any) -> Billed:
    usual: dict[str, Any] = {
        "at_ms": 1_793_491_200_000,
        "usage": WORDS,
        "cost": Priced(nusd=11, method="price-row", source="a row"),
        "energy_mj": estimate(10.0),
        "carbon_mg": estimate(4.0),
    }
    return msgspec.json.decode(encode(a_receipt(**{**usual, **fields})), type=Billed)


def test_what_is_known_is_added_and_what_is_not_is_counted() -> None:
    receipts = [
        billed(),
        billed(error="provider_timeout"),
        billed(cost=WHY),
        billed(energy_mj=WHY, carbon_mg=WHY),
    ]
    assert bill(receipts, ALL, by=()) == {
        (): Bill(
            requests=4, failed=1, read=32, written=40, cost_nusd=33, energy_mj=30.0,
            carbon_mg=12.0, unpriced=1, unmeasured=1,
        )
    }  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("day", "2026-11-01"),
        ("month", "2026-11"),
        ("model", "m/x"),
        ("endpoint", "far"),
        ("host", "Far Inc."),
        ("place", "CH"),
        ("class", "personal"),
        ("key", "key_7"),
        ("account", "ada"),
    ],
)
def test_answers_are_told_apart_by(column: Column, value: str) -> None:
    one = billed(
        model="m/x", endpoint="far", host="Far Inc.", place="CH", data_class="personal",
        key="key_7", account=("ada", "research"),
    )  # fmt: skip
    assert [*bill([one], ALL, by=(column,))] == [(value,)]


def test_what_nobody_answered_is_nobody_s_and_what_nobody_knows_is_unknown() -> None:
    lost = billed(model=None, endpoint=None, host=None, place=None, error="exhausted")
    somewhere = billed(place=None)
    names = [*bill([somewhere, lost], ALL, by=("place",))]
    assert names == [("nobody",), ("unknown",)]
    assert [*bill([lost], ALL, by=("model", "endpoint", "host"))] == [("nobody",) * 3]


def test_only_what_is_within_the_days_counts() -> None:
    receipts = [billed(at_ms=at_ms) for at_ms in (9, 10, 19, 20)]
    assert bill(receipts, Span(10, 20), by=())[()].requests == 2
    assert bill(receipts, Span(30, 40), by=()) == {}


def test_a_receipt_is_of_its_key_and_of_what_that_belongs_to() -> None:
    one = billed(key="key_7", account=("ada", "research"))
    assert [one.is_of(name) for name in ("key_7", "ada", "research", "else")] == [True] * 3 + [
        False
    ]
    assert billed(account=()).line == DEFAULT_LINE
