"""What was spent, by account and day: added up from receipts as they are put in order.

Rule 1: a receipt is added in the transaction that gives it its place, so once.
Rule 2: every account of its line is charged all of it, and the key too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.budget.purse import Spent
from jevons.budget.terms import line_of
from jevons.types.budget import Amounts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jevons.store.door import Connection, Words

__all__ = (
    "Charged",
    "Used",
    "add_up",
    "added",
    "last_uses",
    "spent_since",
    "used_since",
    "write_spent",
)


class Charged(msgspec.Struct, frozen=True):
    """What of a receipt is added up."""

    key: str
    account: tuple[str, ...]
    day: str
    at_ms: int
    charged: Amounts


class Used(NamedTuple):
    """A row: what an account used on a day."""

    account: str
    day: str
    answers: int
    last_ms: int
    cost_nusd: int
    energy_mj: int
    carbon_ug: int
    no_cost: int
    no_energy: int
    no_carbon: int


def add_up(receipts: Iterable[Charged]) -> list[Used]:
    """Add receipts up, by account and day."""
    lines: dict[tuple[str, tuple[str, ...], str], list[int]] = {}
    for receipt in receipts:
        sums = receipt.charged
        cost, energy, carbon = sums.cost_nusd, sums.energy_mj, sums.carbon_ug
        row = lines.setdefault((receipt.key, receipt.account, receipt.day), [0] * 8)
        row[0] += 1
        row[1] = max(row[1], receipt.at_ms)
        row[2] += cost or 0
        row[3] += energy or 0
        row[4] += carbon or 0
        row[5] += cost is None
        row[6] += energy is None
        row[7] += carbon is None
    rows: dict[tuple[str, str], Used] = {}
    for (key, account, day), figures in lines.items():
        for name in line_of(key, account):
            row, before = Used(name, day, *figures), rows.get((name, day))
            rows[name, day] = row if before is None else added(before, row)
    return [*rows.values()]


def added(row: Used, other: Used) -> Used:
    """Add two rows of one account and day."""
    last_ms = max(row.last_ms, other.last_ms)
    sums = [one + two for one, two in zip(row[4:], other[4:], strict=True)]
    return Used(row.account, row.day, row.answers + other.answers, last_ms, *sums)


def write_spent(connection: Connection, rows: list[Used]) -> None:
    """Add to what is there; one statement, as a statement a row would hand the GIL over at each."""
    connection.execute(_add(connection.words), (msgspec.json.encode(rows).decode(),))


def spent_since(connection: Connection, day: str) -> list[Spent]:
    """Read what every account spent from a day on."""
    rows = connection.execute(
        "SELECT account, day, cost_nusd, energy_mj, carbon_ug, no_cost, no_energy, no_carbon "
        "FROM spent WHERE day >= ?",
        (day,),
    )
    return [Spent(*row[:5], unknown=row[5:]) for row in rows]


def used_since(connection: Connection, day: str) -> list[Used]:
    """Read what every account used from a day on, all of it in the row of its last day."""
    answers, *sums = [f"CAST(sum({name}) AS BIGINT)" for name in ("answers", *Used._fields[4:])]
    rows = connection.execute(
        f"SELECT account, max(day), {answers}, max(last_ms), {', '.join(sums)} "  # noqa: S608 our own names
        "FROM spent WHERE day >= ? GROUP BY account",
        (day,),
    )
    return [Used(*row) for row in rows]


def last_uses(connection: Connection) -> dict[str, int]:
    """Tell when the last answer of each account and key ended, Unix milliseconds."""
    rows = connection.execute("SELECT account, max(last_ms) FROM spent GROUP BY account")
    return dict(rows.fetchall())


_COLUMNS = ", ".join(Used._fields)
_SUMS = ", ".join(
    f"{name} = spent.{name} + excluded.{name}" for name in ("answers", *Used._fields[4:])
)
_LAST = "CASE WHEN excluded.last_ms > spent.last_ms THEN excluded.last_ms ELSE spent.last_ms END"


def _add(words: Words) -> str:
    texts = [words.text.format(at) for at in range(2)]
    figures = [words.integer.format(at) for at in range(2, len(Used._fields))]
    return (
        f"INSERT INTO spent ({_COLUMNS}) SELECT {', '.join([*texts, *figures])} "  # noqa: S608 our own names
        f"FROM {words.elements} WHERE true "
        f"ON CONFLICT (account, day) DO UPDATE SET {_SUMS}, last_ms = {_LAST}"
    )
