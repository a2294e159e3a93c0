"""Rows that ship with the package, read when they are first asked for."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import msgspec

from jevons.types.model import Grid, Tariff

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("grids", "world_tariff")


_ZONE_FOLD = 1.1
"""Of a part of a place: the hour that a request fell in is not known."""

_Kind = TypeVar("_Kind", bound=msgspec.Struct)


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place, as `data/grid.toml` writes it."""

    name: str
    gco2e_per_kwh: float
    fold: float
    water_l_per_kwh: float | None = None


class _Zone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a place, as `data/grid.toml` writes it."""

    name: str
    place: str
    gco2e_per_kwh: float


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `data/grid.toml`: places are of one dataset, and zones of another."""

    publisher: str
    dataset: str
    water: str
    year: str
    read: str
    zones: str
    grid: dict[str, _Row]
    zone: dict[str, _Zone]


class _Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one row of `data/electricity.toml`."""

    publisher: str
    dataset: str
    period: str
    read: str
    usd_per_kwh: Decimal


@cache
def grids() -> Mapping[str, Grid]:
    """Read the carbon intensity of every place we have a row for.

    Returns:
        By ISO 3166-1 alpha-2 code, or by a region of a cloud as `gcp/us-central1`, and `WORLD` for
        the world's mix; each with its source.
    """
    table = _read("grid.toml", _Table)
    source = f"{table.publisher}, {table.dataset}, {table.year}, read {table.read}"
    places = {
        place: Grid(
            place=place,
            gco2e_per_kwh=row.gco2e_per_kwh,
            fold=row.fold,
            source=source,
            water_l_per_kwh=row.water_l_per_kwh,
            water_source=table.water,
        )
        for place, row in table.grid.items()
    }
    zones = {
        code: Grid(
            place=code,
            gco2e_per_kwh=zone.gco2e_per_kwh,
            fold=_ZONE_FOLD,
            source=f"{table.zones}, read {table.read}",
            water_l_per_kwh=places[zone.place].water_l_per_kwh,
            water_source=table.water,
        )
        for code, zone in table.zone.items()
    }
    return MappingProxyType({**places, **zones})


@cache
def world_tariff() -> Tariff:
    """Read what electricity costs where nobody said what it costs."""
    row = _read("electricity.toml", _Price)
    source = f"{row.publisher}, {row.dataset}, {row.period}, read {row.read}; set house.electricity_usd_per_kwh"
    return Tariff(usd_per_kwh=row.usd_per_kwh, source=source)


def _read(name: str, kind: type[_Kind]) -> _Kind:
    text = files("jevons.catalog").joinpath("data", name).read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), kind)
