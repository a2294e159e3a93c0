"""The shipped table of grids is whole, sourced and cannot be changed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jevons.catalog import grids, world_tariff

PUBLISHED = {
    "CN": 525,
    "DE": 330,
    "FR": 41,
    "GB": 217,
    "IE": 257,
    "IN": 670,
    "PL": 589,
    "SE": 35,
    "SG": 497,
    "US": 384,
    "WORLD": 458,
    "gcp/europe-west9": 34,
    "gcp/us-central1": 430,
}
WATER = {"CN": 6.01, "DE": 1.95, "FR": 3.67, "SE": 6.03, "US": 3.13, "WORLD": 3.91}


def test_rows_are_the_published_figures() -> None:
    assert {place: grids()[place].gco2e_per_kwh for place in PUBLISHED} == PUBLISHED
    assert {place: grids()[place].water_l_per_kwh for place in WATER} == WATER
    assert len(grids()) > 200


def test_the_more_is_known_of_a_place_the_surer_its_figure() -> None:
    for place, grid in grids().items():
        assert grid.fold == (2.0 if place == "WORLD" else 1.1 if "/" in place else 1.25)
        assert 0 < grid.gco2e_per_kwh < 1500
        assert grid.water_l_per_kwh is None or 0 < grid.water_l_per_kwh < 100


def test_every_row_names_itself_and_its_source() -> None:
    for place, grid in grids().items():
        assert grid.place == place
        assert ("Google Cloud" if "/" in place else "Our World in Data / Ember") in grid.source
        assert "read 2026-" in grid.source
        assert "World Resources Institute" in grid.water_source


def test_the_table_is_read_once_and_cannot_be_written() -> None:
    assert grids() is grids()
    with pytest.raises(TypeError):
        grids()["XX"] = grids()["DE"]  # type: ignore[index]


def test_the_world_s_tariff_has_a_price_and_says_whose_figure_it_is() -> None:
    tariff = world_tariff()
    assert Decimal("0.01") < tariff.usd_per_kwh < Decimal(1)
    assert "GlobalPetrolPrices" in tariff.source
    assert "house.electricity_usd_per_kwh" in tariff.source
