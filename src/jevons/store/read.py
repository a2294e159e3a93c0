"""Reading: leaves, tiles and receipts, out of one connection."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from jevons.ledger.merkle import inclusion, leaf_hash
from jevons.ledger.note import parse
from jevons.ledger.record import unpack
from jevons.ledger.tile import Tile, reader
from jevons.store.schema import UNREADABLE, connect_to_read, is_live, tile_key
from jevons.types.actor import Actor
from jevons.types.errors import StoreUnavailable
from jevons.types.proof import Filed, Inclusion

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from jevons.store.door import Connection

__all__ = ("checkpoints", "filed", "find", "keys_in", "leaf_at", "look_up", "newest", "placed")


def filed(leaf: bytes, proof: Inclusion | None = None) -> Filed:
    """Show a leaf."""
    return Filed(leaf=leaf, leaf_hash=b64encode(leaf_hash(leaf)).decode(), inclusion=proof)


def find(connection: Connection, request: str) -> Filed | None:
    """Find a receipt or a refusal that has been put in order, and prove it under the newest checkpoint."""
    connection.execute("BEGIN")  # one moment of the books, whatever is written meanwhile
    try:
        row: tuple[int] | None = connection.execute(
            "SELECT leaf FROM lookup WHERE request = ?", (request,)
        ).fetchone()
        if row is None:
            return None
        return filed(leaf_at(connection, row[0]), _proof(connection, row[0]))
    finally:
        connection.execute("COMMIT")


def look_up(path: Path, request: str) -> Filed | None:
    """Find in a ledger file what a request came to; the server may be running.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    try:
        with closing(connect_to_read(path, live=is_live(path))) as connection:
            return find(connection, request)
    except UNREADABLE as error:
        message = f"{path} cannot be read: {error}"
        raise StoreUnavailable(message) from error


def keys_in(path: Path) -> tuple[Actor, ...]:
    """List the keys in a ledger file, oldest first; the server may be running.

    Raises:
        StoreUnavailable: They cannot be read.
    """
    try:
        with closing(connect_to_read(path, live=is_live(path))) as connection:
            rows = connection.execute("SELECT actor FROM key ORDER BY id").fetchall()
        return tuple([msgspec.json.decode(actor, type=Actor) for (actor,) in rows])
    except (*UNREADABLE, msgspec.DecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise StoreUnavailable(message) from error


def checkpoints(connection: Connection) -> list[str]:
    """List the checkpoints, smallest first.

    Raises:
        ValueError: One is not text: SQLite keeps whatever a damaged file says it is.
    """
    notes: list[object] = [
        note for (note,) in connection.execute("SELECT note FROM checkpoint ORDER BY size")
    ]
    texts = [note for note in notes if isinstance(note, str)]
    if len(texts) < len(notes):
        message = "a checkpoint is not text"
        raise ValueError(message)
    return texts


def newest(connection: Connection) -> str | None:
    """Give the newest checkpoint; None if nothing is signed yet."""
    row: tuple[str] | None = connection.execute(
        "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"
    ).fetchone()
    return None if row is None else row[0]


def placed(connection: Connection, requests: Iterable[str]) -> list[str]:
    """Tell which of these receipts have been put in order."""
    rows = connection.execute(
        f"SELECT request FROM lookup WHERE request IN ({connection.words.listed})",  # noqa: S608 our own words
        (json.dumps([*requests]),),
    )
    return [request for (request,) in rows]


def leaf_at(connection: Connection, index: int) -> bytes:
    """Read one leaf by its index."""
    row: tuple[int, bytes] = connection.execute(
        "SELECT first, body FROM placed JOIN segment ON segment.id = placed.segment "
        "WHERE first <= ? ORDER BY first DESC LIMIT 1",
        (index,),
    ).fetchone()
    first, body = row
    return unpack(body)[index - first]


def _proof(connection: Connection, index: int) -> Inclusion | None:
    row = connection.execute(
        "SELECT size, note FROM checkpoint WHERE size > ? ORDER BY size DESC LIMIT 1", (index,)
    ).fetchone()
    if row is None:
        return None

    def read(tile: Tile) -> bytes:
        at = tile_key(tile.level, tile.number)
        return connection.execute("SELECT hashes FROM tile WHERE at = ?", (at,)).fetchone()[0]

    size = parse(row[1]).size
    path = inclusion(reader(read), index, size)
    return Inclusion(
        index=index,
        size=size,
        path=tuple(b64encode(node).decode() for node in path),
        checkpoint=row[1],
    )
