"""A ledger that remembers, and that a test can make fail or wait."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from jevons.budget import Purse
from jevons.types.account import Intent, Receipt, Refused
from jevons.types.errors import StoreUnavailable
from jevons.types.proof import Filed

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons import ports
    from jevons.types.account import Record
    from jevons.types.actor import Actor
    from jevons.types.budget import Amounts

__all__ = ("Book", "Gate")


class Gate:
    """Where records of one kind stand until a test lets them become durable."""

    def __init__(self, write: Callable[[Record], None]) -> None:
        self._write = write
        self._waiting: list[tuple[Record, asyncio.Future[None]]] = []
        self._reached = asyncio.Event()
        self._is_open = False

    async def reached(self) -> None:
        """Wait until a record stands here."""
        await self._reached.wait()

    def open(self) -> None:
        """Let all of them through, and whatever comes later."""
        self._is_open = True
        for record, waiter in self._waiting:
            self._write(record)
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    async def passed(self, record: Record) -> None:
        """Stand here until the gate opens; whoever stops waiting takes nothing back."""
        if self._is_open:
            self._write(record)
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append((record, waiter))
        self._reached.set()
        await waiter


class Book:
    """Books in memory, in the order in which records became durable.

    Args:
        purse: Holds what intents want held; None has no budget.
    """

    def __init__(self, purse: Purse | None = None) -> None:
        self.purse = purse or Purse()
        self.records: list[Record] = []
        self._failing: set[type[Record]] = set()
        self._gates: dict[type[Record], Gate] = {}

    @property
    def intents(self) -> list[Intent]:
        """The intents, in order."""
        return [record for record in self.records if isinstance(record, Intent)]

    @property
    def receipts(self) -> list[Receipt]:
        """The receipts, in order."""
        return [record for record in self.records if isinstance(record, Receipt)]

    def fail(self, kind: type[Record]) -> None:
        """Refuse every record of a kind from now on."""
        self._failing.add(kind)

    def hold(self, kind: type[Record]) -> Gate:
        """Keep records of a kind from becoming durable until the gate is opened."""
        return self._gates.setdefault(kind, Gate(self._write))

    async def record(self, record: Record) -> None:
        """Write one record, at once unless it is held.

        Raises:
            BudgetExceeded: A budget does not carry what an intent wants held.
            StoreUnavailable: A test said so.
        """
        if isinstance(record, Intent) and Intent not in self._failing:
            self.purse.hold(record)
        if type(record) in self._failing:
            message = f"the test refuses every {type(record).__name__}"
            raise StoreUnavailable(message)
        gate = self._gates.get(type(record))
        if gate is None:
            self._write(record)
        else:
            await gate.passed(record)

    def covers(self, actor: Actor) -> bool:
        """Whether anything that a key is charged to has a budget."""
        return self.purse.covers(actor)

    async def widen(self, request: str, by: Amounts) -> None:
        """Set more aside; it is always the first moment of time here.

        Raises:
            BudgetExceeded: A budget does not carry that.
        """
        self.purse.widen(request, by, now_ms=0)

    def _write(self, record: Record) -> None:
        self.records.append(record)
        if isinstance(record, Receipt):
            self.records += self.purse.settle(record)

    async def find(self, request: str) -> Filed | None:
        """Find how a request ended; that is never under a checkpoint here."""
        for record in self.records:
            if isinstance(record, Receipt | Refused) and record.id == request:
                leaf = msgspec.json.encode(record, order="sorted")
                digest = sha256(b"\x00" + leaf).digest()
                return Filed(leaf=leaf, leaf_hash=b64encode(digest).decode(), inclusion=None)
        return None


if TYPE_CHECKING:
    _ledger: type[ports.Ledger] = Book
