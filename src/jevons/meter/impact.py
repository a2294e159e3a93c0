"""What an answer came to beside its energy and the carbon of its place: contract, hardware, water.

    market    energy times what the contracted electricity emits
    embodied  energy times what making the hardware emitted, spread over all it will use
    on site   energy of the machines times the water that evaporates there (WUE)
    off site  energy times the water that making the electricity takes

Rule 1: market-based stands beside location-based, never in its place: who signed a contract
    changes what is paid for, not what the grid emits meanwhile.
Rule 2: embodied is in no other figure.
Rule 3: what the operator says goes first. What nobody says is a usual figure for a data centre's
    accelerators, and unknown for own hardware.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from jevons.meter.spread import Z95, Spread
from jevons.types.account import Impact
from jevons.types.model import Site
from jevons.types.units import Estimate, Unknown

if TYPE_CHECKING:
    from jevons.types.model import Grid
    from jevons.types.units import Quantity

__all__ = ("Factor", "Factors", "factors_of", "impact")

_PER_KWH = 1 / 3.6e9
"""Kilowatt-hours in a millijoule."""
_MG_PER_G, _UL_PER_L = 1e3, 1e6

_EMBODIED_G_PER_KWH = Spread.between(17, 41, 120)
"""NVIDIA H100 273 kg and an eighth of a server's 5700 kg (EcoLogits 0.11.3), over three years at
500 W, through the overhead of the data centre (1.84); five years at 700 W, or half idle."""
_EMBODIED_SOURCE = "273 kg an H100 and 5700 kg a server of eight (EcoLogits 0.11.3), 3 to 5 years"

_SITE_L_PER_KWH = Spread.between(0.09, 0.3, 1.15)
"""WUE as operators report it: Mistral 0.09, AWS 0.15 and Microsoft 0.27 (2024 and FY25), Google 1.0
to 1.15 (arXiv 2508.15734)."""
_SITE_SOURCE = "WUE of 0.09 to 1.15, as operators report it for 2024 and 2025"

_PUE = 1.15
"""From the wall's energy to the machines', which WUE is of: `jevons.meter.hosted`."""

_GRID_WATER_FOLD = 2.0
"""Of water that electricity takes; our judgement, as hydropower's evaporation alone is disputed."""


_NOTHING_SAID = Site(source="")


class Factor(NamedTuple):
    """What an energy is multiplied by, or why there is nothing to multiply it by."""

    per_mj: float
    width: float
    """Logarithm of the fold of its 90 % interval."""
    source: str


class Factors(NamedTuple):
    """Of one endpoint."""

    market: Factor | Unknown
    embodied: Factor | Unknown
    water_site: Factor | Unknown
    water_grid: Factor | Unknown


def factors_of(grid: Grid, site: Site | None, *, is_own: bool) -> Factors:
    """Find what the energy of an endpoint is multiplied by.

    Args:
        grid: Of the electricity that it runs on.
        site: What its operator says; None is nothing.
        is_own: Whether it runs on the house's own hardware.
    """
    said, table = site or _NOTHING_SAID, "house.site" if is_own else "the endpoint's `site`"
    no_embodied = None if is_own else _usual(_EMBODIED_G_PER_KWH, _MG_PER_G, _EMBODIED_SOURCE)
    ul_per_l = _UL_PER_L if is_own else _UL_PER_L / _PUE
    no_water = None if is_own else _usual(_SITE_L_PER_KWH, ul_per_l, _SITE_SOURCE)

    def stated(per_kwh: float | None, scale: float, name: str) -> Factor | Unknown:
        if per_kwh is None:
            return Unknown(why=f"nobody said; set `{name}` of {table}")
        return Factor(per_kwh * scale * _PER_KWH, 0.0, said.source)

    embodied, water = said.embodied_gco2e_per_kwh, said.water_l_per_kwh
    return Factors(
        market=stated(said.market_gco2e_per_kwh, _MG_PER_G, "market_gco2e_per_kwh"),
        embodied=no_embodied
        if no_embodied is not None and embodied is None
        else stated(embodied, _MG_PER_G, "embodied_gco2e_per_kwh"),
        water_site=no_water
        if no_water is not None and water is None
        else stated(water, ul_per_l, "water_l_per_kwh"),
        water_grid=Unknown(why=f"no water of the electricity of {grid.place} is known")
        if grid.water_l_per_kwh is None
        else Factor(
            grid.water_l_per_kwh * _UL_PER_L * _PER_KWH,
            math.log(_GRID_WATER_FOLD),
            f"{grid.place}: {grid.water_source}",
        ),
    )


def impact(energy_mj: Quantity, factors: Factors) -> Impact:
    """Say what an energy came to."""
    if isinstance(energy_mj, Unknown):
        nothing = Unknown(why="its energy is unknown")
        return Impact(
            market_mg=nothing, embodied_mg=nothing, water_site_ul=nothing, water_grid_ul=nothing
        )
    below = math.log(energy_mj.p50 / energy_mj.p05)
    above = math.log(energy_mj.p95 / energy_mj.p50)

    def times(factor: Factor | Unknown) -> Quantity:
        if isinstance(factor, Unknown):
            return factor
        median, width = energy_mj.p50 * factor.per_mj, factor.width
        return Estimate(
            p05=median / math.exp(math.hypot(below, width)),
            p50=median,
            p95=median * math.exp(math.hypot(above, width)),
            method=energy_mj.method,
            source=factor.source,
        )

    return Impact(
        market_mg=times(factors.market),
        embodied_mg=times(factors.embodied),
        water_site_ul=times(factors.water_site),
        water_grid_ul=times(factors.water_grid),
    )


def _usual(per_kwh: Spread, scale: float, source: str) -> Factor:
    return Factor(math.exp(per_kwh.log_median) * scale * _PER_KWH, Z95 * per_kwh.sigma, source)
