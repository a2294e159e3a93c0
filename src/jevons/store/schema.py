"""The tables, and how a connection to them is opened.

Rule 1: a segment is one committed batch of leaves; the order of ids is the order of leaves.
Rule 2: `placed`, `tile`, `lookup`, `pending`, `spent` and `checkpoint` are made from segments
    alone; `standing` holds leaves as they are.
Rule 3: a table is only ever added. A file of before it is given it, empty, when it is opened.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Literal

import msgspec

from jevons.store.door import FAILS, File

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.store.door import Connection

__all__ = (
    "FORESEEN",
    "SCHEMA",
    "UNREADABLE",
    "Commit",
    "connect",
    "connect_to_read",
    "has_table",
    "is_live",
    "tile_key",
    "wait_for_lock",
)

Commit = Literal["disk", "os"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS placed (first INTEGER PRIMARY KEY, segment INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tile (at INTEGER PRIMARY KEY, hashes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS lookup
  (request TEXT PRIMARY KEY, leaf INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending
  (request TEXT PRIMARY KEY, leaf INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS key (id TEXT PRIMARY KEY, digest BLOB NOT NULL, actor BLOB NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS standing
  (kind TEXT NOT NULL, name TEXT NOT NULL, leaf BLOB NOT NULL, PRIMARY KEY (kind, name))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spent
  (account TEXT NOT NULL, day TEXT NOT NULL, answers INTEGER NOT NULL, last_ms INTEGER NOT NULL,
   cost_nusd INTEGER NOT NULL, energy_mj INTEGER NOT NULL, carbon_ug INTEGER NOT NULL,
   no_cost INTEGER NOT NULL, no_energy INTEGER NOT NULL, no_carbon INTEGER NOT NULL,
   PRIMARY KEY (account, day)) WITHOUT ROWID;
"""

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
