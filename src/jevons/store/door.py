"""The door to a database: a connection that executes, and what two databases say differently.

Rule 1: there is one store, and its statements are what both databases understand, with `?` where a
    value goes. The few that differ are `Words`, and stand here.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ("FAILS", "SQLITE", "Connection", "File", "Rows", "Words", "transaction")


class Words(NamedTuple):
    """What is said in the words of one database."""

    begin: str
    """Begins a transaction that will write."""
    named: str
    """Rows of a text and an integer, out of a JSON object."""
    numbered: str
    """Rows of two integers, out of a JSON object."""
    listed: str
    """Rows of a text, out of a JSON list."""
    elements: str
    """Rows `value`, out of a JSON list of lists."""
    text: str
    """The text at a place in `value`."""
    integer: str
    """The integer at a place in `value`."""
    has_table: str
    """Whether there is a table."""


SQLITE = Words(
    begin="BEGIN IMMEDIATE",
    named="SELECT key, value FROM json_each(?) WHERE true",
    numbered="SELECT key, value FROM json_each(?) WHERE true",
    listed="SELECT value FROM json_each(?)",
    elements="json_each(?)",
    text="json_extract(value, '$[{}]')",
    integer="json_extract(value, '$[{}]')",
    has_table="SELECT 1 FROM sqlite_master WHERE name = ?",
)

FAILS: tuple[type[Exception], ...] = (sqlite3.Error,)
"""What a database raises."""


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

    def close(self) -> None:
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

    def close(self) -> None:
        """Close it; a transaction that has not ended is undone."""
        ...


class File(sqlite3.Connection):
    """A connection to a SQLite file."""

    words = SQLITE


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
