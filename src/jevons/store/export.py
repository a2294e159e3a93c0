"""An export: the whole history in one file that needs no database to check.

The format is `jevons-ledger 1`: a line of that name, lines `public-key`, `leaves`,
`checkpoints`, a blank line, the leaves (each after its length, two bytes, big-endian), the
checkpoints (each after its length, four bytes), and at last the SHA-256 of all before it.
"""

from __future__ import annotations

import hashlib
import os
import time
from base64 import b64decode
from contextlib import closing
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from jevons.ledger.record import decode, unpack
from jevons.store.lease import is_open
from jevons.store.read import checkpoints, glance, segments
from jevons.store.schema import UNREADABLE, look_into
from jevons.store.where import Server
from jevons.types.account import Genesis
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jevons.store.door import Connection
    from jevons.store.where import Where

__all__ = ("MAGIC", "BadExport", "Exported", "Written", "export", "load", "open_export")

MAGIC = b"jevons-ledger 1\n"
_DIGEST_BYTES = 32
_HEAD_LINES = 5
_PIECE_BYTES = 1 << 20
_LOOKS = 30
_LOOK_S = 0.1


class BadExport(ValueError):
    """A file that is not an export, or is not as it was written."""


class Written(NamedTuple):
    """What an export holds."""

    leaves: int
    checkpoints: int
    size_bytes: int
    left_out: int
    """Leaves that no checkpoint covers yet."""


class Exported(NamedTuple):
    """What was read from an export."""

    public_key: bytes
    leaves: Iterable[bytes]
    notes: list[str]


def export(where: Where, out: Path) -> Written:
    """Write what is under a signed checkpoint to one file; the server may be running.

    A running server signs within about a second, and that is waited for.

    Raises:
        StoreUnavailable: The ledger cannot be read, or the file cannot be written.
    """
    try:
        if isinstance(where, Path) and not where.exists():
            raise FileNotFoundError(2, "no such ledger", str(where))
        with closing(look_into(where)) as connection:
            if isinstance(where, Server) or is_open(where):
                _await_checkpoint(connection)
            connection.execute(connection.words.glance)
            return _write(connection, out)
    except UNREADABLE as error:
        message = f"{where} cannot be exported: {error}"
        raise StoreUnavailable(message) from error


def open_export(file: BinaryIO) -> Exported:
    """Read an export; its leaves are read from the file when they are asked for.

    Raises:
        BadExport: A byte of it is not what was written.
    """
    end = _check_digest(file)
    try:
        return _open(file, end)
    except (ValueError, IndexError) as error:
        message = f"not an export: {error}"
        raise BadExport(message) from None


def _open(file: BinaryIO, end: int) -> Exported:
    lines = [file.readline() for _ in range(_HEAD_LINES)]
    public, leaves, notes = (line.split(b" ", 1)[1] for line in lines[1:4])
    start = file.tell()
    for _ in _leaves(file, int(leaves)):
        pass
    kept = [_take(file, 4).decode() for _ in range(int(notes))]
    if lines[0] != MAGIC or file.tell() != end:
        message = "it is longer or shorter than it says, or of another version"
        raise ValueError(message)
    file.seek(start)
    return Exported(b64decode(public), _leaves(file, int(leaves)), kept)


def load(body: bytes) -> Exported:
    """Read an export that is in memory.

    Raises:
        BadExport: A byte of it is not what was written.
    """
    return open_export(BytesIO(body))


def _await_checkpoint(connection: Connection) -> None:
    with glance(connection):
        wanted = _count(connection)
    for _ in range(_LOOKS):
        if _signed_size(connection) >= wanted:
            return
        time.sleep(_LOOK_S)


def _write(connection: Connection, out: Path) -> Written:
    count = _count(connection)
    size = min(count, _signed_size(connection))
    notes = [note.encode() for note in checkpoints(connection)]
    leaves = islice(_stored(connection), size)
    first = next(leaves, b"")
    head = f"public-key {_public(first)}\nleaves {size}\ncheckpoints {len(notes)}\n\n"
    pieces = chain(
        [MAGIC, head.encode()],
        (len(leaf).to_bytes(2) + leaf for leaf in chain([first] if size else [], leaves)),
        (len(note).to_bytes(4) + note for note in notes),
    )
    return Written(size, len(notes), _put(pieces, out), count - size)


def _put(pieces: Iterable[bytes], out: Path) -> int:
    """Write a file whole or not at all."""
    part = out.with_name(out.name + ".part")
    running = hashlib.sha256()
    with part.open("wb") as file:
        for piece in pieces:
            running.update(piece)
            file.write(piece)
        file.write(running.digest())
        file.flush()
        os.fsync(file.fileno())
        size_bytes = file.tell()
    part.replace(out)
    return size_bytes


def _stored(connection: Connection) -> Iterator[bytes]:
    for _, body in segments(connection):
        yield from unpack(body)


def _count(connection: Connection) -> int:
    return sum(1 for _ in _stored(connection))


def _signed_size(connection: Connection) -> int:
    return connection.execute("SELECT coalesce(max(size), 0) FROM checkpoint").fetchone()[0]


def _public(first: bytes) -> str:
    genesis = decode(first) if first else None
    return genesis.public_key if isinstance(genesis, Genesis) else ""


def _check_digest(file: BinaryIO) -> int:
    """Hold the file against its own digest.

    Returns:
        Where the digest begins; the file is at its beginning again.
    """
    end = left = file.seek(0, os.SEEK_END) - _DIGEST_BYTES
    file.seek(0)
    running = hashlib.sha256()
    while left > 0:
        piece = file.read(min(left, _PIECE_BYTES))
        running.update(piece)
        left -= len(piece)
    if file.read() != running.digest():
        message = "the export is not what was written: its digest does not match"
        raise BadExport(message)
    file.seek(0)
    return end


def _leaves(file: BinaryIO, count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield _take(file, 2)


def _take(file: BinaryIO, length_bytes: int) -> bytes:
    size = int.from_bytes(file.read(length_bytes))
    body = file.read(size)
    if len(body) != size:
        message = "it ends in the middle of a leaf or a checkpoint"
        raise ValueError(message)
    return body
