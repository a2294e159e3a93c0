"""The house's meter: every figure of a charge, from rows and what was observed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.catalog import is_own
from jevons.catalog.exchange import Exchange
from jevons.catalog.price_list import PriceList
from jevons.meter.carbon import WORLD, Mix, carbon, mix_of
from jevons.meter.energy import energy
from jevons.meter.hosted import Hosted, hosted
from jevons.meter.impact import Factors, factors_of, impact
from jevons.meter.price import Rates, by_electricity, by_price_row, rates_of
from jevons.meter.worst import bound_of, most_money, or_ceiling, whole
from jevons.types.account import Charge, Measured
from jevons.types.budget import Amounts
from jevons.types.errors import Misconfigured
from jevons.types.units import Estimate, Priced, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.meter.worst import Bound
    from jevons.ports import Meter
    from jevons.types.account import Usage
    from jevons.types.decision import Outcome
    from jevons.types.model import Endpoint, ExchangeRate, Grid, Price, Site, Tariff
    from jevons.types.request import Generate
    from jevons.types.units import Cost, Quantity

__all__ = ("HouseMeter",)

_NOTHING_MEASURED = Measured()


class _Known(NamedTuple):
    """What of an endpoint's charge does not depend on the request."""

    endpoint: Endpoint
    rates: Rates | None
    """Of the most that it may cost."""
    prices: PriceList | None
    charged: dict[tuple[Price, ExchangeRate | None], Rates]
    """Of the rows that were charged so far."""
    model: Hosted | None
    mix: Mix
    factors: Factors
    own: bool


class HouseMeter:
    """Prices outcomes for one house.

    Keeps what it worked out for each endpoint; that saves time and changes no answer.

    Args:
        grids: Rows by ISO 3166-1 alpha-2 code, and `WORLD`.
        house_grid: Code of the electricity of the premises; None takes the world's.
        watts_per_thread: Power of one busy processor thread; None takes a usual one.
        tariff: What the electricity of own hardware costs; None leaves its answers' cost unknown.
        ceiling: What is set aside for a request whose worst case is not known; None is nothing.
        own_joules_per_token: Most energy of a token on own hardware without a footprint.
        house_site: What is said of the premises beside their grid; None is nothing.
        exchange: What currencies other than the dollar are worth; None leaves the cost of answers
            in them unknown.

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
        ceiling: Amounts | None = None,
        own_joules_per_token: float = 50.0,
        house_site: Site | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        _refuse_unknown_grid(house_grid, grids)
        _refuse_watts(watts_per_thread)
        _refuse_tariff(tariff)
        self._grids = grids
        self._house_grid = house_grid
        self._watts_per_thread = watts_per_thread
        self._tariff = tariff
        self._ceiling = ceiling or Amounts()
        self._own_mj_per_token = own_joules_per_token * 1e3
        self._house_site = house_site
        self._exchange = exchange or Exchange()
        self._known: dict[str, _Known] = {}

    def charge(self, endpoint: Endpoint, outcome: Outcome, *, at_ms: int | None = None) -> Charge:
        """Price one outcome. Pure.

        Args:
            endpoint: Who answered.
            outcome: What it used.
            at_ms: When its answer ended, Unix milliseconds: the price of that moment is charged.
                None charges the most that it may cost.
        """
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
            cost=own or self._cost(known, outcome.usage, at_ms),
            energy_mj=energy_mj,
            carbon_mg=carbon(energy_mj, known.mix),
            impact=impact(energy_mj, known.factors),
        )

    def worst(self, endpoint: Endpoint, request: Generate) -> Amounts:
        """Say what an attempt could come to at most; where that is not known, the ceiling."""
        bound, known = bound_of(endpoint, request), self._of(endpoint)
        if bound is None:
            return self._ceiling
        energy_mj = self._most_energy(known, bound)
        if known.own:
            own = by_electricity(_at_its_most(energy_mj), self._tariff)
            cost = own.nusd + 1 if isinstance(own, Priced) else None  # it rounds half to even
        else:
            cost = None if known.rates is None else most_money(known.rates, bound)
        most = Amounts(
            cost_nusd=cost,
            energy_mj=whole(energy_mj),
            carbon_ug=whole(carbon(energy_mj, known.mix), 1e3),
        )
        return or_ceiling(most, self._ceiling)

    def _most_energy(self, known: _Known, bound: Bound) -> Quantity:
        if known.own and known.model is None:
            most = self._own_mj_per_token * (bound.prompt + bound.answer)
            return Estimate(p05=most, p50=most, p95=most, method="bound", source="a bound")
        return energy(
            known.endpoint,
            _NOTHING_MEASURED,
            bound.usage,
            watts_per_thread=self._watts_per_thread,
            model=known.model,
        )

    def _cost(self, known: _Known, usage: Usage, at_ms: int | None) -> Cost:
        name = known.endpoint.name
        if known.prices is None or at_ms is None:
            return by_price_row(name, known.rates, usage)
        price = known.prices.at(
            at_ms,
            input_tokens=usage.input + usage.cache_read + usage.cache_write,
            thinking=usage.reasoning > 0,
        )
        if isinstance(price, Unknown):
            return Unknown(why=f"endpoint {name!r}: {price.why}")
        rate = None if price.currency == "USD" else self._exchange.at(price.currency, at_ms)
        if isinstance(rate, Unknown):
            return Unknown(why=f"endpoint {name!r}: {rate.why}")
        rates = known.charged.get((price, rate))
        if rates is None:
            rates = known.charged[price, rate] = rates_of(price, rate)
        return by_price_row(name, rates, usage)

    def _of(self, endpoint: Endpoint) -> _Known:
        known = self._known.get(endpoint.name)
        if known is None or known.endpoint is not endpoint:
            footprint, own = endpoint.footprint, is_own(endpoint)
            mix = mix_of(endpoint, self._grids, self._house_grid)
            site = endpoint.site or (self._house_site if own else None)
            known = self._known[endpoint.name] = _Known(
                endpoint,
                None if endpoint.price is None else rates_of(endpoint.price),
                PriceList(endpoint.prices, endpoint.peaks) if endpoint.prices else None,
                {},
                None if footprint is None else hosted(footprint),
                mix,
                factors_of(mix.grid, site, is_own=own),
                own,
            )
        return known


def _at_its_most(quantity: Quantity) -> Quantity:
    is_known = isinstance(quantity, Estimate)
    return msgspec.structs.replace(quantity, p50=quantity.p95) if is_known else quantity


def _refuse_unknown_grid(house_grid: str | None, grids: Mapping[str, Grid]) -> None:
    if WORLD not in grids:
        message = f"the table of grids has no row {WORLD!r}"
        raise Misconfigured(message)
    if house_grid is not None and house_grid not in grids:
        message = (
            f"house.grid is {house_grid!r}, for which there is no row; take an ISO 3166-1 alpha-2 "
            "code, as DE, or a region of a cloud, as gcp/europe-west3"
        )
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
