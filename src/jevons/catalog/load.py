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


_Kind = TypeVar("_Kind", bound=msgspec.Struct)


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place, as `data/grid.toml` writes it."""

    name: str
    gco2e_per_kwh: float
    fold: float


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `data/grid.toml`: every row of it comes from one dataset."""

    publisher: str
    dataset: str
    year: str
    read: str
    grid: dict[str, _Row]


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
        By ISO 3166-1 alpha-2 code, and `WORLD` for the world's mix; each with its source.
    """
    table = _read("grid.toml", _Table)
    source = f"{table.publisher}, {table.dataset}, {table.year}, read {table.read}"
    return MappingProxyType(
        {
            place: Grid(place=place, gco2e_per_kwh=row.gco2e_per_kwh, fold=row.fold, source=source)
            for place, row in table.grid.items()
        }
    )


@cache
def world_tariff() -> Tariff:
    """Read what electricity costs where nobody said what it costs."""
    row = _read("electricity.toml", _Price)
    source = f"{row.publisher}, {row.dataset}, {row.period}, read {row.read}; set house.electricity_usd_per_kwh"
    return Tariff(usd_per_kwh=row.usd_per_kwh, source=source)


def _read(name: str, kind: type[_Kind]) -> _Kind:
    text = files("jevons.catalog").joinpath("data", name).read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), kind)
