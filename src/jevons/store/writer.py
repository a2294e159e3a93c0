"""The writer: one thread that commits batches, and puts leaves in order between them.

Rule 1: a batch is one row in one statement. sqlite3 lets the GIL go at each step, and
    taking it back beside a busy event loop costs up to a switch interval.
Rule 2: an acknowledgement goes out after the commit, and a failure goes to every waiter.
Rule 3: sequencing and flushing are done in the pauses, at most a second after something new.
"""

from __future__ import annotations

import os
import sqlite3
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from jevons.ledger.record import pack
from jevons.store.orphan import close_orphans
from jevons.store.sequence import transaction
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from jevons.ports import Clock
    from jevons.store.lease import Lease
    from jevons.store.schema import Commit
    from jevons.store.sequence import Sequencer

__all__ = ("Batch", "Writer")

REST_S = 0.5
"""Pause between a commit and putting it in order, and between looks at other processes' work."""
FLUSH_S = 0.04


class Batch(NamedTuple):
    """Leaves to commit together, and rows that must stand or fall with them."""

    leaves: Sequence[bytes]
    done: Callable[[StoreUnavailable | None], None]
    rows: Sequence[tuple[str, tuple[object, ...]]] = ()


class Writer:
    """Owns the connection that writes. `start` begins its thread, `stop` drains it."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        commit: Commit,
        lease: Lease,
        sequencer: Callable[[], Sequencer],
        clock: Clock,
        on_placed: Callable[[list[str]], None],
        on_foreign: Callable[[sqlite3.Connection], None],
    ) -> None:
        self._wal = path.with_name(path.name + "-wal")
        self._connection = connection
        self._flushes = commit == "os"
        self._lease = lease
        self._make = sequencer
        self._sequencer: Sequencer | None = None
        self._clock = clock
        self._on_placed = on_placed
        self._on_foreign = on_foreign
        self._inbox: SimpleQueue[Batch | None] = SimpleQueue()
        self._version = self._data_version()
        self._rest_at = clock.monotonic_s()
        self._flush_at: float | None = None
        self._fault: str | None = None
        self._thread = Thread(target=self._run, name="jevons-ledger", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, batch: Batch) -> None:
        """Have a batch committed; `done` is called on the writer's thread."""
        self._inbox.put(batch)

    def stop(self) -> None:
        """Commit what was put before, put all of it in order, and end."""
        self._inbox.put(None)
        self._thread.join()

    def drain(self) -> None:
        """Put everything in order, as far as this process may.

        Raises:
            sqlite3.Error: It could not be written.
        """
        if not self._lease.take():
            return
        if self._sequencer is None:
            self._sequencer = self._make()
        while self._step():
            pass

    def _run(self) -> None:
        while True:
            try:
                batch = self._inbox.get(timeout=self._pause_s())
            except Empty:
                self._rest()
                continue
            if batch is None:
                break
            batch.done(self._commit(batch))
            self._rest()
        self._end()

    def _pause_s(self) -> float:
        until = self._rest_at if self._flush_at is None else min(self._rest_at, self._flush_at)
        return max(0.0, until - self._clock.monotonic_s())

    def _commit(self, batch: Batch) -> StoreUnavailable | None:
        if self._fault is not None:
            self._flush()
        fault = self._fault
        if fault is not None:
            return StoreUnavailable(fault)
        try:
            self._write(batch)
        except sqlite3.Error as error:
            return StoreUnavailable(f"the ledger cannot be written: {error}")
        if self._flushes and self._flush_at is None:
            self._flush_at = self._clock.monotonic_s() + FLUSH_S
        return None

    def _write(self, batch: Batch) -> None:
        insert = "INSERT INTO segment (body) VALUES (?)", (pack(batch.leaves),)
        if not batch.rows:
            self._connection.execute(*insert)
            return
        with transaction(self._connection):
            self._connection.execute(*insert)
            for sql, values in batch.rows:
                self._connection.execute(sql, values)

    def _rest(self) -> None:
        now_s = self._clock.monotonic_s()
        if self._flush_at is not None and now_s >= self._flush_at:
            self._flush()
        if now_s < self._rest_at:
            return
        try:
            self._look()
            is_more = self._lease.take() and self._order()
        except (sqlite3.Error, OSError):
            is_more = False  # whoever commits next is told; what is unplaced stays so until then
        self._rest_at = now_s if is_more else self._clock.monotonic_s() + REST_S

    def _order(self) -> bool:
        if self._sequencer is None:
            self._sequencer = self._make()
        return self._step()

    def _step(self) -> bool:
        assert self._sequencer is not None  # noqa: S101 both callers made it
        is_more, receipts = self._sequencer.step()
        self._on_placed(receipts)
        return is_more

    def _look(self) -> None:
        """See what another process has committed."""
        version = self._data_version()
        if version != self._version:
            self._version = version
            self._on_foreign(self._connection)

    def _data_version(self) -> int:
        return self._connection.execute("PRAGMA data_version").fetchone()[0]

    def _flush(self) -> None:
        """Flush the write-ahead log; until that works, nothing more is acknowledged."""
        self._flush_at = None
        try:
            descriptor = os.open(self._wal, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._fault = f"the ledger cannot be flushed: {error}"
        else:
            self._fault = None

    def _end(self) -> None:
        is_whole = True
        try:
            self.drain()
            if self._sequencer is not None and self._lease.is_alone():
                self._on_placed(close_orphans(self._connection, self._sequencer, self._clock))
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except (sqlite3.Error, OSError):
            is_whole = False  # it is committed; the next start puts it in order
        self._connection.close()
        wal = self._wal
        self._lease.give_back(seal=is_whole and not (wal.exists() and wal.stat().st_size))
