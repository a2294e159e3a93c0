"""A book remembers what became durable, in order, and fails or waits when it is told to."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from hashlib import sha256

import msgspec
import pytest

from jevons.testing import Book
from jevons.testing.make import a_receipt, an_intent
from jevons.types.account import Genesis, Intent, Receipt
from jevons.types.errors import StoreUnavailable

pytestmark = pytest.mark.anyio

INTENT = an_intent(id="req_1")
RECEIPT = a_receipt(id="req_1")


async def test_remembers_in_order() -> None:
    book = Book()
    genesis = Genesis(at_ms=0, origin="test", public_key="")
    for record in (genesis, INTENT, RECEIPT):
        await book.record(record)
    assert book.records == [genesis, INTENT, RECEIPT]
    assert (book.intents, book.receipts) == ([INTENT], [RECEIPT])


async def test_refuses_the_kind_it_is_told_to_and_no_other() -> None:
    book = Book()
    book.fail(Receipt)
    await book.record(INTENT)
    with pytest.raises(StoreUnavailable, match="Receipt"):
        await book.record(RECEIPT)
    assert book.records == [INTENT]


async def test_holds_a_kind_until_its_gate_opens() -> None:
    book = Book()
    gate = book.hold(Intent)
    assert book.hold(Intent) is gate
    writing = asyncio.ensure_future(book.record(INTENT))
    await gate.reached()
    assert book.records == []
    gate.open()
    await writing
    await book.record(INTENT)
    assert book.records == [INTENT, INTENT]


async def test_finds_a_receipt_as_it_stands_and_no_intent() -> None:
    book = Book()
    await book.record(INTENT)
    assert await book.find("req_1") is None
    await book.record(RECEIPT)
    filed = await book.find("req_1")
    assert filed is not None
    assert msgspec.json.decode(filed.leaf, type=Receipt) == RECEIPT
    assert filed.leaf_hash == b64encode(sha256(b"\x00" + filed.leaf).digest()).decode()
    assert filed.inclusion is None
    assert await book.find("req_2") is None
