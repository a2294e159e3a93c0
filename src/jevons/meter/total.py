"""Adding up: attempts of one request, receipts of one month.

Rule 1: one unknown makes the sum unknown; a part is never sold as the whole.
Rule 2: errors are added as if they all went the same way. They mostly do, since figures of one
    house share their coefficients, and so the interval is the widest it can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.account import Charge, Impact
from jevons.types.units import Estimate, Priced, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jevons.types.units import Cost, PricedBy, Quantity

__all__ = ("total", "total_charge", "total_cost")


def total(amounts: Iterable[Quantity]) -> Quantity:
    """Add estimates up; of none the sum is zero."""
    low = middle = high = 0.0
    methods, sources = dict[str, None](), dict[str, None]()
    for amount in amounts:
        if isinstance(amount, Unknown):
            return amount
        low, middle, high = low + amount.p05, middle + amount.p50, high + amount.p95
        methods[amount.method] = sources[amount.source] = None
    return Estimate(p05=low, p50=middle, p95=high, method=_all(methods), source=_all(sources))


def total_cost(amounts: Iterable[Cost]) -> Cost:
    """Add costs up; of none the sum is zero."""
    nusd = 0
    by: list[PricedBy] = []
    methods, sources = dict[str, None](), dict[str, None]()
    for amount in amounts:
        if isinstance(amount, Unknown):
            return amount
        nusd += amount.nusd
        by += amount.by
        methods[amount.method] = sources[amount.source] = None
    return Priced(nusd=nusd, method=_all(methods), source=_all(sources), by=tuple(by))


def total_charge(charges: Sequence[Charge]) -> Charge:
    """Add charges up."""
    if len(charges) == 1:
        return charges[0]
    return Charge(
        cost=total_cost([each.cost for each in charges]),
        energy_mj=total([each.energy_mj for each in charges]),
        carbon_mg=total([each.carbon_mg for each in charges]),
        impact=_total_impact([each.impact for each in charges if each.impact is not None]),
    )


def _total_impact(impacts: Sequence[Impact]) -> Impact | None:
    if not impacts:
        return None
    return Impact(
        market_mg=total([each.market_mg for each in impacts]),
        embodied_mg=total([each.embodied_mg for each in impacts]),
        water_site_ul=total([each.water_site_ul for each in impacts]),
        water_grid_ul=total([each.water_grid_ul for each in impacts]),
    )


def _all(said: dict[str, None]) -> str:
    return " + ".join(said)
