"""The price that holds is the one row for the moment, the hour, the length and the kind of request."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from jevons.catalog.price_list import PriceList, dearest, eras_of, is_peak
from jevons.testing.make import a_price
from jevons.types.model import Peak, Price
from jevons.types.units import Unknown

if TYPE_CHECKING:
    from jevons.types.model import Service

WEEKDAYS = Peak(days=(1, 2, 3, 4, 5), hours=("01:00-04:00", "06:00-10:00"))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def price(output: str, **fields: Any) -> Price:
    return a_price("1", output, **{"since": "2025-01-01", **fields})


def found(
    *prices: Price,
    peaks: tuple[Peak, ...] = (),
    when: str = "2026-11-23T12:00",
    tokens: int = 100,
    thinking: bool = False,
    service: Service = "standard",
) -> Decimal | str:
    holds = PriceList(prices, peaks).at(
        at(when), input_tokens=tokens, thinking=thinking, service=service
    )
    return holds.why if isinstance(holds, Unknown) else holds.output_per_mtok


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
    assert is_peak(WEEKDAYS, at(moment)) is peak


@pytest.mark.parametrize(
    ("zone", "moment", "peak"),
    [
        ("+08:00", "2026-11-23T01:00", True),  # Monday, 09:00 there
        ("+08:00", "2026-11-23T00:59", False),
        ("+08:00", "2026-11-28T01:00", False),  # Saturday there too
        ("-05:30", "2026-11-23T14:30", True),
        ("-05:30", "2026-11-23T14:29", False),
    ],
)
def test_hours_are_those_of_the_vendors_zone(zone: str, moment: str, *, peak: bool) -> None:
    window = Peak(days=(1, 2, 3, 4, 5), hours=("09:00-12:00",), zone=zone)
    assert is_peak(window, at(moment)) is peak


def test_a_holiday_has_no_peak_and_one_that_nobody_knows_of_has() -> None:
    window = Peak(hours=("09:00-12:00",), zone="+08:00", holidays=frozenset({"2026-10-01"}))
    assert not is_peak(window, at("2026-10-01T02:00"))
    assert not is_peak(window, at("2026-09-30T23:00"))
    assert is_peak(window, at("2027-10-01T02:00"))


def test_the_hour_decides() -> None:
    both = (price("2", hours="peak"), price("1", hours="off-peak"))
    assert found(*both, peaks=(WEEKDAYS,), when="2026-11-23T02:00") == 2
    assert found(*both, peaks=(WEEKDAYS,), when="2026-11-23T05:00") == 1


def test_hours_hold_in_their_era_and_at_its_edges() -> None:
    night = Peak(hours=("00:30-16:30",), since="2026-02-26T16:30Z", until="2026-09-05T16:00Z")
    prices = (
        price("2"),
        price("2", since="2026-02-26T16:30Z", hours="peak"),
        price("1", since="2026-02-26T16:30Z", hours="off-peak"),
        price("3", since="2026-09-05T16:00Z"),
    )
    assert found(*prices, peaks=(night,), when="2026-02-26T16:29") == 2
    assert found(*prices, peaks=(night,), when="2026-02-26T16:30") == 1
    assert found(*prices, peaks=(night,), when="2026-09-05T15:59") == 2
    assert found(*prices, peaks=(night,), when="2026-09-05T16:00") == 3
    hourly = prices[1:3]
    assert "at any hour" in str(found(*hourly, peaks=(night,), when="2026-11-23T12:00"))


def test_the_newest_that_has_begun_decides() -> None:
    eras = (price("3"), price("2", since="2026-01-01"), price("1", since="2026-12-01"))
    assert found(*eras, when="2025-06-01") == 3
    assert found(*eras) == 2
    assert found(*eras, when="2026-11-30T23:59") == 2
    assert found(*eras, when="2026-12-01") == 1


def test_what_the_newest_does_not_say_is_not_looked_up_in_an_older_one() -> None:
    eras = (price("3"), price("2", since="2026-01-01", up_to_tokens=50))
    assert "100 tokens of input" in str(found(*eras))


def test_a_price_ends_when_it_says() -> None:
    assert found(price("1", until="2026-11-23T12:01Z")) == 1
    assert "no standard price" in str(found(price("1", until="2026-11-23T12:00Z")))


def test_the_narrowest_tier_that_the_input_fits_decides_for_all_of_it() -> None:
    tiers = (price("3"), price("1", up_to_tokens=100), price("2", up_to_tokens=200))
    assert found(*tiers, tokens=100) == 1
    assert found(*tiers, tokens=101) == 2
    assert found(*tiers, tokens=201) == 3


def test_thinking_decides_where_a_row_says_so() -> None:
    rows = (price("1"), price("4", thinking=True))
    assert found(*rows) == 1
    assert found(*rows, thinking=True) == 4
    assert "thinking" in str(found(price("1", thinking=False), thinking=True))


def test_another_service_has_its_own_prices_and_eras() -> None:
    rows = (price("2", since="2026-02-01"), price("1", service="batch"))
    assert found(*rows) == 2
    assert found(*rows, service="batch") == 1
    assert "no flex price" in str(found(*rows, service="flex"))


def test_no_price_is_not_a_price_of_nothing() -> None:
    assert "no standard price is known for 2026-11-23" in str(found())
    assert "no standard price is known for 2024-01-01" in str(found(price("1"), when="2024-01-01"))


def test_eras_are_newest_first() -> None:
    rows = [price("1"), price("2", since="2026-01-01"), price("3")]
    assert [len(era.rows) for era in eras_of(rows)] == [1, 2]


def test_the_dearest_is_so_in_every_bucket() -> None:
    rows = (
        price("5", cache_read_per_mtok=Decimal("0.1"), cache_write_per_mtok=Decimal(2)),
        a_price("3", "4", cache_read_per_mtok=Decimal("0.2"), reasoning_per_mtok=Decimal(9)),
    )
    top = dearest(rows)
    assert (top.input_per_mtok, top.output_per_mtok, top.cache_read_per_mtok) == (
        3,
        5,
        Decimal("0.2"),
    )
    assert (top.cache_write_per_mtok, top.cache_write_1h_per_mtok) == (3, 3)
    assert top.reasoning_per_mtok == 9
    assert top.input_audio_per_mtok is None
    heard = [msgspec.structs.replace(row, input_audio_per_mtok=Decimal(7)) for row in rows[:1]]
    assert dearest([*heard, rows[1]]).input_audio_per_mtok == 7
    assert top.source.endswith("the dearest of its 2 prices")
    assert dearest(rows[:1]) is rows[0]
