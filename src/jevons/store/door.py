"""The door to a database: a connection that executes, and what two databases say differently.

Rule 1: there is one store, and its statements are what both databases understand, with `?` where a
    value goes. The few that differ are `Words`, and stand here.
"""

from __future__ import annotations

import sqlite3
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

__all__ = (
    "FAILS",
    "POSTGRES",
    "SQLITE",
    "Connection",
    "File",
    "Rows",
    "ServerFault",
    "Words",
    "transaction",
)


class ServerFault(Exception):
    """A database server could not do it, or could not be reached."""


FAILS = (sqlite3.Error, ServerFault)
"""What a database raises."""


class Words(NamedTuple):
    """What is said in the words of one database."""

    name: Literal["sqlite", "postgres"]
    """Which database it is."""
    begin: str
    """Begins a transaction that will write."""
    glance: str
    """Begins one that reads one moment."""
    alone: str
    """In a transaction that changes tables, or numbers rows: nobody else does meanwhile."""
    types: tuple[tuple[str, str], ...]
    """What SQLite calls a type, and what it is called here."""
    has_table: str
    """Whether there is a table."""
    segments: tuple[str, ...]
    """Every segment and its id, in the order of leaves: those with a place, then the others."""
    unplaced: str
    """The oldest segments that have no place, at most as many as said."""
    slice_segments: int
    """How many of them are asked for at once: a server sends all that it is asked for."""
    place: str
    """Gives segments their places: a JSON object of first leaves and ids."""
    named: str
    """Rows of a text and an integer, out of a JSON object."""
    listed: str
    """Rows of a text, out of a JSON list."""
    elements: str
    """Rows `value`, out of a JSON list of lists."""
    text: str
    """The text at a place in `value`."""
    integer: str
    """The integer at a place in `value`."""
    exactly: str
    """After a text that is put in order: by its bytes, as Python does."""


SQLITE = Words(
    name="sqlite",
    begin="BEGIN IMMEDIATE",
    glance="BEGIN",
    alone="SELECT 1",
    types=(),
    has_table="SELECT 1 FROM sqlite_master WHERE name = ?",
    segments=("SELECT id, body FROM segment ORDER BY id",),
    unplaced="SELECT id, body FROM segment WHERE id > "
    "coalesce((SELECT segment FROM placed ORDER BY first DESC LIMIT 1), 0) ORDER BY id LIMIT ?",
    slice_segments=512,
    place="INSERT INTO placed SELECT key, value FROM json_each(?)",
    named="SELECT key, value FROM json_each(?) WHERE true",
    listed="SELECT value FROM json_each(?)",
    elements="json_each(?)",
    text="json_extract(value, '$[{}]')",
    integer="json_extract(value, '$[{}]')",
    exactly="",
)

POSTGRES = Words(
    name="postgres",
    begin="BEGIN",
    glance="BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    alone="SELECT pg_advisory_xact_lock(1785034095)",  # "jevo", for whoever looks at pg_locks
    types=((" BLOB", " BYTEA"), (" INTEGER", " BIGINT"), (" WITHOUT ROWID", "")),
    # Not `to_regclass`: within a transaction that answers out of a cache.
    has_table="SELECT 1 FROM pg_tables "
    "WHERE tablename = ? AND schemaname = ANY (current_schemas(false))",
    segments=(
        "SELECT id, body FROM segment WHERE first IS NOT NULL ORDER BY first",
        "SELECT id, body FROM segment WHERE first IS NULL ORDER BY id",
    ),
    # Not from an id on: a transaction that took an earlier one may be committed later.
    unplaced="SELECT id, body FROM segment WHERE first IS NULL ORDER BY id LIMIT ?",
    slice_segments=32,
    place="UPDATE segment SET first = key::bigint FROM json_each_text(?::json) "
    "WHERE id = value::bigint",
    named="SELECT key, value::bigint FROM json_each_text(?::json)",
    listed="SELECT json_array_elements_text(?::json)",
    elements="json_array_elements(?::json)",
    text="value->>{}",
    integer="(value->>{})::bigint",
    exactly=' COLLATE "C"',
)


class Rows(Protocol):
    """What a statement found."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    def fetchone(self) -> Any:
        """Take the next row; None if there is none."""
        ...

    def fetchall(self) -> list[Any]:
        """Take all that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Take one after the other."""
        ...

    def close(self) -> object:
        """Take no more."""
        ...


class Connection(Protocol):
    """Executes. Each statement is its own transaction, unless one was begun."""

    @property
    def words(self) -> Words:
        """How it wants to be spoken to."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether one was begun and has not ended."""
        ...

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        """Execute a statement."""
        ...

    def each(self, sql: str, /) -> Iterator[Any]:
        """Read rows that are too many for memory; within a transaction."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """Send statements that need no answer in one exchange."""
        ...

    def close(self) -> None:
        """Close it; a transaction that has not ended is undone."""
        ...


class File(sqlite3.Connection):
    """A connection to a SQLite file."""

    words = SQLITE

    def each(self, sql: str, /) -> Iterator[Any]:
        """Read rows; SQLite never has more than one of them in memory."""
        return self.execute(sql)

    def together(self) -> AbstractContextManager[None]:
        """There is nobody to exchange anything with."""
        return nullcontext()


class transaction:  # noqa: N801 it reads as a statement
    """Commit what is done inside, or none of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute(self._connection.words.begin)

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            try:
                self._connection.execute("COMMIT")
            except FAILS:
                self._roll_back()
                raise
        else:
            self._roll_back()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
