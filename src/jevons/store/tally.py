"""The table of tallies: receipts added up as they are put in order, and what reports read of it.

Rule 1: a receipt is added in the transaction that gives it its place, so once.
Rule 2: the table is made whole by one step of migration: where it is there, nothing is missing.
Rule 3: what is committed and has no place yet is added as it is read: no report misses it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jevons.ledger.record import unpack
from jevons.reports.tally import GROUP, SUMS, Counted, Group, add_up, line_of, merge, tally_of
from jevons.store.door import File
from jevons.store.read import segments
from jevons.store.receipts import IS_RECEIPT
from jevons.store.schema import UNREADABLE, has_table, look_into
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from jevons.reports.tally import Tally
    from jevons.store.door import Connection, Rows
    from jevons.store.where import Where

__all__ = ("TALLY", "connect_to_make", "count", "fill_tally", "in_order", "tallies", "write_tally")

TALLY = (
    f"CREATE TABLE IF NOT EXISTS tally (hour_ms BIGINT NOT NULL, "
    f"{', '.join(f'{name} TEXT NOT NULL' for name in GROUP[1:])}, "
    f"{', '.join(f'{name} BIGINT NOT NULL' for name in SUMS)}, "
    f"PRIMARY KEY ({', '.join(GROUP)})) WITHOUT ROWID"
)
_STEP_SEGMENTS = 1024
_ALL = 1 << 62
_ROWS_AT_ONCE = 64
"""Rows of one statement, which SQLite allows 32766 values."""

_counted = msgspec.json.Decoder(Counted)


def count(leaves: Iterable[bytes]) -> dict[Group, list[int]]:
    """Add up the receipts among leaves."""
    return add_up([_counted.decode(leaf) for leaf in leaves if IS_RECEIPT in leaf])


def write_tally(connection: Connection, groups: Mapping[Group, list[int]]) -> None:
    """Add to what is there; many rows a statement, as each would hand the GIL over."""
    rows = [(*group, *sums) for group, sums in groups.items()]
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[first : first + _ROWS_AT_ONCE]
        values = ", ".join([_ROW] * len(some))
        connection.execute(f"{_INSERT} VALUES {values} {_ADD}", [*chain.from_iterable(some)])


def fill_tally(connection: Connection) -> None:
    """Add all that was placed before there was a table; within the transaction that makes it."""
    placed = connection.each(
        "SELECT segment.id, body FROM placed JOIN segment ON segment.id = placed.segment "
        "ORDER BY placed.first"
    )
    for leaves in _in_steps(placed):
        write_tally(connection, count(leaves))


def connect_to_make() -> File:
    """Open a file of its own with the table, empty; closing it removes it."""
    connection = sqlite3.connect("", isolation_level=None, factory=File)
    connection.execute(TALLY)
    return connection


def in_order(connection: Connection) -> Rows:
    """Read the table as it is, by group."""
    hour, *texts = GROUP
    order = ", ".join([hour, *[f"{name}{connection.words.exactly}" for name in texts]])
    return connection.execute(f"SELECT * FROM tally ORDER BY {order}")  # noqa: S608 our own names


def tallies(
    where: Where,
    *,
    by: Collection[str],
    begin_ms: int = 0,
    end_ms: int | None = None,
    step_ms: int | None = None,
    account: str | None = None,
) -> list[Tally]:
    """Read what the receipts of a ledger come to; the server may be running.

    Args:
        where: The ledger.
        by: Fields of a `Group` that tell receipts apart; the others are empty in what is read.
        begin_ms: First hour that counts.
        end_ms: The first that no longer does; None is all there are.
        step_ms: A whole number of hours: what is read is told apart by stretches this long,
            counted from 1970, and named by their beginnings. None tells no times apart: 0.
        account: Only of this account, or of a key by its id.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    asked = _Asked(
        by=tuple([name for name in GROUP[1:] if name in by]),
        begin_ms=begin_ms,
        end_ms=end_ms if end_ms is not None else 1 << 62,
        step_ms=step_ms,
        account=account,
    )
    try:
        with closing(look_into(where)) as connection:
            connection.execute(connection.words.glance)  # one moment, whatever is written meanwhile
            return asked.of(connection)
    except UNREADABLE as error:
        message = f"the ledger {str(where)!r} cannot be read: {error}"
        raise StoreUnavailable(message) from error


class _Asked(NamedTuple):
    """Which tallies are read, and what tells them apart."""

    by: tuple[str, ...]
    begin_ms: int
    end_ms: int
    step_ms: int | None
    account: str | None

    def of(self, connection: Connection) -> list[Tally]:
        """Read them."""
        found, others = dict[Group, list[int]](), segments(connection)
        if has_table(connection, "tally"):
            found = {self._named(row): [*row[1 + len(self.by) :]] for row in self._rows(connection)}
            others = iter(connection.execute(connection.words.unplaced, (_ALL,)))
        for leaves in _in_steps(others):
            for group, sums in count(leaves).items():
                if self._is_asked(group):
                    merge(found, self._told(group), sums)
        return [tally_of(group, sums) for group, sums in found.items()]

    def _rows(self, connection: Connection) -> Rows:
        hour = "0" if self.step_ms is None else f"hour_ms - hour_ms % {self.step_ms:d}"
        columns = ", ".join([f"{hour} AS begin_ms", *self.by])
        sums = ", ".join([f"CAST(sum({name}) AS BIGINT)" for name in SUMS])
        where, values = "hour_ms >= ? AND hour_ms < ?", [self.begin_ms, self.end_ms]
        if self.account is not None:
            lines = [
                line
                for (line,) in connection.execute("SELECT DISTINCT account FROM tally")
                if self.account in line_of(line)
            ]
            where += f" AND (key = ? OR account IN ({', '.join('?' * len(lines))}))"
            values += [self.account, *lines]
        return connection.execute(
            f"SELECT {columns}, {sums} FROM tally WHERE {where} "  # noqa: S608 our own names
            f"GROUP BY {', '.join(['begin_ms', *self.by])}",
            values,
        )

    def _named(self, row: tuple[Any, ...]) -> Group:
        return _NOBODY._replace(hour_ms=row[0], **dict(zip(self.by, row[1:], strict=False)))

    def _told(self, group: Group) -> Group:
        """Take from a group what nobody asked to have told apart."""
        step_ms = self.step_ms
        told = {name: getattr(group, name) for name in self.by}
        begin_ms = 0 if step_ms is None else group.hour_ms - group.hour_ms % step_ms
        return _NOBODY._replace(hour_ms=begin_ms, **told)

    def _is_asked(self, group: Group) -> bool:
        if not self.begin_ms <= group.hour_ms < self.end_ms:
            return False
        return self.account is None or self.account in (group.key, *line_of(group.account))


def _in_steps(rows: Iterator[tuple[int, bytes]]) -> Iterator[list[bytes]]:
    """Cut segments into lists of leaves that are small enough to hold."""
    while step := [*islice(rows, _STEP_SEGMENTS)]:
        yield [leaf for _, body in step for leaf in unpack(body)]


_NOBODY = Group(0, *[""] * (len(GROUP) - 1))
_COLUMNS = (*GROUP, *SUMS)
_ROW = f"({', '.join('?' * len(_COLUMNS))})"
_INSERT = f"INSERT INTO tally ({', '.join(_COLUMNS)})"
_ADD = (
    f"ON CONFLICT ({', '.join(GROUP)}) DO UPDATE SET "
    f"{', '.join(f'{name} = tally.{name} + excluded.{name}' for name in SUMS)}"
)
