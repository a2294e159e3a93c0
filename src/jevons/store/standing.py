"""What stands: the last record of each account, budget, limit, alert, erasure and person, as its leaf is.

Rule 1: a row is written with its leaf, in one transaction, and is that leaf.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.budget import Terms
from jevons.ledger.record import encode
from jevons.types.account import Erased, PersonChange
from jevons.types.budget import Account, Alert, Budget, Limit

if TYPE_CHECKING:
    from jevons.store.door import Connection
    from jevons.types.account import Record

__all__ = ("Row", "Standing", "erasures", "people", "put", "row_of", "terms")

Standing = Account | Budget | Limit | Alert | Erased | PersonChange

_PUT = (
    "INSERT INTO standing VALUES (?, ?, ?) "
    "ON CONFLICT (kind, name) DO UPDATE SET leaf = excluded.leaf"
)

_terms = msgspec.json.Decoder(Account | Budget | Limit | Alert)
_erased = msgspec.json.Decoder(Erased)
_person = msgspec.json.Decoder(PersonChange)


class Row(NamedTuple):
    """What names a record that stands."""

    kind: str
    name: str


def row_of(record: Record) -> Row | None:  # noqa: PLR0911 one for each kind
    """Name what a record stands for; None if it is of a kind that does not stand."""
    match record:
        case Account(name=name):
            return Row("account", name)
        case Budget(account=name, per=per):
            return Row("budget", f"{name} {per}")
        case Limit(account=name):
            return Row("limit", name)
        case Alert(name=name):
            return Row("alert", name)
        case Erased(key=name):
            return Row("erased", name)
        case PersonChange(name=name):
            return Row("person", name)
        case _:
            return None


def put(record: Standing) -> tuple[str, tuple[object, ...]]:
    """Give the statement that has a record stand."""
    row = row_of(record)
    return _PUT, (*(row or ()), encode(record))


def terms(connection: Connection, *, since: str) -> Terms:
    """Read what stands.

    Args:
        connection: To the ledger.
        since: Alerts of periods before this one are left out: nobody asks for them any more.
    """
    rows = connection.execute(
        "SELECT leaf FROM standing WHERE kind IN ('account', 'budget', 'limit') "
        "UNION ALL SELECT leaf FROM standing WHERE kind = 'alert' AND name >= ?",
        (since,),
    )
    return Terms.of([_terms.decode(leaf) for (leaf,) in rows])


def erasures(connection: Connection) -> dict[str, Erased]:
    """Read which keys were erased, by their id."""
    rows = connection.execute("SELECT name, leaf FROM standing WHERE kind = 'erased'")
    return {name: _erased.decode(leaf) for name, leaf in rows}


def people(connection: Connection) -> dict[str, PersonChange]:
    """Read the last that was said of each person, by their name."""
    rows = connection.execute("SELECT name, leaf FROM standing WHERE kind = 'person'")
    return {name: _person.decode(leaf) for name, leaf in rows}
