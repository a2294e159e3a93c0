"""The purse that several replicas share: what is spent and held, in rows of the database.

Rule 1: what a batch holds, settles and gives back is decided and written in the transaction that
    writes its records, with the rows of every account that it touches locked. So no budget carries
    more than it is, whoever else commits meanwhile.
Rule 2: rows are locked in one order, that of their names: nobody waits in a circle.
Rule 3: the decision is `Purse`'s: one is made of the locked rows for each batch. What it finds there is
    as exact as the rows are.
Rule 4: what is held is kept by replica, so that what a dead one held ends with it.
Rule 5: there are rows only for what has a budget. They begin from the books when it is set, while
    nobody commits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.budget import Purse
from jevons.budget.period import day_of, period_of
from jevons.budget.purse import Held
from jevons.budget.terms import line_of
from jevons.ledger.record import decode, encode, unpack
from jevons.store.standing import row_of
from jevons.types.account import Intent, Receipt
from jevons.types.budget import UNITS
from jevons.types.errors import BudgetExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jevons.budget import Terms
    from jevons.store.door import Connection
    from jevons.store.writer import Widening
    from jevons.types.budget import Alert, Budget

__all__ = ("CommonPurse", "Moved", "fill")

_Row = tuple[str, str]
"""An account and a period."""
_Sums = tuple[int, int, int]


class Moved(NamedTuple):
    """What a batch does to the purse, once it is committed."""

    refused: dict[int, BudgetExceeded]
    held: dict[str, Held | None]
    """By request; None where it ended."""
    alerts: list[Alert]
    """Written, with rows that stand; their leaves are to be."""


_NOTHING = Moved({}, {}, [])
_FEW = 3


class CommonPurse:
    """This replica's hand in the purse. Belongs to the writer thread.

    Args:
        terms: What stands, as of the transaction that is under way.
    """

    def __init__(self, terms: Callable[[], Terms]) -> None:
        self._terms = terms
        self._held: dict[str, Held] = {}
        self._told: set[str] = set()

    def move(
        self,
        connection: Connection,
        moves: Sequence[tuple[int, Intent | Receipt | Widening]],
        *,
        replica: int,
        now_ms: int,
    ) -> Moved:
        """Hold, settle, widen and give back, in the order of a batch."""
        terms = self._terms()
        if not moves or not (terms.budgets or self._held):
            return _NOTHING
        purse = Purse(keeps=len(moves) + _FEW)
        purse.terms = terms
        lines = [self._rows(purse, each) for _, each in moves]
        rows = sorted({row for line in lines for row in line})
        if not rows:
            return _NOTHING
        before = _locked(connection, rows)
        for row, (spent, held) in before.items():
            slot = purse.slot(*row)
            slot.spent[:], slot.held[:] = spent, held
        moved = Moved({}, {}, [])
        for (at, move), line in zip(moves, lines, strict=True):
            self._move(purse, at, move, line, moved, now_ms=now_ms)
        _write(connection, purse, before, replica=replica)
        self._tell(connection, moved.alerts)
        return moved

    def keep(self, moved: Moved) -> None:
        """Remember what was set aside: the batch is committed."""
        for request, held in moved.held.items():
            if held is None:
                self._held.pop(request, None)
            else:
                self._held[request] = held
        self._told.update(each.name for each in moved.alerts)

    def forget(self) -> None:
        """Hold nothing any more: others have charged what was held here."""
        self._held.clear()

    def renew(
        self, connection: Connection, budgets: Iterable[Budget], *, now_ms: int
    ) -> list[Alert]:
        """Begin the rows of budgets that were set, from the books; nobody commits meanwhile.

        Returns:
            Alerts of thresholds that are reached already.
        """
        purse = Purse()
        purse.terms = self._terms()
        rows = {(each.account, period_of(day_of(now_ms), each.per)): each for each in budgets}
        for row in sorted(rows):
            spent = _charged(connection, *row)
            connection.execute(_RENEW, (*row, *spent))
            purse.slot(*row).spent[:] = spent
        alerts = [each for each in purse.reached(now_ms) if each.account in {a for a, _ in rows}]
        self._tell(connection, alerts)
        return alerts

    def write_held(self, connection: Connection, *, replica: int) -> None:
        """Write what is held here anew: what became of the last change is not known."""
        sums: dict[_Row, list[int]] = {}
        for held in self._held.values():
            for row in held.rows:
                into = sums.setdefault(row, [0, 0, 0])
                into[:] = [one + (more or 0) for one, more in zip(into, held.parts, strict=True)]
        connection.execute("DELETE FROM hold WHERE replica = ?", (replica,))
        for row, amounts in sorted(sums.items()):
            connection.execute(
                "INSERT INTO hold VALUES (?, ?, ?, ?, ?, ?)", (*row, replica, *amounts)
            )

    def _rows(self, purse: Purse, move: Intent | Receipt | Widening) -> list[_Row]:
        """List what a move touches."""
        if isinstance(move, Intent):
            return purse.rows(move.key, move.account, day_of(move.at_ms)) if move.held else []
        request = move.id if isinstance(move, Receipt) else move.request
        held = self._held.get(request)
        rows = set[_Row]() if held is None else set(held.rows)
        if isinstance(move, Receipt) and move.charged is not None:
            rows.update(purse.rows(move.key, move.account, move.day))
        return sorted(rows)

    def _move(
        self,
        purse: Purse,
        at: int,
        move: Intent | Receipt | Widening,
        rows: list[_Row],
        moved: Moved,
        *,
        now_ms: int,
    ) -> None:
        try:
            match move:
                case Intent():
                    purse.hold(move)
                    parts = purse.held(move.id)
                    if parts is not None:
                        moved.held[move.id] = Held(move, tuple(rows), parts)
                case Receipt():
                    self._adopt(purse, move.id, moved)
                    moved.alerts.extend(self._new(purse.settle(move), moved))
                    moved.held[move.id] = None
                case _:
                    held = self._adopt(purse, move.request, moved)
                    purse.widen(move.request, move.by, now_ms=now_ms)
                    parts = purse.held(move.request)
                    if held is not None and parts is not None:
                        moved.held[move.request] = held._replace(parts=parts)
        except BudgetExceeded as error:
            moved.refused[at] = error

    def _adopt(self, purse: Purse, request: str, moved: Moved) -> Held | None:
        held = moved.held.get(request) or self._held.get(request)
        if held is not None:
            purse.adopt(held)
        return held

    def _new(self, alerts: Iterable[Alert], moved: Moved) -> list[Alert]:
        known = self._told | {each.name for each in moved.alerts}
        return [each for each in alerts if each.name not in known]

    def _tell(self, connection: Connection, alerts: list[Alert]) -> None:
        """Have alerts stand that no other replica gave; the others are taken out."""
        alerts[:] = [each for each in alerts if self._stands(connection, each)]

    def _stands(self, connection: Connection, alert: Alert) -> bool:
        row = row_of(alert)
        written = connection.execute(_ALERT, (*(row or ()), encode(alert)))
        return written.rowcount > 0


def fill(purse: Purse, connection: Connection, *, since: str) -> None:
    """Have a purse say what is spent and held in the rows of periods from a month on."""
    for sql, held in ((_SPENT_NOW, False), (_HELD_NOW, True)):
        for account, period, *amounts in connection.execute(sql, (since,)).fetchall():
            slot = purse.slot(account, period)
            (slot.held if held else slot.spent)[:] = amounts


def _locked(connection: Connection, rows: list[_Row]) -> dict[_Row, tuple[_Sums, _Sums]]:
    """Lock rows, making those that are not there; tell what is spent and held in each."""
    named = msgspec.json.encode(rows).decode()
    with connection.together():
        connection.execute(_MAKE, (named,))
        locked = connection.execute(_LOCK, (named,))
        # Only after the locks: what others held is seen as of their last commit.
        holding = connection.execute(_HELD, (named,))
    held = {(row[0], row[1]): row[2:] for row in holding.fetchall()}
    return {
        (row[0], row[1]): (row[2:], held.get((row[0], row[1]), (0, 0, 0)))
        for row in locked.fetchall()
    }


def _write(
    connection: Connection, purse: Purse, before: dict[_Row, tuple[_Sums, _Sums]], *, replica: int
) -> None:
    """Write what has changed."""
    spent: list[tuple[object, ...]] = []
    held: list[tuple[object, ...]] = []
    for row, (spent_before, held_before) in before.items():
        slot = purse.slot(*row)
        more = [now - then for now, then in zip(slot.spent, spent_before, strict=True)]
        if any(more):
            spent.append((*row, *more))
        more = [now - then for now, then in zip(slot.held, held_before, strict=True)]
        if any(more):
            held.append((*row, replica, *more))
    with connection.together():
        if spent:
            connection.execute(_SPEND, (msgspec.json.encode(spent).decode(),))
        if held:
            connection.execute(_HOLD, (msgspec.json.encode(held).decode(),))


def _charged(connection: Connection, account: str, period: str) -> _Sums:
    """Add up what the books say was charged to an account in a period, in order or not yet."""
    row = connection.execute(_BOOKED, (account, period)).fetchone()
    sums: list[int] = [*row]
    for (body,) in connection.execute("SELECT body FROM segment WHERE first IS NULL").fetchall():
        for leaf in unpack(body):
            record = decode(leaf)
            if not isinstance(record, Receipt) or record.charged is None:
                continue
            if record.day.startswith(period) and account in line_of(record.key, record.account):
                charged = record.charged
                amounts = [getattr(charged, unit) or 0 for unit in UNITS]
                sums = [one + more for one, more in zip(sums, amounts, strict=True)]
    return sums[0], sums[1], sums[2]


_ROWS = "SELECT value->>0, value->>1 FROM json_array_elements(?::json)"
_AMOUNTS = ("cost_nusd", "energy_mj", "carbon_ug")
_MAKE = f"INSERT INTO purse (account, period) {_ROWS} ON CONFLICT DO NOTHING"
_LOCK = (
    f"SELECT account, period, {', '.join(_AMOUNTS)} FROM purse "  # noqa: S608 our own words
    f"WHERE (account, period) IN ({_ROWS}) ORDER BY account, period FOR UPDATE"
)
_HELD = (
    f"SELECT account, period, {', '.join(f'sum({each})::bigint' for each in _AMOUNTS)} FROM hold "  # noqa: S608 our own words
    f"WHERE (account, period) IN ({_ROWS}) GROUP BY account, period"
)
_SPENT_NOW = f"SELECT account, period, {', '.join(_AMOUNTS)} FROM purse WHERE period >= ?"  # noqa: S608 our own words
_HELD_NOW = (
    f"SELECT account, period, {', '.join(f'sum({each})::bigint' for each in _AMOUNTS)} FROM hold "  # noqa: S608 our own words
    "WHERE period >= ? GROUP BY account, period"
)
_SPEND = (
    f"UPDATE purse SET {', '.join(f'{each} = {each} + (value->>{at})::bigint' for at, each in enumerate(_AMOUNTS, 2))} "  # noqa: S608 our own words
    "FROM json_array_elements(?::json) WHERE account = value->>0 AND period = value->>1"
)
_HOLD = (
    "INSERT INTO hold SELECT value->>0, value->>1, (value->>2)::bigint, (value->>3)::bigint, "  # noqa: S608 our own words
    "(value->>4)::bigint, (value->>5)::bigint FROM json_array_elements(?::json) "
    "ON CONFLICT (account, period, replica) DO UPDATE SET "
    f"{', '.join(f'{each} = hold.{each} + excluded.{each}' for each in _AMOUNTS)}"
)
_RENEW = (
    "INSERT INTO purse VALUES (?, ?, ?, ?, ?) ON CONFLICT (account, period) DO UPDATE SET "  # noqa: S608 our own words
    f"{', '.join(f'{each} = excluded.{each}' for each in _AMOUNTS)}"
)
_BOOKED = (
    f"SELECT {', '.join(f'coalesce(sum({each}), 0)::bigint' for each in _AMOUNTS)} FROM spent "  # noqa: S608 our own words
    "WHERE account = ? AND starts_with(day, ?)"
)
_ALERT = "INSERT INTO standing VALUES (?, ?, ?) ON CONFLICT (kind, name) DO NOTHING"
