"""How a connection to a SQLite file is opened, and what its tiles are called."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from jevons.store.door import FAILS, File
from jevons.store.postgres import connect_to

if TYPE_CHECKING:
    from jevons.store.door import Connection
    from jevons.store.where import Where

__all__ = (
    "FORESEEN",
    "UNREADABLE",
    "Commit",
    "connect",
    "connect_beside",
    "connect_to_read",
    "has_table",
    "is_live",
    "look_into",
    "tile_key",
    "wait_for_lock",
)

Commit = Literal["disk", "os"]

FORESEEN = (*FAILS, OSError, ValueError, msgspec.MsgspecError)
"""What a disk, another process or a damaged record can raise."""
UNREADABLE = (*FORESEEN, TypeError, LookupError)
"""And what rows of the wrong type or number can, where nothing but rows is read."""

_LOCKED_S = 5.0
"""Longest wait for another process that is writing."""
_LEVEL_BITS = 40


def tile_key(level: int, number: int) -> int:
    """Name a tile by one integer, so that each level's last tile is found by its range."""
    return level << _LEVEL_BITS | number


def connect(path: Path, commit: Commit) -> File:
    """Open to write; each statement is its own transaction unless it says BEGIN.

    `FULL` flushes the write-ahead log at each commit. `NORMAL` leaves that to the writer, and
    still flushes before pages move from the log to the file, so that a file is never torn.
    """
    connection = sqlite3.connect(
        path,
        timeout=_LOCKED_S,
        isolation_level=None,
        check_same_thread=False,
        factory=File,
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if commit == 'disk' else 'NORMAL'}")
        connection.execute("PRAGMA secure_delete = ON")
        if commit == "os":
            connection.execute("PRAGMA wal_autocheckpoint = 0")  # the writer does it in its pauses
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def wait_for_lock(connection: Connection, *, is_patient: bool) -> None:
    """Have statements wait for another process that is writing, or fail at once."""
    wait_ms = int(_LOCKED_S * 1000) if is_patient else 0
    connection.execute(f"PRAGMA busy_timeout = {wait_ms}").fetchone()


def has_table(connection: Connection, name: str) -> bool:
    """Tell whether a file has a table, which one of an earlier version may not."""
    row = connection.execute(connection.words.has_table, (name,)).fetchone()
    return row is not None


def is_live(path: Path) -> bool:
    """Tell whether someone has the file open, or left it without a clean end."""
    wal, index = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    return index.exists() or (wal.exists() and wal.stat().st_size > 0)


def connect_beside(where: Where) -> Connection:
    """Open a ledger to write a little, beside whoever writes it."""
    return connect(where, "os") if isinstance(where, Path) else connect_to(where)


def look_into(where: Where) -> Connection:
    """Open a ledger to read, a file or on a server; whoever writes it may be running."""
    if isinstance(where, Path):
        return connect_to_read(where, live=is_live(where))
    return connect_to(where, "SET default_transaction_read_only = on")


def connect_to_read(path: Path, *, live: bool = True) -> File:
    """Open to read.

    Args:
        path: The ledger file.
        live: Someone may write meanwhile. Otherwise nothing is created beside the file, so
            it can be on a disk that cannot be written, and nothing may write it.
    """
    uri = f"{path.absolute().as_uri()}?{'mode=ro' if live else 'immutable=1'}"
    return sqlite3.connect(
        uri,
        uri=True,
        timeout=_LOCKED_S,
        isolation_level=None,
        check_same_thread=False,
        factory=File,
    )
