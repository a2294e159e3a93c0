"""The log as outsiders read it: checkpoint, tiles of hashes, bundles of leaves.

Rule 1: nothing is shown that no checkpoint covers.
Rule 2: hashes tell nothing of a record but that it is there; leaves hold what a record says.
    Whoever serves these decides who may have leaves.

Source: C2SP tlog-tiles, "APIs", c2sp.org, read 2026-11.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, TypeVar

from jevons.ledger.merkle import consistency, root
from jevons.ledger.note import parse, read_note
from jevons.ledger.record import pack, unpack
from jevons.ledger.tile import HEIGHT, WIDTH, reader, width_at
from jevons.store.door import ServerFault
from jevons.store.schema import UNREADABLE, connect_beside, look_into, tile_key
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from jevons import ports
    from jevons.ledger.tile import Tile
    from jevons.store.door import Connection
    from jevons.store.where import Where

__all__ = ("Log", "Pages")

_HASH_BYTES = 32
_T = TypeVar("_T")


class Pages:
    """What one connection can show. Every answer is of one moment.

    Args:
        connection: Reads a ledger.
    """

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute
        self._signed = 0

    def newest(self) -> str | None:
        """Give the newest checkpoint; None if nothing is signed yet."""
        row: tuple[int, str] | None = self._run(
            "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        self._signed = row[0]
        return row[1]

    def note(self, size: int) -> str | None:
        """Give the checkpoint of this size; None if there is none."""
        row = self._run("SELECT note FROM checkpoint WHERE size = ?", (size,)).fetchone()
        return row[0] if row else None

    def cosigned(self) -> int:
        """Find the size of the newest checkpoint that anybody cosigned; 0 if there is none."""
        rows = self._run("SELECT size, note FROM checkpoint ORDER BY size DESC")
        with closing(rows):
            return next((size for size, note in rows if _is_cosigned(note)), 0)

    def tile(self, level: int, number: int, width: int) -> bytes | None:
        """Give the first hashes of a tile; None if no checkpoint covers as many."""
        if not self._covers(level, number, width):
            return None
        return self._tile(level, number)[: width * _HASH_BYTES]

    def bundle(self, number: int, width: int) -> bytes | None:
        """Give the first leaves of a bundle; None if no checkpoint covers as many."""
        if not self._covers(0, number, width):
            return None
        return self._bundle(number * WIDTH, width)

    def _covers(self, level: int, number: int, width: int) -> bool:
        if (number * WIDTH + width) << HEIGHT * level > self._signed:
            self.newest()
        return width_at(self._signed, level, number) >= width

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Prove that the tree of `new` leaves goes on from that of `old`.

        Raises:
            ValueError: There are not as many.
        """
        return consistency(reader(self._of), old, new)

    def root(self, size: int) -> bytes:
        """Compute the root of the first `size` leaves."""
        return root(reader(self._of), size)

    def _of(self, tile: Tile) -> bytes:
        return self._tile(tile.level, tile.number)

    def _tile(self, level: int, number: int) -> bytes:
        at = (tile_key(level, number),)
        return self._run("SELECT hashes FROM tile WHERE at = ?", at).fetchone()[0]

    def _bundle(self, start: int, width: int) -> bytes:
        rows = self._run(
            "SELECT placed.first, body FROM placed JOIN segment ON segment.id = placed.segment "
            "WHERE placed.first >= (SELECT max(first) FROM placed WHERE first <= ?) "
            "AND placed.first < ? ORDER BY placed.first",
            (start, start + width),
        ).fetchall()
        leaves = [leaf for _, body in rows for leaf in unpack(body)]
        skipped = start - rows[0][0]
        return pack(leaves[skipped : skipped + width])


class Log:
    """A ledger, read beside whoever writes it. Made by `Log.open`."""

    def __init__(self, where: Where, *, is_witnessed: bool) -> None:
        self._where = where
        self._is_witnessed = is_witnessed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jevons-log")
        self._pages: Pages | None = None
        self._connections: list[Connection] = []
        self._cosigned: int | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, where: Where, *, is_witnessed: bool) -> AsyncGenerator[Log]:
        """Open the log of a ledger whose books are open in this process.

        Args:
            where: The ledger.
            is_witnessed: Whether witnesses are asked to cosign it; then what is published
                is what one of them cosigned.
        """
        log = cls(where, is_witnessed=is_witnessed)
        try:
            yield log
        finally:
            await asyncio.shield(asyncio.to_thread(log._close))

    async def newest(self) -> str | None:
        """Give the newest checkpoint; None if nothing is signed yet.

        Raises:
            StoreUnavailable: The ledger cannot be read.
        """
        return await self._do(lambda pages: pages.newest())

    async def published(self) -> str | None:
        """Give the newest checkpoint that a witness cosigned; the newest, if there is none.

        Raises:
            StoreUnavailable: The ledger cannot be read.
        """
        return await self._do(self._published)

    async def tile(self, level: int, number: int, width: int) -> bytes | None:
        """Give the first `width` hashes of a tile; None if no checkpoint covers as many.

        Raises:
            StoreUnavailable: The ledger cannot be read.
        """
        return await self._do(lambda pages: pages.tile(level, number, width))

    async def bundle(self, number: int, width: int) -> bytes | None:
        """Give the first `width` leaves of a bundle; None if no checkpoint covers as many.

        Raises:
            StoreUnavailable: The ledger cannot be read.
        """
        return await self._do(lambda pages: pages.bundle(number, width))

    async def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Prove that the tree of `new` leaves goes on from that of `old`.

        Raises:
            StoreUnavailable: The ledger cannot be read.
        """
        return await self._do(lambda pages: pages.consistency(old, new))

    async def keep(self, note: str, line: str) -> None:
        """Keep a cosignature with the checkpoint that it is of.

        Raises:
            StoreUnavailable: It cannot be written.
        """
        size = parse(note).size
        await self._do(lambda _: self._keep(size, line))

    async def _do(self, work: Callable[[Pages], _T]) -> _T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._on, work)
        except UNREADABLE as error:
            message = f"the log cannot be read: {error}"
            raise StoreUnavailable(message) from error

    def _on(self, work: Callable[[Pages], _T]) -> _T:
        try:
            return work(self._open())
        except ServerFault:
            self._pages = None  # its session may be lost; the next is another
            self._hang_up()
            raise

    def _open(self) -> Pages:
        if self._pages is None:
            connection = look_into(self._where)
            self._connections.append(connection)
            self._pages = Pages(connection)
        return self._pages

    def _published(self, pages: Pages) -> str | None:
        if self._cosigned is None:
            self._cosigned = pages.cosigned() if self._is_witnessed else 0
        return pages.note(self._cosigned) or pages.newest()

    def _keep(self, size: int, line: str) -> None:
        # Not the writer's connection: what a witness says is none of the request path's business.
        with closing(connect_beside(self._where)) as connection:
            connection.execute(
                "UPDATE checkpoint SET note = note || ? WHERE size = ? AND replace(note, ?, '') = note",
                (line, size, line.rpartition(" ")[0]),
            )
        if self._cosigned is not None:
            self._cosigned = max(self._cosigned, size)

    def _close(self) -> None:
        self._thread.shutdown()
        self._hang_up()

    def _hang_up(self) -> None:
        while self._connections:
            self._connections.pop().close()


def _is_cosigned(note: str) -> bool:
    return len(read_note(note).signatures) > 1


if TYPE_CHECKING:
    _log: type[ports.Log] = Log
