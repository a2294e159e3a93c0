"""The price that holds is the newest row for the day, the hour, the host and the length."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from jevons.catalog.list_price import is_peak, price_at
from jevons.catalog.vendor import Host, ListPrice, Peak, Product, Seen, Vendor
from jevons.catalog.vendors import vendors

PEAK = Peak(days=(1, 2, 3, 4, 5), utc=("01:00-04:00", "06:00-10:00"), source="page")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def price(output: str, **fields: Any) -> ListPrice:
    usual: dict[str, Any] = {"input_per_mtok": Decimal(1), "source": "page"}
    return ListPrice(output_per_mtok=Decimal(output), **usual, **fields)


def found(
    *prices: ListPrice,
    peak: Peak | None = None,
    when: str = "2026-11-23T12:00",
    host: str = "h",
    tokens: int = 100,
) -> Decimal | None:
    product = Product(id="m", source="page", prices=prices)
    vendor = Vendor(
        id="v",
        name="V",
        homepage="https://v.example",
        sources={"page": Seen(url="https://v.example", read="2026-11-01")},
        peak=peak,
        hosts=(Host(id="h", bases={}, place="DE", source="page"),),
    )
    holds = price_at(vendor, product, at_ms=at(when), host=host, input_tokens=tokens)
    return holds and holds.output_per_mtok


@pytest.mark.parametrize(
    ("moment", "peak"),
    [
        ("2026-11-23T00:59", False),
        ("2026-11-23T01:00", True),
        ("2026-11-23T03:59:59", True),
        ("2026-11-23T04:00", False),
        ("2026-11-27T09:59", True),
        ("2026-11-28T02:00", False),
    ],
)
def test_a_peak_is_within_its_days_and_hours(moment: str, *, peak: bool) -> None:
    assert is_peak(PEAK, at(moment)) is peak


def test_the_hour_decides() -> None:
    both = (price("2", hours="peak"), price("1", hours="off-peak"))
    assert found(*both, peak=PEAK, when="2026-11-23T02:00") == 2
    assert found(*both, peak=PEAK, when="2026-11-23T05:00") == 1


def test_the_newest_that_holds_already_decides() -> None:
    eras = (price("3"), price("2", since="2026-01-01"), price("1", since="2026-12-01"))
    assert found(*eras, when="2025-06-01") == 3
    assert found(*eras) == 2
    assert found(*eras, when="2026-12-01") == 1


def test_the_narrowest_tier_that_the_input_fits_decides() -> None:
    tiers = (price("3"), price("1", up_to_tokens=100), price("2", up_to_tokens=200))
    assert found(*tiers, tokens=100) == 1
    assert found(*tiers, tokens=101) == 2
    assert found(*tiers, tokens=201) == 3


def test_the_host_decides() -> None:
    assert found(price("1", hosts=("h",))) == 1
    assert found(price("1", hosts=("h",)), host="elsewhere") is None


def test_a_price_in_another_currency_is_none() -> None:
    assert found(price("1", currency="CNY")) is None


def test_no_price_is_not_a_price_of_nothing() -> None:
    assert found() is None
    assert found(price("1", up_to_tokens=10), tokens=11) is None


def test_a_shipped_row_has_its_two_prices() -> None:
    vendor = vendors()["deepseek"]
    product = vendor.product("deepseek-flash")
    assert product is not None
    charged = [
        price_at(vendor, product, at_ms=at(when), host="deepseek", input_tokens=1)
        for when in ("2026-11-23T02:00", "2026-11-22T02:00")
    ]
    assert [each and each.output_per_mtok for each in charged] == [Decimal("1.20"), Decimal("0.60")]
