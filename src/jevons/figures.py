"""Figures as people read them: money, energy, carbon, and what is not known.

Rule 1: an interval is shown wherever there is room; a figure without one is a median estimate.
Rule 2: what is not known is said, with its reason, and never shown as zero.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from jevons.types.units import Estimate, Priced, Unknown

if TYPE_CHECKING:
    from jevons.types.budget import Unit
    from jevons.types.units import Cost, Quantity

__all__ = (
    "MG_PER_G",
    "MJ_PER_WH",
    "UG_PER_G",
    "UL_PER_ML",
    "UNKNOWN",
    "bytes_of",
    "carbon",
    "cost",
    "energy",
    "median",
    "money",
    "plain",
    "quantity",
    "unit",
    "water",
)

MJ_PER_WH = 3.6e6
"""Millijoules in a watt-hour."""
MG_PER_G = 1e3
UL_PER_ML = 1e3
UG_PER_G = 1e6

UNKNOWN = "unknown"
"""Stands for a figure; why it is not known is said beside it, where there is room."""

_CENT = Decimal("0.01")
_NUSD_EXPONENT = -9


def plain(value: float, digits: int = 2) -> str:
    """Write a number with so many significant digits, never with an exponent."""
    if value == 0:
        return "0"
    rounded = Decimal(f"{value:.{digits - 1}e}")
    return f"{rounded:f}" if rounded.as_tuple().exponent else str(int(rounded))


def money(nusd: int) -> str:
    """Write an amount in dollars: cents from a cent up, two significant digits below."""
    dollars = Decimal(nusd).scaleb(_NUSD_EXPONENT)
    if abs(dollars) >= _CENT:
        return f"${dollars.quantize(_CENT, ROUND_HALF_EVEN)}"
    return f"${plain(float(dollars)).rstrip('0').rstrip('.')}" if nusd else "$0"


def cost(amount: Cost) -> str:
    """Write what an answer cost."""
    match amount:
        case Priced(nusd=nusd):
            return money(nusd)
        case Unknown():
            return UNKNOWN


def quantity(amount: Quantity, per_unit: float, unit: str) -> str:
    """Write an estimate with its 90 % interval.

    Args:
        amount: The estimate.
        per_unit: How many of the estimate's own units make one of `unit`.
        unit: What to write behind the figure.
    """
    match amount:
        case Estimate(p05=low, p50=middle, p95=high):
            interval = f"({plain(low / per_unit)}\N{EN DASH}{plain(high / per_unit)})"
            return f"{plain(middle / per_unit)} {unit} {interval}"
        case Unknown():
            return UNKNOWN


def median(amount: Quantity, per_unit: float) -> str:
    """Write the middle of an estimate alone, for a column that names its unit."""
    return plain(amount.p50 / per_unit) if isinstance(amount, Estimate) else UNKNOWN


def energy(amount: Quantity) -> str:
    """Write energy at the wall, from millijoules to watt-hours."""
    return quantity(amount, MJ_PER_WH, "Wh")


def carbon(amount: Quantity) -> str:
    """Write carbon, from milligrams to grams of CO2 equivalent."""
    return quantity(amount, MG_PER_G, "gCO2e")


def water(amount: Quantity) -> str:
    """Write water, from microlitres to millilitres."""
    return quantity(amount, UL_PER_ML, "mL")


def unit(name: Unit, amount: int) -> str:
    """Write an exact amount of what budgets count."""
    match name:
        case "cost_nusd":
            return money(amount)
        case "energy_mj":
            return f"{_sized(amount / MJ_PER_WH)} Wh"
        case "carbon_ug":
            return f"{_sized(amount / UG_PER_G)} gCO2e"


def _sized(value: float) -> str:
    """Write an amount that is exact, which an estimate's two digits would hide."""
    return f"{value:,.2f}" if abs(value) >= 1 else plain(value)


def bytes_of(size: int) -> str:
    """Write a size: 491 MB is 491,000,000 bytes."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:  # noqa: PLR2004 the step of SI prefixes
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.2f} GB"
