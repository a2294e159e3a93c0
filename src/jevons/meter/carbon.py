"""Energy to carbon: location-based, by the electricity of the place.

What is emitted to make the hardware is not in it; `docs/explanation/energy.md` says how
much that would be.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from jevons.types.units import Estimate, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.model import Endpoint, Grid
    from jevons.types.units import Quantity

__all__ = ("WORLD", "Mix", "carbon", "mix_of")

WORLD = "WORLD"

_MJ_G_PER_KWH_MG = 3.6e6
"""Millijoules times grams a kilowatt-hour, in one milligram."""


class Mix(NamedTuple):
    """The electricity that an endpoint is taken to run on."""

    grid: Grid
    chosen: str
    """Why this one, and where its figure comes from."""


def mix_of(endpoint: Endpoint, grids: Mapping[str, Grid], house_grid: str | None) -> Mix:
    """Choose the electricity of an endpoint: its grid, its place, or else the world's.

    Args:
        endpoint: Where it runs, as far as that is known.
        grids: Rows by ISO 3166-1 alpha-2 code; `WORLD` is one of them.
        house_grid: The grid of what runs on the premises, if it is known.
    """
    on_prem = endpoint.place == "on-prem"
    house = house_grid if on_prem else None
    choices = ((endpoint.grid, "grid"), (house, "house.grid"), (endpoint.place, "place"))
    for code, reason in choices:
        if code is not None and code in grids:
            return Mix(grids[code], f"{code}, by its {reason}: {grids[code].source}")
    missing = f"no row for {endpoint.grid or endpoint.place!r}"
    if on_prem and endpoint.grid is None:
        missing = "house.grid is not set"
    return Mix(grids[WORLD], f"the world's mix, {missing}: {grids[WORLD].source}")


def carbon(energy_mj: Quantity, mix: Mix) -> Quantity:
    """Say what an amount of energy emitted, in milligrams of CO2 equivalent.

    The two intervals are independent, so their widths add as squares, in logarithms.
    """
    if isinstance(energy_mj, Unknown):
        return Unknown(why=f"its energy is unknown: {energy_mj.why}")
    median = energy_mj.p50 * mix.grid.gco2e_per_kwh / _MJ_G_PER_KWH_MG
    grid = math.log(mix.grid.fold)
    return Estimate(
        p05=median / math.exp(math.hypot(math.log(energy_mj.p50 / energy_mj.p05), grid)),
        p50=median,
        p95=median * math.exp(math.hypot(math.log(energy_mj.p95 / energy_mj.p50), grid)),
        method=energy_mj.method,
        source=mix.chosen,
    )
