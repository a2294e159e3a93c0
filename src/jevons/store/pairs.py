"""What `auto` learned from: rows in the order in which they came, in a file of their own.

Rule 1: no text is in it: hashed words, counts and grades. Nor is anybody's key; but a row's name is
    made of its request's id, so that whoever has the books as well can tell whose it was. Hashed words
    can be guessed one by one, so the file is readable by its owner only.
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

__all__ = ("PairRow", "Pairs")

_TABLES = (
    "CREATE TABLE IF NOT EXISTS pair (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS noted (id INTEGER PRIMARY KEY)",
)
_AT_ONCE = 1000


class PairRow(msgspec.Struct, frozen=True, kw_only=True):
    """One graded prompt, or the end of a certificate."""

    at_ms: int
    columns: bytes = b""
    """Buckets of hashed words, little-endian int32."""
    counts: bytes = b""
    """float32, one for each."""
    looks: bytes = b""
    route: str = ""
    grades: dict[str, float] = {}
    """From 0 to 1, by arm."""
    costs: dict[str, float] = {}
    """In nano-dollars, by arm; one that is not known is left out."""
    times: float = 1.0
    """How much likelier it was drawn than by lot."""
    ended: str = ""
    """Why the certificate that held ended here; empty for a graded prompt."""
    name: str = ""
    """Made of the request's id: what is said of one request goes by one name. Empty where there was none."""
    by: str = ""
    """Who graded it: `tests`, `checks` (answers were compared), `judge`, `human`, `feedback` (of the arm
    that answered, and of no other) or `import`; empty in rows of versions that did not ask."""
    was: dict[str, float] = {}
    """Grades before, where a person gave others in their place: of the reference first, and of one arm."""
    was_by: str = ""
    """Who gave those."""
    chosen: str = ""
    """How the arm was chosen of which there is feedback, as receipts have it."""
    under: str = ""
    """And under which certificate."""
    judge: str = ""
    """Name of the endpoint that was asked, where it was a judge."""
    failed: str = ""
    """Why nobody graded what was to be graded: `judge` said nothing that counts, or `tests` broke;
    empty for a graded prompt."""


class Pairs:
    """The file.

    Args:
        path: Made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, rows: Sequence[PairRow]) -> None:
        """Add rows; they are durable when this returns.

        Raises:
            StoreUnavailable: They are not there.
        """
        encode = msgspec.msgpack.Encoder().encode
        with self._open() as connection:
            connection.executemany(
                "INSERT INTO pair (body) VALUES (?)", [(encode(row),) for row in rows]
            )

    def after(self, number: int) -> list[tuple[int, PairRow]]:
        """Read rows that come after one, oldest first, and not all of them at once.

        Raises:
            StoreUnavailable: The file cannot be read.
        """
        decode = msgspec.msgpack.Decoder(PairRow).decode
        with self._open() as connection:
            found = connection.execute(
                "SELECT id, body FROM pair WHERE id > ? ORDER BY id LIMIT ?", (number, _AT_ONCE)
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
            message = f"what auto learned from cannot be used: {self._path}: {error}"
            raise StoreUnavailable(message) from error
