"""A ledger that remembers, and that a test can make fail or wait."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from jevons.types.account import Intent, Receipt
from jevons.types.errors import StoreUnavailable
from jevons.types.proof import Filed

if TYPE_CHECKING:
    from jevons import ports
    from jevons.types.account import Record

__all__ = ("Book", "Gate")


class Gate:
    """Something that waits until a test lets it go on."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._open = asyncio.Event()

    async def reached(self) -> None:
        """Wait until something stands before the gate."""
        await self._reached.wait()

    def open(self) -> None:
        """Let it through, and whatever comes after it."""
        self._open.set()

    async def passed(self) -> None:
        """Stand before the gate until it opens."""
        self._reached.set()
        await self._open.wait()


class Book:
    """Books in memory, in the order in which records became durable."""

    def __init__(self) -> None:
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
        return self._gates.setdefault(kind, Gate())

    async def record(self, record: Record) -> None:
        """Write one record, at once unless it is held.

        Raises:
            StoreUnavailable: A test said so.
        """
        gate = self._gates.get(type(record))
        if gate is not None:
            await gate.passed()
        if type(record) in self._failing:
            message = f"the test refuses every {type(record).__name__}"
            raise StoreUnavailable(message)
        self.records.append(record)

    async def find(self, request: str) -> Filed | None:
        """Find the receipt of a request; it is never under a checkpoint here."""
        for receipt in self.receipts:
            if receipt.id == request:
                leaf = msgspec.json.encode(receipt, order="sorted")
                digest = sha256(b"\x00" + leaf).digest()
                return Filed(leaf=leaf, leaf_hash=b64encode(digest).decode(), inclusion=None)
        return None


if TYPE_CHECKING:
    _ledger: type[ports.Ledger] = Book
