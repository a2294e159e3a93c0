"""The writer of a ledger on a PostgreSQL server, one of any number of replicas.

Rule 1: a batch is one transaction. It first takes part in the table's lock, then looks whether keys or
    terms were changed; whoever changes them takes that lock alone. So each batch is before a change or
    after it, never beside.
Rule 2: a server that is gone is waited for, `PATIENCE_S` at most; then what waits is refused, and new
    work at once, until it is there again. It comes back by itself.
Rule 3: a session that was lost while it committed leaves a doubt: the batch is there or it is not.
    That is asked before anything else is written, so that nothing is lost and nothing stands twice.
Rule 4: what dead replicas had begun is closed by whoever puts leaves in order.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from jevons.budget.period import day_of, month_of
from jevons.ledger.record import encode, pack
from jevons.store.common_purse import CommonPurse, Moved
from jevons.store.door import ServerFault, transaction
from jevons.store.orphan import drained, left_by, lost
from jevons.store.standing import terms
from jevons.store.writer import FLUSH_S, Batch, Writer
from jevons.telemetry import log
from jevons.types.account import Intent, Receipt
from jevons.types.budget import Amounts
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jevons.budget import Terms
    from jevons.ports import Clock
    from jevons.store.replica import Replica
    from jevons.store.schema import Commit
    from jevons.store.sequence import Sequencer
    from jevons.store.writer import Hears
    from jevons.types.budget import Budget

__all__ = ("ServerWriter",)

PATIENCE_S = 5.0
"""How long what is to be written waits for a server that is gone."""
_TRY_AGAIN_S = 0.1
_LOOK_FOR_DEAD_S = 2.0


class _Doubt(NamedTuple):
    """A batch of which nobody knows whether it was committed."""

    segment: int
    replica: int
    batch: Batch
    moved: Moved


class _Done(NamedTuple):
    """What a batch comes to, but for its leaves all written."""

    leaves: list[bytes]
    moved: Moved


class ServerWriter(Writer):
    """Writes over a replica's session."""

    # _open: requests whose intent is ours, and that have no receipt. _void: those that others have closed,
    # or will: this process was taken for dead, and what it still says of them is refused.

    def __init__(
        self,
        replica: Replica,
        *,
        commit: Commit,
        sequencer: Callable[[Replica], Sequencer],
        clock: Clock,
        hears: Hears,
        terms_now: Callable[[], Terms],
    ) -> None:
        super().__init__(clock)
        self._replica = replica
        self._flushes = commit == "os"
        self._begins = _APPEND_UNFLUSHED if self._flushes else _APPEND
        self._make = sequencer
        self._sequencer: Sequencer | None = None
        self._hears = hears
        self._terms_now = terms_now
        self._purse = CommonPurse(terms_now)
        self._version: int | None = None
        self._open: set[str] = set()
        self._void: set[str] = set()
        self._doubt: _Doubt | None = None
        self._bury_at = clock.monotonic_s()

    def _begin(self) -> None:
        self._look()

    def _commit(self, batch: Batch) -> StoreUnavailable | None:
        until_s = self._clock.monotonic_s() + (PATIENCE_S if self.stuck is None else 0.0)
        while self._broken is None:
            try:
                self._ready()
                if self._is_done(batch):
                    self._try(self._look)
                    return None
                self._write(batch)
            except ServerFault as error:
                if not self._replica.is_lost:
                    return StoreUnavailable(f"the ledger cannot be written: {error}")
                if self._clock.monotonic_s() >= until_s:
                    return self._away(error)
                time.sleep(_TRY_AGAIN_S)
            except StoreUnavailable as error:
                return error
            else:
                return None
        return StoreUnavailable(self._broken)

    def _away(self, error: ServerFault) -> StoreUnavailable:
        """Refuse what waits, and new work until the server is there again."""
        self._stumble(str(error))
        self.stuck = f"the database server cannot be reached: {error}"
        return StoreUnavailable(self.stuck)

    def _ready(self) -> None:
        """Have a session, and know what became of the last batch of one that was lost."""
        if self._replica.is_lost:
            self._sequencer = None
            self._version = None
            is_ours = self._replica.rejoin()
            self._settle_doubt()
            if is_ours:
                log.info("ledger.rejoined", replica=self._replica.number)
            else:
                log.warning("ledger.declared_dead", replica=self._replica.number)
                self._void |= self._open
                self._open.clear()
                self._purse.forget()
            with transaction(self._replica.session):
                self._purse.write_held(self._replica.session, replica=self._replica.number)

    def _settle_doubt(self) -> None:
        """Find out what became of the batch that was being committed."""
        if self._doubt is None:
            return
        sql = "SELECT 1 FROM segment WHERE id = ? AND replica = ?"
        at = (self._doubt.segment, self._doubt.replica)
        if self._replica.session.execute(sql, at).fetchone() is None:
            self._doubt = None
        else:
            self._made(self._doubt.batch, self._doubt.moved)

    def _is_done(self, batch: Batch) -> bool:
        """Tell whether this is the batch that was in doubt, and it is committed.

        Another that is was refused when its patience ended, though it is in the books: whoever waited for
        it has gone, so what it began is closed.
        """
        doubt, self._doubt = self._doubt, None
        if doubt is None or doubt.batch is batch:
            return doubt is not None
        begun = [each for _, each in doubt.batch.moves if isinstance(each, Intent)]
        self._close([each for each in begun if each.id in self._open], charged=_NOTHING)
        return False

    def _roll_back(self) -> None:
        session = self._replica.session
        if session.in_transaction and not session.is_lost:
            session.execute("ROLLBACK")

    def _write(self, batch: Batch) -> None:
        if batch.rows or batch.within is not None:
            self._transact(batch, self._change, _CHANGE)
            self._version = None
            self._try(self._look)
        elif batch.leaves or batch.moves:
            self._transact(batch, self._append, self._begins)
        if batch.overwrites:
            self._replica.session.execute("VACUUM (FULL) key")

    def _transact(self, batch: Batch, work: Callable[[Batch], _Done], begins: str) -> None:
        """Do all of a batch in one transaction or nothing; what is in doubt is remembered.

        A short one is two exchanges with the server: its beginning, and what it writes.
        """
        session = self._replica.session
        try:
            version, segment = session.script(begins)
            self._take_over(version)
            leaves, moved = work(batch)
            if leaves:
                self._doubt = _Doubt(segment, self._replica.number, batch, moved)
                session.commit(_INSERT, (segment, self._replica.number, pack(leaves)))
            else:
                session.execute("COMMIT")
        except BaseException:
            self._roll_back()
            if not session.is_lost:  # then it is known: nothing was committed
                self._doubt = None
            raise
        self._doubt = None
        self._made(batch, moved)

    def _append(self, batch: Batch) -> _Done:
        moved = self._moved(batch)
        leaves = [leaf for at, leaf in enumerate(batch.leaves) if at not in moved.refused]
        return _Done([*leaves, *[encode(alert) for alert in moved.alerts]], moved)

    def _moved(self, batch: Batch) -> Moved:
        void = {
            at: StoreUnavailable(_VOID)
            for at, each in batch.moves
            if isinstance(each, Receipt) and each.id in self._void and batch.refused is not None
        }
        moved = self._purse.move(
            self._replica.session,
            [(at, each) for at, each in batch.moves if at not in void],
            replica=self._replica.number,
            now_ms=self._clock.now_ms(),
        )
        return moved._replace(refused={**moved.refused, **void}) if void else moved

    def _made(self, batch: Batch, moved: Moved) -> None:
        """Take note of a batch that is committed."""
        self._purse.keep(moved)
        for at, move in batch.moves:
            if isinstance(move, Intent) and at not in moved.refused:
                self._open.add(move.id)
            elif isinstance(move, Receipt):
                self._open.discard(move.id)
                if at in moved.refused:
                    self._void.discard(move.id)  # there is one receipt of each, and that was it
        if batch.refused is not None:
            batch.refused.update(moved.refused)
        if moved.alerts:
            self._hears.alerts(moved.alerts)
        if self._flushes and self._flush_at is None:
            self._flush_at = self._clock.monotonic_s() + FLUSH_S

    def _change(self, batch: Batch) -> _Done:
        """Change keys or terms, while nobody else writes anything."""
        session = self._replica.session
        session.execute("UPDATE change SET version = version + 1")
        if batch.within is not None:
            batch.within(session)
        for sql, values in batch.rows:
            session.execute(sql, values)
        now_ms = self._clock.now_ms()
        before, after = self._terms_now(), terms(session, since=month_of(day_of(now_ms)))
        alerts = CommonPurse(lambda: after).renew(session, _set(before, after), now_ms=now_ms)
        return _Done([*batch.leaves, *[encode(alert) for alert in alerts]], Moved({}, {}, alerts))

    def _flush(self) -> None:
        """Have the server flush all that it acknowledged: a commit that waits for it is enough."""
        self._flush_at = None
        if not self._replica.is_lost:
            self._try(self._flushed)

    def _flushed(self) -> bool:
        self._replica.session.execute("SELECT pg_logical_emit_message(true, 'jevons', '')")
        return False

    def _look(self) -> bool:
        """See whether keys or terms were changed."""
        self._take_over(*self._replica.session.execute("SELECT version FROM change").fetchone())
        return False

    def _take_over(self, version: int) -> None:
        if version != self._version:
            self._hears.foreign(self._replica.session)
            self._version = version  # only now: a look that failed is taken again

    def _tidy(self) -> bool:
        self._ready()
        self._is_done(_NONE)
        self._look()
        if not self._replica.is_elected():
            self._sequencer = None
            self._hears.passing(self._replica.session)
            return False
        is_more = self._order()
        if not is_more and self._clock.monotonic_s() >= self._bury_at:
            self._bury_at = self._clock.monotonic_s() + _LOOK_FOR_DEAD_S
            self._close_dead()
        return is_more

    def _order(self) -> bool:
        sequencer = self._sequencer or self._make(self._replica)
        self._sequencer = None  # after a failure nobody knows what was committed
        is_more, receipts = sequencer.step()
        self._hears.placed(receipts)
        sequencer.copy()
        self._sequencer = sequencer
        return is_more

    def _close_dead(self) -> None:
        """Close what dead replicas had begun, and give back what they held."""
        for number in self._replica.buried():
            if number == self._replica.number:
                continue
            self._close_all_of(number)

    def _close_all_of(self, number: int) -> None:
        session = self._replica.session
        while True:
            self._drain()
            begun = left_by(session, number)
            if not begun:
                break
            self._close(begun)
        session.execute("DELETE FROM hold WHERE replica = ?", (number,))
        session.execute("DELETE FROM replica WHERE id = ?", (number,))

    def _close(self, begun: Sequence[Intent], charged: Amounts | None = None) -> None:
        """Write receipts that say that answers were lost; charged is what was held, or as said."""
        if not begun:
            return
        now_ms = self._clock.now_ms()
        receipts = [lost(each, now_ms, charged) for each in begun]
        leaves = [encode(each) for each in receipts]
        batch = Batch(leaves, _told, moves=[*enumerate(receipts)])
        self._transact(batch, self._append, self._begins)

    def _drain(self) -> None:
        self._sequencer = self._sequencer or self._make(self._replica)
        self._hears.placed(drained(self._sequencer))

    def _end(self) -> None:
        if self._broken is None:
            self._try(self._finish)
        self._replica.session.close()

    def _finish(self) -> bool:
        """Put everything in order if nobody else does, and leave."""
        self._ready()
        self._is_done(_NONE)
        if self._replica.is_elected():
            self._drain()
        self._replica.leave()
        if self._replica.is_elected():
            self._close_all_of(self._replica.number)
        return True


