"""One line: every slot that a key is charged to on a day, and every figure that may not be passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.budget.balance import Balance
from jevons.types.budget import UNITS, Alert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.budget.terms import Terms
    from jevons.types.budget import Budget

__all__ = ("Figure", "Line", "Parts", "Slot")

Parts = tuple[int | None, int | None, int | None]
"""Amounts in the order of `UNITS`."""


class Slot:
    """What is spent and held of one account in one period, each in the order of `UNITS`."""

    __slots__ = ("held", "spent", "unknown")

    def __init__(self) -> None:
        self.spent = [0, 0, 0]
        self.held = [0, 0, 0]
        self.unknown = [0, 0, 0]


class Figure:
    """One figure of a budget, in a period."""

    __slots__ = ("budget", "due", "limit", "period", "slot", "unit")

    def __init__(self, budget: Budget, period: str, slot: Slot, unit: int, limit: int) -> None:
        self.budget = budget
        self.period = period
        self.slot = slot
        self.unit = unit
        self.limit = limit
        self.due: int | None = 0
        """How much must be spent before a threshold is looked at again; None is never."""

    @property
    def is_due(self) -> bool:
        """Whether a threshold has to be looked at."""
        return self.due is not None and self.slot.spent[self.unit] >= self.due

    def carries(self, amount: int | None) -> bool:
        """Whether there is room for an amount; for one that is not known there never is."""
        unit, slot = self.unit, self.slot
        return amount is not None and amount <= self.limit - slot.spent[unit] - slot.held[unit]

    def reached(self, at_ms: int) -> Iterator[Alert]:
        """Tell of every threshold that is reached, and wait for the next."""
        budget, spent, self.due = self.budget, self.slot.spent[self.unit], None
        for percent in sorted(budget.alert_at):
            threshold = -(-self.limit * percent // 100)
            if spent < threshold:
                self.due = threshold
                return
            yield Alert(
                at_ms=at_ms,
                account=budget.account,
                per=budget.per,
                period=self.period,
                unit=UNITS[self.unit],
                percent=percent,
                spent=spent,
                limit=self.limit,
            )

    def balance(self) -> Balance:
        """Tell what is left."""
        unit, slot = self.unit, self.slot
        return Balance(
            account=self.budget.account,
            per=self.budget.per,
            period=self.period,
            unit=UNITS[unit],
            limit=self.limit,
            spent=slot.spent[unit],
            held=slot.held[unit],
            unknown=slot.unknown[unit],
            hard=self.budget.hard,
        )


class Line(NamedTuple):
    """What a key is charged to on a day, worked out once."""

    terms: Terms
    """Those that it was worked out from."""
    slots: tuple[Slot, ...]
    figures: tuple[Figure, ...]
    hard: tuple[Figure, ...]
    """Those that refuse."""
