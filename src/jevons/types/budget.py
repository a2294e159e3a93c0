"""Who is charged, how much they may spend, and how fast.

Each of these but `Amounts` is a record of the ledger: the last one of a name is the one that
stands, and its row is made from it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = (
    "DEFAULT_LINE",
    "HOUSE",
    "PROJECT",
    "UNITS",
    "Account",
    "Alert",
    "Amounts",
    "Budget",
    "Level",
    "Limit",
    "Per",
    "Unit",
)

HOUSE = "house"
"""The organisation that is there without being made."""

PROJECT = "default"
"""The project of that organisation to which a key belongs that names none."""

DEFAULT_LINE = (PROJECT, HOUSE)
"""Accounts of a key that names none: its project, and what that is part of."""

Level = Literal["organisation", "team", "project"]
Per = Literal["day", "month"]
"""UTC, as the calendar has them."""
Unit = Literal["cost_nusd", "energy_mj", "carbon_ug"]

UNITS: tuple[Unit, ...] = ("cost_nusd", "energy_mj", "carbon_ug")


class Amounts(msgspec.Struct, frozen=True, kw_only=True):
    """Money, energy and carbon, in integers so that sums are exact. None is not known."""

    cost_nusd: int | None = None
    energy_mj: int | None = None
    carbon_ug: int | None = None
    """Micrograms of CO2 equivalent: a short answer emits less than a milligram."""


class Account(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="account"):
    """An account was made. It is never moved, renamed or removed: receipts name it."""

    at_ms: int
    name: str
    """Unique in one house, whatever its level."""
    level: Level
    under: str = ""
    """The account that it is part of; empty for an organisation."""
    by: str = ""
    """Who made it: a person, or `cli:NAME`; empty where nobody was asked yet."""


class Budget(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="budget"):
    """An account's budget for each day or each month was set; without an amount, lifted."""

    at_ms: int
    account: str
    """Name of an account, or id of a key."""
    per: Per
    cost_nusd: int | None = None
    energy_mj: int | None = None
    carbon_ug: int | None = None
    hard: bool = True
    """Whether a request that it might not carry is refused; otherwise there are only alerts."""
    alert_at: tuple[int, ...] = ()
    """Per cent of it at which there is an alert, once in each period."""
    by: str = ""
    """Who set it, as above."""


class Limit(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="limit"):
    """How fast an account may ask, and how deep, was set; without a figure, lifted."""

    at_ms: int
    account: str
    """Name of an account, or id of a key."""
    requests: int | None = None
    """A minute."""
    tokens: int | None = None
    """A minute, read and written."""
    parallel: int | None = None
    """Requests under way at once."""
    reasoning: int | None = None
    """Tokens of reasoning that one request may ask for."""
    steps: int | None = None
    """Rounds of tools, since the user last said something, that one request may go on from."""
    by: str = ""
    """Who set it, as above."""


class Alert(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="alert"):
    """So much of a budget has been spent."""

    at_ms: int
    account: str
    per: Per
    period: str
    """The day or month, UTC: `2026-11-23`, `2026-11`."""
    unit: Unit
    percent: int
    """The threshold that was reached."""
    spent: int
    """In the unit."""
    limit: int
    """The same."""

    @property
    def name(self) -> str:
        """What tells it from every other alert, the period first: of old ones nobody asks any more."""
        return f"{self.period} {self.account} {self.unit} {self.percent} {self.limit}"
