"""A charge joins the three figures of one outcome, for own hardware and for hosted alike."""

from __future__ import annotations

import pytest

from jevons.catalog import grids
from jevons.catalog.moments import moment_ms
from jevons.meter import HouseMeter
from jevons.testing.make import a_footprint, a_price, a_tariff, an_endpoint, an_outcome
from jevons.types.account import Measured, Usage
from jevons.types.errors import Misconfigured
from jevons.types.model import Site
from jevons.types.units import Estimate, Priced, Unknown

USED = Usage(input=100, output=400, counted_by="endpoint")
BUSY = an_outcome(usage=USED, measured=Measured(cpu_s=1.0))
SERVED = an_outcome(usage=USED)

HOSTED = an_endpoint("hosted", place="DE", price=a_price(), footprint=a_footprint())


def test_own_hardware_costs_its_electricity() -> None:
    meter = HouseMeter(grids=grids(), house_grid="FR", tariff=a_tariff(1))
    charge = meter.charge(an_endpoint(), BUSY)
    # 4 W for a second are 4000 mJ, 1.11e-6 kWh.
    assert charge.cost == Priced(
        nusd=1111,
        method="electricity",
        source="1 USD/kWh (made up for a test), energy modelled-cpu",
    )
    assert isinstance(charge.energy_mj, Estimate)
    assert charge.energy_mj.p50 == 4000.0
    assert isinstance(charge.carbon_mg, Estimate)
    assert charge.carbon_mg.p50 == pytest.approx(4000 / 3.6e6 * 41)
    assert charge.carbon_mg.source.startswith("FR, by its house.grid")


def test_own_hardware_of_unknown_tariff_has_an_unknown_cost() -> None:
    charge = HouseMeter(grids=grids()).charge(an_endpoint(), BUSY)
    assert charge.cost == Unknown(why="own hardware; set `house.electricity_usd_per_kwh`")


def test_the_house_s_power_is_used() -> None:
    charge = HouseMeter(grids=grids(), watts_per_thread=8.0).charge(an_endpoint(), BUSY)
    assert isinstance(charge.energy_mj, Estimate)
    assert charge.energy_mj.p50 == 8000.0


def test_a_hosted_model_costs_its_price_whatever_the_tariff() -> None:
    meter = HouseMeter(grids=grids(), tariff=a_tariff(1))
    charge = meter.charge(HOSTED, SERVED)
    assert isinstance(charge.cost, Priced)
    assert (charge.cost.nusd, charge.cost.method) == (900_000, "price-row")
    assert isinstance(charge.energy_mj, Estimate)
    assert charge.energy_mj.method == "modelled-hosted"
    assert isinstance(charge.carbon_mg, Estimate)
    assert charge.carbon_mg.source.startswith("DE, by its place")


def test_a_hosted_model_without_rows_is_unknown_and_says_what_to_set() -> None:
    charge = HouseMeter(grids=grids()).charge(an_endpoint("bare", place="DE"), SERVED)
    assert charge.cost == Unknown(why="endpoint 'bare' has no price; set its `price`")
    assert isinstance(charge.energy_mj, Unknown)
    assert "set its `footprint`" in charge.energy_mj.why
    assert charge.carbon_mg == Unknown(why=f"its energy is unknown: {charge.energy_mj.why}")


def test_what_is_kept_of_an_endpoint_changes_no_answer() -> None:
    meter = HouseMeter(grids=grids())
    first = meter.charge(HOSTED, SERVED)
    moved = an_endpoint("hosted", place="FR", price=a_price("9"), footprint=a_footprint(70, 70))
    assert meter.charge(HOSTED, SERVED) == first
    assert meter.charge(moved, SERVED) == HouseMeter(grids=grids()).charge(moved, SERVED)
    assert meter.charge(HOSTED, SERVED) == first


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"house_grid": "XX"}, "house.grid is 'XX', for which there is no row"),
        ({"watts_per_thread": 0.0}, "house.watts_per_thread is 0.0; it must be a power above 0"),
        ({"watts_per_thread": float("nan")}, "house.watts_per_thread is nan"),
        ({"watts_per_thread": float("inf")}, "house.watts_per_thread is inf"),
        (
            {"tariff": a_tariff("-0.1")},
            "house.electricity_usd_per_kwh is -0.1; it must be an amount of USD, 0 or more",
        ),
        ({"tariff": a_tariff("NaN")}, "house.electricity_usd_per_kwh is NaN"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(fields: dict[str, object], told: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        HouseMeter(grids=grids(), **fields)  # type: ignore[arg-type]
    assert str(caught.value).startswith(told)


def test_a_table_without_the_world_is_refused() -> None:
    with pytest.raises(Misconfigured, match="no row 'WORLD'"):
        HouseMeter(grids={"DE": grids()["DE"]})


def test_a_very_small_processor_may_take_less_than_a_watt() -> None:
    charge = HouseMeter(grids=grids(), watts_per_thread=0.5).charge(an_endpoint(), BUSY)
    assert isinstance(charge.energy_mj, Estimate)
    assert charge.energy_mj.p50 == 500.0


def test_free_electricity_is_a_tariff() -> None:
    meter = HouseMeter(grids=grids(), tariff=a_tariff(0))
    assert isinstance(meter.charge(an_endpoint(), BUSY).cost, Priced)


def test_the_price_of_the_moment_is_charged_and_without_one_the_most_it_may_be() -> None:
    prices = (a_price("1", "2"), a_price("3", "4", since="2026-06-01"))
    endpoint = an_endpoint("far", place="DE", price=a_price("9", "9"), prices=prices)
    meter = HouseMeter(grids=grids())

    def nusd(day: str | None) -> int | str:
        at_ms = None if day is None else moment_ms(day)
        cost = meter.charge(endpoint, SERVED, at_ms=at_ms).cost
        return cost.nusd if isinstance(cost, Priced) else cost.why

    assert nusd("2026-05-31") == 900_000
    assert nusd("2026-06-01") == 1_900_000
    assert nusd("2026-06-02") == 1_900_000
    assert nusd(None) == 4_500_000
    assert nusd("2025-12-31") == ("endpoint 'far': no standard price is known for 2025-12-31")


def test_a_currency_of_unknown_worth_has_an_unknown_cost() -> None:
    prices = (a_price(currency="CNY"),)
    endpoint = an_endpoint("far", place="CN", prices=prices)
    charge = HouseMeter(grids=grids()).charge(endpoint, SERVED, at_ms=moment_ms("2026-02-01"))
    assert charge.cost == Unknown(
        why="endpoint 'far': no exchange rate of CNY is known for 2026-02-01; set `exchange`"
    )


def test_what_is_said_of_the_premises_is_of_what_runs_there() -> None:
    said = Site(market_gco2e_per_kwh=10.0, source="a contract, 2026")
    meter = HouseMeter(grids=grids(), house_grid="FR", house_site=said)
    own = meter.charge(an_endpoint(), BUSY).impact
    assert own is not None
    assert isinstance(own.market_mg, Estimate)
    assert own.market_mg.p50 == pytest.approx(4000 / 3.6e6 * 10)
    hosted = meter.charge(HOSTED, SERVED).impact
    assert hosted is not None
    assert isinstance(hosted.market_mg, Unknown)
    assert isinstance(hosted.embodied_mg, Estimate)
