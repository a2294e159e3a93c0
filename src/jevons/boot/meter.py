"""The meter, as the settings have it."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from jevons.boot.grids import open_grids
from jevons.catalog import world_tariff
from jevons.catalog.digest import named_rate
from jevons.catalog.exchange import Exchange, exchange_rates
from jevons.meter import HouseMeter
from jevons.types.budget import Amounts
from jevons.types.errors import Misconfigured
from jevons.types.model import Tariff

if TYPE_CHECKING:
    from decimal import Decimal

    from jevons.settings import BudgetSettings, Settings

__all__ = ("open_exchange", "open_meter")

_NUSD_PER_USD = 1_000_000_000
_MJ_PER_WH = 3_600_000
_UG_PER_G = 1_000_000
_LARGEST = 2**63
"""What the books can hold: nano-dollars, millijoules, micrograms."""


def open_exchange(settings: Settings) -> Exchange:
    """Prepare what other currencies are worth: what is set, else what ships with the package."""
    return Exchange(map(named_rate, settings.exchange), exchange_rates())


def open_meter(settings: Settings) -> HouseMeter:
    """Make the meter of a house.

    Raises:
        Misconfigured: A figure cannot be, or there is no row for a grid.
    """
    house = settings.house
    paid = house.electricity_usd_per_kwh
    tariff = (
        Tariff(usd_per_kwh=paid, source="house.electricity_usd_per_kwh")
        if paid is not None
        else None
    )
    return HouseMeter(
        grids=open_grids(settings),
        house_grid=house.grid,
        house_site=house.site,
        tariff=tariff or world_tariff(),
        watts_per_thread=house.watts_per_thread,
        ceiling=_ceiling(settings.budgets),
        own_joules_per_token=settings.budgets.own_joules_per_token,
        exchange=open_exchange(settings),
    )


def _ceiling(said: BudgetSettings) -> Amounts:
    return Amounts(
        cost_nusd=_parts(said.ceiling_usd, _NUSD_PER_USD, "ceiling_usd"),
        energy_mj=_parts(said.ceiling_wh, _MJ_PER_WH, "ceiling_wh"),
        carbon_ug=_parts(said.ceiling_gco2e, _UG_PER_G, "ceiling_gco2e"),
    )


def _parts(amount: Decimal | None, scale: int, name: str) -> int | None:
    if amount is None:
        return None
    if not (amount.is_finite() and 0 <= amount * scale < _LARGEST):
        message = f"budgets.{name} is {amount}; it must be 0 or more, and less than 9e18 parts"
        raise Misconfigured(message)
    return ceil(amount * scale)
