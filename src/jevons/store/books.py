"""The books: records in, acknowledgements out once they are durable.

Rule 1: callers append to one open batch; one batch is in flight; the next leaves when it
    is back. So a lone caller pays one flush a record, and many share one. A batch that
    needs no flush is committed at the end of the turn in which it was opened.
Rule 2: each waiter has its own future: one that stops waiting takes nothing from the rest.
Rule 3: a hold is taken before its intent is in a batch, and ends with what becomes of a batch: so
    it is settled when the receipt is durable, also if nobody waits for that. A receipt that could
    not be written leaves it held; the next start settles it.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from jevons.budget import Purse
from jevons.budget.period import day_of, month_of
from jevons.budget.terms import line_of
from jevons.ledger.record import encode
from jevons.store.balance import balances
from jevons.store.browse import browse, deeds
from jevons.store.door import ServerFault
from jevons.store.file_writer import FileWriter
from jevons.store.keys import KeyRing
from jevons.store.opening import Joined, Opened, join_ledger, open_ledger
from jevons.store.pairs import turning, was_turned
from jevons.store.people import People
from jevons.store.read import filed, find, newest, placed
from jevons.store.schema import UNREADABLE, look_into
from jevons.store.server_writer import ServerWriter
from jevons.store.spent import last_uses
from jevons.store.standing import put, terms
from jevons.store.where import Server
from jevons.store.writer import Batch, Hears, Widening
from jevons.telemetry import log
from jevons.types.account import Intent, Receipt, Refused
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from jevons import ports
    from jevons.budget import Terms
    from jevons.store.browse import Browsed
    from jevons.store.door import Connection
    from jevons.store.keys import Within
    from jevons.store.schema import Commit
    from jevons.store.standing import Standing
    from jevons.store.where import Where
    from jevons.store.writer import Writer
    from jevons.types.account import Certified, Deed, Ended, Record
    from jevons.types.actor import Actor
    from jevons.types.budget import Alert, Amounts
    from jevons.types.errors import JevonsError
    from jevons.types.proof import Filed

__all__ = ("Books",)

T = TypeVar("T")

_Waiter = asyncio.Future[None]

MAX_UNPLACED = 65_536
"""Receipts kept in memory until they are in order, about 1 KiB each."""


class Books:
    """A ledger, the keys and the people beside it. Made by `Books.open`."""

    def __init__(
        self,
        where: Where,
        opened: Opened | Joined,
        *,
        commit: Commit,
        clock: ports.Clock,
        ids: ports.Ids,
    ) -> None:
        self.keys = KeyRing(self._write, self._overwrite, clock=clock, ids=ids)
        self.people = People(self._write, clock=clock)
        self.purse = Purse()
        self.on_alert: Callable[[Alert], None] | None = None
        """Told of each alert once it is given."""
        self._where = where
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._leaves: list[bytes] = []
        self._waiters: list[_Waiter] = []
        self._receipts: dict[str, bytes] = {}
        self._moving: list[tuple[int, Intent | Receipt]] = []
        self._unplaced: dict[str, bytes] = {}
        self._in_flight = False
        self._is_closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="jevons-ledger-read")
        self._reader: Connection | None = None
        self._shares = isinstance(opened, Joined)
        """Whether other processes hold and settle in the same purse: then the writer does it for us."""
        self._writer = self._made(opened, commit)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, where: Where, *, commit: Commit, origin: str, clock: ports.Clock, ids: ports.Ids
    ) -> AsyncGenerator[Books]:
        """Open the books, and close what an earlier process left open in them.

        The signing key is `signing.key` beside a file, or in the folder that goes with a server; the
        copy of every checkpoint is `checkpoints`; both are made if the log begins here.

        Args:
            where: The ledger.
            commit: `disk`: acknowledged once flushed to the device. `os`: once it survives
                this process; flushed within 50 ms.
            origin: Name of the log in its checkpoints.
            clock: Dates what the store itself records.
            ids: Names keys.

        Raises:
            StoreUnavailable: It cannot be opened or written.
            Misconfigured: The signing key is not this log's, or the origin is another one.
        """
        opening = (
            partial(join_ledger, where, origin=origin, clock=clock)
            if isinstance(where, Server)
            else partial(open_ledger, where, commit=commit, origin=origin, clock=clock)
        )
        books = cls(where, await asyncio.to_thread(opening), commit=commit, clock=clock, ids=ids)
        try:
            await asyncio.to_thread(books._writer.start)
            books._look_again(None)
            yield books
        finally:
            await asyncio.shield(books._close())

    async def record(self, record: Record) -> None:
        """Write one record; return when it is durable.

        Raises:
            BudgetExceeded: A budget does not carry what an intent wants held.
            StoreUnavailable: It could not be written.
            TooLarge: It does not fit into a leaf.
        """
        leaf = encode(record)
        if self._is_closed:
            raise StoreUnavailable(_CLOSED)
        if type(record) is Intent or type(record) is Refused:
            self._check_room()
        if type(record) is Intent and not self._shares:
            self.purse.hold(record)
        waiter: _Waiter = self._loop.create_future()
        if not self._waiters and not self._in_flight:
            self._loop.call_soon(self._send)  # with all that this turn of the loop adds
            self._idle.clear()
        if type(record) is Intent or type(record) is Receipt:
            self._moving.append((len(self._leaves), record))
        self._leaves.append(leaf)
        self._waiters.append(waiter)
        if type(record) is Receipt or type(record) is Refused:
            self._receipts[record.id] = leaf
        await waiter

    def covers(self, actor: Actor) -> bool:
        """Whether anything that a key is charged to has a budget."""
        return self.purse.covers(actor)

    async def widen(self, request: str, by: Amounts) -> None:
        """Set more aside for a request that is under way.

        Raises:
            BudgetExceeded: A budget does not carry that.
            StoreUnavailable: The books, which several processes share, cannot be written.
        """
        if not self._shares:
            self.purse.widen(request, by, now_ms=self._clock.now_ms())
            return
        refused: dict[int, JevonsError] = {}
        moves = [(0, Widening(request, by))]
        await self._put(lambda done: Batch((), done, moves=moves, refused=refused))
        for error in refused.values():
            raise error

    async def is_spent(self, actor: Actor) -> bool:
        """Whether nothing is left of a hard budget of anything that a key is charged to.

        Raises:
            StoreUnavailable: The books, which several processes share, cannot be read.
        """
        if not self.covers(actor):
            return False
        now_ms = self._clock.now_ms()
        if self._shares:
            found = await asyncio.to_thread(balances, self._where, now_ms=now_ms)
        else:
            found = self.purse.balances(now_ms)
        line = line_of(actor.key, actor.account)
        return any(each.hard and each.left <= 0 and each.account in line for each in found)

    @property
    def terms(self) -> Terms:
        """Which accounts there are, and what holds for each."""
        return self.purse.terms

    async def last_uses(self) -> dict[str, int]:
        """Tell when the last answer of each key ended, Unix milliseconds, of those in order.

        Raises:
            StoreUnavailable: The books could not be read; also each that follows.
        """
        return await self._read(last_uses)

    async def browse(
        self, *, before: int | None, most: int, wanted: Callable[[Ended], bool]
    ) -> Browsed[Ended]:
        """Go through what requests came to, the newest first; of those in order.

        `wanted` is called on another thread.
        """
        return await self._read(partial(browse, before=before, most=most, wanted=wanted))

    async def deeds(
        self, *, before: int | None, most: int, wanted: Callable[[Deed], bool]
    ) -> Browsed[Deed]:
        """Go through what people did, the newest first; of that in order.

        `wanted` is called on another thread.
        """
        return await self._read(partial(deeds, before=before, most=most, wanted=wanted))

    async def checkpoint(self) -> str | None:
        """Give the newest checkpoint; None if nothing is signed yet."""
        return await self._read(newest)

    async def stand(self, record: Standing) -> None:
        """Have an account, a budget or a limit stand from now on.

        Raises:
            StoreUnavailable: It could not be written; what stood before stands.
        """
        await self._write(record, [put(record)])

    async def turn(self, record: Certified, *, row: int) -> bool:
        """Record what `auto` promises from now on, or no longer; only whoever is first does.

        Args:
            record: What is promised.
            row: Number of the row that turned it.

        Returns:
            Whether it was recorded now; else it had been.

        Raises:
            StoreUnavailable: It could not be written.
        """
        found: list[bool] = []

        def within(connection: Connection) -> None:
            if was_turned(connection, row, record):
                found.append(True)
                raise StoreUnavailable(_TURNED)

        try:
            await self._write(record, [turning(row, record)], within)
        except StoreUnavailable:
            if not found:
                raise
        return not found

    async def find(self, request: str) -> Filed | None:
        """Find a receipt by its request's id, with its proof once it is under a checkpoint.

        One that another process wrote is found when it has been put in order.

        Raises:
            StoreUnavailable: The books could not be read.
        """
        leaf = self._unplaced.get(request)
        if leaf is not None:
            return filed(leaf)
        return await self._read(partial(find, request=request))

    def _made(self, opened: Opened | Joined, commit: Commit) -> Writer:
        hears = Hears(
            placed=self._forget, foreign=self._refresh, passing=self._pass, alerts=self._hear
        )
        if isinstance(opened, Joined):
            return ServerWriter(
                opened.replica,
                commit=commit,
                sequencer=opened.sequencer,
                clock=self._clock,
                hears=hears,
                terms_now=lambda: self.purse.terms,
            )
        self.purse.begin(opened.spent)
        return FileWriter(
            opened.path,
            opened.connection,
            commit=commit,
            lease=opened.lease,
            sequencer=opened.sequencer,
            clock=self._clock,
            hears=hears,
        )

    def _check_room(self) -> None:
        """Take no new work while what was done is not put in order; its receipts are taken."""
        stuck = self._writer.stuck
        if stuck is None and len(self._unplaced) >= MAX_UNPLACED:
            stuck = f"{len(self._unplaced)} receipts are not yet in order"
        if stuck is not None:
            raise StoreUnavailable(stuck)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        if self._is_closed:
            raise StoreUnavailable(_CLOSED)
        try:
            return await self._loop.run_in_executor(self._reading, self._look_up, work)
        except UNREADABLE as error:
            message = f"the ledger cannot be read: {error}"
            raise StoreUnavailable(message) from error

    def _look_up(self, work: Callable[[Connection], T]) -> T:
        if self._reader is None:
            self._reader = look_into(self._where)
        try:
            return work(self._reader)
        except ServerFault:
            self._reader.close()  # it may be lost; the next is another
            self._reader = None
            raise

    def _send(self) -> None:
        """Hand the open batch to the writer, unless one is on its way."""
        if self._in_flight or not self._waiters:
            return
        waiters, leaves, receipts = self._waiters, self._leaves, self._receipts
        moving = self._moving
        self._waiters, self._leaves, self._receipts, self._moving = [], [], {}, []
        refused: dict[int, JevonsError] = {}
        if self._writer.commit_now(leaves):
            self._unplaced.update(receipts)
            self._done(waiters, moving, refused, None)
            return
        self._in_flight = True
        answer = partial(self._done, waiters, moving, refused)
        done = partial(self._committed, answer, receipts, moving, refused)
        self._writer.put(Batch(leaves, done, moves=moving, refused=refused))

    def _committed(
        self,
        answer: partial[None],
        receipts: dict[str, bytes],
        moving: list[tuple[int, Intent | Receipt]],
        refused: dict[int, JevonsError],
        error: StoreUnavailable | None,
    ) -> None:
        """On the writer's thread: remember, then wake the loop once for the whole batch."""
        for at, record in moving if refused else ():
            if at in refused:
                receipts.pop(record.id, None)
        if error is None:
            self._unplaced.update(receipts)
        self._wake(answer, error)

    def _done(
        self,
        waiters: list[_Waiter],
        moving: list[tuple[int, Intent | Receipt]],
        refused: dict[int, JevonsError],
        error: StoreUnavailable | None,
    ) -> None:
        if not self._shares:
            self._move(moving, is_durable=error is None)
        for at, waiter in enumerate(waiters):
            _settle(waiter, error or refused.get(at))
        self._in_flight = False
        if self._waiters:
            self._send()
        else:
            self._idle.set()

    def _move(self, moving: list[tuple[int, Intent | Receipt]], *, is_durable: bool) -> None:
        """Settle what is durable, and give back what was held for intents that are not."""
        purse = self.purse
        for _, record in moving:
            if type(record) is Receipt:
                if is_durable:
                    self._tell(purse.settle(record))
            elif not is_durable:
                purse.release(record.id)

    def _tell(self, alerts: Sequence[Alert]) -> None:
        """Give alerts to whoever listens, and to the books, which nobody waits for."""
        self._announce(alerts, None)
        for alert in alerts:
            self._writer.put(Batch([encode(alert)], _told, [put(alert)]))

    def _announce(self, alerts: Sequence[Alert], _: StoreUnavailable | None) -> None:
        """Give alerts to the log, and to whoever listens."""
        for alert in alerts:
            log.warning(
                "budget.reached",
                account=alert.account,
                period=alert.period,
                unit=alert.unit,
                percent=alert.percent,
                spent=alert.spent,
                limit=alert.limit,
            )
            if self.on_alert is not None:
                self.on_alert(alert)

    def _hear(self, alerts: list[Alert]) -> None:
        """On the writer's thread: these were written with what set them off."""
        self._wake(partial(self._announce, alerts), None)

    def _wake(
        self, answer: Callable[[StoreUnavailable | None], None], error: StoreUnavailable | None
    ) -> None:
        if not self._loop.is_closed():  # else nobody is left to be told
            self._loop.call_soon_threadsafe(answer, error)

    def _refresh(self, connection: Connection) -> None:
        """On the writer's thread: take over what another process did."""
        self.keys.load(connection)
        self.people.load(connection)
        self.purse.terms = terms(connection, since=month_of(day_of(self._clock.now_ms())))
        self._wake(self._look_again, None)
        self._pass(connection)

    def _pass(self, connection: Connection) -> None:
        """On the writer's thread: ask what another process has put in order."""
        if self._unplaced:
            self._forget(placed(connection, self._unplaced))

    def _look_again(self, _: StoreUnavailable | None) -> None:
        """Terms have changed: a budget that was made smaller may have been reached."""
        if not self._is_closed and not self._shares:
            self._tell(self.purse.reached(self._clock.now_ms()))

    def _forget(self, placed: list[str]) -> None:
        """On the writer's thread: these can be looked up on the disk from now on."""
        for request in placed:
            self._unplaced.pop(request, None)

    async def _write(
        self,
        record: Record,
        rows: list[tuple[str, tuple[object, ...]]],
        within: Within | None = None,
    ) -> None:
        """Commit a record and rows together, as a batch of its own."""
        await self._put(lambda done: Batch([encode(record)], done, rows, within))

    async def _overwrite(self) -> None:
        """Leave nothing of what was deleted in the file or in its log."""
        await self._put(lambda done: Batch((), done, overwrites=True))

    async def _put(
        self, batch: Callable[[Callable[[StoreUnavailable | None], None]], Batch]
    ) -> None:
        """Have a batch of its own committed.

        Raises:
            StoreUnavailable: It was not.
        """
        if self._is_closed:
            raise StoreUnavailable(_CLOSED)
        waiter: _Waiter = self._loop.create_future()

        def done(error: StoreUnavailable | None) -> None:
            self._wake(partial(_settle, waiter), error)

        self._writer.put(batch(done))
        await waiter

    async def _close(self) -> None:
        self._is_closed = True
        await self._idle.wait()
        await asyncio.to_thread(self._writer.stop)
        await asyncio.to_thread(self._reading.shutdown)
        if self._reader is not None:
            self._reader.close()


_CLOSED = "the ledger is closed"
_TURNED = "another server has just recorded this"


def _told(error: StoreUnavailable | None) -> None:
    """Nobody waits for an alert: the log has it, and it is given again at the next start."""
    if error is not None:
        log.error("budget.alert_not_written", cause=str(error))


def _settle(waiter: _Waiter, error: JevonsError | None) -> None:
    if waiter.done():
        return
    if error is None:
        waiter.set_result(None)
    elif isinstance(error, StoreUnavailable):  # one for each: they gather notes and traces
        waiter.set_exception(StoreUnavailable(str(error)))
    else:
        waiter.set_exception(error)


if TYPE_CHECKING:
    _ledger: type[ports.Ledger] = Books
