"""The purse: what is spent and held of each account in each period.

Rule 1: a hold is checked and taken in one step, for every budget of the line or for none. So on
    one event loop no budget carries more than it is.
Rule 2: a hold ends once: settled by its receipt, or released when its intent is not written.
Rule 3: everything that is charged is counted, with a budget or without, so that one which is set
    later in the month finds what was spent before it.
Rule 4: a request is charged as of the day on which it was asked, also if it ends on another.
Rule 5: what a key is charged to on a day is worked out once, and again when terms change or a
    period begins. It costs nothing on the way of a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.budget.balance import exceeded
from jevons.budget.line import Figure, Line, Slot
from jevons.budget.period import day_of, month_of, period_of
from jevons.budget.terms import Terms, line_of
from jevons.types.budget import UNITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jevons.budget.balance import Balance
    from jevons.budget.line import Parts
    from jevons.types.account import Intent, Receipt
    from jevons.types.actor import Actor
    from jevons.types.budget import Alert, Amounts, Budget

__all__ = ("Held", "Purse", "Spent")

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


class Held(NamedTuple):
    """What is set aside for a request, where several purses share what they hold."""

    intent: Intent
    rows: tuple[tuple[str, str], ...]
    """Accounts and periods in which it is counted."""
    parts: Parts


_At = tuple[str, tuple[str, ...], str]
"""A key, its accounts, and a day."""


class _Hold(NamedTuple):
    at: _At
    slots: tuple[Slot, ...]
    """None of them is forgotten while this is held of it."""
    parts: Parts


class Purse:
    """Holds and settles. Its terms may be replaced from another thread; all else is one loop's.

    Args:
        keeps: How many days and months of each account are remembered, also if nothing is held.
    """

    def __init__(self, *, keeps: int = _KEPT_PERIODS) -> None:
        self.terms = Terms()
        self._keeps = keeps
        self._slots: dict[str, dict[str, Slot]] = {}
        self._lines: dict[_At, Line] = {}
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
        if intent.held is not None:
            at, parts = (intent.key, intent.account, day_of(intent.at_ms)), _parts(intent.held)
            line = self._line(at)
            _check(line, parts, intent.at_ms)
            _take(line.slots, parts)
            self._holds[intent.id] = _Hold(at, line.slots, parts)

    def take(self, intent: Intent) -> None:
        """Set aside what an intent says that another purse has let pass."""
        if intent.held is not None:
            at, parts = (intent.key, intent.account, day_of(intent.at_ms)), _parts(intent.held)
            slots = self._line(at).slots
            _take(slots, parts)
            self._holds[intent.id] = _Hold(at, slots, parts)

    def adopt(self, hold: Held) -> None:
        """Know of what was set aside before, and is among what is held already."""
        slots = tuple([self.slot(*row) for row in hold.rows])
        at = (hold.intent.key, hold.intent.account, day_of(hold.intent.at_ms))
        self._holds[hold.intent.id] = _Hold(at, slots, hold.parts)

    def held(self, request: str) -> Parts | None:
        """Tell what is set aside for a request; None if nothing is."""
        hold = self._holds.get(request)
        return None if hold is None else hold.parts

    def rows(self, key: str, account: tuple[str, ...], day: str) -> list[tuple[str, str]]:
        """List the accounts and periods of a line that have a budget."""
        line = self._line((key, account, day))
        return sorted({(each.budget.account, each.period) for each in line.figures})

    def widen(self, request: str, by: Amounts, *, now_ms: int) -> None:
        """Set more aside for a request: what an attempt has used that another is to follow.

        Raises:
            BudgetExceeded: A budget does not carry it; what was set aside stays so.
        """
        hold = self._holds.get(request)
        if hold is None:
            return
        more = _parts(by)
        _check(self._line(hold.at), more, now_ms)
        _take(hold.slots, more)
        (a, b, c), (x, y, z) = hold.parts, more
        both = ((a or 0) + (x or 0), (b or 0) + (y or 0), (c or 0) + (z or 0))
        self._holds[request] = hold._replace(parts=both)

    def release(self, request: str) -> None:
        """Give back what was set aside: nothing left the house."""
        hold = self._holds.pop(request, None)
        if hold is not None:
            _take(hold.slots, hold.parts, sign=-1)

    def settle(self, receipt: Receipt) -> list[Alert]:
        """Charge what a request came to, and give back what was set aside for it.

        Returns:
            What is to be told of budgets that reached a threshold, each once.
        """
        self.release(receipt.id)
        if receipt.charged is None:
            return []
        line = self._line((receipt.key, receipt.account, receipt.day))
        _add(line.slots, _parts(receipt.charged))
        due = [figure for figure in line.figures if figure.is_due]
        return [*self._reached(due, receipt.at_ms)] if due else []

    def reached(self, now_ms: int) -> list[Alert]:
        """Look for thresholds that were reached without a receipt: a budget was made smaller."""
        return [*self._reached(self._figures((*self.terms.budgets,), day_of(now_ms)), now_ms)]

    def balances(self, now_ms: int) -> list[Balance]:
        """Tell what is left of every budget, by account."""
        figures = self._figures(tuple(sorted(self.terms.budgets)), day_of(now_ms))
        return [each.balance() for each in figures]

    def slot(self, account: str, period: str) -> Slot:
        """Tell what is spent and held of an account in a day or month."""
        periods = self._slots.setdefault(account, {})
        slot = periods.get(period)
        if slot is None:
            slot = periods[period] = Slot()
            _forget(periods, len(period), self._keeps)
            self._lines.clear()
        return slot

    def _both(self, account: str, day: str) -> tuple[Slot, Slot]:
        return self.slot(account, day), self.slot(account, month_of(day))

    def _line(self, at: _At) -> Line:
        terms, line = self.terms, self._lines.get(at)
        if line is None or line.terms is not terms:
            key, account, day = at
            names = line_of(key, account)
            slots = tuple([slot for name in names for slot in self._both(name, day)])
            figures = (*self._figures(names, day, terms),)
            hard = tuple([each for each in figures if each.budget.hard])
            line = self._lines[at] = Line(terms, slots, figures, hard)
        return line

    def _figures(
        self, names: tuple[str, ...], day: str, terms: Terms | None = None
    ) -> Iterator[Figure]:
        budgets = (terms or self.terms).budgets
        for name in names:
            for budget in budgets.get(name, ()):
                period = period_of(day, budget.per)
                slot = self.slot(name, period)
                for unit, limit in enumerate(_parts(budget)):
                    if limit is not None:
                        yield Figure(budget, period, slot, unit, limit)

    def _reached(self, figures: Iterable[Figure], at_ms: int) -> Iterator[Alert]:
        for figure in figures:
            yield from [alert for alert in figure.reached(at_ms) if self._is_new(alert)]

    def _is_new(self, alert: Alert) -> bool:
        told = self._alerted.setdefault(alert.period, set())
        if alert.name in told or alert.name in self.terms.alerts:
            return False
        told.add(alert.name)
        _forget(self._alerted, len(alert.period), self._keeps)
        return True


def _check(line: Line, parts: Parts, now_ms: int) -> None:
    for figure in line.hard:
        asked = parts[figure.unit]
        if not figure.carries(asked):
            raise exceeded(figure.balance(), asked, now_ms=now_ms)


def _take(slots: tuple[Slot, ...], parts: Parts, *, sign: int = 1) -> None:
    cost, energy, carbon = [sign * (part or 0) for part in parts]
    for slot in slots:
        held = slot.held
        held[0] += cost
        held[1] += energy
        held[2] += carbon


def _add(slots: tuple[Slot, ...], parts: Parts) -> None:
    cost, energy, carbon = parts
    if cost is None or energy is None or carbon is None:
        for slot in slots:
            unknown = [part is None for part in parts]
            slot.unknown = [a + b for a, b in zip(slot.unknown, unknown, strict=True)]
        cost, energy, carbon = cost or 0, energy or 0, carbon or 0
    for slot in slots:
        spent = slot.spent
        spent[0] += cost
        spent[1] += energy
        spent[2] += carbon


def _parts(amounts: Amounts | Budget) -> Parts:
    return amounts.cost_nusd, amounts.energy_mj, amounts.carbon_ug


def _forget(periods: dict[str, Slot] | dict[str, set[str]], length: int, keeps: int) -> None:
    """Drop the oldest days, or months, of which nothing is held."""
    alike = sorted(period for period in periods if len(period) == length)
    for period in alike[:-keeps]:
        slot = periods[period]
        if not isinstance(slot, Slot) or not any(slot.held):
            del periods[period]
