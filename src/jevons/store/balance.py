"""What is spent, held and left, out of a ledger file; the server may be running.

Rule 1: beside a running server this is as of its last slice, a second ago at most.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from jevons.budget import Balance, Purse, Terms
from jevons.budget.period import day_of, month_of
from jevons.ledger.record import decode
from jevons.store.read import leaf_at
from jevons.store.schema import UNREADABLE, connect_to_read, has_table, is_live
from jevons.store.spent import Used, spent_since, used_since
from jevons.store.standing import terms
from jevons.types.account import Intent
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    from jevons.store.door import Connection

    T = TypeVar("T")

__all__ = ("Spending", "balances", "spending")


class Spending(NamedTuple):
    """Which accounts there are, and what each used this month."""

    terms: Terms
    used: dict[str, Used]


def balances(path: Path, *, now_ms: int) -> list[Balance]:
    """Tell what is left of every budget.

    Raises:
        StoreUnavailable: The ledger cannot be read.
    """

    def read(connection: Connection) -> list[Balance]:
        month = month_of(day_of(now_ms))
        purse = Purse()
        purse.terms = terms(connection, since=month)
        purse.begin(spent_since(connection, f"{month}-01"))
        for (leaf,) in connection.execute("SELECT leaf FROM pending").fetchall():
            intent = decode(leaf_at(connection, leaf))
            if isinstance(intent, Intent):
                purse.take(intent)
        return purse.balances(now_ms)

    return _read(path, read, otherwise=[])


def spending(path: Path, *, now_ms: int) -> Spending:
    """Tell what every account and key used this month.

    Raises:
        StoreUnavailable: The ledger cannot be read.
    """

    def read(connection: Connection) -> Spending:
        month = month_of(day_of(now_ms))
        found = used_since(connection, f"{month}-01")
        return Spending(terms(connection, since=month), {row.account: row for row in found})

    return _read(path, read, otherwise=Spending(Terms(), {}))


def _read(path: Path, read: Callable[[Connection], T], *, otherwise: T) -> T:
    """Read one moment of a ledger; `otherwise` stands for what a file of before it has not."""
    try:
        with closing(connect_to_read(path, live=is_live(path))) as connection:
            connection.execute("BEGIN")
            return read(connection) if has_table(connection, "standing") else otherwise
    except UNREADABLE as error:
        message = f"{path} cannot be read: {error}"
        raise StoreUnavailable(message) from error
