"""The writer: one thread that commits batches, and puts leaves in order between them.

Rule 1: a batch is one row in one statement. sqlite3 lets the GIL go at each step, and
    taking it back beside a busy event loop costs up to a switch interval.
Rule 2: a commit that is not flushed may be made on the event loop: it takes a fifth of the
    processor time of waking this thread and being woken by it. It never waits: if the
    connection is in use or the file is locked, the batch goes to the thread.
Rule 3: an acknowledgement goes out after the commit, and a failure goes to every waiter.
Rule 4: sequencing and flushing are done in the pauses, at most a second after something new.
Rule 5: a failure that is foreseen is logged once and tried again; after `STUCK_S` of it no
    new work is taken. One that is not foreseen ends all writing: nobody knows what it left.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, NamedTuple

from jevons.ledger.record import pack
from jevons.store.door import FAILS, transaction
from jevons.store.orphan import close_orphans
from jevons.store.schema import FORESEEN, UNREADABLE, wait_for_lock
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

__all__ = ("Batch", "Writer")

REST_S = 0.5
"""Pause between a commit and putting it in order, and between looks at other processes' work."""
FLUSH_S = 0.04
MOST_UNCOPIED_BYTES = 2 * 1024 * 1024
"""Leaves committed before pages move from the write-ahead log to the file."""
STUCK_S = 30.0
"""How long putting in order may fail before no new work is taken."""


class Batch(NamedTuple):
    """Leaves to commit together, and rows that must stand or fall with them."""

    leaves: Sequence[bytes]
    done: Callable[[StoreUnavailable | None], None]
    rows: Sequence[tuple[str, tuple[object, ...]]] = ()
    within: Callable[[Connection], None] | None = None
    """Done in the same transaction, before the rows; a `StoreUnavailable` undoes all of it."""
    overwrites: bool = False
    """Whether nothing of what it deleted may be left in the file or in its log."""


class Writer:
    """Owns the connection that writes. `start` begins its thread, `stop` drains it.

    Attributes:
        stuck: Why no new work should be taken; None when all is well.
    """

    def __init__(
        self,
        path: Path,
        connection: Connection,
        *,
        commit: Commit,
        lease: Lease,
        sequencer: Callable[[], Sequencer],
        clock: Clock,
        on_placed: Callable[[list[str]], None],
        on_foreign: Callable[[Connection], None],
    ) -> None:
        self._wal = path.with_name(path.name + "-wal")
        self._connection = connection
        self._using = Lock()
        self._flushes = commit == "os"
        self._uncopied_bytes = 0
        self._lease = lease
        self._make = sequencer
        self._sequencer: Sequencer | None = None
        self._clock = clock
        self._on_placed = on_placed
        self._on_foreign = on_foreign
        self._inbox: SimpleQueue[Batch | None] = SimpleQueue()
        self._version: int | None = None
        self._rest_at = clock.monotonic_s()
        self._flush_at: float | None = None
        self._fault: str | None = None
        self._broken: str | None = None
        self._causes: set[str] = set()
        self._failing_since_s = 0.0
        self.stuck: str | None = None
        self._thread = Thread(target=self._run, name="jevons-ledger", daemon=True)

    def start(self) -> None:
        """Load what the keys are, and begin.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        try:
            with self._patiently():
                self._look()
        except UNREADABLE as error:
            message = f"the ledger cannot be read: {error}"
            raise StoreUnavailable(message) from error
        finally:
            self._thread.start()

    def put(self, batch: Batch) -> None:
        """Have a batch committed; `done` is called on the writer's thread."""
        self._inbox.put(batch)

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
            self._inbox.put(_FLUSH_SOON)
        return True

    def stop(self) -> None:
        """Commit what was put before, put all of it in order, and end."""
        self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_on = True
        while is_on:
            try:
                is_on = self._turn()
            except Exception as error:  # noqa: BLE001 the worker loop: without it all wait for ever
                self._give_up(error)
        self._end()

    def _turn(self) -> bool:
        """Commit a batch or rest.

        Returns:
            Whether to go on.
        """
        try:
            batch = self._inbox.get(timeout=self._pause_s())
        except Empty:
            self._rest()
            return True
        if batch is None:
            return False
        answer: StoreUnavailable | None = StoreUnavailable(_BUG)
        try:
            answer = self._commit(batch)
        finally:
            batch.done(answer)
        self._rest()
        return True

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

    def _give_up(self, error: Exception) -> None:
        if self._broken is None:
            log.critical("ledger.stopped", exc_info=error)
            self._broken = self.stuck = _BUG

    def _pause_s(self) -> float | None:
        if self._broken is not None:
            return None
        until = self._rest_at if self._flush_at is None else min(self._rest_at, self._flush_at)
        return max(0.0, until - self._clock.monotonic_s())

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

    def _rest(self) -> None:
        now_s = self._clock.monotonic_s()
        if self._broken is not None:
            return
        if self._flush_at is not None and now_s >= self._flush_at:
            self._flush()
        if now_s < self._rest_at:
            return
        is_more = self._try(self._tidy)
        self._rest_at = now_s if is_more else self._clock.monotonic_s() + REST_S

    def _tidy(self) -> bool:
        with self._patiently():
            self._look()
            is_more = self._lease.take() and self._order()
            self._copy()
        if self._causes:
            log.info("ledger.recovered")
            self._causes.clear()
            self.stuck = None
        return is_more

    def _try(self, work: Callable[[], bool]) -> bool:
        """Do what can wait: if it fails as foreseen, say so once, and be called again."""
        try:
            return work()
        except FORESEEN as error:
            self._stumble(f"{type(error).__name__}: {error}")
            return False

    def _stumble(self, cause: str) -> None:
        now_s = self._clock.monotonic_s()
        if not self._causes:
            self._failing_since_s = now_s
        if cause not in self._causes and len(self._causes) < _MOST_CAUSES:
            self._causes.add(cause)
            log.error("ledger.stumbled", cause=cause, again_in_s=REST_S)
        if now_s - self._failing_since_s >= STUCK_S:
            self.stuck = f"the ledger could not be put in order for {STUCK_S:.0f} s: {cause}"

    def _order(self) -> bool:
        if self._sequencer is None:
            self._sequencer = self._make()
        is_more, receipts = self._sequencer.step()
        self._on_placed(receipts)
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
            self._on_foreign(self._connection)
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
            self._on_placed(close_orphans(self._connection, self._sequencer, self._clock))
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not (self._wal.exists() and self._wal.stat().st_size)


_BUG = "the ledger has met an error that it does not know; the log says which"
_MOST_CAUSES = 16


def _nobody(_: StoreUnavailable | None) -> None:
    """Acknowledge to nobody."""


_FLUSH_SOON = Batch((), _nobody)
"""Nothing to commit, but what was committed elsewhere has to be flushed."""