def _set(before: Terms, after: Terms) -> list[Budget]:
    """List budgets that stand, and did not."""
    stood = {each for budgets in before.budgets.values() for each in budgets}
    return [each for budgets in after.budgets.values() for each in budgets if each not in stood]


def _told(_: StoreUnavailable | None) -> None:
    """Nobody waits for it."""


_NONE = Batch((), _told)
_NOTHING = Amounts(cost_nusd=0, energy_mj=0, carbon_ug=0)
_BEGIN = "BEGIN; LOCK TABLE segment IN {} MODE; "
_LOOK = "SELECT version, nextval('segment_id_seq') FROM change"
_APPEND = _BEGIN.format("ROW EXCLUSIVE") + _LOOK
_APPEND_UNFLUSHED = _APPEND.replace("LOCK", "SET LOCAL synchronous_commit = off; LOCK", 1)
_CHANGE = _BEGIN.format("SHARE ROW EXCLUSIVE") + _LOOK
# The id is taken first: it is asked for if nobody knows what became of the commit.
_INSERT = "INSERT INTO segment (id, replica, body) OVERRIDING SYSTEM VALUE VALUES (?, ?, ?)"
_VOID = (
    "this replica was cut off for too long, and what it had begun was closed: the books say that this "
    "answer was lost"
)
