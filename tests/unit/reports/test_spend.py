"""A bill adds what is known, and counts what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.reports.tallying import counted, estimate, tallied

from jevons.reports import Bill, Column, Tier, bill, groups_of, tier_of
from jevons.types.account import Impact, Usage
from jevons.types.units import Priced, Unknown

if TYPE_CHECKING:
    from jevons.reports import Counted

WORDS = Usage(input=5, cache_read=1, cache_write=2, output=7, reasoning=3, counted_by="endpoint")
WHY = Unknown(why="a test")
IMPACT = Impact(
    market_mg=estimate(1.0),
    embodied_mg=estimate(2.0),
    water_site_ul=estimate(3.0),
    water_grid_ul=estimate(5.0),
)


def billed(**fields: Any) -> Counted:
    usual: dict[str, Any] = {
        "at_ms": 1_793_491_200_000,
        "usage": WORDS,
        "cost": Priced(nusd=11, method="price-row", source="a row"),
        "energy_mj": estimate(10.0),
        "carbon_mg": estimate(4.0),
        "impact": IMPACT,
    }
    return counted(**{**usual, **fields})


def test_what_is_known_is_added_and_what_is_not_is_counted() -> None:
    receipts = tallied(
        billed(),
        billed(error="provider_timeout"),
        billed(cost=WHY, energy_mj=estimate(10.0, method="measured-nvml")),
        billed(energy_mj=WHY, carbon_mg=WHY, impact=None),
    )
    assert bill(receipts, by=()) == {
        (): Bill(
            requests=4, failed=1, read=32, written=40, cost_nusd=33,
            energy_mj=30.0, energy_mj_p05=15.0, energy_mj_p95=60.0,
            measured_mj=10.0, reported_mj=0.0, modelled_mj=20.0,
            carbon_mg=12.0, carbon_mg_p05=6.0, carbon_mg_p95=24.0,
            market_mg=3.0, embodied_mg=6.0, water_site_ul=9.0, water_grid_ul=15.0,
            unpriced=1, unmeasured=1, no_market=1, no_embodied=1,
            no_water_site=1, no_water_grid=1,
        )
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "tier"),
    [
        ("measured-nvml", "measured"),
        ("reported", "reported"),
        ("modelled-cpu", "modelled"),
        ("measured-rapl + modelled-hosted", "modelled"),
        ("measured-rapl + reported", "reported"),
        ("measured-rapl + measured-nvml", "measured"),
        ("", "modelled"),
    ],
)
def test_a_mix_of_methods_is_of_the_least_sure(method: str, tier: Tier) -> None:
    assert tier_of(method) == tier


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
    assert [*bill(tallied(one), by=(column,))] == [(value,)]
    assert groups_of((column,)) >= {"method", "ended"}


def test_what_nobody_answered_is_nobody_s_and_what_nobody_knows_is_unknown() -> None:
    lost = billed(model=None, endpoint=None, host=None, place=None, error="exhausted")
    somewhere = billed(place=None)
    names = [*bill(tallied(somewhere, lost), by=("place",))]
    assert names == [("nobody",), ("unknown",)]
    assert [*bill(tallied(lost), by=("model", "endpoint", "host"))] == [("nobody",) * 3]
