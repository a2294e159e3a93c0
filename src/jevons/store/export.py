"""An export: the whole history in one file that needs no database to check.

The format is `jevons-ledger 1`: a line of that name, lines `public-key`, `leaves`,
`checkpoints`, a blank line, the leaves (each after its length, two bytes, big-endian), the
checkpoints (each after its length, four bytes), and at last the SHA-256 of all before it.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from base64 import b64decode
from typing import TYPE_CHECKING, NamedTuple

from jevons.ledger.record import BadLeaf, decode, unpack
from jevons.store.schema import connect_to_read, is_live
from jevons.types.account import Genesis
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("MAGIC", "BadExport", "Exported", "Written", "export", "load")

MAGIC = b"jevons-ledger 1\n"
_DIGEST_BYTES = 32
_HEAD_LINES = 5


class BadExport(ValueError):
    """A file that is not an export, or is not as it was written."""


class Written(NamedTuple):
    """What an export holds."""

    leaves: int
    checkpoints: int
    size_bytes: int


class Exported(NamedTuple):
    """What was read from an export."""

    public_key: bytes
    leaves: list[bytes]
    notes: list[str]


def export(path: Path, out: Path) -> Written:
    """Write what has been put in order to one file; the server may be running.

    Raises:
        StoreUnavailable: The ledger cannot be read, or the file cannot be written.
    """
    try:
        leaves, notes = _read(path)
        genesis = decode(leaves[0]) if leaves else None
        public = genesis.public_key if isinstance(genesis, Genesis) else ""
        body = _render(public, leaves, notes)
        part = out.with_name(out.name + ".part")
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except (sqlite3.Error, OSError, BadLeaf) as error:
        message = f"{path} cannot be exported: {error}"
        raise StoreUnavailable(message) from error
    return Written(len(leaves), len(notes), len(body))


def load(body: bytes) -> Exported:
    """Read an export.

    Raises:
        BadExport: A byte of it is not what was written.
    """
    content, digest = body[:-_DIGEST_BYTES], body[-_DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != digest:
        message = "the export is not what was written: its digest does not match"
        raise BadExport(message)
    try:
        lines = content.split(b"\n", _HEAD_LINES)
        public, leaves, notes = (line.split(b" ", 1)[1] for line in lines[1:4])
        rest = lines[_HEAD_LINES]
        end = len(rest) if not int(notes) else _leaves_end(rest, int(leaves))
        return Exported(b64decode(public), unpack(rest[:end]), _notes(rest[end:], int(notes)))
    except (ValueError, IndexError) as error:
        message = f"not an export: {error}"
        raise BadExport(message) from None


def _read(path: Path) -> tuple[list[bytes], list[str]]:
    if not path.exists():
        raise FileNotFoundError(2, "no such ledger", str(path))
    connection = connect_to_read(path, live=is_live(path))
    try:
        connection.execute("BEGIN")
        size = connection.execute("SELECT coalesce(max(size), 0) FROM checkpoint").fetchone()[0]
        rows = connection.execute("SELECT body FROM segment ORDER BY id")
        leaves = [leaf for (body,) in rows for leaf in unpack(body)][:size]
        notes = [
            note for (note,) in connection.execute("SELECT note FROM checkpoint ORDER BY size")
        ]
        return leaves, notes
    finally:
        connection.close()


def _render(public: str, leaves: list[bytes], notes: list[str]) -> bytes:
    head = f"public-key {public}\nleaves {len(leaves)}\ncheckpoints {len(notes)}\n\n"
    raw = [note.encode() for note in notes]
    content = b"".join(
        [
            MAGIC,
            head.encode(),
            *[len(leaf).to_bytes(2) + leaf for leaf in leaves],
            *[len(note).to_bytes(4) + note for note in raw],
        ]
    )
    return content + hashlib.sha256(content).digest()


def _leaves_end(body: bytes, count: int) -> int:
    at = 0
    for _ in range(count):
        at += 2 + int.from_bytes(body[at : at + 2])
    return at


def _notes(body: bytes, count: int) -> list[str]:
    notes: list[str] = []
    at = 0
    for _ in range(count):
        size = int.from_bytes(body[at : at + 4])
        notes.append(body[at + 4 : at + 4 + size].decode())
        at += 4 + size
    return notes
