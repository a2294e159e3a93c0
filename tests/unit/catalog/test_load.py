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
}


def test_every_row_is_the_published_figure() -> None:
    assert {place: grid.gco2e_per_kwh for place, grid in grids().items()} == PUBLISHED


def test_a_country_is_known_better_than_the_world() -> None:
    folds = {place: grid.fold for place, grid in grids().items()}
    assert folds.pop("WORLD") == 2.0
    assert set(folds.values()) == {1.25}


def test_every_row_names_itself_and_its_source() -> None:
    for place, grid in grids().items():
        assert grid.place == place
        assert "Our World in Data / Ember" in grid.source
        assert "read 2026-" in grid.source


def test_the_table_is_read_once_and_cannot_be_written() -> None:
    assert grids() is grids()
    with pytest.raises(TypeError):
        grids()["XX"] = grids()["DE"]  # type: ignore[index]


def test_the_world_s_tariff_has_a_price_and_says_whose_figure_it_is() -> None:
    tariff = world_tariff()
    assert Decimal("0.01") < tariff.usd_per_kwh < Decimal(1)
    assert "GlobalPetrolPrices" in tariff.source
    assert "house.electricity_usd_per_kwh" in tariff.source
