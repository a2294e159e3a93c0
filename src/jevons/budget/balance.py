"""What is left of a budget, and the sentence that says that it is too little."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from jevons.budget.period import renews_at
from jevons.types.errors import BudgetExceeded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from jevons.types.budget import Per, Unit

__all__ = ("Balance", "exceeded")


class Balance(NamedTuple):
    """What is left of one figure of a budget in one period."""

    account: str
    per: Per
    period: str
    unit: Unit
    limit: int
    spent: int
    held: int
    unknown: int
    """Answers that are not in `spent`: nobody knows their figure, and none was set aside."""
    hard: bool

    @property
    def left(self) -> int:
        """Below 0 where more was spent than a soft budget is."""
        return self.limit - self.spent - self.held

    @property
    def renews(self) -> datetime:
        """When the period ends."""
        return renews_at(self.period)


def exceeded(balance: Balance, asked: int | None, *, now_ms: int) -> BudgetExceeded:
    """Say that a budget does not carry what is asked of it; None is not known."""
    unit, renews = balance.unit, balance.renews
    what = (
        f"the budget of {balance.account!r} for {balance.period}, "
        f"{_figure(unit, balance.limit)} a {balance.per}"
    )
    when = f"it renews at {renews:%Y-%m-%d} 00:00 UTC"
    if asked is None:
        message = (
            f"{what}, cannot be kept: how much this could take is not known. Either an endpoint "
            "that it may go to has no price or footprint, or nothing bounds the answer. Set what "
            "is missing (`price`, `footprint`, `max_output_tokens`, `context_tokens`), or "
            f"`[budgets] {_CEILINGS[unit]}`; waiting changes nothing"
        )
        return BudgetExceeded(message)
    message = (
        f"{what}, has {_figure(unit, max(balance.left, 0))} left, and this could take "
        f"{_figure(unit, asked)}; a lower max_tokens takes less; {when}"
    )
    return BudgetExceeded(message, retry_after_s=max(0.0, renews.timestamp() - now_ms / 1e3))


_CEILINGS: Mapping[Unit, str] = MappingProxyType(
    {
        "cost_nusd": "ceiling_usd",
        "energy_mj": "ceiling_wh",
        "carbon_ug": "ceiling_gco2e",
    }
)


def _figure(unit: Unit, amount: int) -> str:
    """Write an amount for a person, exact as far as it goes."""
    match unit:
        case "cost_nusd":
            return f"{amount / 1e9:.6f} USD"
        case "energy_mj":
            return f"{amount / 3.6e6:.6f} Wh"
        case _:
            return f"{amount / 1e6:.6f} g CO2e"
