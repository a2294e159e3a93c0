"""What the operator says goes first; what nobody says is usual for a data centre, else unknown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from jevons.meter.impact import factors_of, impact
from jevons.types.model import Grid, Site
from jevons.types.units import Estimate, Unknown

if TYPE_CHECKING:
    from jevons.types.account import Impact

KWH = Estimate(p05=1.8e9, p50=3.6e9, p95=7.2e9, method="modelled-hosted", source="a test")
"""A kilowatt-hour, half to double."""
GRID = Grid(
    place="DE", gco2e_per_kwh=330.0, fold=1.25, source="", water_l_per_kwh=2.0, water_source="WRI"
)
SAID = Site(
    market_gco2e_per_kwh=50.0,
    embodied_gco2e_per_kwh=20.0,
    water_l_per_kwh=0.5,
    source="the operator, 2026-06",
)


def of(site: Site | None = None, *, is_own: bool = False, grid: Grid = GRID) -> Impact:
    return impact(KWH, factors_of(grid, site, is_own=is_own))


def known(amount: object) -> Estimate:
    assert isinstance(amount, Estimate)
    return amount


def test_what_the_operator_says_is_taken_with_its_source() -> None:
    found = of(SAID, is_own=True)
    assert known(found.market_mg).p50 == pytest.approx(50e3)
    assert known(found.embodied_mg).p50 == pytest.approx(20e3)
    assert known(found.water_site_ul).p50 == pytest.approx(0.5e6)
    assert {known(each).source for each in (found.market_mg, found.embodied_mg)} == {SAID.source}
    assert known(found.market_mg).p95 / known(found.market_mg).p50 == pytest.approx(2)


def test_water_of_a_data_centre_is_of_its_machines_alone() -> None:
    assert known(of(SAID).water_site_ul).p50 == pytest.approx(0.5e6 / 1.15)


def test_no_carbon_is_a_figure_too() -> None:
    clean = Site(market_gco2e_per_kwh=0.0, source="a contract for wind, 2026")
    assert known(of(clean).market_mg).p95 == 0


def test_what_nobody_says_of_a_data_centre_is_what_is_usual() -> None:
    found = of()
    assert known(found.embodied_mg).p50 == pytest.approx(41e3)
    assert known(found.water_site_ul).p50 == pytest.approx(0.3e6 / 1.15)
    assert found.market_mg == Unknown(
        why="nobody said; set `market_gco2e_per_kwh` of the endpoint's `site`"
    )
    above = math.hypot(math.log(2), math.log(120 / 17) / 2)
    ratio = known(found.embodied_mg).p95 / known(found.embodied_mg).p50
    assert math.log(ratio) == pytest.approx(above)


def test_what_nobody_says_of_own_hardware_is_unknown() -> None:
    found = of(is_own=True)
    for amount in (found.market_mg, found.embodied_mg, found.water_site_ul):
        assert isinstance(amount, Unknown)
        assert "house.site" in amount.why
    assert known(found.water_grid_ul).p50 == pytest.approx(2e6)


def test_electricity_whose_water_nobody_counted() -> None:
    dry = Grid(place="XX", gco2e_per_kwh=100.0, fold=1.25, source="")
    assert of(grid=dry).water_grid_ul == Unknown(why="no water of the electricity of XX is known")


def test_an_unknown_energy_came_to_nothing_known() -> None:
    found = impact(Unknown(why="no meter"), factors_of(GRID, SAID, is_own=True))
    assert found.market_mg == found.water_grid_ul == Unknown(why="its energy is unknown")
