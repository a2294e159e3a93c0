"""Carbon follows the electricity of the place, and says which place it took."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.meter.carbon import Mix, carbon, mix_of
from jevons.testing.make import an_endpoint
from jevons.types.model import Grid
from jevons.types.units import Estimate, Unknown

if TYPE_CHECKING:
    from jevons.types.model import Endpoint

ROWS = (("DE", 330.0, 1.25), ("FR", 41.0, 1.25), ("WORLD", 458.0, 2.0))
GRIDS = {
    place: Grid(place=place, gco2e_per_kwh=grams, fold=fold, source=f"row {place}")
    for place, grams, fold in ROWS
}


def chosen(endpoint: Endpoint, house_grid: str | None = None) -> tuple[str, str]:
    mix = mix_of(endpoint, GRIDS, house_grid)
    return mix.grid.place, mix.chosen


@pytest.mark.parametrize(
    ("endpoint", "house_grid", "place", "why"),
    [
        (an_endpoint(grid="FR", place="DE"), None, "FR", "FR, by its grid: row FR"),
        (an_endpoint(place="DE"), "FR", "DE", "DE, by its place: row DE"),
        (an_endpoint(grid="XX", place="DE"), None, "DE", "DE, by its place: row DE"),
        (an_endpoint(), "FR", "FR", "FR, by its house.grid: row FR"),
        (an_endpoint(grid="DE"), "FR", "DE", "DE, by its grid: row DE"),
        (an_endpoint(), None, "WORLD", "the world's mix, house.grid is not set: row WORLD"),
        (an_endpoint(grid="XX"), None, "WORLD", "the world's mix, no row for 'XX': row WORLD"),
        (
            an_endpoint(place="unknown"),
            "FR",
            "WORLD",
            "the world's mix, no row for 'unknown': row WORLD",
        ),
        (an_endpoint(place="CN"), None, "WORLD", "the world's mix, no row for 'CN': row WORLD"),
    ],
)
def test_the_nearest_electricity_that_has_a_row_is_taken_and_named(
    endpoint: Endpoint, house_grid: str | None, place: str, why: str
) -> None:
    assert chosen(endpoint, house_grid) == (place, why)


def used(fold: float = 2.0, p50: float = 3.6e6) -> Estimate:
    return Estimate(p05=p50 / fold, p50=p50, p95=p50 * fold, method="modelled-cpu", source="")


def test_a_watt_hour_emits_a_thousandth_of_the_grid_s_figure() -> None:
    # 3.6e6 mJ are 1 Wh; at 330 g a kilowatt-hour that is 330 mg.
    figure = carbon(used(), Mix(GRIDS["DE"], "why"))
    assert isinstance(figure, Estimate)
    assert figure.p50 == pytest.approx(330)
    assert (figure.method, figure.source) == ("modelled-cpu", "why")


def test_widths_add_as_squares() -> None:
    figure = carbon(used(), Mix(GRIDS["WORLD"], ""))
    assert isinstance(figure, Estimate)
    fold = math.exp(math.sqrt(2) * math.log(2))
    assert figure.p95 / figure.p50 == pytest.approx(fold)
    assert figure.p50 / figure.p05 == pytest.approx(fold)


def test_each_side_keeps_its_own_width() -> None:
    lopsided = Estimate(p05=1.0, p50=2.0, p95=8.0, method="modelled-hosted", source="")
    certain = Grid(place="X", gco2e_per_kwh=100.0, fold=1.0, source="")
    figure = carbon(lopsided, Mix(certain, ""))
    assert isinstance(figure, Estimate)
    assert figure.p50 / figure.p05 == pytest.approx(2)
    assert figure.p95 / figure.p50 == pytest.approx(4)


def test_unknown_energy_is_unknown_carbon() -> None:
    assert carbon(Unknown(why="no meter"), Mix(GRIDS["DE"], "")) == Unknown(
        why="its energy is unknown: no meter"
    )


@given(
    st.floats(min_value=1e-3, max_value=1e12),
    st.floats(min_value=1.01, max_value=10),
    st.sampled_from(sorted(GRIDS)),
)
def test_carbon_is_never_surer_than_energy_or_grid(p50: float, fold: float, place: str) -> None:
    figure = carbon(used(fold, p50), Mix(GRIDS[place], ""))
    assert isinstance(figure, Estimate)
    assert 0 < figure.p05 < figure.p50 < figure.p95
    width = max(fold, GRIDS[place].fold)
    assert figure.p95 / figure.p50 >= width * (1 - 1e-9)
