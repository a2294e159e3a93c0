"""The house's meter: every figure of a charge, from rows and what was observed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from jevons.catalog import is_own
from jevons.meter.carbon import WORLD, Mix, carbon, mix_of
from jevons.meter.energy import energy
from jevons.meter.hosted import Hosted, hosted
from jevons.meter.price import Rates, by_electricity, by_price_row, rates_of
from jevons.types.account import Charge
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.ports import Meter
    from jevons.types.decision import Outcome
    from jevons.types.model import Endpoint, Grid, Tariff

__all__ = ("HouseMeter",)


class _Known(NamedTuple):
    """What of an endpoint's charge does not depend on the request."""

    endpoint: Endpoint
    rates: Rates | None
    model: Hosted | None
    mix: Mix
    own: bool


class HouseMeter:
    """Prices outcomes for one house.

    Keeps what it worked out for each endpoint; that saves time and changes no answer.

    Args:
        grids: Rows by ISO 3166-1 alpha-2 code, and `WORLD`.
        house_grid: Code of the electricity of the premises; None takes the world's.
        watts_per_thread: Power of one busy processor thread; None takes a usual one.
        tariff: What the electricity of own hardware costs; None leaves its answers' cost unknown.

    Raises:
        Misconfigured: A figure cannot be, or there is no row for a grid.
    """

    def __init__(
        self,
        *,
        grids: Mapping[str, Grid],
        house_grid: str | None = None,
        watts_per_thread: float | None = None,
        tariff: Tariff | None = None,
    ) -> None:
        _refuse_unknown_grid(house_grid, grids)
        _refuse_watts(watts_per_thread)
        _refuse_tariff(tariff)
        self._grids = grids
        self._house_grid = house_grid
        self._watts_per_thread = watts_per_thread
        self._tariff = tariff
        self._known: dict[str, _Known] = {}

    def charge(self, endpoint: Endpoint, outcome: Outcome) -> Charge:
        """Price one outcome. Pure."""
        known = self._of(endpoint)
        energy_mj = energy(
            endpoint,
            outcome.measured,
            outcome.usage,
            watts_per_thread=self._watts_per_thread,
            model=known.model,
        )
        own = by_electricity(energy_mj, self._tariff) if known.own else None
        return Charge(
            cost=own or by_price_row(endpoint.name, known.rates, outcome.usage),
            energy_mj=energy_mj,
            carbon_mg=carbon(energy_mj, known.mix),
        )

    def _of(self, endpoint: Endpoint) -> _Known:
        known = self._known.get(endpoint.name)
        if known is None or known.endpoint is not endpoint:
            footprint = endpoint.footprint
            known = self._known[endpoint.name] = _Known(
                endpoint,
                None if endpoint.price is None else rates_of(endpoint.price),
                None if footprint is None else hosted(footprint),
                mix_of(endpoint, self._grids, self._house_grid),
                is_own(endpoint),
            )
        return known


def _refuse_unknown_grid(house_grid: str | None, grids: Mapping[str, Grid]) -> None:
    if WORLD not in grids:
        message = f"the table of grids has no row {WORLD!r}"
        raise Misconfigured(message)
    if house_grid is not None and house_grid not in grids:
        message = f"house.grid is {house_grid!r}; there are rows for {', '.join(sorted(grids))}"
        raise Misconfigured(message)


def _refuse_watts(watts: float | None) -> None:
    if watts is not None and not (math.isfinite(watts) and watts > 0):
        message = f"house.watts_per_thread is {watts}; it must be a power above 0, in watts"
        raise Misconfigured(message)


def _refuse_tariff(tariff: Tariff | None) -> None:
    usd = tariff.usd_per_kwh if tariff is not None else None
    if usd is not None and not (usd.is_finite() and usd >= 0):
        message = f"house.electricity_usd_per_kwh is {usd}; it must be an amount of USD, 0 or more"
        raise Misconfigured(message)


if TYPE_CHECKING:
    _meter: type[Meter] = HouseMeter
