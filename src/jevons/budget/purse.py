"""The purse: what is spent and held of each account in each period.

Rule 1: a hold is checked and taken in one step, for every budget of the line or for none. So on
    one event loop no budget carries more than it is.
Rule 2: a hold ends once: settled by its receipt, or released when its intent is not written.
Rule 3: everything that is charged is counted, with a budget or without, so that one which is set
    later in the month finds what was spent before it.
Rule 4: a request is charged as of the day on which it was asked, also if it ends on another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.budget.balance import Balance, exceeded
from jevons.budget.period import day_of, month_of, period_of
from jevons.budget.terms import Terms, line_of
from jevons.types.budget import UNITS, Alert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jevons.types.account import Intent, Receipt
    from jevons.types.actor import Actor
    from jevons.types.budget import Amounts, Budget

__all__ = ("Purse", "Slot", "Spent")

_KEPT_PERIODS = 3
"""Of each account, days and months each: today's, yesterday's, and one for a clock that is set."""


class Spent(NamedTuple):
    """What one account spent on one day, as the books have it."""

    account: str
    day: str
    cost_nusd: int
    energy_mj: int
    carbon_ug: int
    unknown: tuple[int, int, int] = (0, 0, 0)
    """Answers of which each of these is not known and nothing was set aside."""


class Slot:
    """What is spent and held of one account in one period, each in the order of `UNITS`."""

    __slots__ = ("held", "spent", "unknown")

    def __init__(self) -> None:
        self.spent = [0, 0, 0]
        self.held = [0, 0, 0]
        self.unknown = [0, 0, 0]

    def add(self, amounts: tuple[int | None, ...]) -> None:
        """Count an answer."""
        for unit, amount in enumerate(amounts):
            if amount is None:
                self.unknown[unit] += 1
            else:
                self.spent[unit] += amount

    def hold(self, amounts: tuple[int | None, ...], sign: int = 1) -> None:
        """Set aside, or with -1 give back."""
        for unit, amount in enumerate(amounts):
            self.held[unit] += sign * (amount or 0)


class _Hold(NamedTuple):
    line: tuple[str, ...]
    day: str
    amounts: tuple[int | None, ...]


class _Limit(NamedTuple):
    """One figure of a budget, in a period."""

    budget: Budget
    period: str
    slot: Slot
    unit: int
    limit: int

    @property
    def left(self) -> int:
        return self.limit - self.slot.spent[self.unit] - self.slot.held[self.unit]

    def balance(self) -> Balance:
        return Balance(
            account=self.budget.account,
            per=self.budget.per,
            period=self.period,
            unit=UNITS[self.unit],
            limit=self.limit,
            spent=self.slot.spent[self.unit],
            held=self.slot.held[self.unit],
            unknown=self.slot.unknown[self.unit],
            hard=self.budget.hard,
        )


class Purse:
    """Holds and settles. Its terms may be replaced from another thread; all else is one loop's."""

    def __init__(self) -> None:
        self.terms = Terms()
        self._slots: dict[str, dict[str, Slot]] = {}
        self._holds: dict[str, _Hold] = {}
        self._alerted: dict[str, set[str]] = {}

    def begin(self, spent: Iterable[Spent]) -> None:
        """Take over what the books say was spent."""
        for account, day, *amounts, unknown in spent:
            for slot in self._both(account, day):
                for unit in range(len(UNITS)):
                    slot.spent[unit] += amounts[unit]
                    slot.unknown[unit] += unknown[unit]

    def covers(self, actor: Actor) -> bool:
        """Whether anything that a key is charged to has a budget."""
        return self.terms.covers(actor)

    def hold(self, intent: Intent) -> None:
        """Set aside what an intent says.

        Raises:
            BudgetExceeded: A budget does not carry it; nothing is set aside.
        """
        hold = _hold_of(intent)
        if hold is not None:
            self._check(hold, intent.at_ms)
            self._take(hold)
            self._holds[intent.id] = hold

    def take(self, intent: Intent) -> None:
        """Set aside what an intent says that another purse has let pass."""
        hold = _hold_of(intent)
        if hold is not None:
            self._take(hold)
            self._holds[intent.id] = hold

    def widen(self, request: str, by: Amounts, *, now_ms: int) -> None:
        """Set more aside for a request: what an attempt has used that another is to follow.

        Raises:
            BudgetExceeded: A budget does not carry it; what was set aside stays so.
        """
        hold = self._holds.get(request)
        if hold is None:
            return
        more = hold._replace(amounts=_of(by))
        self._check(more, now_ms)
        self._take(more)
        both = zip(hold.amounts, more.amounts, strict=True)
        self._holds[request] = hold._replace(amounts=tuple([(a or 0) + (b or 0) for a, b in both]))

    def release(self, request: str) -> None:
        """Give back what was set aside: nothing left the house."""
        hold = self._holds.pop(request, None)
        if hold is not None:
            self._take(hold, sign=-1)

    def settle(self, receipt: Receipt) -> list[Alert]:
        """Charge what a request came to, and give back what was set aside for it.

        Returns:
            What is to be told of budgets that reached a threshold, each once.
        """
        self.release(receipt.id)
        if receipt.charged is None:
            return []
        line, amounts = line_of(receipt.key, receipt.account), _of(receipt.charged)
        for name in line:
            for slot in self._both(name, receipt.day):
                slot.add(amounts)
        return [*self._reached(line, receipt.day, receipt.at_ms)]

    def reached(self, now_ms: int) -> list[Alert]:
        """Look for thresholds that were reached without a receipt: a budget was made smaller."""
        day = day_of(now_ms)
        return [*self._reached((*self.terms.budgets,), day, now_ms)]

    def balances(self, now_ms: int) -> list[Balance]:
        """Tell what is left of every budget, by account."""
        day = day_of(now_ms)
        limits = self._limits(tuple(sorted(self.terms.budgets)), day)
        return [each.balance() for each in limits]

    def slot(self, account: str, period: str) -> Slot:
        """Tell what is spent and held of an account in a day or month."""
        periods = self._slots.setdefault(account, {})
        slot = periods.get(period)
        if slot is None:
            slot = periods[period] = Slot()
            _forget(periods, len(period))
        return slot

    def _both(self, account: str, day: str) -> tuple[Slot, Slot]:
        return self.slot(account, day), self.slot(account, month_of(day))

    def _take(self, hold: _Hold, sign: int = 1) -> None:
        for name in hold.line:
            for slot in self._both(name, hold.day):
                slot.hold(hold.amounts, sign)

    def _limits(self, line: tuple[str, ...], day: str) -> Iterator[_Limit]:
        budgets = self.terms.budgets
        for name in line:
            for budget in budgets.get(name, ()):
                period = period_of(day, budget.per)
                slot = self.slot(name, period)
                for unit, limit in enumerate(_of(budget)):
                    if limit is not None:
                        yield _Limit(budget, period, slot, unit, limit)

    def _check(self, hold: _Hold, now_ms: int) -> None:
        for each in self._limits(hold.line, hold.day):
            if each.budget.hard:
                asked = hold.amounts[each.unit]
                if asked is None or asked > each.left:
                    raise exceeded(each.balance(), asked, now_ms=now_ms)

    def _reached(self, line: tuple[str, ...], day: str, at_ms: int) -> Iterator[Alert]:
        for each in self._limits(line, day):
            spent, budget = each.slot.spent[each.unit], each.budget
            for percent in budget.alert_at:
                if spent * 100 >= each.limit * percent:
                    alert = Alert(
                        at_ms=at_ms,
                        account=budget.account,
                        per=budget.per,
                        period=each.period,
                        unit=UNITS[each.unit],
                        percent=percent,
                        spent=spent,
                        limit=each.limit,
                    )
                    if self._is_new(alert):
                        yield alert

    def _is_new(self, alert: Alert) -> bool:
        told = self._alerted.setdefault(alert.period, set())
        if alert.name in told or alert.name in self.terms.alerts:
            return False
        told.add(alert.name)
        _forget(self._alerted, len(alert.period))
        return True


def _hold_of(intent: Intent) -> _Hold | None:
    if intent.held is None:
        return None
    line = line_of(intent.key, intent.account)
    return _Hold(line, day_of(intent.at_ms), _of(intent.held))


def _of(amounts: Amounts | Budget) -> tuple[int | None, int | None, int | None]:
    return amounts.cost_nusd, amounts.energy_mj, amounts.carbon_ug


def _forget(periods: dict[str, Slot] | dict[str, set[str]], length: int) -> None:
    """Drop the oldest days, or months, of which nothing is held."""
    alike = sorted(period for period in periods if len(period) == length)
    for period in alike[:-_KEPT_PERIODS]:
        slot = periods[period]
        if not isinstance(slot, Slot) or not any(slot.held):
            del periods[period]
