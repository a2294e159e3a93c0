"""The writer of a SQLite file.

Rule 1: a batch is one row in one statement. sqlite3 lets the GIL go at each step, and
    taking it back beside a busy event loop costs up to a switch interval.
Rule 2: a commit that is not flushed may be made on the event loop: it takes a fifth of the
    processor time of waking this thread and being woken by it. It never waits: if the
    connection is in use or the file is locked, the batch goes to the thread.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from jevons.ledger.record import pack
from jevons.store.door import FAILS, transaction
from jevons.store.orphan import close_orphans
from jevons.store.schema import wait_for_lock
from jevons.store.writer import FLUSH_S, Batch, Writer
from jevons.telemetry import log
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from jevons.ports import Clock
    from jevons.store.door import Connection
    from jevons.store.lease import Lease
    from jevons.store.schema import Commit
    from jevons.store.sequence import Sequencer
    from jevons.store.writer import Hears

__all__ = ("FileWriter",)

MOST_UNCOPIED_BYTES = 2 * 1024 * 1024
"""Leaves committed before pages move from the write-ahead log to the file."""


class FileWriter(Writer):
    """Writes a file, beside other processes that may do so too."""

    def __init__(
        self,
        path: Path,
        connection: Connection,
        *,
        commit: Commit,
        lease: Lease,
        sequencer: Callable[[], Sequencer],
        clock: Clock,
        hears: Hears,
    ) -> None:
        super().__init__(clock)
        self._wal = path.with_name(path.name + "-wal")
        self._connection = connection
        self._using = Lock()
        self._flushes = commit == "os"
        self._uncopied_bytes = 0
        self._lease = lease
        self._make = sequencer
        self._sequencer: Sequencer | None = None
        self._hears = hears
        self._version: int | None = None
        self._fault: str | None = None

    def commit_now(self, leaves: Sequence[bytes]) -> bool:
        """Commit leaves on the caller's thread, if that needs no waiting.

        Returns:
            False if they are not committed, for whatever reason: `put` will find it.
        """
        if not self._flushes or not self._using.acquire(blocking=False):
            return False
        try:
            if self._broken is not None or self._fault is not None:
                return False
            self._insert(leaves)
        except Exception:  # noqa: BLE001 the thread meets it as well, and tells who waits
            return False
        finally:
            self._using.release()
        if self._flush_at is None:
            self.put(_FLUSH_SOON)
        return True

    def _begin(self) -> None:
        with self._patiently():
            self._look()

    @contextmanager
    def _patiently(self) -> Generator[None]:
        """Use the connection, and wait for other processes; the event loop does neither."""
        with self._using:
            if not self._flushes:
                yield
                return
            wait_for_lock(self._connection, is_patient=True)
            try:
                yield
            finally:
                wait_for_lock(self._connection, is_patient=False)

    def _commit(self, batch: Batch) -> StoreUnavailable | None:
        if self._fault is not None:
            self._flush()
        fault = self._broken or self._fault
        if fault is not None:
            return StoreUnavailable(fault)
        try:
            if batch.leaves or batch.overwrites:
                with self._patiently():
                    self._write(batch)
        except FAILS as error:
            return StoreUnavailable(f"the ledger cannot be written: {error}")
        except StoreUnavailable as error:
            return error
        if self._flushes and self._flush_at is None:
            self._flush_at = self._clock.monotonic_s() + FLUSH_S
        return None

    def _write(self, batch: Batch) -> None:
        if batch.rows or batch.within is not None:
            self._change(batch)
        elif batch.leaves:
            self._insert(batch.leaves)
        if batch.overwrites:
            self._overwrite()

    def _change(self, batch: Batch) -> None:
        with transaction(self._connection):
            if batch.within is not None:
                batch.within(self._connection)
            self._insert(batch.leaves)
            for sql, values in batch.rows:
                self._connection.execute(sql, values)
        self._version = None
        self._try(self._look)

    def _overwrite(self) -> None:
        """Bring what was overwritten into the file, and empty the log that still has the rest."""
        (busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            message = (
                "another process reads the ledger: what was destroyed is not overwritten yet; "
                "do it again"
            )
            raise StoreUnavailable(message)
        self._uncopied_bytes = 0

    def _insert(self, leaves: Sequence[bytes]) -> None:
        body = pack(leaves)
        self._connection.execute("INSERT INTO segment (body) VALUES (?)", (body,))
        self._uncopied_bytes += len(body)

    def _tidy(self) -> bool:
        with self._patiently():
            self._look()
            is_more = self._lease.take() and self._order()
            self._copy()
        return is_more

    def _order(self) -> bool:
        if self._sequencer is None:
            self._sequencer = self._make()
        is_more, receipts = self._sequencer.step()
        self._hears.placed(receipts)
        self._sequencer.copy()
        return is_more

    def _copy(self) -> None:
        """Move pages from the write-ahead log to the file, which no commit on the loop may do."""
        if self._flushes and self._uncopied_bytes >= MOST_UNCOPIED_BYTES:
            self._uncopied_bytes = 0
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _look(self) -> bool:
        """See what another process has committed."""
        version = self._data_version()
        if version != self._version:
            self._hears.foreign(self._connection)
            self._version = version  # only now: a look that failed is taken again
        return False

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
            if self._fault is None:
                log.error("ledger.not_flushed", cause=str(error))
            self._fault = f"the ledger cannot be flushed: {error}"
        else:
            self._fault = None

    def _end(self) -> None:
        is_whole = self._broken is None and self._try(self._finish)
        self._connection.close()
        try:
            self._lease.give_back(seal=is_whole)
        except OSError as error:
            log.warning("ledger.not_sealed", cause=str(error))

    def _finish(self) -> bool:
        """Put everything in order, and empty the write-ahead log.

        Returns:
            Whether the file alone is the whole ledger now.
        """
        if self._lease.take():
            while self._order():
                pass
        if self._sequencer is not None and self._lease.is_alone():
            self._hears.placed(close_orphans(self._connection, self._sequencer, self._clock))
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not (self._wal.exists() and self._wal.stat().st_size)


def _nobody(_: StoreUnavailable | None) -> None:
    """Acknowledge to nobody."""


_FLUSH_SOON = Batch((), _nobody)
"""Nothing to commit, but what was committed elsewhere has to be flushed."""
