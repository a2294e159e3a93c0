"""Figures as pages write them: grouped by thousands, in the unit that keeps them short.

Rule 1: `jevons.figures` decides how money and small figures are written; this only chooses units.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jevons import figures

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = (
    "carbon",
    "clock",
    "count",
    "date",
    "day",
    "energy",
    "moment",
    "money",
    "per_cent",
    "ratio",
    "short",
    "tick",
    "tokens",
    "water",
    "watt_hours",
)

_THOUSAND = 1000
_CENTS = 100_000_000_000
"""Nano-dollars of a hundred dollars, above which a figure needs no cents."""


def count(number: float) -> str:
    """Write a number of things."""
    return f"{round(number):,}"


def short(value: float, digits: int = 3) -> str:
    """Write so many significant digits, the thousands parted."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    if abs(rounded) >= 10 ** (digits - 1):
        return f"{rounded:,.0f}"
    return figures.plain(rounded, digits)


def money(nusd: float) -> str:
    """Write an amount in dollars."""
    if abs(nusd) >= _CENTS:
        return f"${round(nusd / 1e9):,}"
    return figures.money(round(nusd))


def energy(mj: float, digits: int = 3) -> str:
    """Write energy at the wall, given millijoules."""
    return watt_hours(mj / figures.MJ_PER_WH, digits)


def watt_hours(wh: float, digits: int = 3) -> str:
    """Write energy, given watt-hours."""
    return _sized(wh, ("Wh", "kWh", "MWh", "GWh"), digits)


def tick(write: Callable[[float], str]) -> Callable[[float], str]:
    """Write round figures of a scale without the zeros that say nothing."""

    def written(figure: float) -> str:
        text = write(figure)
        number, gap, unit = text.partition(" ")
        is_trimmed = gap and "." in number
        return number.rstrip("0").rstrip(".") + gap + unit if is_trimmed else text

    return written


def carbon(mg: float, digits: int = 3) -> str:
    """Write carbon, given milligrams of CO2 equivalent."""
    return _sized(mg / figures.MG_PER_G, ("g", "kg", "t", "kt"), digits)


def water(ul: float, digits: int = 3) -> str:
    """Write water, given microlitres."""
    return _sized(ul / 1e3, ("ml", "l", "m³"), digits)


def tokens(number: float) -> str:
    """Write a number of tokens."""
    return count(number) if number < _THOUSAND else _sized(number, ("", "k", "M", "G"), 3)


def ratio(value: float) -> str:
    """Write a multiple."""
    return f"{figures.plain(value)} times"


def per_cent(share: float) -> str:
    """Write a share of the whole; a little is not nothing."""
    if 0 < share < 0.001:  # noqa: PLR2004 less than what one digit shows
        return "< 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"  # noqa: PLR2004 two digits


def day(at_ms: float) -> str:
    """Write a day for people, UTC."""
    at = datetime.fromtimestamp(at_ms / 1e3, UTC)
    return f"{at.day} {at:%b}"


def date(at_ms: float) -> str:
    """Write a day as records have it, UTC."""
    return moment(at_ms).partition(" ")[0]


def clock(at_ms: float) -> str:
    """Write a time of day, UTC."""
    return moment(at_ms).partition(" ")[2]


def moment(at_ms: float) -> str:
    """Write a moment, UTC."""
    return f"{datetime.fromtimestamp(at_ms / 1e3, UTC):%Y-%m-%d %H:%M:%S}"


def _sized(value: float, units: tuple[str, ...], digits: int) -> str:
    """Write a figure in the unit in which it is between 1 and 1000."""
    unit = units[0]
    for unit in units:
        if abs(float(f"{value:.{digits - 1}e}")) < _THOUSAND or unit == units[-1]:
            break
        value /= _THOUSAND
    return f"{short(value, digits)} {unit}"
