"""The writer: one thread that commits batches, and puts leaves in order between them.

Rule 1: an acknowledgement goes out after the commit, and a failure goes to every waiter.
Rule 2: sequencing and flushing are done in the pauses, at most a second after something new.
Rule 3: a failure that is foreseen is logged once and tried again; after `STUCK_S` of it no
    new work is taken. One that is not foreseen ends all writing: nobody knows what it left.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from jevons.store.schema import FORESEEN, UNREADABLE
from jevons.telemetry import log
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jevons.ports import Clock
    from jevons.store.door import Connection
    from jevons.types.account import Intent, Receipt
    from jevons.types.budget import Alert, Amounts
    from jevons.types.errors import JevonsError

__all__ = ("Batch", "Hears", "Widening", "Writer")

REST_S = 0.5
"""Pause between a commit and putting it in order, and between looks at other processes' work."""
FLUSH_S = 0.04
"""How long what is acknowledged without a flush may wait for it."""
STUCK_S = 30.0
"""How long putting in order may fail before no new work is taken."""


class Widening(NamedTuple):
    """More to set aside for a request that is under way."""

    request: str
    by: Amounts


class Batch(NamedTuple):
    """Leaves to commit together, and rows that must stand or fall with them."""

    leaves: Sequence[bytes]
    done: Callable[[StoreUnavailable | None], None]
    rows: Sequence[tuple[str, tuple[object, ...]]] = ()
    within: Callable[[Connection], None] | None = None
    """Done in the same transaction, before the rows; a `StoreUnavailable` undoes all of it."""
    overwrites: bool = False
    """Whether nothing of what it deleted may be left in the file or in its log."""
    moves: Sequence[tuple[int, Intent | Receipt | Widening]] = ()
    """What of it moves a purse, and where in `leaves` it is; where several share the purse."""
    refused: dict[int, JevonsError] | None = None
    """Filled by the writer: why of moves, by where they are, that are not made. Their leaves are not
    written; all else is."""


class Hears(NamedTuple):
    """Who hears what the writer sees, on its thread."""

    placed: Callable[[list[str]], None]
    """Receipts that can be looked up from now on."""
    foreign: Callable[[Connection], None]
    """Keys or terms were changed, perhaps by another process."""
    passing: Callable[[Connection], None]
    """Another process puts leaves in order: what was placed can be asked."""
    alerts: Callable[[list[Alert]], None]
    """Alerts that were written with what set them off."""


class Writer(ABC):
    """Owns the connection that writes. `start` begins its thread, `stop` drains it.

    Attributes:
        stuck: Why no new work should be taken; None when all is well.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._inbox: SimpleQueue[Batch | None] = SimpleQueue()
        self._rest_at = clock.monotonic_s()
        self._flush_at: float | None = None
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
            self._begin()
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
        return False

    def stop(self) -> None:
        """Commit what was put before, put all of it in order, and end."""
        self._inbox.put(None)
        self._thread.join()

    @abstractmethod
    def _begin(self) -> None:
        """Load what the keys are."""

    @abstractmethod
    def _commit(self, batch: Batch) -> StoreUnavailable | None:
        """Commit a batch; say why it is not committed."""

    @abstractmethod
    def _flush(self) -> None:
        """Flush what was acknowledged before it was."""

    @abstractmethod
    def _tidy(self) -> bool:
        """Do what can wait; say whether more of it may be left."""

    @abstractmethod
    def _end(self) -> None:
        """Put everything in order, and let go of it."""

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

    def _give_up(self, error: Exception) -> None:
        if self._broken is None:
            log.critical("ledger.stopped", exc_info=error)
            self._broken = self.stuck = _BUG

    def _pause_s(self) -> float | None:
        if self._broken is not None:
            return None
        until = self._rest_at if self._flush_at is None else min(self._rest_at, self._flush_at)
        return max(0.0, until - self._clock.monotonic_s())

    def _rest(self) -> None:
        now_s = self._clock.monotonic_s()
        if self._broken is not None:
            return
        if self._flush_at is not None and now_s >= self._flush_at:
            self._flush()
        if now_s < self._rest_at:
            return
        is_more = self._try(self._tidied)
        self._rest_at = now_s if is_more else self._clock.monotonic_s() + REST_S

    def _tidied(self) -> bool:
        is_more = self._tidy()
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


_BUG = "the ledger has met an error that it does not know; the log says which"
_MOST_CAUSES = 16
