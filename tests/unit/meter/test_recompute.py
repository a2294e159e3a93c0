"""An old receipt comes to the same nano-dollar again, by the rows that it names."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.catalog import grids
from jevons.catalog.digest import named_price, named_rate
from jevons.catalog.exchange import Exchange
from jevons.meter import HouseMeter
from jevons.meter.recompute import recompute
from jevons.meter.total import total_charge
from jevons.testing.make import a_price, a_receipt, an_endpoint, an_outcome
from jevons.types.account import Receipt, Tried, Usage
from jevons.types.model import ExchangeRate, Price
from jevons.types.units import Priced, PricedBy, Unknown

AT_MS = 1_767_225_601_000  # 2026-01-01, as `a_receipt` ends
YUAN = named_rate(
    ExchangeRate(
        currency="CNY",
        usd=Decimal("1.175"),
        units=Decimal("8.2262"),
        since="2026-01-01",
        source="a bank",
    )
)
TIERS = tuple(
    named_price("v/m", row)
    for row in (
        a_price("3", "7", currency="CNY", up_to_tokens=1000, cache_read_per_mtok=Decimal("0.3")),
        a_price("6", "14", currency="CNY"),
        a_price("99", "99", currency="CNY", since="2026-02-01"),
    )
)
HERE = an_endpoint("far", place="CN", price=a_price("9", "9"), prices=TIERS)
METER = HouseMeter(grids=grids(), exchange=Exchange([YUAN]))
TOKENS = st.integers(0, 10**7)


def find_price(row: str) -> Price | None:
    return next((price for price in TIERS if price.row == row), None)


def find_rate(row: str) -> ExchangeRate | None:
    return YUAN if row == YUAN.row else None


def receipt_of(*usages: Usage) -> Receipt:
    charges = [METER.charge(HERE, an_outcome(usage=each), at_ms=AT_MS) for each in usages]
    tried = tuple([Tried(endpoint="far", usage=each) for each in usages[:-1]])
    cost = total_charge(charges).cost
    return a_receipt(cost=cost, usage=usages[-1], tried=(*tried, Tried(endpoint="far")))


@given(
    st.lists(
        st.builds(
            Usage,
            input=TOKENS,
            cache_read=TOKENS,
            output=TOKENS,
            reasoning=TOKENS,
            counted_by=st.just("endpoint"),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_it_comes_to_the_same_nano_dollar(usages: list[Usage]) -> None:
    receipt = receipt_of(*usages)
    again = recompute(receipt, find_price=find_price, find_rate=find_rate)
    assert isinstance(receipt.cost, Priced)
    assert isinstance(again, Priced)
    assert (again.nusd, again.by) == (receipt.cost.nusd, receipt.cost.by)


def test_the_receipt_names_the_tier_and_the_rate_of_its_moment() -> None:
    receipt = receipt_of(Usage(input=1001, output=1, counted_by="endpoint"))
    assert isinstance(receipt.cost, Priced)
    assert receipt.cost.by == (PricedBy(row=TIERS[1].row, rate=YUAN.row),)
    # (1001 * 6 + 14) yuan a million at 1.175 dollars for 8.2262 yuan, in nano-dollars.
    assert receipt.cost.nusd == round(Decimal(1001 * 6 + 14) * 1000 * YUAN.usd / YUAN.units)
    assert "1.175 USD for 8.2262 CNY, a bank" in receipt.cost.source
    again = recompute(receipt, find_price=find_price, find_rate=find_rate)
    assert isinstance(again, Priced)
    assert again.nusd == receipt.cost.nusd


@pytest.mark.parametrize(
    ("receipt", "says"),
    [
        (a_receipt(), "its cost was not known: made up"),
        (a_receipt(cost=Priced(nusd=1, method="electricity", source="x")), "not every attempt"),
        (
            a_receipt(cost=Priced(nusd=1, method="m", source="x", by=(PricedBy(row="v/m#0"),))),
            "price v/m#0 is neither in the catalogue",
        ),
        (
            a_receipt(
                cost=Priced(
                    nusd=1, method="m", source="x", by=(PricedBy(row=TIERS[0].row, rate="CNY#0"),)
                )
            ),
            "rate CNY#0 is neither in the catalogue",
        ),
    ],
)
def test_what_cannot_be_priced_again_says_why(receipt: Receipt, says: str) -> None:
    again = recompute(receipt, find_price=find_price, find_rate=find_rate)
    assert isinstance(again, Unknown)
    assert says in again.why


def test_an_answer_that_was_given_again_costs_nothing() -> None:
    cost = recompute(
        a_receipt(repeats="req_before"), find_price=lambda _: None, find_rate=lambda _: None
    )
    assert isinstance(cost, Priced)
    assert cost.nusd == 0
