"""Reading: leaves, tiles and receipts, out of one connection."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from jevons.ledger.merkle import inclusion, leaf_hash
from jevons.ledger.note import ED25519, Vkey, parse
from jevons.ledger.record import unpack
from jevons.ledger.tile import Tile, reader
from jevons.store.schema import UNREADABLE, look_into, tile_key
from jevons.types.account import Genesis
from jevons.types.actor import Actor
from jevons.types.errors import StoreUnavailable
from jevons.types.proof import Filed, Inclusion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jevons.store.door import Connection
    from jevons.store.where import Where

__all__ = (
    "checkpoints",
    "filed",
    "find",
    "glance",
    "head_of",
    "keys_in",
    "leaf_at",
    "look_up",
    "newest",
    "placed",
    "segments",
)


def filed(leaf: bytes, proof: Inclusion | None = None) -> Filed:
    """Show a leaf."""
    return Filed(leaf=leaf, leaf_hash=b64encode(leaf_hash(leaf)).decode(), inclusion=proof)


def find(connection: Connection, request: str) -> Filed | None:
    """Find a receipt or a refusal that has been put in order, and prove it under the newest checkpoint."""
    with glance(connection):
        row: tuple[int] | None = connection.execute(
            "SELECT leaf FROM lookup WHERE request = ?", (request,)
        ).fetchone()
        if row is None:
            return None
        return filed(leaf_at(connection, row[0]), _proof(connection, row[0]))


class glance:  # noqa: N801 it reads as a statement
    """Read one moment of the books, whatever is written meanwhile."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute(self._connection.words.glance)

    def __exit__(self, *rest: object) -> None:
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")


def segments(connection: Connection) -> Iterator[tuple[int, bytes]]:
    """Read every segment and its id, in the order of leaves; within a transaction."""
    for sql in connection.words.segments:
        yield from connection.each(sql)


def look_up(where: Where, request: str) -> Filed | None:
    """Find in a ledger what a request came to; the server may be running.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    try:
        with closing(look_into(where)) as connection:
            return find(connection, request)
    except UNREADABLE as error:
        message = f"{where} cannot be read: {error}"
        raise StoreUnavailable(message) from error


def head_of(where: Where) -> tuple[Vkey, str | None]:
    """Read whose log a ledger is, and its newest checkpoint, if it has any.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    try:
        with closing(look_into(where)) as connection:
            (body,) = connection.execute("SELECT body FROM segment ORDER BY id LIMIT 1").fetchone()
            note = newest(connection)
        genesis = msgspec.json.decode(unpack(body)[0], type=Genesis)
        return Vkey(genesis.origin, ED25519, b64decode(genesis.public_key)), note
    except (*UNREADABLE, msgspec.DecodeError) as error:
        message = f"{where} cannot be read: {error}"
        raise StoreUnavailable(message) from error


def keys_in(where: Where) -> tuple[Actor, ...]:
    """List the keys in a ledger, oldest first; the server may be running.

    Raises:
        StoreUnavailable: They cannot be read.
    """
    try:
        with closing(look_into(where)) as connection:
            rows = connection.execute("SELECT actor FROM key ORDER BY id").fetchall()
        return tuple([msgspec.json.decode(actor, type=Actor) for (actor,) in rows])
    except (*UNREADABLE, msgspec.DecodeError) as error:
        message = f"{where} cannot be read: {error}"
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
        "SELECT placed.first, body FROM placed JOIN segment ON segment.id = placed.segment "
        "WHERE placed.first <= ? ORDER BY placed.first DESC LIMIT 1",
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
