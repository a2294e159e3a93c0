"""What is spent, held and left, out of a ledger; the server may be running.

Rule 1: beside a running server this is as of its last slice, a second ago at most; where several
    share a purse, as of now.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from jevons.budget import Balance, Purse, Terms
from jevons.budget.period import day_of, month_of
from jevons.ledger.record import decode
from jevons.store.common_purse import fill
from jevons.store.read import leaf_at
from jevons.store.schema import UNREADABLE, has_table, look_into
from jevons.store.spent import Used, spent_since, used_since
from jevons.store.standing import terms
from jevons.types.account import Intent
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from jevons.store.door import Connection
    from jevons.store.where import Where

    T = TypeVar("T")

__all__ = ("Spending", "balances", "spending")


class Spending(NamedTuple):
    """Which accounts there are, and what each used this month."""

    terms: Terms
    used: dict[str, Used]


def balances(where: Where, *, now_ms: int) -> list[Balance]:
    """Tell what is left of every budget.

    Raises:
        StoreUnavailable: The ledger cannot be read.
    """

    def read(connection: Connection) -> list[Balance]:
        month = month_of(day_of(now_ms))
        purse = Purse()
        purse.terms = terms(connection, since=month)
        purse.begin(spent_since(connection, f"{month}-01"))
        if has_table(connection, "purse"):
            fill(purse, connection, since=month)
        else:
            _take_pending(purse, connection)
        return purse.balances(now_ms)

    return _read(where, read, otherwise=[])


def _take_pending(purse: Purse, connection: Connection) -> None:
    for (leaf,) in connection.execute("SELECT leaf FROM pending").fetchall():
        intent = decode(leaf_at(connection, leaf))
        if isinstance(intent, Intent):
            purse.take(intent)


def spending(where: Where, *, now_ms: int) -> Spending:
    """Tell what every account and key used this month.

    Raises:
        StoreUnavailable: The ledger cannot be read.
    """

    def read(connection: Connection) -> Spending:
        month = month_of(day_of(now_ms))
        found = used_since(connection, f"{month}-01")
        return Spending(terms(connection, since=month), {row.account: row for row in found})

    return _read(where, read, otherwise=Spending(Terms(), {}))


def _read(where: Where, read: Callable[[Connection], T], *, otherwise: T) -> T:
    """Read one moment of a ledger; `otherwise` stands for what a file of before it has not."""
    try:
        with closing(look_into(where)) as connection:
            connection.execute(connection.words.glance)
            return read(connection) if has_table(connection, "standing") else otherwise
    except UNREADABLE as error:
        message = f"{where} cannot be read: {error}"
        raise StoreUnavailable(message) from error
