"""Amounts: exact, or honest about what they are not.

Rule 1: money is an integer of nano-dollars (1e-9 USD), rounded once, half to even.
Rule 2: energy and carbon are never bare numbers; they carry an interval and a method.
Rule 3: what is not known is `Unknown` with a reason, never zero.
"""

from __future__ import annotations

import msgspec

__all__ = ("Cost", "Estimate", "Priced", "PricedBy", "Quantity", "Unknown")


class Unknown(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag="unknown"):
    """No figure, and why there is none."""

    why: str
    """One sentence, naming the setting or the row that would give a figure."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag="estimate"):
    """A figure with a 90 % interval. The unit is in the name of the field that holds it."""

    p05: float
    p50: float
    p95: float
    method: str
    """How it was got: `measured-rapl`, `measured-nvml`, `modelled-cpu`, `modelled-hosted`."""
    source: str
    """Coefficients behind it, with their date."""


class PricedBy(msgspec.Struct, frozen=True, kw_only=True):
    """The rows by which one attempt was priced, so that anyone can price it again."""

    row: str
    """`vendor/model#digest` of a price in the catalogue, `endpoint#digest` of one in the settings."""
    rate: str = ""
    """`CNY#digest` of the exchange rate; empty where the price is in dollars."""


class Priced(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag="priced"):
    """An exact amount of money."""

    nusd: int
    """Nano-dollars, rounded once, half to even."""
    method: str
    """`price-row` (tokens times a dated price) or `electricity` (energy times a tariff)."""
    source: str
    """The row that priced it, with its date."""
    by: tuple[PricedBy, ...] = ()
    """For each attempt that was priced by a row of a table, in order."""


Quantity = Estimate | Unknown
Cost = Priced | Unknown
