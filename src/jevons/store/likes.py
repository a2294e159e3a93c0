"""Questions that were like one before them: rows in the order in which they came, in a file of their own.

Rule 1: no text is in it, nor whose it was: how like two questions were, and whether their answers said
    the same.
Rule 2: rows are added and never changed: whoever reads them from the start stands where the server
    does.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import msgspec

from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

__all__ = ("LikeRow", "Likes")

_TABLES = (
    "CREATE TABLE IF NOT EXISTS alike (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS noted (id INTEGER PRIMARY KEY)",
)
_AT_ONCE = 1000


class LikeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One question like another, the end of a certificate, or what is to be shown from here on."""

    at_ms: int
    likeness: float = 0.0
    grade: float = 0.0
    """1 if the answers to both say the same, else 0."""
    ended: str = ""
    """Why the certificate that held ended here; empty for a question."""
    terms: tuple[float, float, float, int] | None = None
    """Loss, delta, days and requests; None for a question."""


class Likes:
    """The file.

    Args:
        path: Made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, rows: Sequence[LikeRow]) -> None:
        """Add rows; they are durable when this returns.

        Raises:
            StoreUnavailable: They are not there.
        """
        encode = msgspec.msgpack.Encoder().encode
        with self._open() as connection:
            connection.executemany(
                "INSERT INTO alike (body) VALUES (?)", [(encode(row),) for row in rows]
            )

    def after(self, number: int) -> list[tuple[int, LikeRow]]:
        """Read rows that come after one, oldest first, and not all of them at once.

        Raises:
            StoreUnavailable: The file cannot be read.
        """
        decode = msgspec.msgpack.Decoder(LikeRow).decode
        with self._open() as connection:
            found = connection.execute(
                "SELECT id, body FROM alike WHERE id > ? ORDER BY id LIMIT ?", (number, _AT_ONCE)
            ).fetchall()
        return [(int(each[0]), decode(each[1])) for each in found]

    def noted(self) -> int:
        """Say up to which row all that turned is in the books.

        Raises:
            StoreUnavailable: The file cannot be read.
        """
        with self._open() as connection:
            (number,) = connection.execute("SELECT coalesce(max(id), 0) FROM noted").fetchone()
        return int(number)

    def note(self, number: int) -> None:
        """Remember that.

        Raises:
            StoreUnavailable: It is not.
        """
        with self._open() as connection:
            connection.execute("INSERT OR REPLACE INTO noted (id) VALUES (?)", (number,))

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        try:
            self._path.touch(mode=0o600)
            with closing(sqlite3.connect(self._path, timeout=5.0)) as connection, connection:
                connection.execute("PRAGMA journal_mode = WAL")
                for table in _TABLES:
                    connection.execute(table)
                yield connection
        except (sqlite3.Error, OSError, msgspec.MsgspecError) as error:
            message = f"what was learned of like questions cannot be used: {self._path}: {error}"
            raise StoreUnavailable(message) from error
