"""Derived tables: is what was made from the leaves what the leaves make?

Rule 1: leaves pass by once, and only those of one step are kept; of what was spent, the sums.
Rule 2: tallies are made again in a file of their own, which is gone when it is closed: there may
    be more of them than memory holds.
"""

from __future__ import annotations

import json
from contextlib import closing
from itertools import zip_longest
from typing import TYPE_CHECKING

from jevons.ledger.audit import Finding
from jevons.ledger.tile import WIDTH, Edge, Tile
from jevons.reports import tally
from jevons.store.keys import row_digest
from jevons.store.schema import has_table, tile_key
from jevons.store.spent import Charged, Used, add_up, added
from jevons.store.standing import row_of
from jevons.store.tally import connect_to_make, in_order, write_tally
from jevons.types.account import Erased, Intent, KeyChange, Receipt, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.ledger.audit import Kind, Seen
    from jevons.store.door import Connection
    from jevons.types.account import Record

__all__ = ("Derived",)

_STEP_LEAVES = 1024
_FULL_BYTES = WIDTH * 32


class Derived:
    """Makes the index, the tiles and the keys' digests again, and compares.

    Args:
        connection: Reads one moment of the ledger.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._run = connection.execute
        self._placed: Iterator[tuple[int, int]] = iter(
            connection.each("SELECT first, segment FROM placed ORDER BY first")
        )
        self._is_placing = True
        self._wrong: dict[str, Finding] = {}
        self._hashes: list[bytes] = []
        self._closed: dict[str, int] = {}
        self._receipts = self._tiles = 0
        self._waiting: dict[str, int] = {}
        self._keys: dict[str, str] = {}
        self._standing: dict[tuple[str, str], bytes] = {}
        self._spent: dict[tuple[str, str], Used] = {}
        self._charged: list[Charged] = []
        self._receipted: list[Receipt] = []
        self._tally = connect_to_make()
        self._edge = Edge(0, lambda _: b"")

    def begin(self, segment: int, first: int) -> None:
        """Hold the next segment against where it was placed; the newest have no place yet."""
        if self._is_placing:
            row = next(self._placed, None)
            self._is_placing = row is not None
            if row is not None and row != (first, segment):
                self._add("unindexed", "the table of where segments begin")

    def see(self, seen: Seen) -> None:
        """Take the next leaf of the segment."""
        if isinstance(seen.record, KeyChange):
            self._keys[seen.record.key] = seen.record.row
        elif isinstance(seen.record, Erased):
            self._keys.pop(seen.record.key, None)
        stands = None if seen.record is None else row_of(seen.record)
        if stands is not None:
            self._standing[stands] = seen.leaf
        if not self._is_placing:
            return
        self._hashes.append(seen.hash)
        self._index(seen.record, seen.at)
        if len(self._hashes) == _STEP_LEAVES:
            self._step()

    def end(self) -> list[Finding]:
        """Say what is not as the leaves make it."""
        self._step()
        if self._is_placing and next(self._placed, None) is not None:
            self._add("unindexed", "the table of where segments begin")
        if self._receipts != self._count("lookup"):
            self._add("unindexed", "the table lookup")
        if dict(self._run("SELECT request, leaf FROM pending")) != self._waiting:
            self._add("unindexed", "the table pending")
        self._hold_whole("spent", sorted([tuple(row) for row in self._spent.values()]))
        self._hold_whole("standing", sorted([(*at, leaf) for at, leaf in self._standing.items()]))
        self._end_tally()
        self._end_tiles()
        return [*self._wrong.values(), *self._bad_keys()]

    def _add(self, kind: Kind, what: str) -> None:
        self._wrong[what] = Finding(kind=kind, says=f"{what} is not what the leaves make it")

    def _index(self, record: Record | None, leaf: int) -> None:
        if isinstance(record, Intent):
            self._waiting.setdefault(record.id, leaf)
        elif isinstance(record, Receipt | Refused):
            self._closed.setdefault(record.id, leaf)
            self._waiting.pop(record.id, None)
        if isinstance(record, Receipt):
            self._receipted.append(record)
        if isinstance(record, Receipt) and record.charged is not None:
            self._charged.append(
                Charged(record.key, record.account, record.day, record.at_ms, record.charged)
            )

    def _step(self) -> None:
        """Compare what the last leaves make: full tiles, and receipts."""
        for tile, hashes in self._edge.extend(self._hashes).items():
            if len(hashes) == _FULL_BYTES:
                self._check_tile(tile, hashes)
        found = dict(
            self._run(
                f"SELECT request, leaf FROM lookup WHERE request IN ({self._connection.words.listed})",  # noqa: S608 our own words
                (json.dumps([*self._closed]),),
            )
        )
        # A second receipt for a request, which the audit finds, has its first one's place.
        if any(found.get(name, leaf + 1) > leaf for name, leaf in self._closed.items()):
            self._add("unindexed", "the table lookup")
        self._receipts += sum(found.get(name) == leaf for name, leaf in self._closed.items())
        self._hashes, self._closed = [], {}
        for row in add_up(self._charged):
            at = (row.account, row.day)
            self._spent[at] = row if at not in self._spent else added(self._spent[at], row)
        self._charged = []
        if self._receipted:
            write_tally(self._tally, tally.add_up(self._receipted))
            self._receipted = []

    def _check_tile(self, tile: Tile, hashes: bytes) -> None:
        self._tiles += 1
        row = self._run(
            "SELECT hashes FROM tile WHERE at = ?", (tile_key(tile.level, tile.number),)
        ).fetchone()
        if row != (hashes,):
            self._add("bad_tile", "the stored tree")

    def _end_tiles(self) -> None:
        for level, row in enumerate(self._edge.rows):
            if row:
                number = self._edge.size // WIDTH ** (level + 1)
                self._check_tile(Tile(level, number), b"".join(row))
        if self._tiles != self._count("tile"):
            self._add("bad_tile", "the stored tree")

    def _end_tally(self) -> None:
        """Hold the tallies against those made again; a file of before it has none, and misses none."""
        with closing(self._tally):
            if has_table(self._connection, "tally"):
                made, found = [*map(in_order, (self._tally, self._connection))]
                if any(row != other for row, other in zip_longest(made, found)):
                    self._add("unindexed", "the table tally")

    def _hold_whole(self, table: str, made: list[tuple[object, ...]]) -> None:
        """Hold a table against the rows that the leaves make; files of before it have none."""
        found = (
            sorted(self._run(f"SELECT * FROM {table}"))  # noqa: S608 our own names
            if has_table(self._connection, table)
            else []
        )
        if found != made:
            self._add("unindexed", f"the table {table}")

    def _count(self, table: str) -> int:
        return self._run(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 our own names

    def _bad_keys(self) -> list[Finding]:
        """Hold each key's row against the digest in its last leaf."""
        rows = self._run("SELECT id, digest, actor FROM key")
        found = {name: row_digest(digest, actor) for name, digest, actor in rows}
        return [
            Finding(kind="bad_key_row", says=self._says(name, is_there=name in found))
            for name in sorted(self._keys.keys() | found.keys())
            if self._keys.get(name) != found.get(name)
        ]

    def _says(self, key: str, *, is_there: bool) -> str:
        if key not in self._keys:
            return f"the key {key} has a row, and no record says that there is one, or not any more"
        if not is_there:
            return f"the row of the key {key} is gone, and no record says that it was erased"
        return f"the key {key} is not as its last record says"
