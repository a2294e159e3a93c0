"""The sequencer: gives committed leaves their index, extends the tree, signs checkpoints.

Rule 1: it reads segments only, so what it makes can be made again from them.
Rule 2: one slice is one transaction, and short: commits wait behind it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.ledger.merkle import leaf_hash, root
from jevons.ledger.note import Checkpoint, sign
from jevons.ledger.record import unpack
from jevons.ledger.tile import Edge, Tile
from jevons.store.door import transaction
from jevons.store.schema import tile_key
from jevons.store.spent import Charged, add_up, write_spent
from jevons.store.tally import count, write_tally
from jevons.types.budget import Amounts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from jevons.ports import Clock
    from jevons.store.door import Connection

__all__ = ("Sequencer",)

SLICE_LEAVES = 512
"""Leaves after which a slice takes no further segment: 2 to 3 ms of work."""
CHECKPOINT_S = 1.0


class _Head(msgspec.Struct, frozen=True):
    """What the sequencer reads of a leaf."""

    kind: str
    id: str = ""
    key: str = ""
    account: tuple[str, ...] | str = ()
    """A budget's is one name."""
    day: str = ""
    at_ms: int = 0
    charged: Amounts | None = None


_heads = msgspec.json.Decoder(_Head)


class _Slice(NamedTuple):
    placed: list[tuple[int, int]]
    leaves: list[bytes]


class Sequencer:
    """Puts segments in order. Belongs to the writer thread.

    Args:
        connection: Open to write.
        key: Signs checkpoints.
        origin: Name of the log.
        copy: Plain file that each checkpoint is appended to.
        clock: When the next checkpoint is due.
        fence: Called in each transaction: raises where another may be the sequencer by now.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        key: Ed25519PrivateKey,
        origin: str,
        copy: Path,
        clock: Clock,
        fence: Callable[[], None] | None = None,
    ) -> None:
        self._connection = connection
        self._key = key
        self._origin = origin
        self._copies = copy
        self._clock = clock
        self._fence = fence
        self._signed_s = float("-inf")
        self._uncopied: str | None = None
        size = self._resume()
        self._signed = self._one("SELECT coalesce(max(size), 0) FROM checkpoint")
        self._edge = Edge(size, self._read_tile)

    def step(self) -> tuple[bool, list[str]]:
        """Place one slice, and sign if nothing is left or a second has passed.

        Returns:
            Whether more may be left, and the receipts that can now be looked up.
        """
        batch = self._take()
        most = self._connection.words.slice_segments
        is_more = len(batch.leaves) >= SLICE_LEAVES or len(batch.placed) == most
        note = None
        if not batch.leaves and self._edge.size == self._signed:
            return False, []
        edge = (self._edge.size, [*self._edge.rows])
        try:
            with transaction(self._connection):
                if self._fence is not None:
                    self._fence()
                with self._connection.together():
                    receipts = self._place(batch) if batch.leaves else []
                    if not is_more or self._is_due():
                        note = self._sign()
        except BaseException:
            self._edge.size, self._edge.rows = edge
            raise
        if note is not None:
            self._signed, self._signed_s = self._edge.size, self._clock.monotonic_s()
            self._uncopied = note
        return is_more, receipts

    def copy(self) -> None:
        """Copy the newest checkpoint outside the ledger, unless that was done.

        Raises:
            OSError: It could not be written; the next call tries again.
        """
        if self._uncopied is not None:
            self._append(self._uncopied)
            self._uncopied = None

    def _resume(self) -> int:
        row = self._connection.execute(
            "SELECT placed.first, body FROM placed JOIN segment ON segment.id = placed.segment "
            "ORDER BY placed.first DESC LIMIT 1"
        ).fetchone()
        return row[0] + len(unpack(row[1])) if row else 0

    def _take(self) -> _Slice:
        batch, first = _Slice([], []), self._edge.size
        words = self._connection.words
        rows = self._connection.execute(words.unplaced, (words.slice_segments,))
        for segment, body in rows:
            batch.placed.append((first + len(batch.leaves), segment))
            batch.leaves.extend(unpack(body))
            if len(batch.leaves) >= SLICE_LEAVES:
                break
        rows.close()
        return batch

    def _place(self, batch: _Slice) -> list[str]:
        first = self._edge.size
        tiles = self._edge.extend([leaf_hash(leaf) for leaf in batch.leaves])
        opened: dict[str, int] = {}
        closed: dict[str, int] = {}
        charged: list[Charged] = []
        for index, leaf in enumerate(batch.leaves, first):
            head = _heads.decode(leaf)
            if head.kind == "intent":
                opened[head.id] = index
            elif head.kind in {"receipt", "refused"}:
                closed[head.id] = index
                if head.charged is not None and isinstance(head.account, tuple):
                    charged.append(
                        Charged(head.key, head.account, head.day, head.at_ms, head.charged)
                    )
        run, words = self._connection.execute, self._connection.words
        # One statement each: a statement a row would hand the GIL over at each.
        run(words.place, (_text(dict(batch.placed)),))
        run(f"INSERT INTO lookup {words.named} {_ONCE}", (_text(closed),))
        if charged:
            write_spent(self._connection, add_up(charged))
        if counted := count(batch.leaves):
            write_tally(self._connection, counted)
        waiting = {request: leaf for request, leaf in opened.items() if request not in closed}
        before = [request for request in closed if request not in opened]
        if before:
            sql = f"DELETE FROM pending WHERE request IN ({words.listed})"  # noqa: S608 our own words
            run(sql, (_text(before),))
        if waiting:
            run(f"INSERT INTO pending {words.named} {_ONCE}", (_text(waiting),))
        for tile, hashes in tiles.items():
            run(_PUT_TILE, (tile_key(tile.level, tile.number), hashes))
        return list(closed)

    def _sign(self) -> str:
        size = self._edge.size
        note = sign(Checkpoint(self._origin, size, root(self._edge.hashes, size)), self._key)
        self._connection.execute("INSERT INTO checkpoint VALUES (?, ?)", (size, note))
        return note

    def _is_due(self) -> bool:
        return self._clock.monotonic_s() - self._signed_s >= CHECKPOINT_S

    def _append(self, note: str) -> None:
        descriptor = os.open(self._copies, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(descriptor, note.encode() + b"\n")
        finally:
            os.close(descriptor)

    def _read_tile(self, tile: Tile) -> bytes:
        at = tile_key(tile.level, tile.number)
        return self._connection.execute("SELECT hashes FROM tile WHERE at = ?", (at,)).fetchone()[0]

    def _one(self, sql: str) -> int:
        return self._connection.execute(sql).fetchone()[0]


_ONCE = "ON CONFLICT DO NOTHING"
_PUT_TILE = "INSERT INTO tile VALUES (?, ?) ON CONFLICT (at) DO UPDATE SET hashes = excluded.hashes"


def _text(rows: object) -> str:
    return msgspec.json.encode(rows).decode()
